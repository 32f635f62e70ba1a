//! Standard input, output and error of one run: the only place of the command line that prints.
//!
//! A reader who hangs up (`arkdeck list | head`) is no error, and ends no deletion: what is written
//! after that goes nowhere.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::mem;
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthChar;

/// How often a progress line is drawn anew: fast enough to look alive, too slow to cost anything.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Bytes of results that are kept before they are written whether or not more follow.
const BUFFER: usize = 1 << 16;

/// Which of the standard streams are terminals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminals {
    pub input: bool,
    pub output: bool,
    pub error: bool,
}

pub struct Streams {
    pub input: Box<dyn BufRead + Send>,
    pub results: Results,
    pub notes: Notes,
    pub terminals: Terminals,
}

impl Streams {
    pub fn new(
        input: Box<dyn BufRead + Send>,
        output: Box<dyn Write + Send>,
        error: Box<dyn Write>,
        terminals: Terminals,
    ) -> Self {
        Self {
            input,
            results: Results {
                buffer: Vec::new(),
                inner: output,
                error: None,
            },
            notes: Notes {
                inner: error,
                progress: terminals.error.then(Progress::default),
            },
            terminals,
        }
    }

    /// The standard streams of this process.
    pub fn standard() -> Self {
        use std::io::IsTerminal;
        let terminals = Terminals {
            input: io::stdin().is_terminal(),
            output: io::stdout().is_terminal(),
            error: io::stderr().is_terminal(),
        };
        Self::new(
            Box::new(io::BufReader::new(io::stdin())),
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            terminals,
        )
    }

    /// There is somebody to ask.
    pub fn can_ask(&self) -> bool {
        self.terminals.input && self.terminals.error
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("terminals", &self.terminals)
            .finish_non_exhaustive()
    }
}

/// Standard output. Writing never fails; what went wrong is asked for at the end.
pub struct Results {
    /// Lines, or a long listing would cost a system call for each.
    buffer: Vec<u8>,
    inner: Box<dyn Write + Send>,
    error: Option<io::Error>,
}

impl Results {
    /// Nothing more can be written: a long listing may stop.
    pub fn is_closed(&self) -> bool {
        self.error.is_some()
    }

    /// Why results are missing; a reader who hung up wanted no more.
    pub fn finish(&mut self) -> Option<io::Error> {
        // Our own `flush` keeps the error.
        let _ = self.flush();
        self.error
            .take()
            .filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Writes what is there on another thread. A reader who is slow (`| less`) then keeps nobody else
    /// waiting, least of all the answers to requests.
    pub async fn flush_aside(&mut self) {
        if self.is_closed() || self.buffer.is_empty() {
            return;
        }
        let bytes = mem::take(&mut self.buffer);
        let mut inner = mem::replace(&mut self.inner, Box::new(io::sink()));
        let written = tokio::task::spawn_blocking(move || {
            let result = put(&mut *inner, &bytes);
            (inner, bytes, result)
        });
        match written.await {
            Ok((inner, mut bytes, result)) => {
                bytes.clear();
                (self.inner, self.buffer) = (inner, bytes);
                self.keep(result);
            }
            Err(error) => self.keep(Err(error.into())),
        }
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }
}

fn put(output: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    output.write_all(bytes)?;
    output.flush()
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_closed() {
            self.buffer.extend_from_slice(bytes);
        }
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.is_closed() {
            let result = put(&mut *self.inner, &self.buffer);
            self.buffer.clear();
            self.keep(result);
        }
        Ok(())
    }
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Standard error. Nobody can be told when it fails, so it never does.
pub struct Notes {
    inner: Box<dyn Write>,
    /// None: not a terminal, no progress there.
    progress: Option<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    drawn: Option<Instant>,
    /// A progress line is on the screen.
    is_shown: bool,
}

impl Notes {
    /// One line, above the progress line if there is one.
    pub fn line(&mut self, text: &str) {
        self.clear();
        let _ = writeln!(self.inner, "{text}");
    }

    /// A question; the answer is typed behind it.
    pub fn ask(&mut self, text: &str) {
        self.clear();
        let _ = write!(self.inner, "{text} ");
        let _ = self.inner.flush();
    }

    /// Draws the progress line, if it is due and there is a terminal to draw it on.
    pub fn progress(&mut self, text: impl FnOnce() -> String) {
        let Some(progress) = &mut self.progress else {
            return;
        };
        if progress
            .drawn
            .is_some_and(|at| at.elapsed() < PROGRESS_EVERY)
        {
            return;
        }
        progress.drawn = Some(Instant::now());
        progress.is_shown = true;
        // A line that wraps could not be taken back.
        let columns = crossterm::terminal::size().map_or(80, |(columns, _)| columns.into());
        let text = clip(&text(), columns);
        let _ = write!(self.inner, "\r{text}\u{1b}[K");
        let _ = self.inner.flush();
    }

    /// Draws the progress line even if the last one is a moment old: nothing may follow for long.
    pub fn progress_now(&mut self, text: impl FnOnce() -> String) {
        if let Some(progress) = &mut self.progress {
            progress.drawn = None;
        }
        self.progress(text);
    }

    /// Takes the progress line away.
    pub fn clear(&mut self) {
        if let Some(progress) = &mut self.progress
            && mem::take(&mut progress.is_shown)
        {
            let _ = write!(self.inner, "\r\u{1b}[K");
        }
    }
}

/// As much of `text` as leaves the last of `columns` free.
fn clip(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < columns
        })
        .collect()
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notes")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn error_of(kind: io::ErrorKind) -> Option<io::ErrorKind> {
        let output = Box::new(Broken(kind));
        let error = Box::new(Broken(kind));
        let mut streams = Streams::new(Box::new(io::empty()), output, error, Terminals::default());
        streams.results.write_all(b"x").unwrap();
        streams.results.flush().unwrap();
        streams.notes.line("nobody hears this");
        assert!(streams.results.is_closed());
        streams.results.finish().map(|error| error.kind())
    }

    #[test]
    fn a_reader_who_hung_up_is_no_error_a_full_disk_is() {
        assert_eq!(error_of(io::ErrorKind::BrokenPipe), None);
        let full = io::ErrorKind::StorageFull;
        assert_eq!(error_of(full), Some(full));
    }

    #[test]
    fn progress_never_fills_the_line() {
        assert_eq!(clip("12 of 345", 80), "12 of 345");
        assert_eq!(clip("12 of 345", 6), "12 of");
        assert_eq!(clip("第三页", 6), "第三");
    }
}
