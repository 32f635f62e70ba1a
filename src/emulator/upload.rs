//! Uploading a file: multipart fields in any order, `file` or `url` (wire reference 5.2). The content is
//! counted, not kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::Service;
use super::files::object;
use super::ids;
use super::refusal::Refusal;
use super::shelf::{File, Id, Readiness};

const DAY: i64 = 86_400;
const DEFAULT_LIFE: i64 = 7 * DAY;
const SHORTEST_LIFE: i64 = DAY;
const LONGEST_LIFE: i64 = 30 * DAY;

const PURPOSES: [&str; 3] = ["user_data", "agent", "voice"];
const LONGEST_DESCRIPTION: usize = 500;

/// The fields that were given.
#[derive(Default)]
struct Form {
    content: Option<Content>,
    purpose: Option<String>,
    expire_at: Option<String>,
    /// What the file's object echoes, nested as the brackets say.
    echo: Map<String, Value>,
}

struct Content {
    filename: String,
    bytes: u64,
    mime_type: String,
}

pub(super) async fn upload(
    State(service): State<Arc<Service>>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Refusal> {
    let form = read(multipart.map_err(|error| unreadable(&error.body_text()))?).await?;
    let content = form.content.ok_or_else(|| Refusal::missing("file"))?;
    let purpose = form.purpose.ok_or_else(|| Refusal::missing("purpose"))?;
    if !PURPOSES.contains(&purpose.as_str()) {
        let message = format!("purpose must be one of {}.", PURPOSES.join(", "));
        return Err(Refusal::invalid("purpose", message));
    }
    let now_ms = service.now_ms();
    let created_at = now_ms / 1000;
    let wait = i64::try_from(service.options.active_after.as_millis()).unwrap_or(i64::MAX);
    let file = File {
        created_at,
        expire_at: expiry(form.expire_at.as_deref(), created_at)?,
        readiness: Readiness::ActiveAt(now_ms.saturating_add(wait)),
        purpose: purpose.into(),
        filename: content.filename,
        bytes: content.bytes,
        mime_type: content.mime_type.into(),
        echo: (!form.echo.is_empty()).then(|| Box::new(form.echo)),
    };
    let mut shelf = service.shelf();
    let mut dice = service.dice();
    let id: Id = loop {
        // Five characters are few: thousands of uploads in one second do meet.
        let id = ids::file_id(created_at, &mut dice);
        if !shelf.has_file(&id) {
            break id.into();
        }
    };
    let answer = Json(object(&id, &file, now_ms)).into_response();
    shelf.keep(id, file);
    Ok(answer)
}

async fn read(mut multipart: Multipart) -> Result<Form, Refusal> {
    let mut form = Form::default();
    while let Some(field) = multipart
        .next_field()
        .await
        .map_err(|error| broken(&error))?
    {
        let name = field.name().unwrap_or("").to_owned();
        let content = match name.as_str() {
            "file" => attached(field).await?,
            "url" => linked(&field.text().await.map_err(|error| broken(&error))?)?,
            _ => {
                let text = field.text().await.map_err(|error| broken(&error))?;
                form.take(&name, text)?;
                continue;
            }
        };
        if form.content.replace(content).is_some() {
            let message = "Exactly one of file and url must be given.";
            return Err(Refusal::invalid("file", message));
        }
    }
    Ok(form)
}

impl Form {
    /// Fields that are not documented are passed over, as form decoders do.
    fn take(&mut self, name: &str, text: String) -> Result<(), Refusal> {
        let (base, brackets) = name.split_once('[').unwrap_or((name, ""));
        match base {
            "purpose" => self.purpose = Some(text),
            "expire_at" => self.expire_at = Some(text),
            "description" if text.chars().count() > LONGEST_DESCRIPTION => {
                let message = format!("description has at most {LONGEST_DESCRIPTION} characters.");
                return Err(Refusal::invalid(name, message));
            }
            "description" | "model" => {
                self.echo.insert(name.to_owned(), text.into());
            }
            "preprocess_configs" | "tos" => {
                let value = match (base, text.parse::<serde_json::Number>()) {
                    ("preprocess_configs", Ok(number)) => Value::Number(number),
                    _ => Value::String(text),
                };
                let Some(path) = brackets.strip_suffix(']') else {
                    let message = format!("{name} must be named with brackets.");
                    return Err(Refusal::invalid(name, message));
                };
                let mut place = self.echo.entry(base).or_insert_with(Self::object);
                for segment in path.split("][") {
                    if !place.is_object() {
                        *place = Self::object();
                    }
                    place = &mut place[segment];
                }
                *place = value;
            }
            _ => {}
        }
        Ok(())
    }

    fn object() -> Value {
        Value::Object(Map::new())
    }
}

async fn attached(mut field: Field<'_>) -> Result<Content, Refusal> {
    let filename = field.file_name().unwrap_or("upload").to_owned();
    let said = field.content_type().map(str::to_owned);
    let mut bytes = 0;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes += chunk.len() as u64;
    }
    let mime_type = said.filter(|said| said != "application/octet-stream");
    Ok(Content {
        mime_type: mime_type.unwrap_or_else(|| mime_type_of(&filename).to_owned()),
        filename,
        bytes,
    })
}

/// Nothing is fetched: the size is made up from the address.
fn linked(address: &str) -> Result<Content, Refusal> {
    let url = url::Url::parse(address)
        .ok()
        .filter(|url| ["http", "https", "tos"].contains(&url.scheme()));
    let Some(url) = url else {
        let message = "url must begin with http://, https:// or tos://.";
        return Err(Refusal::invalid("url", message));
    };
    let last = url.path().rsplit('/').next().unwrap_or("");
    let filename = percent_encoding::percent_decode_str(last).decode_utf8_lossy();
    Ok(Content {
        bytes: address
            .bytes()
            .fold(0, |sum, byte| ids::mix(sum ^ u64::from(byte)))
            % 10_000_000,
        mime_type: mime_type_of(&filename).to_owned(),
        filename: filename.into_owned(),
    })
}

fn expiry(said: Option<&str>, now: i64) -> Result<i64, Refusal> {
    let Some(said) = said else {
        return Ok(now + DEFAULT_LIFE);
    };
    match said.parse() {
        Ok(at) if (now + SHORTEST_LIFE..=now + LONGEST_LIFE).contains(&at) => Ok(at),
        _ => {
            let message = "expire_at must be 86400 to 2592000 seconds from now.";
            Err(Refusal::invalid("expire_at", message))
        }
    }
}

/// For the types that Ark documents.
pub(super) fn mime_type_of(filename: &str) -> &'static str {
    let extension = filename.rsplit('.').next().unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "mp4" => "video/mp4",
        "avi" => "video/x-msvideo",
        "mov" => "video/quicktime",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "aac" => "audio/aac",
        "m4a" => "audio/mp4",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "txt" => "text/plain",
        "jsonl" => "application/jsonl",
        _ => "application/octet-stream",
    }
}

fn broken(error: &MultipartError) -> Refusal {
    unreadable(&error.body_text())
}

fn unreadable(why: &str) -> Refusal {
    let message = format!("The form could not be read: {why}.");
    Refusal::new(400, "InvalidParameter", message)
}
