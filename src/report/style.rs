//! Colour, or none, and letters beyond ASCII, or none.

use std::borrow::Cow;

use super::people;

/// Paints, or leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Whether to paint.
    pub color: bool,
    /// Whether to write ASCII alone.
    pub ascii: bool,
}

impl Style {
    fn paint(self, code: &str, text: impl Into<String>) -> String {
        let text = text.into();
        if self.color && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text
        }
    }

    /// A text in the letters that can be shown.
    pub fn letters(self, text: &str) -> Cow<'_, str> {
        match self.ascii {
            true => people::ascii(text),
            false => text.into(),
        }
    }

    /// For what stands out.
    pub fn bold(self, text: impl Into<String>) -> String {
        self.paint("1", text)
    }

    /// For what stands back.
    pub fn dim(self, text: impl Into<String>) -> String {
        self.paint("2", text)
    }

    /// For what went well.
    pub fn good(self, text: impl Into<String>) -> String {
        self.paint("32", text)
    }

    /// For what wants care.
    pub fn warn(self, text: impl Into<String>) -> String {
        self.paint("33", text)
    }

    /// For what went wrong.
    pub fn bad(self, text: impl Into<String>) -> String {
        self.paint("1;31", text)
    }

    /// For what can be done.
    pub fn hint(self, text: impl Into<String>) -> String {
        self.paint("36", text)
    }
}
