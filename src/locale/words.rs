//! Domain values as text.

use std::borrow::Cow;

use crate::domain::{
    Answer, Cause, Citing, Freed, Halt, IdError, ImportProgress, ImportTally, Kind, LabelError,
    MAX_ID_LEN, MAX_NOTE, MAX_TAG, MAX_UPLOAD, NotUploaded, Outcome, Problem, QueryError, Refusal,
    ResourceId, Source, State, Unreadable, Unready, visible,
};

use super::Catalogue;

impl Catalogue {
    pub fn kind(&self, kind: Kind) -> String {
        self.text(match kind {
            Kind::Response => "kind-response",
            Kind::File => "kind-file",
        })
        .into_owned()
    }

    /// `3 responses`, `1 file`.
    pub fn count_of(&self, kind: Kind, count: u64) -> String {
        let key = match kind {
            Kind::Response => "count-responses",
            Kind::File => "count-files",
        };
        self.with(key, &[("count", count.into())])
    }

    /// `resp_…, resp_… and 3 more`.
    pub fn citing(&self, citing: &Citing) -> String {
        let some: Vec<_> = citing.some.iter().map(ResourceId::as_str).collect();
        let ids = some.join(", ");
        match citing.count.saturating_sub(some.len() as u64) {
            0 => ids,
            more => self.with("citing-more", &[("ids", ids.into()), ("more", more.into())]),
        }
    }

    pub fn unready(&self, why: Unready) -> Cow<'_, str> {
        self.text(match why {
            Unready::Processing => "unready-processing",
            Unready::Stuck => "unready-stuck",
            Unready::Failed => "unready-failed",
        })
    }

    pub fn state(&self, state: State) -> String {
        self.text(match state {
            State::Tracked => "state-tracked",
            State::Queued => "state-queued",
            State::Sending => "state-sending",
            State::Deleted => "state-deleted",
            State::Gone => "state-gone",
            State::Refused => "state-refused",
            State::Failed => "state-failed",
            State::Unsettled => "state-unsettled",
            State::Expired => "state-expired",
        })
        .into_owned()
    }

    pub fn outcome(&self, outcome: Outcome) -> String {
        self.text(match outcome {
            Outcome::Deleted => "state-deleted",
            Outcome::Gone => "state-gone",
            Outcome::Refused => "state-refused",
            Outcome::Failed => "state-failed",
            Outcome::Cancelled => "state-cancelled",
            Outcome::Unsettled => "state-unsettled",
        })
        .into_owned()
    }

    pub fn source(&self, source: Source) -> String {
        self.text(match source {
            Source::Hand => "source-hand",
            Source::Import => "source-import",
            Source::Sync => "source-sync",
            Source::Demo => "source-demo",
            Source::Upload => "source-upload",
        })
        .into_owned()
    }

    /// Why, in one line: our reading of the answer, then the service's own words, then the tries
    /// and the request id, which is what the service's support asks for.
    pub fn answer(&self, answer: &Answer) -> String {
        let mut parts = Vec::new();
        if let Some(cause) = answer.cause.filter(|c| *c != Cause::Service) {
            parts.push(self.cause(cause, answer.detail.as_deref()));
        }
        let said = [&answer.code, &answer.message]
            .into_iter()
            .flatten()
            .map(|text| visible(text))
            .collect::<Vec<_>>()
            .join(": ");
        match (answer.status, said.is_empty()) {
            (Some(status), true) => parts.push(format!("HTTP {status}")),
            (Some(status), false) => parts.push(format!("HTTP {status} {said}")),
            (None, false) => parts.push(said),
            (None, true) => {}
        }
        if answer.attempts > 1 {
            parts.push(self.with("answer-tries", &[("count", answer.attempts.into())]));
        }
        if let Some(id) = answer.request_id.as_deref()
            // Ark's messages end in the id already.
            && !answer.message.as_deref().is_some_and(|m| m.contains(id))
        {
            parts.push(self.with("answer-request-id", &[("id", visible(id).into())]));
        }
        parts.join(" · ")
    }

    pub fn cause(&self, cause: Cause, detail: Option<&str>) -> String {
        let detail = visible(detail.unwrap_or("?"));
        let with = |key: &str| self.with(key, &[("detail", detail.as_ref().into())]);
        let plain = |key: &str| self.text(key).into_owned();
        match cause {
            Cause::Service => plain("cause-service"),
            Cause::NotDeleted => plain("cause-not-deleted"),
            Cause::NoVerdict => plain("cause-no-verdict"),
            Cause::NotJson => with("cause-not-json"),
            Cause::Truncated => plain("cause-truncated"),
            Cause::OtherId => with("cause-other-id"),
            Cause::ErrorInSuccess => plain("cause-error-in-success"),
            Cause::TooLarge => with("cause-too-large"),
            Cause::Timeout => with("cause-timeout"),
            Cause::Disconnected => with("cause-disconnected"),
            Cause::Unreachable => with("cause-unreachable"),
            Cause::KeyRefused => plain("cause-key-refused"),
            Cause::WrongAddress => plain("cause-wrong-address"),
            Cause::Redirected => with("cause-redirected"),
            Cause::Quota => plain("cause-quota"),
            Cause::Exhausted => plain("cause-exhausted"),
            Cause::Stopped => plain("cause-stopped"),
            Cause::Interrupted => plain("cause-interrupted"),
            Cause::StillThere => plain("cause-still-there"),
            Cause::Unwritten => plain("cause-unwritten"),
        }
    }

    pub fn halt(&self, halt: &Halt) -> String {
        match &halt.answer {
            Some(answer) => self.answer(answer),
            None => self.cause(halt.cause, None),
        }
    }

    pub fn refusal(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::NoKey => self.text("refusal-no-key").into_owned(),
            Refusal::ReadOnly => self.text("refusal-read-only").into_owned(),
            Refusal::TooMany { asked, limit } => self.with(
                "refusal-too-many",
                &[("asked", (*asked).into()), ("limit", (*limit).into())],
            ),
            Refusal::Journal(error) => {
                self.with("refusal-journal", &[("error", visible(error).into())])
            }
            Refusal::OtherService { theirs, asked } => self.with(
                "refusal-other-service",
                &[
                    ("theirs", visible(theirs).into()),
                    ("asked", visible(asked).into()),
                ],
            ),
            Refusal::Nothing => self.text("refusal-nothing").into_owned(),
        }
    }

    pub fn id_error(&self, error: &IdError) -> String {
        match error {
            IdError::Empty => self.text("id-error-empty").into_owned(),
            IdError::TooLong(len) => self.with(
                "id-error-too-long",
                &[("length", (*len).into()), ("limit", MAX_ID_LEN.into())],
            ),
            IdError::NotVisibleAscii { at } => {
                self.with("id-error-not-visible", &[("at", (*at).into())])
            }
            IdError::DotSegment => self.text("id-error-dots").into_owned(),
            IdError::Masked => self.text("id-error-masked").into_owned(),
        }
    }

    /// Why a line of a list is not taken; `None`: it may be an id of either kind.
    pub fn not_an_id(&self, error: Option<&IdError>) -> String {
        error.map_or_else(
            || self.text("id-error-no-kind").into_owned(),
            |error| self.id_error(error),
        )
    }

    /// What was chosen to free some room, and what is missing if that is not enough.
    pub fn freed(&self, freed: &Freed) -> String {
        let args = [
            (
                "files",
                self.count_of(Kind::File, freed.rows.len() as u64).into(),
            ),
            ("bytes", self.bytes(freed.bytes).into()),
            ("asked", self.bytes(freed.asked).into()),
            ("left", self.bytes(freed.left()).into()),
        ];
        if freed.is_enough() {
            return self.with("freed-enough", &args);
        }
        let args = [
            &args[..],
            &[
                ("protected", freed.protected.into()),
                ("busy", freed.busy.into()),
                ("unknown", freed.unknown.into()),
            ],
        ];
        self.with("freed-short", &args.concat())
    }

    /// Why a file is not on the service, or not known to be.
    pub fn not_uploaded(&self, why: &NotUploaded) -> String {
        match why {
            NotUploaded::Unreadable(error) => self.with(
                "upload-unreadable",
                &[("error", self.unreadable(error).into())],
            ),
            NotUploaded::NoFile => self.text("upload-no-file").into_owned(),
            NotUploaded::TooLarge(bytes) => self.with(
                "upload-too-large",
                &[
                    ("bytes", format!("{} MiB", bytes.div_ceil(1 << 20)).into()),
                    ("limit", format!("{} MiB", MAX_UPLOAD >> 20).into()),
                ],
            ),
            NotUploaded::Failed(answer) => {
                self.with("upload-failed", &[("reason", self.answer(answer).into())])
            }
            NotUploaded::InDoubt(answer) => {
                self.with("upload-unclear", &[("reason", self.answer(answer).into())])
            }
        }
    }

    pub fn label_error(&self, error: LabelError) -> String {
        let with = |key: &str, limit: usize, length: usize| {
            self.with(key, &[("limit", limit.into()), ("length", length.into())])
        };
        match error {
            LabelError::TagLength(length) => with("label-tag-length", MAX_TAG, length),
            LabelError::TagCharacter => self.text("label-tag-character").into_owned(),
            LabelError::NoteLength(length) => with("label-note-length", MAX_NOTE, length),
        }
    }

    pub fn query_error(&self, error: &QueryError) -> String {
        self.text(match error.problem {
            Problem::UnknownKey => "query-unknown-key",
            Problem::UnknownKind => "query-unknown-kind",
            Problem::UnknownState => "query-unknown-state",
            Problem::MissingValue => "query-missing-value",
            Problem::NotADuration => "query-not-a-duration",
            Problem::NotASize => "query-not-a-size",
            Problem::NeedsComparison => "query-needs-comparison",
            Problem::NeedsColon => "query-needs-colon",
            Problem::OpenQuote => "query-open-quote",
        })
        .into_owned()
    }

    /// A length of time in at most two units: `12s`, `5m`, `3h20m`, `2d4h`, `90d`. Negative counts
    /// as zero.
    pub fn span(&self, seconds: i64) -> String {
        let s = seconds.max(0);
        match s {
            0..60 => format!("{s}s"),
            60..3_600 => format!("{}m", s / 60),
            3_600..86_400 if s % 3_600 < 60 => format!("{}h", s / 3_600),
            3_600..86_400 => format!("{}h{}m", s / 3_600, s % 3_600 / 60),
            86_400..864_000 if s % 86_400 < 3_600 => format!("{}d", s / 86_400),
            86_400..864_000 => format!("{}d{}h", s / 86_400, s % 86_400 / 3_600),
            _ => format!("{}d", s / 86_400),
        }
    }

    /// `42 MB of 1.0 GB · 400 MB/s · new: 12`.
    pub fn import_progress(&self, progress: ImportProgress) -> String {
        let done = match progress.total {
            Some(total) => self.with(
                "import-of",
                &[
                    ("done", self.bytes(progress.bytes).into()),
                    ("total", self.bytes(total).into()),
                ],
            ),
            None => self.bytes(progress.bytes),
        };
        let rate = self.bytes(progress.rate);
        let args = [
            ("done", done.into()),
            ("rate", rate.into()),
            ("new", progress.new.into()),
        ];
        self.with("import-progress", &args)
    }

    pub fn import_tally(&self, tally: &ImportTally) -> String {
        let args = [
            ("new", tally.new.into()),
            ("known", tally.known.into()),
            ("rejected", tally.rejected.into()),
        ];
        let mut text = self.with("import-tally", &args);
        for (key, count) in [
            ("import-deleted", tally.deleted),
            ("import-doubted", tally.doubted),
        ] {
            if count > 0 {
                text += " · ";
                text += &self.with(key, &[("count", count.into())]);
            }
        }
        text
    }

    /// How much was looked at, and how much of it for nothing.
    pub fn import_searched(&self, tally: &ImportTally) -> String {
        let args = [
            ("files", tally.files.into()),
            ("lines", tally.lines.into()),
            ("bare", tally.bare_lines.into()),
        ];
        self.with("import-searched", &args)
    }

    /// Why a file is not read.
    pub fn unreadable(&self, why: &Unreadable) -> String {
        let key = match why {
            Unreadable::Missing => "unreadable-missing",
            Unreadable::Denied => "unreadable-denied",
            Unreadable::Folder => "unreadable-folder",
            Unreadable::NotAFolder => "unreadable-not-a-folder",
            Unreadable::CutShort => "unreadable-cut-short",
            Unreadable::Packed(how) => {
                return self.with("unreadable-packed", &[("how", (*how).into())]);
            }
            Unreadable::Other(text) => return visible(text).into_owned(),
        };
        self.text(key).into_owned()
    }

    /// Decimal units, as the service's quota is counted: `512 B`, `1.2 MB`, `20 GB`.
    pub fn bytes(&self, bytes: u64) -> String {
        const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
        if bytes < 1_000 {
            return format!("{bytes} B");
        }
        let mut tenths = u128::from(bytes) * 10;
        let mut unit = 0;
        tenths /= 1_000;
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            tenths /= 1_000;
            unit += 1;
        }
        if tenths < 100 {
            format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
        } else {
            format!("{} {}", tenths / 10, UNITS[unit])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;

    #[test]
    fn spans_and_sizes_are_short() {
        let words = Catalogue::new(Lang::En);
        let spans = [
            (-5, "0s"),
            (59, "59s"),
            (3_600, "1h"),
            (12_000, "3h20m"),
            (86_400 * 2 + 3_600 * 4, "2d4h"),
            (86_400 * 90 + 5_000, "90d"),
        ];
        for (seconds, text) in spans {
            assert_eq!(words.span(seconds), text);
        }
        let sizes = [
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (695_110, "695 kB"),
            (1_250_000, "1.2 MB"),
            (20_000_000_000, "20 GB"),
            (u64::MAX, "18 EB"),
        ];
        for (bytes, text) in sizes {
            assert_eq!(words.bytes(bytes), text);
        }
    }

    #[test]
    fn one_is_not_told_as_many() {
        let one = ImportTally {
            files: 1,
            lines: 1,
            bare_lines: 1,
            ..ImportTally::default()
        };
        for (lang, text) in [
            (
                Lang::En,
                "searched: 1 file, 1 line, 1 of them without an id",
            ),
            (Lang::ZhCn, "已搜索：1 个文件，1 行，其中 1 行没有 ID"),
        ] {
            assert_eq!(Catalogue::new(lang).import_searched(&one), text);
        }
    }

    #[test]
    fn an_answer_says_what_why_how_often_and_where_to_ask() {
        let words = Catalogue::new(Lang::En);
        let answer = Answer {
            attempts: 4,
            status: Some(503),
            code: Some("InternalServiceError".into()),
            message: Some("try\u{1b}[2J later".into()),
            request_id: Some("021795".into()),
            cause: Some(Cause::Exhausted),
            ..Answer::default()
        };
        assert_eq!(
            words.answer(&answer),
            "gave up retrying · HTTP 503 InternalServiceError: try\\u{1b}[2J later · 4 tries · \
             request id 021795"
        );
    }
}
