//! `arkdeck emulate`: the emulator alone, until it is told to stop.

use std::io::Write;
use std::time::Duration;

use crate::emulator::{Emulator, Faults, Options};

use super::args::{Emulate, Seeds};
use super::context::{Context, Exit, Failure};
use super::output::print;
use super::work::Interrupts;

pub(super) async fn run(args: Emulate, context: &mut Context) -> Result<Exit, Failure> {
    let failed = |context: &Context, error: std::io::Error| {
        let args = [("error", error.to_string().into())];
        Failure::Refused(context.words.with("emulate-failed", &args))
    };
    // Before the first line is printed, after which anything may come.
    let mut interrupts = Interrupts::listen().map_err(|error| failed(context, error))?;
    let emulator = Emulator::start(options(&args))
        .await
        .map_err(|error| failed(context, error))?;
    print(&mut context.streams.results, &emulator.base_url());
    // `Results` keeps its own errors.
    let _ = context.streams.results.flush();
    let text = context.words.text("emulate-running").into_owned();
    context.streams.notes.line(&text);
    interrupts.next().await;
    emulator.stop().await;
    Ok(Exit::Done)
}

fn options(args: &Emulate) -> Options {
    Options {
        listen: args.listen,
        api_key: args.api_key.clone(),
        ..args.seeds.options(0, 0)
    }
}

impl Seeds {
    /// What the flags ask for, with these numbers where they do not say.
    pub fn options(&self, responses: usize, files: usize) -> Options {
        Options {
            responses: self.responses.unwrap_or(responses),
            files: self.files.unwrap_or(files),
            faults: Faults {
                latency: Duration::from_millis(self.latency.unwrap_or(0)),
                rate_limit: self.rate_limit,
                fail_percent: self.fail.unwrap_or(0),
                ..Faults::default()
            },
            ..Options::default()
        }
    }
}
