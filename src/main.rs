//! Collects the environment once, picks a face, tells the error, sets the exit code.

mod log;
mod screen;

use std::env;
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use arkdeck::cli::{self, Command, Context, Exit, Streams};
use arkdeck::config::{self, Env};
use color_eyre::config::{HookBuilder, Theme};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> color_eyre::Result<ExitCode> {
    // A file-size limit (`ulimit -f`) is an error of the write then, and not the end of the program.
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
    HookBuilder::default().theme(Theme::new()).install()?;
    let env = Env::new(env::vars_os(), sys_locale::get_locale());
    let mut streams = Streams::standard();
    let (args, words) = match cli::parse(env::args_os(), &env, &mut streams) {
        Ok(parsed) => parsed,
        Err(exit) => return Ok(exit.into()),
    };
    let overrides = args.global.overrides();
    let settings = config::resolve(&overrides, &env);
    let log = settings.as_ref().map_or(Ok(None), log::start);
    let _log = match log {
        Ok(log) => log,
        Err(error) => {
            streams.notes.line(&format!("arkdeck: {error:#}"));
            return Ok(Exit::Usage.into());
        }
    };
    let mut context = Context {
        overrides,
        env,
        settings,
        words,
        streams,
    };
    let exit = match args.command {
        None => screen::run(None, &mut context)?,
        Some(Command::Demo(demo)) => screen::run(Some(&demo), &mut context)?,
        Some(command) => {
            let runtime = runtime(&command)?;
            let exit = runtime.block_on(cli::run(command, &mut context));
            // After a second Ctrl-C nothing is waited for; otherwise nothing is left.
            runtime.shutdown_background();
            exit
        }
    };
    Ok(exit.into())
}

/// One thread for all that waits: with more, requests and what comes of them spend a third more time
/// on being handed around. The ledger has threads of its own, and so have the writing of results and, where
/// many requests are sent at once, a share of these. The emulator answers many clients at once.
fn runtime(command: &Command) -> std::io::Result<Runtime> {
    let mut builder = match command {
        Command::Emulate(_) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build()
}
