//! The calls on files: list, get, delete. Uploading is in `upload`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::responses::{Id, Query, deleted};
use super::shelf::{self, File, Readiness};
use super::{Service, upload};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/files", get(list).post(upload::upload))
        .route("/files/{id}", get(retrieve).delete(delete))
        // Uploads are counted and thrown away, not kept.
        .layer(DefaultBodyLimit::disable())
}

/// A file on the wire; absent keys, never nulls.
#[derive(Serialize)]
pub(super) struct Object<'a> {
    #[serde(rename = "object")]
    kind: &'static str,
    id: &'a str,
    purpose: &'a str,
    filename: &'a str,
    bytes: u64,
    mime_type: &'a str,
    created_at: i64,
    expire_at: i64,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(flatten)]
    echo: Option<&'a Map<String, Value>>,
}

pub(super) fn object<'a>(id: &'a str, file: &'a File, now_ms: i64) -> Object<'a> {
    let (status, error) = match file.readiness {
        Readiness::ActiveAt(at) if at > now_ms => ("processing", None),
        Readiness::ActiveAt(_) => ("active", None),
        Readiness::Failed => {
            let message = "The file could not be preprocessed.";
            (
                "failed",
                Some(json!({"code": "InvalidFile", "message": message})),
            )
        }
    };
    Object {
        kind: "file",
        id,
        purpose: &file.purpose,
        filename: &file.filename,
        bytes: file.bytes,
        mime_type: &file.mime_type,
        created_at: file.created_at,
        expire_at: file.expire_at,
        status,
        error,
        echo: file.echo.as_deref(),
    }
}

/// A cursor that was deleted, or never was, is a place in the order all the same; how the real service
/// takes one is unknown.
async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct List<'a> {
        object: &'a str,
        data: &'a [Object<'a>],
        #[serde(skip_serializing_if = "Option::is_none")]
        first_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        last_id: Option<&'a str>,
        has_more: bool,
    }
    let query = Query::parse(query.as_deref());
    let limit = query.limit(100)?;
    let (after, purpose) = (query.one("after"), query.one("purpose"));
    let now_ms = service.now_ms();
    let newest_first = query.newest_first()?;

    let shelf = service.shelf();
    let wanted =
        |entry: &(&shelf::Id, &File)| purpose.is_none_or(|purpose| entry.1.purpose == purpose);
    let files: Vec<_> = if newest_first {
        let files = shelf.files_before(after, now_ms);
        files.filter(wanted).take(limit + 1).collect()
    } else {
        let files = shelf.files_after(after, now_ms);
        files.filter(wanted).take(limit + 1).collect()
    };
    let page = &files[..files.len().min(limit)];
    let data: Vec<_> = page
        .iter()
        .map(|(id, file)| object(id, file, now_ms))
        .collect();
    let list = List {
        object: &service.options.list_object,
        first_id: data.first().map(|file| file.id),
        last_id: data.last().map(|file| file.id),
        has_more: files.len() > limit,
        data: &data,
    };
    Ok(Json(list).into_response())
}

fn no_such_file(service: &Service, id: &str) -> Refusal {
    let message = format!("The specified file {id} is not found.");
    service.options.missing_file.refusal(message)
}

async fn retrieve(State(service): State<Arc<Service>>, Id(id): Id) -> Result<Response, Refusal> {
    let now_ms = service.now_ms();
    let shelf = service.shelf();
    match shelf.file(&id, now_ms) {
        Some((id, file)) => Ok(Json(object(id, file, now_ms)).into_response()),
        None => Err(no_such_file(&service, &id)),
    }
}

/// Deletes a file whatever its status; whether the real service does so for one that is still being
/// processed is unknown.
async fn delete(
    State(service): State<Arc<Service>>,
    Id(id): Id,
    _body: Bytes,
) -> Result<Response, Refusal> {
    if !service.shelf().delete_file(&id, service.now_ms()) {
        return Err(no_such_file(&service, &id));
    }
    Ok(deleted("file", &id))
}
