//! What the service has when it starts: chains of responses over the last three days, and files. The same
//! for the same seed and time.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use super::create::{DEFAULT_LIFE, usage};
use super::ids::{self, Dice};
use super::shelf::{File, Id, Input, Readiness, Round, Shelf, Status, Usage};
use super::upload::mime_type_of;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const MODELS: [&str; 6] = [
    "doubao-seed-2-0-lite-260215",
    "doubao-seed-2-0-pro-260215",
    "doubao-seed-2-0-mini-260215",
    "doubao-seed-1-8-251228",
    "deepseek-v3-2-251201",
    "kimi-k2-thinking-251104",
];

/// A question and its answer. `attach` knows which are about a file.
const TALK: [(&str, &str); 10] = [
    ("Say hello.", "hello"),
    (
        "用一句话介绍上海。",
        "上海是一座临江面海、中西交融的国际大都市。",
    ),
    (
        "Translate to English: 方舟",
        "Ark, as in Noah's ark; also the name of the platform.",
    ),
    (
        "Summarise the attached report in three points.",
        "Revenue grew by a tenth. Costs were flat. The outlook is cautious.",
    ),
    (
        "把上面的要点改写成邮件。",
        "各位好：本季度收入增长一成，成本持平，展望谨慎。",
    ),
    (
        "Which of these is the largest? 3, 14, 15, 9",
        "The largest of the four numbers is 15.",
    ),
    (
        "Extract every date in the text as JSON.",
        "[\"2026-03-01\", \"2026-11-20\"]",
    ),
    (
        "视频里出现了几个人？",
        "画面中先后出现了三个人，其中一人只在片尾出现。",
    ),
    (
        "Write a haiku about a terminal.",
        "Green on a black pane / a cursor waits for the dawn / nothing left unsaved",
    ),
    ("Go on.", "There is little to add to what was said above."),
];

/// Stem, extension, and the largest size in KiB.
const FILES: [(&str, &str, u64); 14] = [
    ("demo", "mp4", 180_000),
    ("季度报告 终稿", "pdf", 6_000),
    ("meeting-recording", "m4a", 42_000),
    ("产品演示视频", "mp4", 240_000),
    ("invoice", "pdf", 900),
    ("用户访谈", "mp3", 58_000),
    ("screenshot", "png", 3_500),
    ("合同扫描件", "jpg", 5_200),
    ("training-set", "jsonl", 88_000),
    ("voice sample", "wav", 12_000),
    ("walkthrough", "mov", 410_000),
    ("会议纪要", "txt", 64),
    ("schéma réseau", "webp", 1_800),
    ("dashcam", "avi", 470_000),
];

pub(super) fn fill(seed: u64, now: Timestamp, responses: usize, files: usize) -> Shelf {
    let now_ms = now.as_millisecond();
    let mut dice = Dice::new(seed);
    let mut rounds = rounds(responses, now_ms, &mut dice);
    let files = uploads(files, now_ms, &mut dice);
    attach(&mut rounds, &files, &mut dice);
    Shelf::new(rounds, files)
}

/// How many files are looked at for one that was there before a question.
const LOOKS: usize = 16;

/// Gives the questions about a file one that fits and was there by then, if one turns up.
fn attach(rounds: &mut [(Id, Round)], files: &[(Id, File)], dice: &mut Dice) {
    // What is asked, how the MIME type of its file begins, and the part of a message that names it.
    let about = [
        (TALK[3].0, "application/pdf", "input_file"),
        (TALK[7].0, "video/", "input_video"),
    ];
    for (question, mime_type, part) in about {
        let fitting = |(_, file): &&(Id, File)| {
            file.mime_type.starts_with(mime_type) && file.readiness != Readiness::Failed
        };
        let fitting: Vec<_> = files.iter().filter(fitting).collect();
        if fitting.is_empty() {
            continue;
        }
        for (_, round) in rounds.iter_mut() {
            if !matches!(&round.input, Input::Text(said) if said == question) {
                continue;
            }
            let mut looks = (0..LOOKS).map(|_| dice.pick(&fitting));
            let was_there = |(_, file): &&(Id, File)| file.created_at <= round.created_ms / 1000;
            if let Some((id, _)) = looks.find(was_there) {
                round.input = Input::About {
                    text: question,
                    part,
                    file: Arc::clone(id),
                };
            }
        }
    }
}

fn rounds(count: usize, now_ms: i64, dice: &mut Dice) -> Vec<(Id, Round)> {
    let mut rounds: Vec<(Id, Round)> = Vec::with_capacity(count);
    let mut chain = 0_u64;
    while rounds.len() < count {
        // Half of the chains are a single round. The first is recent and still being answered.
        let length = if dice.percent(50) {
            1
        } else {
            dice.between(2, 6)
        };
        let is_first = chain == 0;
        let mut born_ms = if is_first {
            now_ms - 10 * MINUTE * 1000
        } else {
            now_ms - dice.between(20 * MINUTE * 1000, (3 * DAY - HOUR) * 1000)
        };
        let model = dice.pick(&MODELS);
        let mut previous: Option<Id> = None;
        let mut before = 0;
        for turn in 0..length {
            if rounds.len() == count {
                break;
            }
            let is_last = turn + 1 == length || rounds.len() + 1 == count;
            let status = match chain % 16 {
                _ if !is_last => Status::Completed,
                // A service with next to nothing in it should have that complete.
                0 if is_first && count >= 10 => Status::InProgress,
                3 | 11 => Status::Incomplete,
                7 => Status::Failed,
                _ => Status::Completed,
            };
            // The last entry continues something.
            let fitting = if turn == 0 { &TALK[..9] } else { &TALK };
            let (question, answer) = dice.pick(fitting);
            let usage = match status {
                Status::InProgress => Usage::default(),
                _ => usage(before, question, answer),
            };
            before = usage.total();
            let id: Id = ids::response_id(&ids::request_id(born_ms, dice)).into();
            let round = Round {
                created_ms: born_ms,
                model: Cow::Borrowed(model),
                status,
                previous: previous.replace(Arc::clone(&id)),
                expire_at: Some(born_ms / 1000 + DEFAULT_LIFE),
                input: Input::Text(Cow::Borrowed(question)),
                answer: Cow::Borrowed(answer),
                thoughts: None,
                usage,
                echo: None,
            };
            rounds.push((id, round));
            let pause_ms = dice.between(5_000, 3 * MINUTE * 1000);
            born_ms = (born_ms + pause_ms).min(now_ms - 2_000);
        }
        chain += 1;
    }
    rounds
}

fn uploads(count: usize, now_ms: i64, dice: &mut Dice) -> Vec<(Id, File)> {
    let now = now_ms / 1000;
    let mut taken = std::collections::HashSet::with_capacity(count);
    (0..count)
        .map(|number| {
            let (stem, extension, largest) = dice.pick(&FILES);
            let filename = match number {
                0..14 => format!("{stem}.{extension}"),
                _ => format!("{stem}-{number}.{extension}"),
            };
            // The longest life is 30 days; these are as old as a week, and none is due within the hour.
            let created_at = now - dice.between(MINUTE, 7 * DAY - 2 * HOUR);
            let expire_at = match dice.below(10) {
                0 => -1,
                1..=5 => created_at + 7 * DAY,
                _ => created_at + dice.between(8, 30) * DAY,
            };
            let readiness = match number % 20 {
                4 => Readiness::ActiveAt(now_ms + dice.between(20_000, 300_000)),
                9 => Readiness::Failed,
                _ => Readiness::ActiveAt(created_at * 1000),
            };
            let purpose = match dice.below(10) {
                0 => "agent",
                1 => "voice",
                _ => "user_data",
            };
            let id: Id = loop {
                let id: Id = ids::file_id(created_at, dice).into();
                if taken.insert(Arc::clone(&id)) {
                    break id;
                }
            };
            let file = File {
                created_at,
                expire_at,
                readiness,
                purpose: Cow::Borrowed(purpose),
                bytes: 1_000 + dice.below(largest * 1024),
                mime_type: Cow::Borrowed(mime_type_of(&filename)),
                filename,
                echo: None,
            };
            (id, file)
        })
        .collect()
}
