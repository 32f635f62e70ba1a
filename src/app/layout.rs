//! Where things are on the screen: shared by `update`, which has to know how many rows a page has,
//! and by `view`, which draws them. Numbers only.

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    /// Rows or columns inside a border.
    pub fn inner(self) -> Self {
        Self {
            x: self.x + 1.min(self.width),
            y: self.y + 1.min(self.height),
            width: self.width.saturating_sub(2),
            height: self.height.saturating_sub(2),
        }
    }

    fn split_top(self, height: u16) -> (Self, Self) {
        let height = height.min(self.height);
        let top = Self { height, ..self };
        let rest = Self {
            y: self.y + height,
            height: self.height - height,
            ..self
        };
        (top, rest)
    }

    fn split_bottom(self, height: u16) -> (Self, Self) {
        let height = height.min(self.height);
        let (rest, bottom) = self.split_top(self.height - height);
        (rest, bottom)
    }

    fn split_left(self, width: u16) -> (Self, Self) {
        let width = width.min(self.width);
        let left = Self { width, ..self };
        let rest = Self {
            x: self.x + width,
            width: self.width - width,
            ..self
        };
        (left, rest)
    }

    /// An area of at most this size in the middle of this one.
    pub fn centred(self, width: u16, height: u16) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        Self {
            x: self.x + (self.width - width) / 2,
            y: self.y + (self.height - height) / 2,
            width,
            height,
        }
    }
}

/// The part of the screen that has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Focus {
    Responses,
    Files,
    Queue,
}

/// The main screen. An area of height 0 is not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub header: Area,
    pub banner: Area,
    pub responses: Area,
    pub files: Area,
    pub details: Area,
    pub queue: Area,
    pub footer: Area,
}

/// From this width on, the panes stand side by side: below it an id would be cut to its ends.
const SIDE_BY_SIDE: u16 = 110;

impl Layout {
    /// Divides the screen. The focused part gets the room when there is little of it; on very small
    /// screens the details go first, then the queue, then the pane without the focus.
    pub fn new(width: u16, height: u16, focus: Focus, banner: u16) -> Self {
        let screen = Area {
            x: 0,
            y: 0,
            width,
            height,
        };
        let (header, rest) = screen.split_top(u16::from(height > 2));
        let (rest, footer) = rest.split_bottom(u16::from(height > 3));
        let (banner, body) = rest.split_top(if height > 6 { banner } else { 0 });
        let on_queue = focus == Focus::Queue;
        let queue = match body.height {
            0..=9 if on_queue => body.height,
            0..=9 => 0,
            10..=15 if on_queue => 8,
            10..=15 => 3,
            16..=27 if on_queue => 12,
            16..=27 => 5,
            28.. if on_queue => body.height / 2,
            28.. => (body.height / 5).clamp(7, 14),
        };
        let (body, queue) = body.split_bottom(queue);
        let details = match body.height {
            0..=13 => 0,
            14..=22 => 4,
            23.. => 6,
        };
        let (body, details) = body.split_bottom(details);
        let (responses, files) = if width >= SIDE_BY_SIDE {
            body.split_left(width / 2)
        } else {
            let other = match body.height {
                0..=7 => 0,
                8..=11 => 3,
                12.. => body.height * 2 / 5,
            };
            if focus == Focus::Files {
                body.split_top(other)
            } else {
                body.split_bottom(other)
            }
        };
        Self {
            header,
            banner,
            responses,
            files,
            details,
            queue,
            footer,
        }
    }

    /// Rows of resources in a pane of this area: inside the border, under the column heads.
    pub fn page(area: Area) -> usize {
        usize::from(area.inner().height.saturating_sub(1))
    }

    /// Where a document is read: in the dialog, under the line of its pages.
    pub fn reading(width: u16, height: u16) -> Area {
        Self::dialog(width, height).inner().split_top(1).1
    }

    /// The dialog over the main screen.
    pub fn dialog(width: u16, height: u16) -> Area {
        let screen = Area {
            x: 0,
            y: 0,
            width,
            height,
        };
        screen.centred(
            (width.saturating_sub(4)).clamp(20, 110),
            height.saturating_sub(2).clamp(6, 32),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_divided_without_overlap_or_loss() {
        for width in [1, 20, 40, 80, 109, 110, 200] {
            for height in 1..70 {
                for focus in [Focus::Responses, Focus::Files, Focus::Queue] {
                    for banner in [0, 1, 2] {
                        let l = Layout::new(width, height, focus, banner);
                        let parts = [
                            l.header,
                            l.banner,
                            l.responses,
                            l.files,
                            l.details,
                            l.queue,
                            l.footer,
                        ];
                        let cells: u32 = parts
                            .iter()
                            .map(|a| u32::from(a.width) * u32::from(a.height))
                            .sum();
                        assert_eq!(cells, u32::from(width) * u32::from(height));
                        for a in parts {
                            assert!(a.x + a.width <= width && a.y + a.height <= height);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_standard_terminal_has_room_for_rows_in_the_focused_pane() {
        let l = Layout::new(80, 24, Focus::Responses, 1);
        assert!(Layout::page(l.responses) >= 5, "{l:?}");
        let l = Layout::new(40, 12, Focus::Files, 0);
        assert!(Layout::page(l.files) >= 2, "{l:?}");
    }
}
