//! `arkdeck man`: a manual page, from the same tree as the parser.

use clap_mangen::Man as Page;

use super::args::Man;
use super::context::{Context, Exit, Failure};
use super::help;
use crate::domain::visible;

pub(super) fn run(args: &Man, context: &mut Context) -> Result<Exit, Failure> {
    let mut tree = help::command(&context.words);
    // Gives each command its full name and the flags of all commands.
    tree.build();
    let command = match &args.command {
        None => tree,
        Some(name) => tree.find_subcommand(name).cloned().ok_or_else(|| {
            let name = visible(name).into_owned();
            let text = context
                .words
                .with("man-no-command", &[("name", name.into())]);
            Failure::Usage(text)
        })?,
    };
    let page = Page::new(command.disable_help_subcommand(true));
    // `Results` keeps its own errors.
    let _ = page.render(&mut context.streams.results);
    Ok(Exit::Done)
}
