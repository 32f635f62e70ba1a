//! What an object of the service says about itself: answered just now, or recorded some time ago.
//!
//! Read field by field and leniently: an unknown or wrongly typed field says nothing, and never spoils
//! its neighbours (`ark-api` sections 4 and 5: absent keys, nulls, foreign enums).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Expiry, Facts, Kind, ResourceId, Usage};

/// The longest text of the service that is kept: codes, messages, names. In bytes.
const LONGEST_TEXT: usize = 2048;

/// Text cut to what is kept of it.
pub fn capped(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

impl Facts {
    /// The keys that [`Facts::of`] looks at.
    pub const KEYS: [&'static str; 11] = [
        "status",
        "created_at",
        "expire_at",
        "expires_at",
        "model",
        "previous_response_id",
        "usage",
        "filename",
        "bytes",
        "purpose",
        "mime_type",
    ];

    /// What an object of this kind says (`ark-api` sections 4.2, 5.1 and 9).
    pub fn of(kind: Kind, object: &Map<String, Value>) -> Self {
        let short = |key| {
            let text = object.get(key)?.as_str()?;
            (!text.is_empty()).then(|| capped(text).to_owned())
        };
        let mut facts = Self {
            status: short("status"),
            created_at: object.get("created_at").and_then(time),
            expires_at: ["expire_at", "expires_at"]
                .into_iter()
                .find_map(|key| object.get(key).and_then(expiry)),
            ..Self::default()
        };
        match kind {
            Kind::Response => {
                facts.model = short("model");
                facts.previous_response_id = short("previous_response_id");
                facts.usage = object.get("usage").and_then(usage);
            }
            Kind::File => {
                facts.name = short("filename");
                facts.bytes = object.get("bytes").and_then(count);
                facts.purpose = short("purpose");
                facts.mime_type = short("mime_type");
            }
        }
        facts
    }

    /// What is believed of an object that somebody wrote down, nobody knows when or how: not a time of
    /// expiry that is not after the making. What has expired is out of sight, and the service is not
    /// asked for it, so that this would stay wrong. Where the time of making is not known, none is
    /// believed.
    #[must_use]
    pub fn recorded(mut self, id: &ResourceId) -> Self {
        let made = self.created_at.max(id.birth());
        let is_sound = |at| made.is_some_and(|made| made < at);
        self.expires_at
            .take_if(|expiry| expiry.at().is_some_and(|at| !is_sound(at)));
        self
    }

    /// Takes over what somebody wrote down about the same resource, who knows when: it fills gaps, and
    /// never replaces what is known but the status of what was still under way.
    #[must_use]
    pub fn filled_from(&self, recorded: &Self) -> Self {
        let known = self.clone();
        let recorded = recorded.clone();
        let status = match (known.status, recorded.status) {
            (Some(known), Some(later)) if is_passing(&known) && !is_passing(&later) => Some(later),
            (known, recorded) => known.or(recorded),
        };
        Self {
            name: known.name.or(recorded.name),
            bytes: known.bytes.or(recorded.bytes),
            model: known.model.or(recorded.model),
            status,
            purpose: known.purpose.or(recorded.purpose),
            mime_type: known.mime_type.or(recorded.mime_type),
            created_at: known.created_at.or(recorded.created_at),
            expires_at: known.expires_at.or(recorded.expires_at),
            previous_response_id: known.previous_response_id.or(recorded.previous_response_id),
            usage: known.usage.or(recorded.usage),
        }
    }
}

/// A status in which nothing stays: the service is still at work. The words are those of Ark and of
/// services like it.
pub fn is_passing(status: &str) -> bool {
    ["in_progress", "queued", "processing", "pending", "running"].contains(&status)
}

/// Unix seconds; some servers write them as a float. Zero and less are placeholders.
fn time(value: &Value) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is meant to go, and a float out of range saturates to what is no time"
    )]
    let seconds = value
        .as_i64()
        .or_else(|| value.as_f64().map(|f| f as i64))?;
    (seconds > 0)
        .then(|| Timestamp::from_second(seconds).ok())
        .flatten()
}

fn expiry(value: &Value) -> Option<Expiry> {
    if value.as_i64() == Some(-1) {
        return Some(Expiry::Never);
    }
    time(value).map(Expiry::At)
}

/// What is counted. No database keeps more than this much, and nothing real comes near it.
fn count(value: &Value) -> Option<u64> {
    Some(value.as_u64()?.min(i64::MAX.unsigned_abs()))
}

fn usage(value: &Value) -> Option<Usage> {
    let usage = value.as_object()?;
    let count = |value: Option<&Value>| value.and_then(count);
    let input = count(usage.get("input_tokens"));
    let output = count(usage.get("output_tokens"));
    let total = count(usage.get("total_tokens"));
    // An object without a single count tells nothing.
    input.or(output).or(total)?;
    let (input, output) = (input.unwrap_or_default(), output.unwrap_or_default());
    Some(Usage {
        input,
        output,
        total: total.unwrap_or_else(|| (input + output).min(i64::MAX.unsigned_abs())),
        cached: count(
            usage
                .get("input_tokens_details")
                .and_then(|details| details.get("cached_tokens")),
        )
        .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_wrong_field_spoils_no_other() {
        let odd = read(
            r#"{"created_at":"yesterday","bytes":-4,"filename":7,"expire_at":-1,"status":"active",
                "purpose":null,"mime_type":"","usage":[1]}"#,
        );
        assert_eq!(
            Facts::of(Kind::File, &odd),
            Facts {
                status: Some("active".into()),
                expires_at: Some(Expiry::Never),
                ..Facts::default()
            }
        );
        let openai = read(
            r#"{"created_at":1741476542.75,"expire_at":0,"expires_at":1741476599,
                "usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":2}}}"#,
        );
        let facts = Facts::of(Kind::Response, &openai);
        assert_eq!(facts.created_at, Timestamp::from_second(1_741_476_542).ok());
        assert_eq!(
            facts.expires_at.and_then(Expiry::at),
            Timestamp::from_second(1_741_476_599).ok()
        );
        assert_eq!(
            facts.usage,
            Some(Usage {
                input: 3,
                output: 0,
                total: 3,
                cached: 2
            })
        );
        for absurd in ["1e300", "-7", "9223372036854775807", "true"] {
            let object = read(&format!(
                r#"{{"created_at":{absurd},"expire_at":{absurd}}}"#
            ));
            assert_eq!(Facts::of(Kind::File, &object), Facts::default(), "{absurd}");
        }
    }

    #[test]
    fn a_recorded_expiry_is_after_the_making_or_not_believed() {
        // Born at 1795227300.456.
        let born = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
        let expiry = |id: &str, object: &str| {
            let facts = Facts::of(Kind::Response, &read(object));
            facts.recorded(&ResourceId::new(id).unwrap()).expires_at
        };
        let at = |second| Timestamp::from_second(second).ok().map(Expiry::At);
        for (id, object, believed) in [
            (born, r#"{"expire_at":1795486500}"#, at(1_795_486_500)),
            (born, r#"{"expire_at":-1}"#, Some(Expiry::Never)),
            // A length of time, and what an example says.
            (born, r#"{"expire_at":259200}"#, None),
            (
                born,
                r#"{"created_at":1700000000,"expire_at":1700259200}"#,
                None,
            ),
            ("resp_1", r#"{"expire_at":1795486500}"#, None),
            (
                "resp_1",
                r#"{"created_at":1795486500,"expire_at":1795486500}"#,
                None,
            ),
            (
                "resp_1",
                r#"{"created_at":1795227300,"expire_at":1795486500}"#,
                at(1_795_486_500),
            ),
        ] {
            assert_eq!(expiry(id, object), believed, "{id} {object}");
        }
    }

    #[test]
    fn counts_stop_where_the_ledger_s_do() {
        let most = i64::MAX.unsigned_abs();
        let object = read(
            r#"{"bytes":18446744073709551615,
                "usage":{"input_tokens":18446744073709551615,"output_tokens":18446744073709551615}}"#,
        );
        assert_eq!(Facts::of(Kind::File, &object).bytes, Some(most));
        let usage = Facts::of(Kind::Response, &object).usage.unwrap();
        assert_eq!((usage.input, usage.total), (most, most));
    }

    #[test]
    fn what_was_recorded_fills_gaps_in_any_order() {
        let of = |text| Facts::of(Kind::Response, &read(text));
        let begun = of(r#"{"status":"in_progress","model":"a","created_at":1795227300}"#);
        let ended = of(r#"{"status":"completed","model":"b","usage":{"total_tokens":3}}"#);
        let both = begun.filled_from(&ended);
        assert_eq!(both.status.as_deref(), Some("completed"));
        assert_eq!(both.model.as_deref(), Some("a"));
        assert!(both.usage.is_some() && both.created_at.is_some());
        let other = ended.filled_from(&begun);
        assert_eq!(other.status.as_deref(), Some("completed"));
        assert_eq!(other.model.as_deref(), Some("b"));
        assert_eq!(ended.filled_from(&of(r#"{"status":"failed"}"#)), ended);
    }
}
