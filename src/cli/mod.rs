//! The command line: a file for each subcommand, all of them over the same worker as the screen.
//!
//! Standard output carries results and nothing else; what is said to people goes to standard error.
//! It refuses a second road to deletion: whatever is deleted, the worker deletes.

mod add;
mod apply;
pub mod args;
mod completions;
mod config;
mod context;
mod delete;
mod doctor;
mod emulate;
mod errors;
mod forget;
pub mod help;
mod history;
mod ids;
mod list;
mod man;
mod output;
mod plan;
mod planfile;
mod protect;
mod resume;
mod selection;
mod settled;
mod show;
mod streams;
mod sync;
mod tag;
mod upload;
mod wanted;
mod work;

use std::ffi::OsString;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::config::{Env, Overrides, language};
use crate::domain::visible;
use crate::locale::Catalogue;

pub use args::{Args, Command, Demo};
pub use context::{Context, Exit, Failure};
pub use errors::config_error;
pub use streams::{Streams, Terminals};

/// Reads the command line. `Err` is the exit code of a run that ends here: help and version were
/// printed, or what is wrong with the command line was said.
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    env: &Env,
    streams: &mut Streams,
) -> Result<(Args, Catalogue), Exit> {
    let args: Vec<OsString> = args.into_iter().collect();
    let words = Catalogue::new(language(&glance(&args), env));
    let parsed = help::command(&words)
        .try_get_matches_from(args)
        .and_then(|matches| Args::from_arg_matches(&matches));
    match parsed {
        Ok(args) => Ok((args, words)),
        Err(error) => {
            let text = error.render().to_string();
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) {
                output::print_text(&mut streams.results, &text);
                return Err(finish(Exit::Done, streams, &words));
            }
            // It quotes the command line, which may have been put together from anything.
            for line in text.trim_end().lines() {
                streams.notes.line(&visible(line));
            }
            Err(Exit::Usage)
        }
    }
}

/// What decides on the language of help and errors, read before the command line is understood.
fn glance(args: &[OsString]) -> Overrides {
    let value_of = |flag: &str| {
        let mut args = args.iter().skip(1).take_while(|arg| *arg != "--");
        while let Some(arg) = args.next() {
            let arg = arg.to_str().unwrap_or_default();
            match arg.strip_prefix(flag) {
                Some("") => return args.next().cloned(),
                Some(rest) if rest.starts_with('=') => return Some(OsString::from(&rest[1..])),
                _ => {}
            }
        }
        None
    };
    Overrides {
        lang: value_of("--lang").and_then(|lang| lang.to_str()?.parse().ok()),
        config: value_of("--config").map(Into::into),
        ..Overrides::default()
    }
}

/// Carries out one command and says what went wrong.
pub async fn run(command: Command, context: &mut Context) -> Exit {
    let result = match command {
        Command::Add(args) => add::run(args, context).await,
        Command::List(args) => list::run(args, context).await,
        Command::Show(args) => show::run(args, context).await,
        Command::Sync(args) => sync::run(args, context).await,
        Command::Delete(args) => delete::run(args, context).await,
        Command::Plan(args) => plan::run(args, context).await,
        Command::Apply(args) => apply::run(args, context).await,
        Command::Forget(args) => forget::run(args, context).await,
        Command::Protect(args) => protect::run(args, true, context).await,
        Command::Unprotect(args) => protect::run(args, false, context).await,
        Command::Upload(args) => upload::run(args, context).await,
        Command::Tag(args) => tag::run(args, context).await,
        Command::History(args) => history::run(args, context).await,
        Command::Resume(args) => resume::run(args, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Emulate(args) => emulate::run(args, context).await,
        Command::Config(args) => config::run(args, context),
        Command::Completions(args) => Ok(completions::run(&args, context)),
        Command::Man(args) => man::run(&args, context),
        // `main` gives this one to the screen.
        Command::Demo(_) => Err(Failure::Usage(
            context.words.text("failure-needs-terminal").into_owned(),
        )),
    };
    let exit = result.unwrap_or_else(|failure| context.fail(&failure));
    let exit = finish(exit, &mut context.streams, &context.words);
    tracing::info!(?exit);
    exit
}

/// Results that could not be written are a failure, unless the reader wanted no more.
fn finish(exit: Exit, streams: &mut Streams, words: &Catalogue) -> Exit {
    streams.notes.clear();
    match streams.results.finish() {
        None => exit,
        Some(error) => {
            let error = error.to_string();
            let text = words.with("failure-output", &[("error", error.into())]);
            streams.notes.line(&format!("arkdeck: {text}"));
            if exit == Exit::Done {
                Exit::Partly
            } else {
                exit
            }
        }
    }
}
