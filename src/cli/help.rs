//! Gives the command tree its texts, in the language in force.
//!
//! The keys are made from the place in the tree: `help` for the program, `help-delete` for a
//! command, `help-delete-dry-run` for its flag, `help-global-profile` for a flag of all commands,
//! `help-delete-after`, where there is one, for what stands below the flags.

use clap::{Arg, Command, CommandFactory};

use crate::locale::Catalogue;

use super::args::Args;

/// The whole tree with its texts.
pub fn command(words: &Catalogue) -> Command {
    texts(Args::command(), "help", words)
}

/// The key of an argument of the command whose own key is `command`.
pub fn arg_key(command: &str, arg: &Arg) -> String {
    let owner = if arg.is_global_set() || command == "help" {
        "help-global"
    } else {
        command
    };
    format!("{owner}-{}", arg.get_id().as_str().replace('_', "-"))
}

fn texts(command: Command, key: &str, words: &Catalogue) -> Command {
    let heading = |arg: &Arg| {
        words.text(if arg.is_positional() {
            "help-heading-arguments"
        } else if arg.is_global_set() || key == "help" {
            "help-heading-global"
        } else {
            "help-heading-options"
        })
    };
    let after = format!("{key}-after");
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        words.text("help-heading-usage"),
    );
    let mut command = command
        .about(words.text(key).into_owned())
        .help_template(template)
        .subcommand_help_heading(words.text("help-heading-commands").into_owned())
        .mut_args(|arg| {
            let text = words.text(&arg_key(key, &arg)).into_owned();
            let heading = heading(&arg).into_owned();
            arg.help(text).help_heading(heading)
        })
        .mut_subcommands(|sub| {
            let key = format!("{key}-{}", sub.get_name());
            texts(sub, &key, words)
        });
    if words.has(&after) {
        command = command.after_help(words.text(&after).into_owned());
    }
    command
}
