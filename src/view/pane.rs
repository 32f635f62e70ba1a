//! A pane of resources. Only the rows on the screen are built.

use ratatui::Frame;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Area, Focus, Layout, Marked, Mode, Stem};
use crate::domain::{Expiry, Kind, Resource, RowId, SortKey, State, visible};

use super::text::{cut_middle, pad, width};
use super::theme::{NEW, glyph, unready_glyph};
use super::{Screen, chain, rect};

/// A column. Adding one is adding a line to [`COLUMNS`].
struct Column {
    /// The catalogue's key of its head, by kind.
    head: fn(Kind) -> &'static str,
    sort: Option<SortKey>,
    min: usize,
    max: usize,
    right: bool,
    /// Columns with high ranks go first when there is no room.
    rank: u8,
    cell: fn(Screen<'_>, &Resource, usize) -> String,
    shown: fn(Kind) -> bool,
}

const COLUMNS: [Column; 6] = [
    Column {
        head: |_| "column-state",
        sort: Some(SortKey::State),
        min: 11,
        max: 14,
        right: false,
        rank: 0,
        cell: |screen, resource, _| state_cell(screen, resource),
        shown: |_| true,
    },
    Column {
        head: |_| "column-id",
        sort: Some(SortKey::Id),
        min: 12,
        max: 58,
        right: false,
        rank: 1,
        cell: |_, resource, room| cut_middle(resource.id.as_str(), room).into_owned(),
        shown: |_| true,
    },
    Column {
        head: |kind| match kind {
            Kind::Response => "column-model",
            Kind::File => "column-name",
        },
        sort: Some(SortKey::Name),
        min: 8,
        max: 200,
        right: false,
        rank: 2,
        cell: |screen, resource, _| about(screen, resource),
        shown: |_| true,
    },
    Column {
        head: |_| "column-size",
        sort: Some(SortKey::Size),
        min: 7,
        max: 7,
        right: true,
        rank: 5,
        cell: |screen, resource, _| {
            resource
                .facts
                .bytes
                .map_or_else(String::new, |b| screen.words.bytes(b))
        },
        shown: |kind| matches!(kind, Kind::File),
    },
    Column {
        head: |_| "column-age",
        sort: Some(SortKey::Created),
        min: 6,
        max: 6,
        right: true,
        rank: 3,
        cell: |screen, resource, _| age(screen, resource),
        shown: |_| true,
    },
    Column {
        head: |_| "column-expires",
        sort: Some(SortKey::Expires),
        min: 8,
        max: 8,
        right: true,
        rank: 4,
        cell: |screen, resource, _| expires(screen, resource),
        shown: |_| true,
    },
];

/// The state as glyph and word; with the try while a request is under way.
fn state_cell(screen: Screen<'_>, resource: &Resource) -> String {
    let Screen { app, words, .. } = screen;
    let state = resource.state_at(app.now);
    let word = words.state(state);
    match app
        .queue
        .live
        .get(&resource.row)
        .filter(|_| state == State::Sending)
    {
        None if state == State::Tracked && app.files.is_new(resource) => {
            format!("{NEW} {}", words.text("row-new"))
        }
        None => format!("{} {word}", glyph(state)),
        Some(live) => match &live.waiting {
            Some((until, _)) => {
                let seconds = until.duration_since(app.now).as_secs().max(0);
                let left = words.span(seconds + 1);
                words.with("row-retry", &[("span", left.into())])
            }
            None => format!("{} {word} {}", glyph(state), live.attempt),
        },
    }
}

/// What is worth reading about a row: why it is where it is, else its name or model, after why it cannot be
/// used.
fn about(screen: Screen<'_>, resource: &Resource) -> String {
    let Screen { app, words, .. } = screen;
    let waiting = app
        .queue
        .live
        .get(&resource.row)
        .and_then(|l| l.waiting.as_ref());
    if let Some((_, answer)) = waiting {
        return words.answer(answer);
    }
    let trouble = matches!(
        resource.state,
        State::Failed | State::Refused | State::Unsettled
    );
    if let Some(answer) = resource.answer.as_ref().filter(|_| trouble) {
        return words.answer(answer);
    }
    let facts = &resource.facts;
    let text = match resource.kind {
        Kind::Response => &facts.model,
        Kind::File => &facts.name,
    };
    let text = visible(text.as_deref().unwrap_or(""));
    match app.files.unready(resource, app.now) {
        None => text.into_owned(),
        Some(why) => format!("{} {} · {text}", unready_glyph(why), words.unready(why)),
    }
}

/// Marked `~` while it is only read off the id.
pub(super) fn age(screen: Screen<'_>, resource: &Resource) -> String {
    let Some(created) = resource.facts.created_at else {
        return String::new();
    };
    let seconds = screen.app.now.duration_since(created).as_secs();
    let mark = if resource.created_approx { "~" } else { "" };
    format!("{mark}{}", coarse(seconds))
}

pub(super) fn expires(screen: Screen<'_>, resource: &Resource) -> String {
    match resource.facts.expires_at {
        None => String::new(),
        Some(Expiry::Never) => screen.words.text("expiry-never").into_owned(),
        Some(Expiry::At(at)) => {
            let seconds = at.duration_since(screen.app.now).as_secs();
            if seconds <= 0 {
                String::from("0")
            } else {
                coarse(seconds)
            }
        }
    }
}

/// A length of time in one unit: the column is narrow, and nobody decides by the minute.
fn coarse(seconds: i64) -> String {
    match seconds {
        ..60 => "<1m".to_owned(),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The columns that fit, each with its room. What a chain adds up to takes more of it than a name.
fn fit(kind: Kind, room: usize, chained: bool) -> Vec<(&'static Column, usize)> {
    let least = |column: &Column| {
        if chained && column.rank == chain::RANK && room >= 2 * chain::LEAST {
            chain::LEAST
        } else {
            column.min
        }
    };
    let mut order: Vec<(usize, &Column)> = COLUMNS
        .iter()
        .enumerate()
        .filter(|(_, column)| (column.shown)(kind))
        .collect();
    order.sort_by_key(|(_, column)| column.rank);
    let mut left = room;
    let mut chosen: Vec<(usize, &Column)> = Vec::new();
    for (at, column) in order {
        let needed = least(column) + 1;
        if needed > left {
            break;
        }
        left -= needed;
        chosen.push((at, column));
    }
    chosen.sort_by_key(|(at, _)| *at);
    let mut widths: Vec<usize> = chosen.iter().map(|(_, c)| least(c)).collect();
    // What is left goes to the columns that can use it, evenly.
    while left > 0 {
        let hungry: Vec<usize> = (0..chosen.len())
            .filter(|i| widths[*i] < chosen[*i].1.max)
            .collect();
        if hungry.is_empty() {
            break;
        }
        let share = (left / hungry.len()).max(1);
        for i in hungry {
            let more = share.min(chosen[i].1.max - widths[i]).min(left);
            widths[i] += more;
            left -= more;
        }
    }
    chosen.into_iter().map(|(_, c)| c).zip(widths).collect()
}

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, kind: Kind, area: Area) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let app = screen.app;
    let pane = app.pane_of(kind);
    let focused = screen.is_focused(match kind {
        Kind::Response => Focus::Responses,
        Kind::File => Focus::Files,
    });
    let title = title(screen, kind);
    let room = usize::from(area.width).saturating_sub(width(&title) + 3);
    let gauge = (kind == Kind::File).then(|| gauge(screen, room)).flatten();
    let mut block = screen
        .block(title, focused)
        .title_bottom(bottom(screen, kind, area));
    if let Some(gauge) = gauge {
        block = block.title(gauge.right_aligned());
    }
    frame.render_widget(block, rect(area));
    let inner = area.inner();
    if inner.height == 0 || inner.width < 4 {
        return;
    }
    // One cell before the columns for the mark.
    let room = usize::from(inner.width).saturating_sub(1);
    let columns = fit(kind, room, pane.is_chained());
    let mut lines = vec![heads(screen, kind, &columns)];
    let page = Layout::page(area);
    if pane.rows().is_empty() && pane.listed {
        lines.extend(empty(screen, kind, usize::from(inner.width)));
    }
    for (at, row) in (pane.offset()..).zip(pane.visible(page)) {
        lines.push(line(screen, kind, (at, *row), &columns, focused));
    }
    lines.truncate(usize::from(inner.height));
    frame.render_widget(Paragraph::new(lines), rect(inner));
}

fn heads(screen: Screen<'_>, kind: Kind, columns: &[(&Column, usize)]) -> Line<'static> {
    let sort = screen.app.pane_of(kind).sort();
    let mut text = String::from(" ");
    for (column, room) in columns {
        let mut head = screen.words.text((column.head)(kind)).into_owned();
        if column.sort == Some(sort.key) {
            head.push(if sort.reversed { '▴' } else { '▾' });
        }
        text.push_str(&pad(&head, *room, column.right));
        text.push(' ');
    }
    Line::styled(text, screen.theme.faint())
}

fn line(
    screen: Screen<'_>,
    kind: Kind,
    (at, row): (usize, RowId),
    columns: &[(&Column, usize)],
    focused: bool,
) -> Line<'static> {
    let Screen { app, theme, .. } = screen;
    let pane = app.pane_of(kind);
    let protected = app.row(row).is_some_and(|resource| resource.protected);
    let mark = match pane.marked(at) {
        Marked::All => "*",
        Marked::Some => "+",
        Marked::None if protected => "P",
        Marked::None if pane.range_from() == Some(row) => "v",
        Marked::None => " ",
    };
    let mut spans = vec![Span::styled(mark, theme.key())];
    let stem = pane.stem(at);
    let resource = app.row(row);
    if resource.is_some() || stem.is_some_and(|stem| stem.unknown.is_some()) {
        for (i, (column, room)) in columns.iter().enumerate() {
            let text = cell(screen, (resource, stem), (i, column), *room);
            let style = match resource {
                None => theme.faint(),
                Some(resource) if i == 0 => theme.state(resource.state_at(app.now)),
                Some(resource) if i == chain::ABOUT => {
                    let why = app.files.unready(resource, app.now);
                    why.map_or_else(Style::new, |why| theme.unready(why))
                }
                Some(_) => Style::new(),
            };
            spans.push(Span::styled(pad(&text, *room, column.right), style));
            spans.push(Span::raw(" "));
        }
    } else {
        spans.push(Span::styled("⋯", theme.faint()));
    }
    let line = Line::from(spans);
    if pane.cursor() == Some(row) {
        line.style(theme.cursor(focused))
    } else {
        line
    }
}

/// A column of a line. Of a folded chain, its times are those of its latest turn: how long nobody has gone
/// on with it, and when it is over by itself.
fn cell(
    screen: Screen<'_>,
    (resource, stem): (Option<&Resource>, Option<Stem<'_>>),
    (at, column): (usize, &Column),
    room: usize,
) -> String {
    let is_time = matches!(column.sort, Some(SortKey::Created | SortKey::Expires));
    let plain = |resource: Option<&Resource>| {
        resource.map_or_else(String::new, |it| (column.cell)(screen, it, room))
    };
    match (stem, resource) {
        (Some(stem), _) if stem.folded.is_some() && is_time => plain(chain::latest(screen, stem)),
        (Some(stem), None) => chain::unknown(screen, stem, at, room),
        (Some(stem), Some(resource)) if at == chain::ID => {
            chain::id(stem, resource.id.as_str(), room)
        }
        (Some(stem), Some(_)) if at == chain::ABOUT && stem.folded.is_some() => {
            chain::summary(screen, stem)
        }
        _ => plain(resource),
    }
}

fn title(screen: Screen<'_>, kind: Kind) -> String {
    let Screen { app, words, .. } = screen;
    let pane = app.pane_of(kind);
    let (number, key) = match kind {
        Kind::Response => (1, "pane-responses"),
        Kind::File => (2, "pane-files"),
    };
    let mut title = format!(" {number} {} ", words.text(key));
    let marks = pane.marks().len();
    if marks > 0 {
        title.push_str(&words.with("pane-marked", &[("count", marks.into())]));
        title.push(' ');
    }
    if pane.range_from().is_some() {
        title.push_str(&words.text("pane-range"));
        title.push(' ');
    }
    if pane.is_chained() {
        title.push_str(&words.text("pane-chains"));
        title.push(' ');
    }
    if pane.shows_tombstones() {
        title.push_str(&words.text("pane-tombstones"));
        title.push(' ');
    }
    if let Some((done, total)) = app.queue.refreshing().filter(|_| kind == Kind::Response) {
        let args = [("done", done.into()), ("total", total.into())];
        title.push_str(&words.with("pane-refreshing", &args));
        title.push(' ');
    }
    if let Some(tally) = pane.syncing {
        title.push_str(&words.with("pane-syncing", &[("seen", tally.seen.into())]));
        title.push(' ');
    }
    title
}

/// How much of the quota the files take, in as many words as fit.
fn gauge(screen: Screen<'_>, room: usize) -> Option<Line<'static>> {
    const CELLS: u64 = 8;
    /// Above these, in percent, there is something to do about it soon, and now.
    const FULL: [u64; 2] = [80, 95];
    let Screen {
        app, words, theme, ..
    } = screen;
    let counts = &app.counts;
    let (used, quota) = (counts.file_bytes, app.session.quota.filter(|q| *q > 0)?);
    let percent = u128::from(used) * 100 / u128::from(quota);
    let percent = u64::try_from(percent).unwrap_or(u64::MAX);
    let args = [
        ("used", words.bytes(used).into()),
        ("quota", words.bytes(quota).into()),
        ("percent", percent.into()),
    ];
    // What was never listed, or has no size yet, takes room as well.
    let (long, short) = if counts.is_mirrored && counts.unsized_files == 0 {
        ("pane-quota", "pane-quota-short")
    } else {
        ("pane-quota-floor", "pane-quota-short-floor")
    };
    let long = words.with(long, &args);
    let short = words.with(short, &args[2..]);
    let full = usize::try_from((percent.min(100) * CELLS + 50) / 100).unwrap_or(0);
    let empty = usize::try_from(CELLS).unwrap_or(0) - full;
    let bar = format!("{}{} {long}", "█".repeat(full), "░".repeat(empty));
    let text = [bar, long, short]
        .into_iter()
        .find(|text| width(text) + 2 <= room)?;
    let style = match FULL.iter().filter(|limit| percent >= **limit).count() {
        0 => Style::new(),
        1 => theme.warn(),
        _ => theme.bad(),
    };
    Some(Line::styled(format!(" {text} "), style))
}

/// The filter on the left, the place in the list on the right.
fn bottom(screen: Screen<'_>, kind: Kind, area: Area) -> Line<'static> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let pane = app.pane_of(kind);
    let editing = matches!(app.mode, Mode::Filter) && app.pane == kind;
    let len = pane.rows().len();
    let place = if len == 0 {
        String::new()
    } else {
        format!(" {}/{len} ", pane.position() + 1)
    };
    let text = pane.filter.value();
    if text.is_empty() && !editing {
        return Line::from(place).right_aligned();
    }
    let room = usize::from(area.width).saturating_sub(width(&place) + 4);
    let offered = match app.finder.offered.as_slice() {
        offered if editing && !offered.is_empty() => format!("  {}", offered.join(" ")),
        _ => String::new(),
    };
    let error = pane.query_error();
    let at = error.map(|error| error.at.clone());
    let told = match error {
        Some(error) if offered.is_empty() => format!("  ← {}", words.query_error(error)),
        _ => offered,
    };
    let caret = editing.then(|| split_at_char(text, pane.filter.cursor()).0.len());
    let mut spans = vec![Span::styled(" /", theme.key())];
    // The caret, and the beginning and end of what cannot be read, cut the text.
    let mut cuts = vec![0, text.len()];
    cuts.extend(caret);
    cuts.extend(at.iter().flat_map(|at| [at.start, at.end]));
    cuts.sort_unstable();
    cuts.dedup();
    let caret_at = |cut: usize| (caret == Some(cut)).then(|| Span::styled("▏", theme.key()));
    for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
        spans.extend(caret_at(*from));
        let is_bad = at.as_ref().is_some_and(|at| at.contains(from));
        let style = if is_bad { theme.bad() } else { theme.key() };
        let part = text.get(*from..*to).unwrap_or_default();
        spans.push(Span::styled(visible(part).into_owned(), style));
    }
    spans.extend(caret_at(text.len()));
    let style = if error.is_some() {
        theme.bad()
    } else {
        theme.faint()
    };
    spans.push(Span::styled(told, style));
    spans.push(Span::raw(" "));
    let mut spans = super::text::cut_spans(spans, room);
    spans.push(Span::raw(place));
    Line::from(spans)
}

/// Splits where a cursor counted in characters stands.
pub(super) fn split_at_char(text: &str, at: usize) -> (&str, &str) {
    let byte = text.char_indices().nth(at).map_or(text.len(), |(i, _)| i);
    text.split_at(byte)
}

/// What to do when there is nothing to see.
fn empty(screen: Screen<'_>, kind: Kind, room: usize) -> Vec<Line<'static>> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let pane = app.pane_of(kind);
    let key = match kind {
        _ if !pane.query().is_empty() => "empty-filtered",
        Kind::Response => "empty-responses",
        Kind::File => "empty-files",
    };
    let text = match pane.query_error() {
        Some(error) => words.query_error(error),
        None => words.text(key).into_owned(),
    };
    super::text::wrap(&text, room.saturating_sub(2))
        .into_iter()
        .map(|line| Line::styled(format!(" {line}"), theme.faint()))
        .collect()
}
