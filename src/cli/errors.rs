//! Errors of the lower layers as text for people, causes included.

use std::path::Path;

use crate::api::ClientError;
use crate::config::{ConfigError, NoKey, Origin, Problem, UrlProblem};
use crate::domain::visible;
use crate::locale::{Catalogue, Value};
use crate::secret::KeyError;
use crate::store::StoreError;

pub fn config_error(words: &Catalogue, error: &ConfigError) -> String {
    let file = |path: &Path| Value::from(visible(&path.to_string_lossy()).into_owned());
    match error {
        ConfigError::NoHome => words.text("config-no-home").into_owned(),
        ConfigError::Unreadable { path, source } => words.with(
            "config-unreadable",
            &[("path", file(path)), ("error", source.to_string().into())],
        ),
        ConfigError::Unwritable { path, source } => words.with(
            "config-unwritable",
            &[("path", file(path)), ("error", source.to_string().into())],
        ),
        ConfigError::Exists { path } => words.with("config-exists", &[("path", file(path))]),
        ConfigError::Syntax {
            path,
            line,
            column,
            message,
        } => words.with(
            "config-syntax",
            &[
                ("place", place(path, *line, *column).into()),
                ("error", visible(message.trim()).into()),
            ],
        ),
        ConfigError::Value {
            path,
            line,
            column,
            name,
            problem,
        } => words.with(
            "config-value",
            &[
                ("place", place(path, *line, *column).into()),
                ("name", (*name).into()),
                ("allowed", config_problem(words, *problem).into()),
            ],
        ),
        ConfigError::BaseUrl {
            origin: from,
            problem,
        } => words.with(
            "config-base-url",
            &[
                ("origin", origin(words, from).into()),
                ("allowed", url_problem(words, *problem).into()),
            ],
        ),
        ConfigError::NoSuchProfile {
            name,
            origin: from,
            known,
        } => words.with(
            "config-no-such-profile",
            &[
                ("name", visible(name).into()),
                ("origin", origin(words, from).into()),
                ("known", known.join(", ").into()),
            ],
        ),
    }
}

/// `path:line:column`, as editors take it.
fn place(path: &Path, line: usize, column: usize) -> String {
    format!("{}:{line}:{column}", visible(&path.to_string_lossy()))
}

/// What a setting takes.
fn config_problem(words: &Catalogue, problem: Problem) -> String {
    let key = match problem {
        Problem::Url(problem) => return url_problem(words, problem),
        Problem::OutOfRange { min, max } => {
            let args = [
                ("min", min.to_string().into()),
                ("max", max.to_string().into()),
            ];
            return words.with("config-out-of-range", &args);
        }
        Problem::NotARate => "config-not-a-rate",
        Problem::NotASize => "config-not-a-size",
        Problem::UnknownLang => "config-unknown-lang",
        Problem::TwoKeySources => "config-two-key-sources",
        Problem::EmptyCommand => "config-empty-command",
        Problem::NotAVariable => "config-not-a-variable",
        Problem::ProfileName => "config-profile-name",
        Problem::NotACode => "config-not-a-code",
    };
    words.text(key).into_owned()
}

fn url_problem(words: &Catalogue, problem: UrlProblem) -> String {
    let key = match problem {
        UrlProblem::NotAUrl => "config-url-not-a-url",
        UrlProblem::Scheme => "config-url-scheme",
        UrlProblem::Credentials => "config-url-credentials",
        UrlProblem::QueryOrFragment => "config-url-query",
    };
    words.text(key).into_owned()
}

/// Where a setting comes from.
pub(super) fn origin(words: &Catalogue, origin: &Origin) -> String {
    match origin {
        Origin::Flag(name) | Origin::Env(name) => (*name).to_owned(),
        Origin::File { line } => words.with("origin-file", &[("line", (*line).into())]),
        Origin::Locale => words.text("origin-locale").into_owned(),
        Origin::Default => words.text("origin-default").into_owned(),
    }
}

/// Why there is no key, and what to do about it.
pub(super) fn no_key(words: &Catalogue, error: &NoKey) -> String {
    let name = |name: &str| Value::from(visible(name).into_owned());
    match error {
        NoKey::NotSet { name: variable } => words.with("key-not-set", &[("name", name(variable))]),
        NoKey::BadVariable {
            name: variable,
            source,
        } => words.with(
            "key-bad-variable",
            &[
                ("name", name(variable)),
                ("error", key_error(words, *source).into()),
            ],
        ),
        NoKey::CannotRun { program, source } => words.with(
            "key-cannot-run",
            &[
                ("program", name(program)),
                ("error", source.to_string().into()),
            ],
        ),
        NoKey::Failed { program, status } => words.with(
            "key-failed",
            &[
                ("program", name(program)),
                ("status", status.to_string().into()),
            ],
        ),
        NoKey::BadOutput { program, source } => words.with(
            "key-bad-output",
            &[
                ("program", name(program)),
                ("error", key_error(words, *source).into()),
            ],
        ),
    }
}

fn key_error(words: &Catalogue, error: KeyError) -> String {
    let key = match error {
        KeyError::Empty => "key-empty",
        KeyError::NotHeaderText => "key-not-header-text",
    };
    words.text(key).into_owned()
}

pub(super) fn client_error(words: &Catalogue, error: &ClientError) -> String {
    match error {
        ClientError::PlainHttp { host } => {
            words.with("client-plain-http", &[("host", visible(host).into())])
        }
        ClientError::Tls { reason, .. } => {
            words.with("client-tls", &[("error", visible(reason).into())])
        }
        // The settings have checked all else; here for a client made some other way.
        other => words.with("client-other", &[("error", other.to_string().into())]),
    }
}

/// The ledger's own words and their causes: file names, and what the system said.
pub(super) fn store_error(error: &StoreError) -> String {
    visible(&error.whole()).into_owned()
}
