//! Lines on stderr, above a live block where there is one.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use super::board::Board;
use super::display::Display;
use crate::report::queue::{Kind, STDERR};
use crate::report::style::Style;
use crate::terminal;

/// How many lines wait for a terminal that was stopped.
const HELD: usize = 1000;

/// Stderr as a run's progress uses it.
pub struct Screen {
    display: Display,
    style: Style,
    /// How many lines of the terminal the live block takes up.
    drawn: usize,
    last: Vec<String>,
    /// Lines that wait until the terminal has taken the frame before.
    held: Vec<String>,
}

impl Screen {
    /// A screen with nothing on it.
    pub fn new(display: Display, style: Style) -> Self {
        Self {
            display,
            style,
            drawn: 0,
            last: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Prints lines, and draws the block anew below them. On a terminal that
    /// takes nothing frames are merged: the next holds the lines of all.
    pub fn show(&mut self, lines: &[String], board: &Board) {
        match self.display {
            Display::Lines => {
                for line in lines {
                    self.put(Kind::Progress(1), &format!("{line}\n"));
                }
            }
            Display::Live => {
                self.hold(lines);
                if !STDERR.is_idle() {
                    return;
                }
                let width = terminal::stderr_width();
                let block: Vec<String> = board
                    .block(terminal::stderr_height())
                    .iter()
                    .map(|line| self.style.dim(cut(line, width.saturating_sub(1))))
                    .collect();
                if self.held.is_empty() && block == self.last {
                    return;
                }
                let lines = std::mem::take(&mut self.held);
                self.put(
                    Kind::Progress(lines.len()),
                    &frame(self.drawn, &lines, &block),
                );
                self.drawn = block.len();
                self.last = block;
            }
        }
    }

    /// Prints a line that is not left out, whatever becomes of the others.
    pub fn say(&mut self, line: &str, board: &Board) {
        match self.display {
            Display::Lines => self.put(Kind::Word, &format!("{line}\n")),
            Display::Live => {
                self.held.push(line.to_owned());
                self.show(&[], board);
            }
        }
    }

    /// Takes the block away.
    pub fn clear(&mut self) {
        let lines = std::mem::take(&mut self.held);
        if self.drawn > 0 || !lines.is_empty() {
            self.put(Kind::Word, &frame(self.drawn, &lines, &[]));
            self.drawn = 0;
            self.last.clear();
        }
    }

    fn put(&self, kind: Kind, text: &str) {
        STDERR.push(kind, self.style.letters(text).as_ref());
    }

    fn hold(&mut self, lines: &[String]) {
        let room = HELD.saturating_sub(self.held.len()).min(lines.len());
        self.held.extend_from_slice(&lines[..room]);
        STDERR.leave_out(lines.len() - room);
    }
}

/// One write that goes back over the old block, line by line without blanking
/// it first, prints what is new and draws the block again.
fn frame(drawn: usize, lines: &[String], block: &[String]) -> String {
    let mut text = String::from("\x1b[?2026h");
    if drawn > 0 {
        let _ = write!(text, "\x1b[{drawn}A\r");
    }
    for line in lines.iter().chain(block) {
        let _ = writeln!(text, "{line}\x1b[K");
    }
    text.push_str("\x1b[J\x1b[?2026l");
    text
}

/// The beginning of a line that fits into `columns`.
fn cut(line: &str, columns: usize) -> String {
    let wide = |c: char| c.width().unwrap_or(0);
    if line.chars().map(wide).sum::<usize>() <= columns {
        return line.to_owned();
    }
    let mut taken = 0;
    let kept: String = line
        .chars()
        .take_while(|&c| {
            taken += wide(c);
            taken < columns
        })
        .collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_to_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("日本語テキスト", 6), "日本…");
        assert_eq!(cut("a", 0), "…");
    }

    #[test]
    fn a_frame_goes_back_over_the_old_block() {
        let text = frame(2, &["new".to_owned()], &["block".to_owned()]);
        assert_eq!(
            text,
            "\x1b[?2026h\x1b[2A\rnew\x1b[K\nblock\x1b[K\n\x1b[J\x1b[?2026l"
        );
    }
}
