//! Where the API key comes from.

use std::io;
use std::process::{Command, ExitStatus, Stdio};

use crate::secret::{ApiKey, KeyError};

use super::Env;

/// Where a profile's key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// An environment variable; `None` if it is not set.
    Env {
        name: String,
        key: Option<Result<ApiKey, KeyError>>,
    },
    /// A program and its arguments, run without a shell; its standard output is the key.
    Command(Vec<String>),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    #[error("{name} is not set")]
    NotSet { name: String },
    #[error("{name} holds no key")]
    BadVariable { name: String, source: KeyError },
    #[error("{program} cannot be run")]
    CannotRun { program: String, source: io::Error },
    #[error("{program} failed: {status}")]
    Failed { program: String, status: ExitStatus },
    #[error("{program} printed no key")]
    BadOutput { program: String, source: KeyError },
}

impl KeySource {
    pub(super) fn from_env(name: String, env: &Env) -> Self {
        let key = env.var(&name).map(|text| ApiKey::new(&text));
        Self::Env { name, key }
    }

    /// The variable or program that gives the key, for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Env { name, .. } => name,
            Self::Command(argv) => argv.first().map_or("", String::as_str),
        }
    }

    /// The key. Runs the command, if it is one, and waits for it: a password store may ask its user.
    ///
    /// The command gets no standard input, because ours may be a list of ids.
    pub fn key(&self) -> Result<ApiKey, NoKey> {
        match self {
            Self::Env { name, key } => match key {
                None => Err(NoKey::NotSet { name: name.clone() }),
                Some(Ok(key)) => Ok(key.clone()),
                Some(Err(source)) => Err(NoKey::BadVariable {
                    name: name.clone(),
                    source: *source,
                }),
            },
            Self::Command(argv) => run(argv),
        }
    }
}

fn run(argv: &[String]) -> Result<ApiKey, NoKey> {
    let program = argv.first().cloned().unwrap_or_default();
    let output = Command::new(&program)
        .args(argv.iter().skip(1))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    match output {
        Err(source) => Err(NoKey::CannotRun { program, source }),
        Ok(output) if !output.status.success() => Err(NoKey::Failed {
            program,
            status: output.status,
        }),
        // What is not UTF-8 becomes a character that no key may hold.
        Ok(output) => ApiKey::new(&String::from_utf8_lossy(&output.stdout))
            .map_err(|source| NoKey::BadOutput { program, source }),
    }
}
