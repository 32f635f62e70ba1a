//! The README's picture: a frame of the real loop at work on the emulator, drawn as SVG.
//!
//! `cargo test --test it picture -- --ignored` makes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Of a cell, in pixels.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 18.0;
const INK: &str = "#d8dee9";
const PAPER: &str = "#1b1f27";

/// What the cells of a run have in common.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    ink: &'static str,
    paper: &'static str,
    bold: bool,
    underlined: bool,
}

fn colour(colour: Color, otherwise: &'static str) -> &'static str {
    match colour {
        Color::Red => "#ec6a6a",
        Color::Green => "#8fc97a",
        Color::Yellow => "#e6c35c",
        Color::Cyan => "#6cc7d9",
        Color::DarkGray => "#6b7484",
        _ => otherwise,
    }
}

fn look(cell: &Cell) -> Look {
    let (mut ink, mut paper) = (colour(cell.fg, INK), colour(cell.bg, PAPER));
    if cell.modifier.contains(Modifier::REVERSED) {
        (ink, paper) = (paper, ink);
    }
    Look {
        ink,
        paper,
        bold: cell.modifier.contains(Modifier::BOLD),
        underlined: cell.modifier.contains(Modifier::UNDERLINED),
    }
}

pub(crate) fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f32::from(columns) * WIDTH, f32::from(rows) * HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"14\">\n<title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{PAPER}\"/>\n"
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let (start, style) = (x, look(&buffer[(x, y)]));
            // Fonts disagree on how wide a wide character is: those get runs of their own.
            let wide = buffer[(x, y)].symbol().width();
            let mut text = String::new();
            while x < columns {
                let cell = &buffer[(x, y)];
                if look(cell) != style || cell.symbol().width() != wide {
                    break;
                }
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                x += u16::try_from(symbol.width()).unwrap().max(1);
            }
            run(&mut svg, (start, x - start, y), style, &text);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn run(svg: &mut String, (x, cells, y): (u16, u16, u16), look: Look, text: &str) {
    let (left, top) = (f32::from(x) * WIDTH, f32::from(y) * HEIGHT);
    let width = f32::from(cells) * WIDTH;
    if look.paper != PAPER {
        let fill = look.paper;
        writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{fill}\"/>"
        )
        .unwrap();
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if look.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let line = if look.underlined {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" fill=\"{}\" xml:space=\"preserve\"{weight}{line}>{text}</text>",
        top + 13.5,
        look.ink,
    )
    .unwrap();
}

pub(crate) fn write(buffer: &Buffer) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screen.svg");
    fs::write(path, svg(buffer, "Arkdeck deleting responses")).unwrap();
}

#[test]
fn the_readme_shows_the_picture_and_the_picture_shows_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains("assets/screen.svg"));
    let picture = fs::read_to_string(root.join("assets/screen.svg")).unwrap();
    for part in ["Arkdeck", "1 Responses", "2 Files", "3 Queue", "Details"] {
        assert!(picture.contains(part), "{part}");
    }
}
