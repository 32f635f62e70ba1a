//! A response as server-sent events, in the documented order (wire reference 4.6).

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::responses::{object, outline, output};
use super::shelf::{Round, Status};

/// How many characters a delta brings.
const DELTA: usize = 12;

pub(super) fn events(id: &str, round: &Round, pause: Duration) -> Response {
    let events = script(id, round).into_iter().enumerate();
    let body = stream::unfold(events, move |mut events| async move {
        let (number, event) = events.next()?;
        if number > 0 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some((Ok::<_, io::Error>(event), events))
    });
    let content_type = [(CONTENT_TYPE, "text/event-stream")];
    (content_type, Body::from_stream(body)).into_response()
}

/// The events, ready for the wire.
fn script(id: &str, round: &Round) -> Vec<Bytes> {
    let mut script = Script::default();
    // The first event lacks the status, both first lack the output, as in the vendor's sample.
    let mut outline = outline(id, round);
    script.say("response.created", json!({"response": outline}));
    outline.insert("status".to_owned(), "in_progress".into());
    script.say("response.in_progress", json!({"response": outline}));
    for (index, item) in output(id, round).into_iter().enumerate() {
        script.item(index, &item);
    }
    let end = match round.status {
        Status::Incomplete => "response.incomplete",
        Status::Failed => "response.failed",
        Status::InProgress | Status::Completed => "response.completed",
    };
    script.say(end, json!({"response": object(id, round)}));
    script.lines.push(Bytes::from_static(b"data: [DONE]\n\n"));
    script.lines
}

#[derive(Default)]
struct Script {
    lines: Vec<Bytes>,
}

impl Script {
    fn say(&mut self, kind: &str, mut event: Value) {
        event["type"] = kind.into();
        event["sequence_number"] = self.lines.len().into();
        let line = format!("event: {kind}\ndata: {event}\n\n");
        self.lines.push(line.into());
    }

    fn item(&mut self, index: usize, item: &Value) {
        let is_reasoning = item["type"] == "reasoning";
        let parts = if is_reasoning { "summary" } else { "content" };
        let mut begun = item.clone();
        begun["status"] = "in_progress".into();
        if let Some(begun) = begun.as_object_mut() {
            begun.remove(parts);
        }
        self.say(
            "response.output_item.added",
            json!({"output_index": index, "item": begun}),
        );
        let (part, text, at) = if is_reasoning {
            (
                "reasoning_summary_part",
                "reasoning_summary_text",
                "summary_index",
            )
        } else {
            ("content_part", "output_text", "content_index")
        };
        let whole = &item[parts][0];
        let place = |name: &str, value: &Value| json!({"item_id": item["id"], "output_index": index, at: 0, name: value});
        let mut empty = whole.clone();
        empty["text"] = "".into();
        self.say(&format!("response.{part}.added"), place("part", &empty));
        let chars: Vec<char> = whole["text"].as_str().unwrap_or("").chars().collect();
        for delta in chars.chunks(DELTA) {
            let delta = delta.iter().collect::<String>().into();
            self.say(&format!("response.{text}.delta"), place("delta", &delta));
        }
        self.say(
            &format!("response.{text}.done"),
            place("text", &whole["text"]),
        );
        self.say(&format!("response.{part}.done"), place("part", whole));
        self.say(
            "response.output_item.done",
            json!({"output_index": index, "item": item}),
        );
    }
}
