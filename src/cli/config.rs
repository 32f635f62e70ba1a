//! `arkdeck config`: where the settings are, what holds, and what is wrong with them.

use std::path::Path;

use crate::config::{self, KeySource, Paths};
use crate::domain::visible;

use super::args::Config;
use super::context::{Context, Exit, Failure};
use super::errors;
use super::output::{Table, print_text};

pub(super) fn run(command: Config, context: &mut Context) -> Result<Exit, Failure> {
    let paths = config::paths(&context.overrides, &context.env)
        .map_err(|error| Failure::Usage(errors::config_error(&context.words, &error)))?;
    match command {
        Config::Path => {
            print_path(context, &paths.config);
            Ok(Exit::Done)
        }
        Config::Init => {
            config::init(&paths.config)
                .map_err(|error| Failure::Failed(errors::config_error(&context.words, &error)))?;
            print_path(context, &paths.config);
            Ok(Exit::Done)
        }
        Config::Show => show(context),
        Config::Check => Ok(check(context, &paths)),
    }
}

/// A path is printed as it is, for `$(arkdeck config path)`; only what a terminal obeys is shown.
fn print_path(context: &mut Context, path: &Path) {
    let text = format!("{}\n", visible(&path.to_string_lossy()));
    print_text(&mut context.streams.results, &text);
}

fn check(context: &mut Context, paths: &Paths) -> Exit {
    let path = visible(&paths.config.to_string_lossy()).into_owned();
    let errors = match (config::check(paths), &context.settings) {
        (Err(errors), _) => errors,
        // The file is fine, but not with these flags and variables.
        (Ok(_), Err(error)) => {
            let text = errors::config_error(&context.words, error);
            context.streams.notes.line(&text);
            return Exit::Partly;
        }
        (Ok(exists), Ok(_)) => {
            if let Err(failure) = context.keys() {
                context.streams.notes.line(&failure.to_string());
                return Exit::Partly;
            }
            let key = if exists {
                "config-fine"
            } else {
                "config-absent"
            };
            let text = context.words.with(key, &[("path", path.into())]);
            context.streams.notes.line(&text);
            return Exit::Done;
        }
    };
    for error in &errors {
        let text = errors::config_error(&context.words, error);
        context.streams.notes.line(&text);
    }
    Exit::Partly
}

fn show(context: &mut Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let words = &context.words;
    let header = [
        "config-column-name",
        "config-column-value",
        "config-column-origin",
    ];
    let mut table = Table::new(header.map(|key| words.text(key).into_owned()).into());
    for shown in &settings.shown {
        let value = match &shown.value {
            Some(value) => value.clone(),
            None => words.text("config-unlimited").into_owned(),
        };
        let origin = errors::origin(words, &shown.origin);
        table.row(vec![shown.name.to_owned(), value, origin]);
    }
    let key = match &settings.profile.key {
        KeySource::Env {
            key: Some(Ok(_)), ..
        } => "config-key-set",
        KeySource::Env {
            key: Some(Err(_)), ..
        } => "config-key-bad",
        KeySource::Env { key: None, .. } => "config-key-not-set",
        // It may ask for a password: looking at the settings must not.
        KeySource::Command(_) => "config-key-command",
    };
    let source = settings.profile.key.name().to_owned();
    table.row(vec!["key".to_owned(), words.text(key).into_owned(), source]);
    table.print(&mut context.streams.results);
    Ok(Exit::Done)
}
