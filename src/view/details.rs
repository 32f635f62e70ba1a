//! One resource: what the ledger knows in a strip under the panes, and a window with all of it and with
//! what the service shows.

use std::ops::Range;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Details, Face, Layout, Look, Place, Reader};
use crate::domain::{Citing, Expiry, Facts, Heading, Kind, Particular, Resource, Tint, visible};

use super::pane::split_at_char;
use super::text::{cut, cut_middle, pad, width, wrap};
use super::theme::glyph;
use super::{Screen, chain, rect};

/// Name and value of everything known, in reading order.
fn fields(screen: Screen<'_>, resource: &Resource) -> Vec<(String, String)> {
    let Screen { app, words, .. } = screen;
    let facts = &resource.facts;
    let mut fields = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            fields.push((words.text(key).into_owned(), value));
        }
    };
    let text = |value: &Option<String>| value.as_deref().map(|v| visible(v).into_owned());
    let state = resource.state_at(app.now);
    add("field-id", Some(resource.id.to_string()));
    add(
        "field-state",
        Some(format!("{} {}", glyph(state), words.state(state))),
    );
    add(
        "field-reason",
        resource.answer.as_ref().map(|a| words.answer(a)),
    );
    add("field-name", text(&facts.name));
    add("field-model", text(&facts.model));
    add("field-status", text(&facts.status));
    add(
        "field-size",
        facts.bytes.map(|b| format!("{} ({b} B)", words.bytes(b))),
    );
    add("field-purpose", text(&facts.purpose));
    add("field-mime", text(&facts.mime_type));
    add("field-created", created(screen, resource));
    add(
        "field-expires",
        facts.expires_at.map(|expiry| match expiry {
            Expiry::Never => words.text("expiry-never").into_owned(),
            Expiry::At(at) if at <= app.now => words.with(
                "time-ago",
                &[
                    ("time", time(at).into()),
                    (
                        "span",
                        words.span(app.now.duration_since(at).as_secs()).into(),
                    ),
                ],
            ),
            Expiry::At(at) => words.with(
                "time-in",
                &[
                    ("time", time(at).into()),
                    (
                        "span",
                        words.span(at.duration_since(app.now).as_secs()).into(),
                    ),
                ],
            ),
        }),
    );
    add("field-previous", text(&facts.previous_response_id));
    add(
        "field-usage",
        facts.usage.map(|u| {
            words.with(
                "field-tokens",
                &[
                    ("input", u.input.into()),
                    ("cached", u.cached.into()),
                    ("output", u.output.into()),
                    ("total", u.total.into()),
                ],
            )
        }),
    );
    let tags: Vec<_> = resource.tags.iter().map(|t| visible(t)).collect();
    add("field-tags", Some(tags.join(", ")));
    add("field-note", text(&resource.note));
    let protected = resource
        .protected
        .then(|| words.text("field-protected-yes").into_owned());
    add("field-protected", protected);
    add(
        "field-tracked",
        Some(format!(
            "{} · {}",
            time(resource.tracked_at),
            words.source(resource.source)
        )),
    );
    add("field-settled", resource.settled_at.map(time));
    fields
}

/// When it was made, and how long ago that is.
pub(super) fn created(screen: Screen<'_>, resource: &Resource) -> Option<String> {
    let Screen { app, words, .. } = screen;
    let at = resource.facts.created_at?;
    let ago = words.span(app.now.duration_since(at).as_secs());
    let key = if resource.created_approx {
        "time-ago-approx"
    } else {
        "time-ago"
    };
    Some(words.with(key, &[("time", time(at).into()), ("span", ago.into())]))
}

/// To the second, in UTC, so that it can be compared with logs.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

pub(super) fn draw_strip(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    if area.height < 3 {
        return;
    }
    let Screen {
        app, words, theme, ..
    } = screen;
    let block = screen.block(format!(" {} ", words.text("pane-details")), false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let pane = app.pane_of(app.pane);
    let stem = pane.stem(pane.position());
    let mut shown = stem.map_or_else(Vec::new, |stem| chain::fields(screen, stem));
    shown.extend(app.current().into_iter().flat_map(|it| fields(screen, it)));
    // As many fields as fit, flowing from line to line.
    let room = usize::from(inner.width);
    let mut lines: Vec<Vec<Span<'_>>> = vec![Vec::new()];
    let mut used = 0;
    for (name, value) in shown {
        let value = cut(&value, room.saturating_sub(width(&name) + 3)).into_owned();
        let needed = width(&name) + width(&value) + 3;
        if used + needed > room && used > 0 {
            lines.push(Vec::new());
            used = 0;
        }
        used += needed;
        if let Some(line) = lines.last_mut() {
            line.push(Span::styled(format!("{name} "), theme.faint()));
            line.push(Span::raw(format!("{value}  ")));
        }
    }
    lines.truncate(usize::from(inner.height));
    let lines: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, details: &Details) -> usize {
    let app = screen.app;
    let area = Layout::dialog(app.width, app.height);
    let body = rect(Layout::reading(app.width, app.height));
    let height = usize::from(body.height);
    let place = place(details, height);
    let inner = screen.dialog(frame, area, &title(screen, details), place);
    if inner.height == 0 {
        return 0;
    }
    let room = usize::from(inner.width);
    frame.render_widget(
        Paragraph::new(pages(screen, details, room)),
        Rect { height: 1, ..inner },
    );
    match details.reader() {
        None => draw_facts(frame, screen, details, body),
        Some(reader) if reader.is_empty() => {
            let text = status(screen, details).unwrap_or_default();
            let lines = wrap(&text, room).into_iter().map(Line::raw).collect();
            scrolled(frame, body, lines, 0)
        }
        Some(reader) => {
            let lines = reader.shown().take(height);
            let lines: Vec<Line<'_>> = lines.map(|at| read(screen, reader, at, room)).collect();
            frame.render_widget(Paragraph::new(lines), body);
            0
        }
    }
}

/// What is looked at, on every page: keys lead from one to another.
fn title(screen: Screen<'_>, details: &Details) -> String {
    let Screen { app, words, .. } = screen;
    let mut title = words.text("pane-details").into_owned();
    if let Some(resource) = app.row(details.row) {
        title = format!("{title} · {}", cut_middle(resource.id.as_str(), 24));
    }
    if let Some((at, of)) = details.branch() {
        title = format!("{title} · {} {at}/{of}", words.text("field-branch"));
    }
    title
}

/// What is looked for and where the reader is.
fn place(details: &Details, height: usize) -> String {
    let Some(reader) = details.reader().filter(|reader| !reader.is_empty()) else {
        return String::new();
    };
    let mut place = String::new();
    let needle = details.needle.value();
    if details.searching || !needle.is_empty() {
        let (before, after) = split_at_char(needle, details.needle.cursor());
        let caret = if details.searching { "▏" } else { "" };
        let (at, of) = reader.hit().unwrap_or_default();
        let needle = visible(&format!("{before}{caret}{after}")).into_owned();
        place = format!(" /{} {at}/{of} ·", cut(&needle, 30));
    }
    match reader.place(height) {
        Place::Row(at, of) => format!("{place} {at}/{of} "),
        Place::Percent(percent) => format!("{place} {percent} % "),
    }
}

/// The names of the pages, and what has come of asking the service.
fn pages(screen: Screen<'_>, details: &Details, room: usize) -> Line<'static> {
    let Screen { words, theme, .. } = screen;
    let mut spans = Vec::new();
    let mut used = 0;
    for face in details.faces() {
        let name = words.text(match face {
            Face::Facts => "details-facts",
            Face::Text => "details-text",
            Face::Json => "details-json",
        });
        let name = if *face == details.face {
            format!("[{name}]")
        } else {
            format!(" {name} ")
        };
        used += width(&name) + 1;
        spans.push(Span::styled(name, theme.button(*face == details.face)));
        spans.push(Span::raw(" "));
    }
    let status = status(screen, details).unwrap_or_default();
    let status = cut(&status, room.saturating_sub(used + 1)).into_owned();
    spans.push(Span::styled(format!(" {status}"), theme.faint()));
    Line::from(spans)
}

/// Why there is not everything to be read, if so.
fn status(screen: Screen<'_>, details: &Details) -> Option<String> {
    let words = screen.words;
    let because = |key: &str, reason: String| words.with(key, &[("reason", reason.into())]);
    Some(match (&details.look, &details.input) {
        (Look::Awaited, _) => words.text("details-awaited").into_owned(),
        (Look::NoMore, _) => words.text("details-no-more").into_owned(),
        (Look::Refused(refusal), _) => because("details-refused", words.refusal(refusal)),
        (Look::Failed(answer), _) => because("details-failed", words.answer(answer)),
        (Look::Gone(answer), _) => because("details-gone", words.answer(answer)),
        (Look::Here, Some(Err(answer))) => because("details-no-input", words.answer(answer)),
        (Look::Here, None) if details.kind == Kind::Response => {
            words.text("details-input-awaited").into_owned()
        }
        (Look::Here, _) => return None,
    })
}

fn draw_facts(frame: &mut Frame<'_>, screen: Screen<'_>, details: &Details, area: Rect) -> usize {
    let Screen { app, words, .. } = screen;
    let Some(resource) = app.row(details.row) else {
        frame.render_widget(Paragraph::new("⋯"), area);
        return 0;
    };
    let mut resource = resource.clone();
    if let Some(facts) = &details.facts {
        // Where nothing may be written, the ledger does not know yet.
        let created_at = facts.created_at.or(resource.facts.created_at);
        resource.created_approx &= facts.created_at.is_none();
        resource.facts = Facts {
            created_at,
            ..Facts::clone(facts)
        };
    }
    let mut fields = fields(screen, &resource);
    let name = |key| words.text(key).into_owned();
    // Where the ledger tells what it continues, before what it cost.
    let cost = [
        "field-usage",
        "field-tags",
        "field-note",
        "field-protected",
        "field-tracked",
    ];
    let at = fields
        .iter()
        .position(|(field, _)| cost.iter().any(|key| name(key) == *field));
    let at = at.unwrap_or(fields.len());
    if let Some(unknown) = details.unknown()
        && let Some((_, previous)) = at.checked_sub(1).and_then(|before| fields.get_mut(before))
    {
        let note = name(chain::unknown_turn(screen, unknown));
        *previous = format!("{previous} ({note})");
    }
    fields.splice(at..at, talk(screen, details));
    if let Some(citing) = app.cited_by(details.row).filter(|citing| citing.count > 0) {
        fields.push((name("field-cited-by"), words.citing(citing)));
    }
    for (particular, text) in details.particulars() {
        let text = match particular {
            Particular::ReasoningTokens => words.with("details-tokens", &[("count", text.into())]),
            _ => visible(text).into_owned(),
        };
        fields.push((name(key_of(*particular)), text));
    }
    if let Some(status) = status(screen, details) {
        fields.push((name("field-service"), status));
    }
    let lines = table(screen, fields, usize::from(area.width));
    scrolled(frame, area, lines, details.offset)
}

/// What stands around a response.
fn talk(screen: Screen<'_>, details: &Details) -> Vec<(String, String)> {
    let Screen { app, words, .. } = screen;
    let Some(turns) = &details.turns else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    let mut add = |key, value| fields.push((words.text(key).into_owned(), value));
    if let Some((at, of)) = details.branch() {
        let args = [("at", at.into()), ("of", of.into())];
        add("field-branch", words.with("details-branch", &args));
    }
    if !turns.next.is_empty() {
        let some = details.named().filter_map(|row| app.row(row));
        let next = Citing {
            count: turns.next.len() as u64,
            some: some.map(|next| next.id.clone()).collect(),
        };
        add("field-next", words.citing(&next));
    }
    fields
}

fn key_of(particular: Particular) -> &'static str {
    match particular {
        Particular::Error => "field-error",
        Particular::Incomplete => "field-incomplete",
        Particular::Caching => "field-caching",
        Particular::Thinking => "field-thinking",
        Particular::ReasoningTokens => "field-reasoning-tokens",
        Particular::ToolUsage => "field-tool-usage",
        Particular::Tools => "field-tools",
        Particular::Tier => "field-tier",
        Particular::Stored => "field-stored",
        Particular::Sampling => "field-sampling",
        Particular::Preprocessing => "field-preprocessing",
        Particular::Storage => "field-storage",
        Particular::Description => "field-description",
    }
}

/// A line of a document, with what was looked for in it marked.
fn read(screen: Screen<'_>, reader: &Reader, line: Range<usize>, room: usize) -> Line<'static> {
    let theme = screen.theme;
    let document = reader.document();
    let text = document.text();
    let begins = line.start == 0 || text.as_bytes().get(line.start - 1) == Some(&b'\n');
    let mut spans = Vec::new();
    if let Tint::Heading(heading) = document.tint_at(line.start)
        && begins
    {
        let label = screen.words.text(label(heading));
        if heading.is_chapter() {
            let rule = "─".repeat(room.saturating_sub(width(&label) + 4));
            return Line::styled(format!("── {label} {rule}"), theme.heading());
        }
        let style = match heading {
            Heading::Cut => theme.warn(),
            _ => theme.heading(),
        };
        spans.push(Span::styled(format!("{label} "), style));
    }
    for (tint, at) in document.spans(line) {
        let mut from = at.start;
        for (hit, current) in reader.hits(&at) {
            let hit = hit.start.max(from)..hit.end.min(at.end);
            spans.push(Span::styled(
                text[from..hit.start].to_owned(),
                theme.tint(tint),
            ));
            let style = theme.tint(tint).patch(theme.hit(current));
            from = hit.end;
            spans.push(Span::styled(text[hit].to_owned(), style));
        }
        spans.push(Span::styled(
            text[from..at.end].to_owned(),
            theme.tint(tint),
        ));
    }
    Line::from(spans)
}

fn label(heading: Heading) -> &'static str {
    match heading {
        Heading::Input => "heading-input",
        Heading::Output => "heading-output",
        Heading::Instructions => "heading-instructions",
        Heading::User => "heading-user",
        Heading::System => "heading-system",
        Heading::Developer => "heading-developer",
        Heading::Assistant => "heading-assistant",
        Heading::Reasoning => "heading-reasoning",
        Heading::ToolCall => "heading-tool-call",
        Heading::ToolResult => "heading-tool-result",
        Heading::Item => "heading-item",
        Heading::Cut => "heading-cut",
    }
}

/// Names on the left, values wrapped on the right.
pub(super) fn table(
    screen: Screen<'_>,
    fields: Vec<(String, String)>,
    width_all: usize,
) -> Vec<Line<'static>> {
    let theme = screen.theme;
    let names = fields
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or(0)
        + 2;
    let room = width_all.saturating_sub(names);
    let mut lines = Vec::new();
    for (name, value) in fields {
        for (i, part) in wrap(&value, room).into_iter().enumerate() {
            let head = if i == 0 { name.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(pad(head, names, false), theme.faint()),
                Span::raw(part),
            ]));
        }
    }
    lines
}

/// Draws lines from `offset` on, or from as far down as fills the window; returns how far that is.
pub(super) fn scrolled(
    frame: &mut Frame<'_>,
    area: Rect,
    lines: Vec<Line<'_>>,
    offset: usize,
) -> usize {
    let overflow = lines.len().saturating_sub(usize::from(area.height));
    let lines: Vec<Line<'_>> = lines.into_iter().skip(offset.min(overflow)).collect();
    frame.render_widget(Paragraph::new(lines), area);
    overflow
}
