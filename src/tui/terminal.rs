//! Taking the terminal and giving it back: on every way out, including panics and suspension.

use std::io::{self, Write, stdout};
use std::panic;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

/// Holds the terminal; dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste.
    pub fn enter() -> io::Result<Self> {
        // Made first: whatever fails below is undone by its drop.
        let guard = Self(());
        enter()?;
        Ok(guard)
    }
}

/// Gives the terminal back, stops the process as Ctrl-Z would have, and takes the terminal again
/// when the shell continues the process.
#[cfg(unix)]
pub(super) fn suspend() -> io::Result<()> {
    leave()?;
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
    enter()
}

#[cfg(not(unix))]
pub(super) fn suspend() -> io::Result<()> {
    Ok(())
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = leave();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    let blank = Clear(ClearType::All);
    execute!(
        stdout(),
        EnterAlternateScreen,
        blank,
        EnableBracketedPaste,
        Hide
    )
}

fn leave() -> io::Result<()> {
    let shown = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    disable_raw_mode()?;
    shown
}

/// Puts text on the clipboard of the terminal (OSC 52), also over ssh.
pub(super) fn copy(text: &str) -> io::Result<()> {
    execute!(stdout(), CopyToClipboard::to_clipboard_from(text))?;
    stdout().flush()
}

/// Makes a panic anywhere give the terminal back before it is reported, and `notify` that it
/// happened: a program that panicked in one of its threads must not go on drawing.
pub fn leave_on_panic(notify: impl Fn() + Send + Sync + 'static) {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let _ = leave();
        report(info);
        notify();
    }));
}
