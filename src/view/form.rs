//! A few lines to fill in: what they are for, the lines, and what is wrong with them.

use std::ffi::OsStr;

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use tui_input::Input;

use crate::app::{About, Form, FormProblem, Layout};
use crate::domain::{FreeFirst, visible};

use super::Screen;
use super::pane::split_at_char;
use super::text::{cut, pad, width, wrap};

/// Files to be uploaded that are named, however many there are.
const NAMED: usize = 5;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, form: &Form) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let mut area = Layout::dialog(app.width, app.height);
    let room = usize::from(area.inner().width);
    let mut lines: Vec<Line<'_>> = wrap(&intro(screen, form), room)
        .into_iter()
        .map(|line| Line::styled(line, theme.faint()))
        .collect();
    let intro_lines = lines.len();
    let names: Vec<_> = form
        .about
        .fields()
        .iter()
        .map(|key| words.text(key))
        .collect();
    let head = names.iter().map(|name| width(name)).max().unwrap_or(0) + 2;
    for (at, (name, input)) in names.iter().zip(&form.lines).enumerate() {
        let is_here = at == form.at;
        let style = if is_here { theme.key() } else { theme.faint() };
        lines.push(Line::from(vec![
            Span::styled(pad(name, head, false), style),
            Span::raw(value(input, is_here, room.saturating_sub(head))),
        ]));
    }
    if let About::Free {
        freed: Some(freed), ..
    } = &form.about
    {
        let style = if freed.is_enough() {
            theme.good()
        } else {
            theme.warn()
        };
        let said = wrap(&words.freed(freed), room).into_iter();
        lines.extend(said.map(|line| Line::styled(line, style)));
    }
    if let About::Upload {
        found,
        bytes,
        names,
    } = &form.about
    {
        let told = if found.is_empty() {
            // One name is what the path went on with.
            names
                .iter()
                .filter(|_| names.len() > 1)
                .map(|name| visible(name).into_owned())
                .collect()
        } else {
            let names = found.iter().filter_map(|path| path.file_name());
            let name = |name: &OsStr| {
                let name = visible(&name.to_string_lossy()).into_owned();
                cut(&format!("  {name}"), room).into_owned()
            };
            let args = [
                ("count", found.len().into()),
                ("bytes", words.bytes(*bytes).into()),
            ];
            let mut told = wrap(&words.with("form-upload-found", &args), room);
            told.extend(names.take(NAMED).map(name));
            if let more @ 1.. = found.len().saturating_sub(NAMED) {
                told.push(words.with("form-upload-more", &[("count", more.into())]));
            }
            told
        };
        lines.extend(
            told.iter()
                .map(|line| Line::raw(cut(line, room).into_owned())),
        );
    }
    if let Some(problem) = &form.problem {
        let text = format!("✗ {}", self::problem(screen, problem));
        lines.extend(
            wrap(&text, room)
                .into_iter()
                .map(|line| Line::styled(line, theme.bad())),
        );
    }
    // What is typed and what is wrong with it stay in sight.
    let more = lines.len().saturating_sub(usize::from(area.inner().height));
    lines.drain(..more.min(intro_lines));
    let needed = u16::try_from(lines.len() + 2).unwrap_or(area.height);
    area = area.centred(area.width, needed);
    let inner = screen.dialog(frame, area, &title(screen, form), String::new());
    frame.render_widget(Paragraph::new(lines), inner);
}

fn title(screen: Screen<'_>, form: &Form) -> String {
    match &form.about {
        About::Label { rows, .. } => {
            let count = ("count", rows.len().into());
            screen.words.with("form-label-title", &[count])
        }
        About::Free { .. } => screen.words.text("form-free-title").into_owned(),
        About::Upload { .. } => screen.words.text("form-upload-title").into_owned(),
    }
}

fn intro(screen: Screen<'_>, form: &Form) -> String {
    let words = screen.words;
    match &form.about {
        About::Label { one: Some(_), .. } => words.text("form-label-one"),
        About::Label { one: None, .. } => words.text("form-label-many"),
        About::Upload { .. } => words.text("form-upload"),
        About::Free {
            first: FreeFirst::Oldest,
            ..
        } => words.text("form-free-oldest"),
        About::Free {
            first: FreeFirst::Largest,
            ..
        } => words.text("form-free-largest"),
    }
    .into_owned()
}

fn problem(screen: Screen<'_>, problem: &FormProblem) -> String {
    let words = screen.words;
    match problem {
        FormProblem::Label(error) => words.label_error(*error),
        FormProblem::Unreadable { name, error } => {
            let name = visible(name).into_owned();
            let args = [
                ("name", name.into()),
                ("error", words.unreadable(error).into()),
            ];
            words.with("form-unreadable", &args)
        }
        FormProblem::NoPath => words.text("form-no-path").into_owned(),
        FormProblem::NotAPurpose => words.text("form-not-a-purpose").into_owned(),
        FormProblem::NotALife => words.text("upload-life").into_owned(),
        FormProblem::NotASize => words.text("query-not-a-size").into_owned(),
    }
}

/// The text of a line; the one being edited shows its cursor, and what stands around that.
fn value(input: &Input, is_here: bool, room: usize) -> String {
    if !is_here {
        return cut(&visible(input.value()), room).into_owned();
    }
    let (before, after) = split_at_char(input.value(), input.cursor());
    let before = visible(before);
    let skip = width(&before).saturating_sub(room.saturating_sub(2));
    let mut skipped = 0;
    let before: String = before
        .chars()
        .skip_while(|c| {
            let is_out = skipped < skip;
            skipped += width(c.encode_utf8(&mut [0; 4]));
            is_out
        })
        .collect();
    cut(&format!("{before}▏{}", visible(after)), room).into_owned()
}
