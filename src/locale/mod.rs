//! The one catalogue of screen text and messages, in every language of [`Lang`].
//!
//! Text is Fluent, under `assets/locale/`, compiled in. Keys stand as literals where they are used;
//! `tests/it/catalogue.rs` reads the sources and fails on a key that is missing in a language or
//! used nowhere. [`Catalogue`]'s methods in `words` turn domain values into text; text from the
//! service passes through [`crate::domain::visible`] there.

mod words;

use std::borrow::Cow;
use std::fmt;

use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource};

use crate::domain::Lang;

pub use fluent::FluentValue as Value;

/// The sources of one language: file name and Fluent text.
pub const fn sources(lang: Lang) -> [(&'static str, &'static str); 4] {
    macro_rules! files {
        ($dir:literal) => {
            [
                (
                    "ui.ftl",
                    include_str!(concat!("../../assets/locale/", $dir, "/ui.ftl")),
                ),
                (
                    "words.ftl",
                    include_str!(concat!("../../assets/locale/", $dir, "/words.ftl")),
                ),
                (
                    "cli.ftl",
                    include_str!(concat!("../../assets/locale/", $dir, "/cli.ftl")),
                ),
                (
                    "help.ftl",
                    include_str!(concat!("../../assets/locale/", $dir, "/help.ftl")),
                ),
            ]
        };
    }
    match lang {
        Lang::En => files!("en"),
        Lang::ZhCn => files!("zh-CN"),
    }
}

/// All text of one language.
pub struct Catalogue {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    pub fn new(lang: Lang) -> Self {
        let id = lang.as_str().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Isolation marks are invisible characters, which some terminals draw as boxes.
        bundle.set_use_isolating(false);
        for (_, source) in sources(lang) {
            // A file that does not parse keeps what does; `every_file_parses` fails on it.
            let resource =
                FluentResource::try_new(source.to_owned()).unwrap_or_else(|(part, _)| part);
            bundle.add_resource_overriding(resource);
        }
        Self { lang, bundle }
    }

    pub const fn lang(&self) -> Lang {
        self.lang
    }

    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// The text for `key`, or the key itself if there is none.
    pub fn text(&self, key: &str) -> Cow<'_, str> {
        self.format(key, None)
    }

    /// The text for `key` with its arguments filled in.
    pub fn with(&self, key: &str, args: &[(&str, Value<'_>)]) -> String {
        let args: FluentArgs = args.iter().cloned().collect();
        self.format(key, Some(&args)).into_owned()
    }

    fn format<'a>(&'a self, key: &str, args: Option<&'a FluentArgs<'a>>) -> Cow<'a, str> {
        let pattern = self.bundle.get_message(key).and_then(|m| m.value());
        let Some(pattern) = pattern else {
            debug_assert!(false, "no text for {key:?} in {}", self.lang.as_str());
            return Cow::Owned(key.to_owned());
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        debug_assert!(errors.is_empty(), "{key:?}: {errors:?}");
        text
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("lang", &self.lang)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_parses() {
        for lang in Lang::ALL {
            for (name, source) in sources(lang) {
                if let Err((_, errors)) = FluentResource::try_new(source.to_owned()) {
                    panic!("{}/{name}: {errors:?}", lang.as_str());
                }
            }
        }
    }
}
