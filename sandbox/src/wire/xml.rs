//! Writing XML.

use std::fmt::{Display, Write};

#[derive(Default)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    /// `<name>text</name>`, escaped.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "<{name}>");
        let _ = write!(Escaped(&mut self.0), "{value}");
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// [`Xml::text`] if there is a value.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// `<name>…</name>`, with what `fill` writes inside.
    pub(crate) fn node(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        let _ = write!(self.0, "<{name}>");
        fill(self);
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// `<name>` with one `<item>` per element.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        item: &str,
        elements: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.node(name, |xml| {
            for element in elements {
                xml.node(item, |xml| fill(xml, element));
            }
        })
    }

    /// `<name>` with one `<item>text</item>` per element.
    pub(crate) fn texts<T: Display>(
        &mut self,
        name: &str,
        item: &str,
        elements: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.node(name, |xml| {
            for element in elements {
                xml.text(item, element);
            }
        })
    }
}

struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\n' | '\r' | '\t' => self.0.push(c),
                // XML 1.0 has no spelling for the other control characters, nor for these two.
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                    self.0.push('\u{fffd}');
                }
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}
