//! The API key, as a type that will not print itself.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// What stands where the key stood.
const REDACTED: &str = "[key]";

/// Keys shorter than this are made up for some local server. They stand in every other word by
/// chance, and taking them out would spoil names and ids, while real keys have 36 characters or more.
const SCRUBBED: usize = 8;

/// An API key. It has no `Display`, and its `Debug` says nothing.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// Why a text cannot be a key. Says nothing of the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is empty")]
    Empty,
    #[error("the key contains a character that cannot stand in an HTTP header")]
    NotHeaderText,
}

impl ApiKey {
    /// Surrounding white space is dropped: keys are pasted, and read from files that end in a newline.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(KeyError::NotHeaderText);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The value of the `Authorization` header: the only place the key may go.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0.expose_secret())
    }

    /// `text` without the key: services quote it in their errors.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let key = self.0.expose_secret();
        if key.len() >= SCRUBBED && text.contains(key) {
            Cow::Owned(text.replace(key, REDACTED))
        } else {
            Cow::Borrowed(text)
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_prints_itself() {
        let key = ApiKey::new(" ark-secret-1234\n").unwrap();
        assert_eq!(format!("{key:?}"), "[key]");
        assert_eq!(
            key.scrub("Incorrect API key: ark-secret-1234."),
            "Incorrect API key: [key]."
        );
    }

    #[test]
    fn a_key_that_is_no_secret_spoils_no_id() {
        let key = ApiKey::new("k").unwrap();
        let id = "file-20261121101500-k3v9q";
        assert_eq!(key.scrub(id), id);
    }

    #[test]
    fn refuses_what_no_header_can_carry_without_quoting_it() {
        for (text, error) in [
            (" \n", KeyError::Empty),
            ("a b", KeyError::NotHeaderText),
            ("钥匙", KeyError::NotHeaderText),
        ] {
            assert_eq!(ApiKey::new(text).unwrap_err(), error);
        }
    }
}
