//! What can be wrong with settings, and where.

use std::io;
use std::path::PathBuf;

use super::Origin;

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No place for the config file or the data.
    #[error("there is no home directory")]
    NoHome,
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// `config init` writes over nothing.
    #[error("{} exists", path.display())]
    Exists { path: PathBuf },
    /// Not TOML, an unknown name or a value of the wrong type: the parser's words, in English.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        path: PathBuf,
        /// From 1, as `column`, which counts characters.
        line: usize,
        column: usize,
        message: String,
    },
    /// The right type, but not a value this setting takes.
    #[error("{}:{line}:{column}: {name}: {problem}", path.display())]
    Value {
        path: PathBuf,
        line: usize,
        column: usize,
        name: &'static str,
        problem: Problem,
    },
    /// A base URL from a flag or the environment. It is not quoted: URLs can hold passwords.
    #[error("base URL ({origin:?}): {problem}")]
    BaseUrl { origin: Origin, problem: UrlProblem },
    #[error("no profile {name:?} ({origin:?}); there are {}", known.join(", "))]
    NoSuchProfile {
        name: String,
        origin: Origin,
        known: Vec<String>,
    },
}

/// What a setting takes instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Url(UrlProblem),
    #[error("a number from {min} to {max}")]
    OutOfRange { min: u64, max: u64 },
    #[error("a number of requests a second above 0 and up to 100000, or \"unlimited\"")]
    NotARate,
    #[error("a size such as \"20GB\", or \"unlimited\"")]
    NotASize,
    #[error("\"en\" or \"zh-CN\"")]
    UnknownLang,
    #[error("either key_env or key_command, not both")]
    TwoKeySources,
    #[error("a program and its arguments")]
    EmptyCommand,
    /// Says nothing of the text: it may be the key, put into the wrong place.
    #[error("the name of an environment variable, not the key itself")]
    NotAVariable,
    #[error("a name has 1 to 64 letters, digits, `.`, `_` or `-`")]
    ProfileName,
    /// A `*` alone would take every error for "there is no such id".
    #[error("an error code of letters, digits, `.`, `_` and `-`, with a `*` at one end at most")]
    NotACode,
}

/// What a base URL has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    #[error("not a URL")]
    NotAUrl,
    #[error("it starts with https:// (or http:// for this machine)")]
    Scheme,
    /// They would be sent along, and printed.
    #[error("it holds no user name or password")]
    Credentials,
    #[error("it has no ? or #")]
    QueryOrFragment,
}
