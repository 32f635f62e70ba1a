//! The integration tests: one binary, so that the whole is linked once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod catalogue;
mod cli;
mod disk;
mod emulator;
mod entries;
mod hostile;
mod journey;
mod kill;
mod layers;
mod matrix;
mod picture;
mod pty;
mod readme;
mod store;
mod stub;
mod tls;
mod worker;
