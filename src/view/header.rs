//! The first line: whose resources these are, where they are, how many; and the banner under it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::domain::{Kind, Refusal, visible};

use super::Screen;
use super::text::{cut, width};

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let session = &app.session;
    let mut left = vec![Span::styled(" Arkdeck ", theme.strong())];
    if session.demo {
        left.push(Span::styled(
            format!(" {} ", words.text("header-demo")),
            theme.loud(),
        ));
        left.push(Span::raw(" "));
    }
    if app.session.refusal == Some(Refusal::ReadOnly) {
        left.push(Span::styled(
            format!(" {} ", words.text("header-read-only")),
            theme.loud(),
        ));
        left.push(Span::raw(" "));
    }
    if session.protected {
        left.push(Span::styled(
            format!("[{}] ", words.text("header-protected")),
            theme.warn(),
        ));
    }
    let counts = [
        words.count_of(Kind::Response, app.counts.responses),
        words.count_of(Kind::File, app.counts.files),
        words.bytes(app.counts.file_bytes),
    ]
    .join(" · ");
    let room = usize::from(area.width);
    let used: usize = left.iter().map(|s| width(&s.content)).sum();
    let tail = format!("{counts} ");
    let place = format!("{} · {}", visible(&session.profile), visible(&session.host));
    let for_place = room.saturating_sub(used + width(&tail) + 1);
    let place = cut(&place, for_place).into_owned();
    let gap = room.saturating_sub(used + width(&place) + width(&tail));
    left.push(Span::raw(place));
    left.push(Span::raw(" ".repeat(gap)));
    left.push(Span::raw(tail));
    frame.render_widget(Paragraph::new(Line::from(left)), area);
}

pub(super) fn draw_banner(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let room = usize::from(area.width);
    let mut lines: Vec<String> = match &app.session.refusal {
        Some(Refusal::NoKey) => vec![
            words.text("banner-no-key").into_owned(),
            words.text("banner-key-page").into_owned(),
        ],
        _ if app.counts.unsettled > 0 => {
            vec![words.with(
                "banner-unsettled",
                &[("count", app.counts.unsettled.into())],
            )]
        }
        Some(refusal) => vec![words.with(
            "banner-refused",
            &[("reason", words.refusal(refusal).into())],
        )],
        None if app.session.demo => vec![words.text("banner-demo").into_owned()],
        None => Vec::new(),
    };
    if app.shows_unsent() {
        let marked = Kind::ALL.map(|kind| (kind, app.pane_of(kind).unsent() as u64));
        let marked = marked.into_iter().filter(|(_, count)| *count > 0);
        let what: Vec<_> = marked.map(|(kind, n)| words.count_of(kind, n)).collect();
        let what = what.join(" · ");
        lines.push(words.with("banner-unsent", &[("what", what.into())]));
    }
    let lines: Vec<Line<'_>> = lines
        .iter()
        .take(usize::from(area.height))
        .map(|line| Line::from(super::text::pad(&format!(" {line}"), room, false)))
        .collect();
    frame.render_widget(Paragraph::new(lines).style(theme.loud()), area);
}
