//! Notices that a file of the ledger was written, so that other instances' work shows without asking
//! for it again and again.

use std::path::Path;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::store;

use super::run::Signal;

/// Watches until dropped. `None` where the system cannot: then others' work shows with the next key.
pub(super) fn watch(folder: &Path, signals: mpsc::Sender<Signal>) -> Option<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let is_ledger = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(store::FILE))
        };
        if let Ok(event) = event
            && matches!(event.kind, EventKind::Modify(_) | EventKind::Create(_))
            && event.paths.iter().any(|path| is_ledger(path))
        {
            // Full: one of the waiting signals will do.
            let _ = signals.try_send(Signal::Written);
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
