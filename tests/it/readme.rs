//! The README says what the program does, where that can be checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use arkdeck::app::Context;
use arkdeck::domain::Lang;
use arkdeck::keys::Keymap;
use arkdeck::locale::Catalogue;

const BEGIN: &str = "<!-- keys: begin -->\n";
const END: &str = "<!-- keys: end -->";

fn path(lang: Lang) -> PathBuf {
    let name = match lang {
        Lang::En => "README.md",
        Lang::ZhCn => "assets/README.zh-CN.md",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(lang: Lang) -> String {
    fs::read_to_string(path(lang)).unwrap()
}

/// Where a key does something.
fn place(lang: Lang, context: Context) -> String {
    let name = match (lang, context) {
        (Lang::En, context) => return format!("{context:?}").to_lowercase(),
        (Lang::ZhCn, Context::Pane) => "窗格",
        (Lang::ZhCn, Context::Queue) => "队列",
        (Lang::ZhCn, Context::Filter) => "筛选",
        (Lang::ZhCn, Context::Confirm) => "审阅",
        (Lang::ZhCn, Context::ConfirmTyped) => "输入项数的审阅",
        (Lang::ZhCn, Context::Add) => "添加",
        (Lang::ZhCn, Context::Form) => "表单",
        (Lang::ZhCn, Context::FormPath) => "表单的路径",
        (Lang::ZhCn, Context::Import) => "导入",
        (Lang::ZhCn, Context::Details) => "详情",
        (Lang::ZhCn, Context::Search) => "搜索",
        (Lang::ZhCn, Context::Help) => "帮助",
        (Lang::ZhCn, Context::Palette) => "操作",
        (Lang::ZhCn, Context::Quit) => "退出",
        (Lang::ZhCn, Context::Leaving) => "正在退出",
    };
    name.to_owned()
}

/// The key table as Markdown, one line for each name that can be remapped.
fn table(lang: Lang) -> String {
    let words = Catalogue::new(lang);
    let keys = Keymap::new(&BTreeMap::new()).unwrap();
    let (header, comma) = match lang {
        Lang::En => ("| key | action | where | name |", ", "),
        Lang::ZhCn => ("| 按键 | 动作 | 位置 | 名称 |", "、"),
    };
    let mut table = format!("{header}\n|---|---|---|---|\n");
    for (binding, chords) in keys.all() {
        let chords: Vec<String> = chords.iter().map(|c| format!("`{c}`")).collect();
        let places: Vec<String> = binding
            .contexts
            .iter()
            .map(|context| place(lang, *context))
            .collect();
        writeln!(
            table,
            "| {} | {} | {} | `{}` |",
            chords.join(" "),
            words.text(binding.hint),
            places.join(comma),
            binding.name
        )
        .unwrap();
    }
    table
}

/// Run with `UPDATE_README=1` to write the tables.
#[test]
fn the_key_tables_are_the_programs() {
    for lang in Lang::ALL {
        let readme = read(lang);
        let start = readme.find(BEGIN).expect("the table's place") + BEGIN.len();
        let end = readme.find(END).expect("the table's end");
        let table = table(lang);
        if std::env::var_os("UPDATE_README").is_some() {
            let updated = format!("{}{table}{}", &readme[..start], &readme[end..]);
            fs::write(path(lang), updated).unwrap();
            continue;
        }
        assert_eq!(
            &readme[start..end],
            table,
            "run this test with UPDATE_README=1"
        );
    }
}

#[test]
fn the_two_commands_stand_as_they_are() {
    let readme = read(Lang::En);
    assert!(readme.contains("\ncargo run --release -- demo"));
    assert!(readme.contains("\ncargo test "));
}

/// What a translation leaves as it is.
#[derive(Debug, Default)]
struct Bones {
    /// How deep each heading is, how many rows each table has, and each item of a list.
    outline: Vec<String>,
    blocks: Vec<String>,
    /// Cells of tables that are numbers, in order.
    numbers: Vec<String>,
    /// What stands between backticks, outside of blocks.
    quoted: BTreeSet<String>,
}

fn bones(text: &str) -> Bones {
    let mut bones = Bones::default();
    let mut rows = 0;
    for (at, part) in text.split("```").enumerate() {
        if at % 2 == 1 {
            bones.blocks.push(part.to_owned());
            continue;
        }
        bones.quoted.extend(quoted(part));
        for line in part.lines() {
            let first = line.split(' ').next().unwrap_or_default();
            match first {
                "|" => {
                    rows += 1;
                    let cells = line.split('|').map(str::trim);
                    let is_number = |c: char| c.is_ascii_digit() || ".,".contains(c);
                    let numbers = cells.filter(|c| !c.is_empty() && c.chars().all(is_number));
                    bones.numbers.extend(numbers.map(str::to_owned));
                    continue;
                }
                _ if rows > 0 => {
                    bones.outline.push(format!("{rows} rows"));
                    rows = 0;
                }
                _ => {}
            }
            let is_numbered = first
                .strip_suffix('.')
                .is_some_and(|n| n.parse::<u8>().is_ok());
            if first.starts_with('#') || first == "-" || is_numbered {
                bones.outline.push(first.to_owned());
            }
        }
    }
    bones
}

fn quoted(text: &str) -> impl Iterator<Item = String> {
    // Those of English go over line breaks.
    let parts = text.split('`').skip(1).step_by(2);
    parts.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn the_translation_keeps_in_step() {
    let [english, chinese] = [Lang::En, Lang::ZhCn].map(|lang| bones(&read(lang)));
    assert_eq!(english.outline, chinese.outline);
    assert_eq!(english.blocks, chinese.blocks);
    assert_eq!(english.numbers, chinese.numbers);
    let differ: Vec<_> = english
        .quoted
        .symmetric_difference(&chinese.quoted)
        .collect();
    assert!(differ.is_empty(), "only in one of the two: {differ:?}");
    assert!(read(Lang::En).contains("](assets/README.zh-CN.md)"));
    assert!(read(Lang::ZhCn).contains("](../README.md)"));
}
