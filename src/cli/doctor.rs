//! `arkdeck doctor`: whether everything the program needs is there, and what to do where it is not.

use jiff::Timestamp;
use rand::RngExt as _;

use crate::api::{Attempt, Client, Trouble, Verdict};
use crate::config::KeySource;
use crate::domain::{Answer, Cause, IdError, Kind, Outcome, ResourceId, visible};
use crate::locale::Catalogue;

use super::args::Doctor;
use super::context::{Context, Exit, Failure};
use super::errors;
use super::output::{pad, print};

/// The smallest terminal that shows everything.
const FULL_SIZE: (u16, u16) = (80, 24);

/// Codes that are about the path or the model (`ark-api` fact 4): never to be taken for "no such id".
const ELSEWHERE: [&str; 2] = ["InvalidAction", "InvalidEndpointOrModel.NotFound"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Ok,
    Warn,
    Fail,
}

pub(super) async fn run(args: Doctor, context: &mut Context) -> Result<Exit, Failure> {
    let mut worst = Health::Ok;
    let mut tell = |context: &mut Context, health: Health, what: &str, text: &str| {
        worst = worst.max(health);
        let word = match health {
            Health::Ok => "doctor-ok",
            Health::Warn => "doctor-warn",
            Health::Fail => "doctor-fail",
        };
        let (word, what) = (context.words.text(word), context.words.text(what));
        let line = format!("{}  {}  {text}", pad(&word, 4), pad(&what, 10));
        print(&mut context.streams.results, &line);
    };

    let (health, text) = settings(context);
    tell(context, health, "doctor-config", &text);
    let (health, text) = ledger(context).await;
    tell(context, health, "doctor-ledger", &text);
    let (health, text) = terminal(context);
    tell(context, health, "doctor-terminal", &text);
    let (health, text, client) = key(context);
    tell(context, health, "doctor-key", &text);
    if let Some(client) = client {
        let (health, text) = service(context, &client).await;
        tell(context, health, "doctor-service", &text);
        if args.probe {
            for kind in Kind::ALL {
                let (health, text) = probe(context, &client, kind).await;
                tell(context, health, "doctor-probe", &text);
            }
        }
    }
    Ok(if worst == Health::Fail {
        Exit::Partly
    } else {
        Exit::Done
    })
}

fn settings(context: &Context) -> (Health, String) {
    let words = &context.words;
    match &context.settings {
        Err(error) => (Health::Fail, errors::config_error(words, error)),
        Ok(settings) => {
            let path = visible(&settings.config_path.to_string_lossy()).into_owned();
            let key = if settings.config_path.exists() {
                "doctor-config-file"
            } else {
                "doctor-config-defaults"
            };
            let args = [
                ("path", path.into()),
                (
                    "profile",
                    visible(&settings.profile.name).into_owned().into(),
                ),
            ];
            (Health::Ok, words.with(key, &args))
        }
    }
}

async fn ledger(context: &mut Context) -> (Health, String) {
    let ledger = match context.ledger().await {
        Ok(ledger) => ledger,
        Err(failure) => return (Health::Fail, failure.to_string()),
    };
    let words = &context.words;
    match ledger.counts(Timestamp::now()).await {
        Err(error) => (Health::Fail, errors::store_error(&error)),
        Ok(counts) => {
            let dir = context.settings.as_ref().map(|s| s.data_dir.as_path());
            let path = dir.map_or_else(|_| String::new(), |dir| dir.to_string_lossy().into());
            let args = [
                ("path", visible(&path).into_owned().into()),
                (
                    "responses",
                    words.count_of(Kind::Response, counts.responses).into(),
                ),
                ("files", words.count_of(Kind::File, counts.files).into()),
                ("unsettled", counts.unsettled.into()),
            ];
            if counts.unsettled > 0 {
                (Health::Warn, words.with("doctor-ledger-unsettled", &args))
            } else {
                (Health::Ok, words.with("doctor-ledger-fine", &args[..3]))
            }
        }
    }
}

fn terminal(context: &Context) -> (Health, String) {
    let words = &context.words;
    let terminals = context.streams.terminals;
    if !terminals.input || !terminals.output {
        let text = words.text("doctor-terminal-none").into_owned();
        return (Health::Warn, text);
    }
    let Ok((columns, rows)) = crossterm::terminal::size() else {
        let text = words.text("doctor-terminal-no-size").into_owned();
        return (Health::Warn, text);
    };
    let var = |name: &str| context.env.var(name).unwrap_or_default().into_owned();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .map(var)
        .into_iter()
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_utf8 = locale.contains("utf-8") || locale.contains("utf8") || cfg!(windows);
    let colours = if context.env.var("NO_COLOR").is_some() {
        "doctor-colours-off"
    } else if matches!(var("COLORTERM").as_str(), "truecolor" | "24bit") {
        "doctor-colours-true"
    } else {
        "doctor-colours-some"
    };
    let size = format!("{columns}×{rows}");
    let args = [
        ("size", size.into()),
        ("term", visible(&var("TERM")).into_owned().into()),
        ("colours", words.text(colours).into_owned().into()),
    ];
    if columns < FULL_SIZE.0 || rows < FULL_SIZE.1 {
        (Health::Warn, words.with("doctor-terminal-small", &args))
    } else if !is_utf8 {
        (Health::Warn, words.with("doctor-terminal-not-utf8", &args))
    } else {
        (Health::Ok, words.with("doctor-terminal-fine", &args))
    }
}

fn key(context: &Context) -> (Health, String, Option<Client>) {
    let words = &context.words;
    let Ok(settings) = &context.settings else {
        let text = words.text("doctor-key-unknown").into_owned();
        return (Health::Fail, text, None);
    };
    match context.client() {
        Err(failure) => (Health::Fail, failure.to_string(), None),
        Ok(client) => {
            let source = &settings.profile.key;
            let args = [("source", visible(source.name()).into_owned().into())];
            let key = match source {
                KeySource::Env { .. } => "doctor-key-variable",
                KeySource::Command(_) => "doctor-key-command",
            };
            (Health::Ok, words.with(key, &args), Some(client))
        }
    }
}

/// One harmless request: does the name resolve, does TLS work, is the key taken, is it Ark?
async fn service(context: &Context, client: &Client) -> (Health, String) {
    let words = &context.words;
    let url = context
        .settings
        .as_ref()
        .map_or_else(|_| String::new(), |s| s.profile.base_url.to_string());
    if let Err(error) = client.prepare().await {
        return (Health::Fail, errors::client_error(words, &error));
    }
    let (health, answer) = match client.list_files(None).await {
        Ok(_) => {
            let text = words.with("doctor-service-fine", &[("url", url.into())]);
            return (Health::Ok, text);
        }
        Err(Trouble::Retry { answer, .. }) => (unreached(&answer), answer),
        Err(Trouble::Failed(answer) | Trouble::Stop(answer)) => (Health::Fail, answer),
    };
    let args = [
        ("url", url.into()),
        ("reason", words.answer(&answer).into()),
        ("advice", advice(words, &answer).into()),
    ];
    (health, words.with("doctor-service-bad", &args))
}

/// A service that is busy is there; one that was not reached is not.
const fn unreached(answer: &Answer) -> Health {
    if answer.status.is_some() {
        Health::Warn
    } else {
        Health::Fail
    }
}

fn advice(words: &Catalogue, answer: &Answer) -> String {
    let key = match answer.cause {
        Some(Cause::KeyRefused) => "doctor-advice-key",
        Some(Cause::Unreachable | Cause::Timeout | Cause::Disconnected) => "doctor-advice-network",
        Some(Cause::Service) if answer.status.is_some_and(|status| status < 500) => {
            "doctor-advice-code"
        }
        Some(Cause::Exhausted | Cause::Quota | Cause::Service) => "doctor-advice-later",
        _ => "doctor-advice-url",
    };
    words.text(key).into_owned()
}

/// Deletes what cannot exist, to learn how the service says that it does not. This is no deletion,
/// so it is no matter for the worker and the journal.
async fn probe(context: &Context, client: &Client, kind: Kind) -> (Health, String) {
    let words = &context.words;
    if context.settings.as_ref().is_ok_and(|s| s.read_only) {
        let text = words.text("doctor-probe-read-only").into_owned();
        return (Health::Warn, text);
    }
    let id = match made_up(kind) {
        Ok(id) => id,
        Err(error) => return (Health::Fail, words.id_error(&error)),
    };
    let Attempt { verdict, answer } = client.delete(kind, &id).await;
    let code = answer.code.as_deref().map(visible);
    let args = [
        ("kind", words.kind(kind).into()),
        (
            "status",
            answer
                .status
                .map_or_else(|| "–".to_owned(), |s| s.to_string())
                .into(),
        ),
        ("code", code.as_deref().unwrap_or("–").into()),
        ("reason", words.answer(&answer).into()),
    ];
    let may_be_not_found = matches!(answer.status, Some(400 | 404))
        && (answer.code.as_deref()).is_some_and(|code| !ELSEWHERE.contains(&code));
    match verdict {
        Verdict::Settle(Outcome::Gone) => (Health::Ok, words.with("doctor-probe-gone", &args[..3])),
        Verdict::Settle(Outcome::Deleted) => {
            (Health::Warn, words.with("doctor-probe-deleted", &args[..1]))
        }
        Verdict::Settle(Outcome::Failed) | Verdict::Stop if may_be_not_found => (
            Health::Warn,
            words.with("doctor-probe-unlisted", &args[..3]),
        ),
        _ => {
            let args = [args[0].clone(), args[3].clone()];
            (Health::Fail, words.with("doctor-probe-unclear", &args))
        }
    }
}

/// A well-formed id from before the service existed: 1 January 2020 (`ark-api` section 7).
fn made_up(kind: Kind) -> Result<ResourceId, IdError> {
    let mut random = rand::rng();
    let mut draw = |alphabet: &[u8], count: usize| -> String {
        let mut one = || char::from(alphabet[random.random_range(0..alphabet.len())]);
        (0..count).map(|_| one()).collect()
    };
    ResourceId::new(&match kind {
        Kind::Response => format!("resp_021577836800000{}", draw(b"0123456789abcdef", 38)),
        Kind::File => {
            let suffix = draw(b"0123456789abcdefghijklmnopqrstuvwxyz", 5);
            format!("file-20200101000000-{suffix}")
        }
    })
}
