//! Arkdeck: see, capture and safely delete the model responses and files you keep on Volcengine Ark
//! (火山方舟), from the terminal.
//!
//! The map. A module names only modules of lower layers; neighbours do not name each other
//! (`tests/it/layers.rs` reads the `crate::` paths and holds the code to this picture).
//!
//! ```text
//!  6  main                             picks a face, tells the error, sets the exit code
//!  5  tui            cli               own the terminal; own stdout
//!  4  view                             &App -> cells
//!  3  keys                             one table: key -> action -> help -> README
//!  2  app    worker    import          decides (pure) · does (async, the only deleter) · reads files
//!  1  config  store  api  scan  locale  emulator
//!                                      settings · SQLite · HTTP · ids in text · words · stand-in service
//!  0  domain  secret                   plain data and rules; names nothing of ours
//! ```
//!
//! One deletion, end to end: a key press becomes an `Action` through the `keys` table;
//! `app::update` turns it into state and an `Effect`; `tui` hands the order to the `worker` over a
//! bounded channel without waiting; the worker writes the intent to the journal in `store`, sends the
//! request through `api`, writes the settlement, and reports; `app::update` folds the report in by
//! row id, and `view` draws once. The command line joins at the worker.

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod emulator;
pub mod import;
pub mod keys;
pub mod locale;
pub mod scan;
pub mod secret;
pub mod store;
pub mod tui;
pub mod view;
pub mod worker;
