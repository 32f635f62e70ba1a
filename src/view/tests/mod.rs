//! Every view as text at five sizes, in English; and each once more in Simplified Chinese.

mod chains;
mod details;
mod forms;
mod panes;
mod queue;
mod review;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::app::fixtures::{
    act, answer, app_with, chained, failed, file, now, resources, response, session, wait,
};
use crate::app::{Action, Effect, ImportNews, Message, Motion, Session, update};
use crate::domain::{
    Answer, BatchId, Cause, Citing, Counts, Freed, Halt, HistoryEntry, HistoryPage, ImportProgress,
    ImportTally, Lang, NotUploaded, Order, Outcome, Pace, Refusal, Report, Resource, RowId,
    Settlement, State, SyncTally, Tally, Throttle, Ticket, Turns,
};

const SIZES: [(u16, u16); 5] = [(80, 24), (120, 40), (160, 45), (200, 60), (40, 12)];

fn screen(app: &App, lang: Lang) -> String {
    let words = Catalogue::new(lang);
    let keys = Keymap::new(&BTreeMap::new()).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(app.width, app.height)).unwrap();
    let theme = Theme::new(false);
    terminal
        .draw(|frame| {
            draw(
                frame,
                Screen {
                    app,
                    words: &words,
                    keys: &keys,
                    theme,
                },
            );
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..app.height {
        let mut x = 0;
        while x < app.width {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            // A wide character owns the cells behind it.
            x += u16::try_from(text::width(symbol)).unwrap().max(1);
        }
        text.push('\n');
    }
    text
}

/// A view by name, from a screen of the given size.
fn snapshot(name: &str, make: impl Fn(u16, u16) -> App) {
    for (width, height) in SIZES {
        let app = make(width, height);
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), screen(&app, Lang::En));
    }
    let app = make(80, 24);
    insta::assert_snapshot!(format!("{name}-zh-80x24"), screen(&app, Lang::ZhCn));
}

/// One screen by name, where what it shows depends on the language in other ways too.
fn snapshot_of(name: &str, app: &App, lang: Lang) {
    let name = format!("{name}-{}x{}", app.width, app.height);
    insta::assert_snapshot!(name, screen(app, lang));
}

fn browsing(width: u16, height: u16) -> App {
    app_with(session(), &resources(), width, height)
}

fn after(width: u16, height: u16, actions: &[Action]) -> App {
    let mut app = browsing(width, height);
    act(&mut app, &resources(), actions);
    wait(&mut app, 300);
    app
}
