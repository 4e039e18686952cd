//! Writes HTML in which no text can become markup: what is not a literal of this program is escaped.

use std::fmt::{Display, Write};

/// A page under construction.
#[derive(Default)]
pub(super) struct Writer(String);

impl Writer {
    /// Appends markup. Only literals have this lifetime.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends text, or the value of an attribute in double quotes.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(Escaped(&mut self.0), "{text}");
        self
    }

    /// Appends a count with thin spaces between thousands.
    pub(super) fn count(&mut self, count: u64) -> &mut Self {
        let digits = count.to_string();
        for (i, digit) in digits.char_indices() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                self.0.push('\u{2009}');
            }
            self.0.push(digit);
        }
        self
    }

    pub(super) fn into_page(self) -> String {
        self.0
    }
}

struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // No character of a text, or one that turns the text around it.
                c if c.is_control() || is_direction(c) => self.0.push(char::REPLACEMENT_CHARACTER),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Unicode's explicit directions: a name with one can show as another name.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
