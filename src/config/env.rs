//! The environment as it was when the program started.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Environment variables, collected once in `main`, so that nothing else asks for them and tests
/// stand on their own.
#[derive(Clone, Default)]
pub struct Env {
    vars: BTreeMap<OsString, OsString>,
    /// The language of the system, such as `zh-CN`.
    pub locale: Option<String>,
}

impl Env {
    pub fn new(
        vars: impl IntoIterator<Item = (OsString, OsString)>,
        locale: Option<String>,
    ) -> Self {
        Self {
            vars: vars.into_iter().collect(),
            locale,
        }
    }

    /// A variable's text; `None` if it is not set or empty. What is not Unicode in it becomes
    /// U+FFFD, which no setting accepts.
    pub fn var(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.vars.get(&OsString::from(name))?;
        (!value.is_empty()).then(|| value.to_string_lossy())
    }

    /// A variable's value as a path; `None` if it is not set or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.vars.get(&OsString::from(name))?;
        (!value.is_empty()).then(|| value.into())
    }
}

impl fmt::Debug for Env {
    /// Names only: values hold keys, ours and others'.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("names", &self.vars.keys())
            .field("locale", &self.locale)
            .finish()
    }
}
