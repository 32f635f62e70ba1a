//! `arkdeck completions`: a script for a shell, from the same tree as the parser.

use super::args::Completions;
use super::context::{Context, Exit};
use super::help;

pub(super) fn run(args: &Completions, context: &mut Context) -> Exit {
    let mut command = help::command(&context.words);
    clap_complete::generate(
        args.shell,
        &mut command,
        "arkdeck",
        &mut context.streams.results,
    );
    Exit::Done
}
