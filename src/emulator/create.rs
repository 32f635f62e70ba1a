//! Creating a response: what is taken, what is refused, and what the "model" says.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::gate::RequestId;
use super::refusal::Refusal;
use super::responses::{check_includes, no_such_response, object};
use super::shelf::{Id, Input, Round, Status, Usage};
use super::{Missing, Service, ids, lock, stream};

/// In seconds: 3 days.
pub(super) const DEFAULT_LIFE: i64 = 259_200;
/// In seconds: 7 days.
const LONGEST_LIFE: i64 = 604_800;

#[derive(Clone, Copy)]
enum Shape {
    Any,
    Bool,
    Integer,
    List,
    Number,
    Object,
    Text,
}

impl Shape {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Bool => value.is_boolean(),
            Self::Integer => value.is_i64(),
            Self::List => value.is_array(),
            Self::Number => value.is_number(),
            Self::Object => value.is_object(),
            Self::Text => value.is_string(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Bool => "a boolean",
            Self::Integer => "an integer",
            Self::List => "an array",
            Self::Number => "a number",
            Self::Object => "an object",
            Self::Text => "a string",
        }
    }
}

/// Every documented field (wire reference 4.1), its shape, and whether the response echoes it.
const FIELDS: [(&str, Shape, bool); 24] = [
    ("model", Shape::Text, false),
    ("input", Shape::Any, false),
    ("instructions", Shape::Text, true),
    ("previous_response_id", Shape::Text, false),
    ("store", Shape::Bool, false),
    ("expire_at", Shape::Integer, false),
    ("stream", Shape::Bool, false),
    ("thinking", Shape::Object, true),
    ("reasoning", Shape::Object, true),
    ("caching", Shape::Object, true),
    ("max_output_tokens", Shape::Integer, true),
    ("temperature", Shape::Number, true),
    ("top_p", Shape::Number, true),
    ("tools", Shape::List, true),
    ("tool_choice", Shape::Any, true),
    ("parallel_tool_calls", Shape::Bool, true),
    ("max_tool_calls", Shape::Integer, true),
    ("text", Shape::Object, true),
    ("include", Shape::List, false),
    ("service_tier", Shape::Text, true),
    ("context_management", Shape::Any, true),
    ("session", Shape::Object, true),
    ("prompt_cache_key", Shape::Text, true),
    ("safety_identifier", Shape::Text, true),
];

const CHOICES: [(&str, &[&str]); 3] = [
    ("/thinking/type", &["auto", "enabled", "disabled"]),
    ("/caching/type", &["enabled", "disabled"]),
    ("/service_tier", &["auto", "default", "fast"]),
];

const THOUGHTS: &str = "The user wrote something. I should show that it was read.";

pub(super) async fn create(
    State(service): State<Arc<Service>>,
    Extension(request_id): Extension<RequestId>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let given = read(&body)?;
    let id: Id = ids::response_id(&request_id.0).into();
    let round = {
        let mut shelf = service.shelf();
        let now_ms = service.now_ms();
        let previous = match text(&given, "previous_response_id") {
            None => None,
            Some(previous) => match shelf.round(previous, now_ms) {
                Some((id, round)) => Some((Arc::clone(id), round.usage)),
                None => return Err(no_such_response(&Missing::previous_response(), previous)),
            },
        };
        let round = answer(&given, previous, now_ms)?;
        if round.expire_at.is_some() {
            // Stored before the first event of a stream: that a client which hangs up leaves a stored
            // response is assumed.
            shelf.store(Arc::clone(&id), round.clone());
        }
        round
    };
    if given.get("stream") == Some(&Value::Bool(true)) {
        let pause = lock(&service.weather).event_pause();
        Ok(stream::events(&id, &round, pause))
    } else {
        Ok(Json(object(&id, &round)).into_response())
    }
}

/// The fields that were given: known, of the right shape, and not null.
fn read(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let mut given: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        let message = format!("The request body is not a JSON object: {error}.");
        Refusal::new(400, "InvalidParameter", message)
    })?;
    for (name, value) in &given {
        let Some((_, shape, _)) = FIELDS.iter().find(|(known, _, _)| known == name) else {
            let message = format!("json: unknown field \"{name}\"");
            return Err(Refusal::invalid(name, message));
        };
        if !value.is_null() && !shape.fits(value) {
            let message = format!("{name} must be {}.", shape.name());
            return Err(Refusal::invalid(name, message));
        }
    }
    // Both Ark SDKs for Python send every optional field as an explicit null.
    given.retain(|_, value| !value.is_null());

    for name in ["model", "input"] {
        if given.get(name).is_none_or(is_empty) {
            return Err(Refusal::missing(name));
        }
    }
    let includes = given.get("include").and_then(Value::as_array);
    check_includes(
        includes
            .into_iter()
            .flatten()
            .map(|i| i.as_str().unwrap_or("")),
    )?;
    let given = Value::Object(given);
    for (pointer, choices) in CHOICES {
        let Some(value) = given.pointer(pointer) else {
            continue;
        };
        if !value.as_str().is_some_and(|said| choices.contains(&said)) {
            let param = pointer[1..].replace('/', ".");
            let message = format!("{param} must be one of {}.", choices.join(", "));
            return Err(Refusal::invalid(&param, message));
        }
    }
    match given {
        Value::Object(given) => Ok(given),
        _ => Ok(Map::new()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn text<'a>(given: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    given.get(name).and_then(Value::as_str)
}

fn answer(
    given: &Map<String, Value>,
    previous: Option<(Id, Usage)>,
    now_ms: i64,
) -> Result<Round, Refusal> {
    let now = now_ms / 1000;
    let expire_at = match given.get("expire_at").and_then(Value::as_i64) {
        None => now + DEFAULT_LIFE,
        Some(at) if (now + 1..=now + LONGEST_LIFE).contains(&at) => at,
        Some(at) => {
            let message = format!(
                "expire_at {at} must be later than now and at most {LONGEST_LIFE} seconds ahead."
            );
            return Err(Refusal::invalid("expire_at", message));
        }
    };
    let is_stored = given.get("store") != Some(&Value::Bool(false));
    let input = match given.get("input") {
        Some(Value::String(text)) => Input::Text(text.clone().into()),
        Some(Value::Array(items)) if items.iter().all(Value::is_object) => {
            Input::Items(items.clone())
        }
        _ => {
            let message = "input must be a string or an array of objects.";
            return Err(Refusal::invalid("input", message));
        }
    };

    let said = last_words(&input);
    let mut answer = format!("You wrote: {said}");
    let limit = given.get("max_output_tokens").and_then(Value::as_u64);
    let cut = limit.and_then(|limit| cut_at(&answer, limit));
    if let Some(at) = cut {
        answer.truncate(at);
    }
    let thinks = given
        .get("thinking")
        .is_some_and(|thinking| thinking["type"] == "enabled");
    let thoughts = thinks.then_some(THOUGHTS);
    let before = previous.as_ref().map_or(0, |(_, usage)| usage.total());
    let caches = given
        .get("caching")
        .is_some_and(|caching| caching["type"] == "enabled");
    let reasoning = thoughts.map_or(0, tokens);

    let echoed = FIELDS.iter().filter(|(_, _, echoed)| *echoed);
    let echo: Map<String, Value> = echoed
        .filter_map(|(name, _, _)| Some(((*name).to_owned(), given.get(*name)?.clone())))
        .collect();
    Ok(Round {
        created_ms: now_ms,
        model: Cow::Owned(text(given, "model").unwrap_or_default().to_owned()),
        status: if cut.is_some() {
            Status::Incomplete
        } else {
            Status::Completed
        },
        usage: Usage {
            input: before + tokens(said),
            cached: if caches { before } else { 0 },
            output: reasoning + tokens(&answer),
            reasoning,
        },
        previous: previous.map(|(id, _)| id),
        expire_at: is_stored.then_some(expire_at),
        input,
        answer: Cow::Owned(answer),
        thoughts,
        echo: (!echo.is_empty()).then(|| Box::new(echo)),
    })
}

/// The last text in the input.
fn last_words(input: &Input) -> &str {
    let items = match input {
        Input::Text(text) => return text,
        Input::About { text, .. } => return text,
        Input::Items(items) => items,
    };
    items
        .iter()
        .rev()
        .find_map(|item| match item.get("content") {
            Some(Value::String(text)) => Some(text.as_str()),
            Some(Value::Array(parts)) => {
                let mut texts = parts.iter().rev().filter_map(|part| part.get("text"));
                texts.find_map(Value::as_str)
            }
            _ => None,
        })
        .unwrap_or("(no text)")
}

const CHARS_A_TOKEN: u64 = 3;

/// An estimate, as good as any for a model that does not exist.
pub(super) fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(CHARS_A_TOKEN)
}

/// Where a text exceeds this many tokens, in bytes.
fn cut_at(text: &str, limit: u64) -> Option<usize> {
    let chars = usize::try_from(limit.saturating_mul(CHARS_A_TOKEN)).unwrap_or(usize::MAX);
    text.char_indices().nth(chars).map(|(at, _)| at)
}

/// What a round in a seeded chain is charged.
pub(super) fn usage(before: u64, question: &str, answer: &str) -> Usage {
    Usage {
        input: before + tokens(question),
        cached: 0,
        output: tokens(answer),
        reasoning: 0,
    }
}
