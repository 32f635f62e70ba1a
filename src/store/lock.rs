//! Which Arkdeck processes live: each holds an OS lock on a file of its own for as long as it does.
//!
//! A lock goes with its process, also by SIGKILL or power cut, which no row in a table does.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::files;

const SUFFIX: &str = "lock";

/// This opening of the ledger, alive until dropped.
#[derive(Debug)]
pub(super) struct Instance {
    name: String,
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Instance {
    /// Takes a new name in `dir`, and sweeps out the files of those who died.
    pub(super) fn enter(dir: &Path) -> io::Result<Self> {
        files::make_dir(dir)?;
        sweep(dir)?;
        loop {
            let name = format!("{:016x}", rand::random::<u64>());
            let path = path(dir, &name);
            let file =
                files::private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
            file.lock()?;
            // Another's sweep may have taken the file between its making and its locking; a lock on
            // a file without a name would make a living process look dead.
            if path.exists() {
                return Ok(Self {
                    name,
                    path,
                    _file: file,
                });
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A file that stays behind is swept by the next to come.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the instance `name` lives. In doubt it does: its deletions must not be touched.
pub(super) fn is_alive(dir: &Path, name: &str) -> bool {
    match File::open(path(dir, name)) {
        // Shared, so that two who ask at once do not take each other for the owner.
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn path(dir: &Path, name: &str) -> PathBuf {
    dir.join(name).with_extension(SUFFIX)
}

fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != SUFFIX) {
            continue;
        }
        let Ok(file) = File::open(&path) else {
            continue;
        };
        match file.try_lock() {
            // Removed under the lock: see `enter`. It may be gone already: another who starts now
            // sweeps too, and one who ends takes his own away.
            Ok(()) => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_until_dropped_and_is_swept_when_dead() {
        let dir = tempfile::tempdir().unwrap();
        let one = Instance::enter(dir.path()).unwrap();
        let two = Instance::enter(dir.path()).unwrap();
        let name = one.name().to_owned();
        assert!(is_alive(dir.path(), &name) && is_alive(dir.path(), two.name()));
        drop(one);
        assert!(!is_alive(dir.path(), &name) && is_alive(dir.path(), two.name()));

        let left_behind = path(dir.path(), "0123456789abcdef");
        fs::write(&left_behind, "").unwrap();
        assert!(!is_alive(dir.path(), "0123456789abcdef"));
        let _three = Instance::enter(dir.path()).unwrap();
        assert!(!left_behind.exists());
        assert!(is_alive(dir.path(), two.name()));
    }

    #[test]
    fn many_may_enter_at_once_where_the_dead_left_files() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..2_000 {
            fs::write(path(dir.path(), &format!("{number:016x}")), "").unwrap();
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| Instance::enter(dir.path()).unwrap());
            }
        });
    }
}
