//! Lines on stderr, above a live block where there is one.

use std::fmt::Write as _;
use std::io::Write as _;

use unicode_width::UnicodeWidthChar;

use super::board::Board;
use super::display::Display;
use crate::report::style::Style;
use crate::terminal;

/// Stderr as a run's progress uses it.
pub struct Screen {
    display: Display,
    style: Style,
    /// How many lines of the terminal the live block takes up.
    drawn: usize,
    last: Vec<String>,
}

impl Screen {
    /// A screen with nothing on it.
    pub fn new(display: Display, style: Style) -> Self {
        Self {
            display,
            style,
            drawn: 0,
            last: Vec::new(),
        }
    }

    /// Prints lines, and draws the block anew below them.
    pub fn show(&mut self, lines: &[String], board: &Board) {
        let mut text = String::new();
        match self.display {
            Display::Lines => {
                for line in lines {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            Display::Live => {
                let width = terminal::stderr_width();
                let block: Vec<String> = board
                    .block(terminal::stderr_height())
                    .iter()
                    .map(|line| self.style.dim(cut(line, width.saturating_sub(1))))
                    .collect();
                if lines.is_empty() && block == self.last {
                    return;
                }
                text = frame(self.drawn, lines, &block);
                self.drawn = block.len();
                self.last = block;
            }
        }
        put(&text);
    }

    /// Takes the block away.
    pub fn clear(&mut self) {
        if self.drawn > 0 {
            put(&frame(self.drawn, &[], &[]));
            self.drawn = 0;
            self.last.clear();
        }
    }
}

fn put(text: &str) {
    if !text.is_empty() {
        // There is nobody to tell that stderr is gone.
        let mut stderr = std::io::stderr().lock();
        let _ = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
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
