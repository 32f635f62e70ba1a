//! The log of a run, for whoever asked for one with `-v` or `ARKDECK_LOG`.
//!
//! It refuses what our dependencies have to say: an HTTP library may log what it sends, and what it
//! sends carries the key.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arkdeck::config::Settings;
use color_eyre::eyre::WrapErr;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Files kept: one for each day on which a log was asked for.
const KEPT: usize = 7;

/// Starts the log, if one was asked for. What is logged is on disk when the guard is gone.
pub(crate) fn start(settings: &Settings) -> color_eyre::Result<Option<WorkerGuard>> {
    let Some(directives) = &settings.log else {
        return Ok(None);
    };
    let filter = EnvFilter::try_new(directives).wrap_err("ARKDECK_LOG")?;
    let dir = settings.data_dir.join("logs");
    let file = open(&dir).wrap_err_with(|| format!("{} cannot be written", dir.display()))?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let ours = filter_fn(|about| about.target().starts_with("arkdeck"));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer)
        .with_filter(filter.and(ours));
    tracing_subscriber::registry().with(layer).try_init()?;
    Ok(Some(guard))
}

/// Today's file, readable by its owner only; the oldest make room.
fn open(dir: &Path) -> io::Result<fs::File> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(dir)?;
    let today = jiff::Timestamp::now().strftime("arkdeck-%Y-%m-%d.log");
    let file = options.open(dir.join(today.to_string()))?;
    let mut logs: Vec<PathBuf> = fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .collect();
    logs.sort();
    for old in logs.iter().rev().skip(KEPT) {
        fs::remove_file(old)?;
    }
    Ok(file)
}
