//! The terminal UI: takes the terminal, runs the loop, gives the terminal back.
//!
//! Refuses to decide anything: what a key does is in `keys`, what follows from it in `app`.

mod input;
mod place;
mod recovery;
mod run;
mod terminal;
mod watch;

use std::io::{self, IsTerminal, stdin, stdout};
use std::path::Path;

use crossterm::event::EventStream;
use directories::BaseDirs;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;

use crate::app::App;
use crate::config::Settings;
use crate::keys::Keymap;
use crate::locale::Catalogue;
use crate::view::Theme;

pub use place::{Place, PlaceError};
pub use run::{Clipboard, Hands, Parts, RunError, Signal, Suspend, run};
pub use terminal::{Guard, leave_on_panic};

/// Why the terminal UI did not start, or ended otherwise than by the user's leave.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    #[error("the terminal cannot be taken")]
    Terminal(#[source] io::Error),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Whether there is a terminal to work on.
pub fn has_terminal() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// Runs the terminal UI on `place` until the user leaves.
pub async fn open(
    settings: &Settings,
    words: Catalogue,
    keys: Keymap,
    place: Place,
) -> Result<(), TuiError> {
    let (sender, mut signals) = mpsc::channel(4);
    listen(sender.clone()).map_err(TuiError::Terminal)?;
    // The demo's ledger is nobody else's.
    let _watcher = place
        .folder()
        .and_then(|folder| watch::watch(folder, sender.clone()));
    leave_on_panic(move || {
        let _ = sender.try_send(Signal::Panicked);
    });
    let guard = Guard::enter().map_err(TuiError::Terminal)?;
    let backend = CrosstermBackend::new(stdout());
    let mut terminal = Terminal::new(backend).map_err(TuiError::Terminal)?;
    let size = terminal.size().map_err(TuiError::Terminal)?;
    let hands = Hands {
        copy: Box::new(terminal::copy),
        suspend: Box::new(terminal::suspend),
    };
    let folder = place.folder().map(Path::to_owned);
    let home = BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    // What keeps the demo's service and folder alive stays here until the end.
    let (session, ledger, worker, _alive) = place.into_parts();
    let parts = Parts {
        app: App::new(session, size.width, size.height),
        words,
        keys,
        theme: Theme::new(settings.no_color),
        ledger,
        worker,
        hands,
        home,
        folder,
    };
    let result = run(&mut terminal, EventStream::new(), &mut signals, parts).await;
    drop(guard);
    Ok(result?)
}

/// Passes on what the system says.
#[cfg(unix)]
fn listen(sender: mpsc::Sender<Signal>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // Ctrl-C comes as a key; this one is sent by somebody else.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut stop = signal(SignalKind::from_raw(signal_hook::consts::SIGTSTP))?;
    tokio::spawn(async move {
        loop {
            let heard = tokio::select! {
                _ = terminate.recv() => Signal::Terminate,
                _ = hangup.recv() => Signal::Terminate,
                _ = interrupt.recv() => Signal::Terminate,
                _ = stop.recv() => Signal::Suspend,
            };
            if sender.send(heard).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn listen(_: mpsc::Sender<Signal>) -> io::Result<()> {
    Ok(())
}
