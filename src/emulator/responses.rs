//! The calls on stored responses: get, delete, input items. Creating them is in `create`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::shelf::{Input, Round, Shelf, Status};
use super::{Missing, Service, create, ids};

/// Inputs may hold images in base64.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

const INCLUDES: [&str; 3] = [
    "message.input_image.image_url",
    "message.input_audio.audio_url",
    "reasoning.encrypted_content",
];

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/responses", post(create::create))
        .route("/responses/{id}", get(retrieve).delete(delete))
        .route("/responses/{id}/input_items", get(input_items))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// The id in the path: one segment, decoded, so that `%2F` is part of the id.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id))
            .map_err(|_| Refusal::invalid("id", "The id in the path is not UTF-8."))
    }
}

/// The query string, with `name[]` read as `name`.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(raw: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(raw.unwrap_or("").as_bytes());
        Self(
            pairs
                .map(|(name, value)| {
                    let name = name.strip_suffix("[]").unwrap_or(&name);
                    (name.to_owned(), value.into_owned())
                })
                .collect(),
        )
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.0.iter().filter(move |(this, _)| this == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The first of this name that is not empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(this, value)| this == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// `limit`, 1 to 100.
    pub(super) fn limit(&self, default: usize) -> Result<usize, Refusal> {
        let Some(limit) = self.one("limit") else {
            return Ok(default);
        };
        let taken = limit.parse().ok().filter(|limit| (1..=100).contains(limit));
        taken.ok_or_else(|| {
            let message = format!("limit must be a number from 1 to 100, not `{limit}`.");
            Refusal::invalid("limit", message)
        })
    }

    /// `order`: true for `desc`, which is the default.
    pub(super) fn newest_first(&self) -> Result<bool, Refusal> {
        match self.one("order") {
            None | Some("desc") => Ok(true),
            Some("asc") => Ok(false),
            Some(order) => {
                let message = format!("order must be `asc` or `desc`, not `{order}`.");
                Err(Refusal::invalid("order", message))
            }
        }
    }
}

/// Refuses an `include` that Ark does not know.
pub(super) fn check_includes<'a>(
    mut includes: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    match includes.find(|include| !INCLUDES.contains(include)) {
        None => Ok(()),
        Some(include) => {
            let message = format!("`{include}` cannot be included.");
            Err(Refusal::invalid("include", message))
        }
    }
}

/// The answer to a DELETE that was carried out.
pub(super) fn deleted(kind: &str, id: &str) -> Response {
    #[derive(Serialize)]
    struct Deletion<'a> {
        id: &'a str,
        object: &'a str,
        deleted: bool,
    }
    let answer = Deletion {
        id,
        object: kind,
        deleted: true,
    };
    Json(answer).into_response()
}

/// The answer for a response that does not exist, on every call alike: the vendor's own tool reports the
/// code of create for GET too.
pub(super) fn no_such_response(missing: &Missing, id: &str) -> Refusal {
    let message = format!("Previous response with id '{id}' not found.");
    missing.refusal(message).about("previous_response_id")
}

/// A response that is stored and already readable.
fn readable<'a>(
    service: &Service,
    shelf: &'a Shelf,
    id: &str,
    now_ms: i64,
) -> Result<&'a Round, Refusal> {
    let delay = i64::try_from(service.options.readable_after.as_millis()).unwrap_or(i64::MAX);
    shelf
        .round(id, now_ms)
        .map(|(_, round)| round)
        .filter(|round| round.created_ms.saturating_add(delay) <= now_ms)
        .ok_or_else(|| no_such_response(&service.options.missing_response, id))
}

/// One that is still in progress is given with that status. The real service answers with an error that
/// is not documented.
async fn retrieve(
    State(service): State<Arc<Service>>,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = Query::parse(query.as_deref());
    if query.one("stream") == Some("true") {
        return Err(Refusal::invalid_action());
    }
    check_includes(query.all("include"))?;
    let now_ms = service.now_ms();
    let shelf = service.shelf();
    let round = readable(&service, &shelf, &id, now_ms)?;
    Ok(Json(Value::Object(object(&id, round))))
}

/// The body, `{}` from some SDKs, is read so that the connection can go on.
async fn delete(
    State(service): State<Arc<Service>>,
    Id(id): Id,
    _body: Bytes,
) -> Result<Response, Refusal> {
    if !service.shelf().delete_round(&id, service.now_ms()) {
        return Err(no_such_response(&service.options.missing_response, &id));
    }
    Ok(deleted("response", &id))
}

/// The input of this response and everything said in the rounds before it. A deleted round is left out;
/// that it vanishes on the real service too is assumed.
async fn input_items(
    State(service): State<Arc<Service>>,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = Query::parse(query.as_deref());
    check_includes(query.all("include"))?;
    let limit = query.limit(20)?;
    let newest_first = query.newest_first()?;

    let now_ms = service.now_ms();
    let mut items = Vec::new();
    {
        let shelf = service.shelf();
        readable(&service, &shelf, &id, now_ms)?;
        for (round_id, round) in shelf.chain(&id, now_ms) {
            items.extend(inputs(round_id, round));
            if **round_id != *id {
                items.extend(output(round_id, round));
            }
        }
    }
    if newest_first {
        items.reverse();
    }
    Ok(Json(page(&items, &query, limit)?))
}

fn page(items: &[Value], query: &Query, limit: usize) -> Result<Value, Refusal> {
    let place = |name: &str| match query.one(name) {
        None => Ok(None),
        Some(cursor) => {
            let at = items.iter().position(|item| item["id"] == cursor);
            let unknown = || Refusal::invalid(name, format!("There is no item `{cursor}`."));
            at.map(Some).ok_or_else(unknown)
        }
    };
    let (after, before) = (place("after")?, place("before")?);
    let start = after.map_or(0, |at| at + 1);
    let between = items
        .get(start..before.unwrap_or(items.len()))
        .unwrap_or(&[]);
    let has_more = between.len() > limit;
    let data = match (after, before) {
        // The page before a cursor is the one that ends there.
        (None, Some(_)) => &between[between.len().saturating_sub(limit)..],
        _ => &between[..between.len().min(limit)],
    };
    let mut page = json!({"object": "list", "data": data, "has_more": has_more});
    for (name, item) in [("first_id", data.first()), ("last_id", data.last())] {
        if let Some(item) = item {
            page[name] = item["id"].clone();
        }
    }
    Ok(page)
}

/// Input as items: text becomes a message of the user, and every item has an id and a status.
fn inputs(id: &str, round: &Round) -> Vec<Value> {
    let text = |text: &str| json!([{"type": "input_text", "text": text}]);
    let name = |index| ids::item_id("msg", id, round.created_ms, index);
    match &round.input {
        Input::Text(said) => vec![json!({
            "type": "message", "role": "user", "status": "completed",
            "id": name(0), "content": text(said),
        })],
        Input::About {
            text: said,
            part,
            file,
        } => vec![json!({
            "type": "message", "role": "user", "status": "completed", "id": name(0),
            "content": [{"type": part, "file_id": &**file}, {"type": "input_text", "text": said}],
        })],
        Input::Items(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let mut item = item.clone();
                if item.get("type").is_none() {
                    item["type"] = "message".into();
                }
                if item["type"] == "message"
                    && let Some(said) = item.get("content").and_then(Value::as_str)
                {
                    item["content"] = text(said);
                }
                if item.get("id").is_none_or(Value::is_null) {
                    item["id"] = name(index).into();
                }
                if item.get("status").is_none_or(Value::is_null) {
                    item["status"] = "completed".into();
                }
                item
            })
            .collect(),
    }
}

/// Indices of items that cannot collide with those of the input.
pub(super) const OUTPUT_INDEX: usize = 1 << 32;

/// What the model said: its thoughts, if any, then a message.
pub(super) fn output(id: &str, round: &Round) -> Vec<Value> {
    let status = match round.status {
        Status::Completed => "completed",
        Status::Incomplete => "incomplete",
        Status::InProgress | Status::Failed => return Vec::new(),
    };
    let mut items = Vec::new();
    if let Some(thoughts) = round.thoughts {
        items.push(json!({
            "type": "reasoning", "status": "completed",
            "id": ids::item_id("rs", id, round.created_ms, OUTPUT_INDEX),
            "summary": [{"type": "summary_text", "text": thoughts}],
        }));
    }
    items.push(json!({
        "type": "message", "role": "assistant", "status": status,
        "id": ids::item_id("msg", id, round.created_ms, OUTPUT_INDEX + 1),
        "content": [{"type": "output_text", "text": round.answer}],
    }));
    items
}

/// The response without what only its end brings: `output`, `status`, `usage`.
pub(super) fn outline(id: &str, round: &Round) -> Map<String, Value> {
    let mut object = match &round.echo {
        Some(echo) => Map::clone(echo),
        None => Map::new(),
    };
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    set("id", id.into());
    set("object", "response".into());
    set("created_at", (round.created_ms / 1000).into());
    set("model", round.model.as_ref().into());
    set("store", round.expire_at.is_some().into());
    if let Some(at) = round.expire_at {
        set("expire_at", at.into());
    }
    if let Some(previous) = &round.previous {
        set("previous_response_id", previous.as_ref().into());
    }
    let defaults = [
        ("caching", json!({"type": "disabled"})),
        ("service_tier", "default".into()),
    ];
    for (name, default) in defaults {
        object.entry(name).or_insert(default);
    }
    object
}

/// The response object: absent keys, never nulls.
pub(super) fn object(id: &str, round: &Round) -> Map<String, Value> {
    let mut object = outline(id, round);
    let usage = round.usage;
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("status", round.status.as_str().into());
    set("output", output(id, round).into());
    match round.status {
        Status::InProgress => return object,
        Status::Completed => None,
        Status::Incomplete => set("incomplete_details", json!({"reason": "length"})),
        Status::Failed => set(
            "error",
            json!({"code": "InternalServiceError", "message": "The model could not finish its answer."}),
        ),
    };
    set(
        "usage",
        json!({
            "input_tokens": usage.input,
            "output_tokens": usage.output,
            "total_tokens": usage.total(),
            "input_tokens_details": {"cached_tokens": usage.cached},
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        }),
    );
    object
}
