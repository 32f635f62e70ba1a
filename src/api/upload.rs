//! Sending a file: a multipart form with the content as a stream (`ark-api` section 5.2).

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use serde_json::Value;

use super::verdict::{Heard, Objection, Rules};
use super::{Client, Over, SMALL_BODY, Unheard, wire};
use crate::domain::{Answer, Facts, Kind, ResourceId};

/// One attempt may take as long as it makes headway: whoever sends watches over that.
const LONGEST: Duration = Duration::from_hours(24);

/// What is sent with the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadForm {
    /// As the service shall call it.
    pub name: String,
    /// Exactly as many as the content has.
    pub bytes: u64,
    pub purpose: String,
    /// Unix seconds; `None` leaves it to the service.
    pub expire_at: Option<i64>,
}

/// What one attempt at an upload came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uploaded {
    Kept {
        id: ResourceId,
        facts: Box<Facts>,
        answer: Answer,
    },
    /// The service did not take it, and may later: it was not reached, or said that it is busy.
    Retry {
        after: Option<Duration>,
        throttled: bool,
        answer: Answer,
    },
    Failed(Answer),
    /// No believable answer. If all of the content was sent, the file may be there.
    Unclear(Answer),
    /// No other file would fare better.
    Stop(Answer),
}

impl Client {
    /// Sends one POST with a file.
    pub async fn upload(
        &self,
        form: UploadForm,
        content: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Uploaded {
        let url = self.collection(Kind::File);
        let form = form.into_multipart(Body::wrap_stream(content));
        let exchange = self
            .send_over(Over::Fresh, Method::POST, url, SMALL_BODY, |request| {
                request.multipart(form).timeout(LONGEST)
            })
            .await;
        let mut uploaded = match exchange.heard {
            Ok(heard) => self.0.rules.upload(&heard, Timestamp::now()),
            Err(unheard) => unheard.into_uploaded(),
        };
        let (Uploaded::Kept { answer, .. }
        | Uploaded::Retry { answer, .. }
        | Uploaded::Failed(answer)
        | Uploaded::Unclear(answer)
        | Uploaded::Stop(answer)) = &mut uploaded;
        answer.client_request_id = Some(exchange.client_request_id);
        uploaded
    }
}

impl UploadForm {
    fn into_multipart(self, content: Body) -> Form {
        // The name travels as it is, in quotes, as all SDKs send it; what would end it or the line is
        // escaped as browsers do (WHATWG HTML, multipart/form-data).
        let mut form = Form::new()
            .percent_encode_noop()
            .part("purpose", Part::text(self.purpose));
        if let Some(at) = self.expire_at {
            form = form.part("expire_at", Part::text(at.to_string()));
        }
        let part = Part::stream_with_length(content, self.bytes);
        // The types are ours, and good ones.
        let Ok(part) = part.mime_str(mime_type(&self.name)) else {
            return form;
        };
        form.part("file", part.file_name(quotable(&self.name)))
    }
}

impl Unheard {
    fn into_uploaded(self) -> Uploaded {
        let (sent, is_final) = (self.sent, self.is_final);
        let answer = self.into_answer();
        if is_final {
            Uploaded::Stop(answer)
        } else if sent {
            Uploaded::Unclear(answer)
        } else {
            Uploaded::Retry {
                after: None,
                throttled: false,
                answer,
            }
        }
    }
}

impl Rules {
    fn upload(&self, heard: &Heard, now: Timestamp) -> Uploaded {
        if !(200..300).contains(&heard.status) {
            let (objection, answer) = self.objection(None, heard, now);
            return match objection {
                Objection::Stop => Uploaded::Stop(answer),
                Objection::Failed | Objection::Gone => Uploaded::Failed(answer),
                // Said before the file is looked at. Any other trouble may come after it was kept.
                Objection::Retry { after, throttled } if matches!(heard.status, 429 | 503) => {
                    Uploaded::Retry {
                        after,
                        throttled,
                        answer,
                    }
                }
                // A refusal whose reason broke off.
                Objection::Retry { .. }
                    if (400..500).contains(&heard.status) && heard.status != 408 =>
                {
                    Uploaded::Failed(answer)
                }
                Objection::Retry { .. } => Uploaded::Unclear(answer),
            };
        }
        let mut answer = self.answer(heard);
        let Ok(object) = self.object(heard, &mut answer, wire::object) else {
            return Uploaded::Unclear(answer);
        };
        let mut raw = Value::Object(object);
        self.scrub_all(&mut raw);
        let Some(object) = raw.as_object() else {
            return Uploaded::Unclear(answer);
        };
        let id = object.get("id").and_then(Value::as_str);
        let has_error = object.get("error").is_some_and(|error| !error.is_null())
            && object.get("object").is_none();
        match id.and_then(|id| ResourceId::new(id).ok()) {
            Some(id) if !has_error => Uploaded::Kept {
                id,
                facts: Box::new(Facts::of(Kind::File, object)),
                answer,
            },
            _ => {
                self.disown(object, &mut answer);
                Uploaded::Unclear(answer)
            }
        }
    }
}

/// The name without what a quoted string of a header cannot have; quotes are escaped where it is made.
fn quotable(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A")
}

/// For the types that Ark documents; for others the service decides by itself.
fn mime_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "mp4" => "video/mp4",
        "avi" => "video/x-msvideo",
        "mov" => "video/quicktime",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "aac" => "audio/aac",
        "m4a" => "audio/mp4",
        _ => "application/octet-stream",
    }
}
