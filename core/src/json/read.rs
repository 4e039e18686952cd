//! The strict reader: checks a text once and leaves a flat list of where its values stand.

use std::collections::HashSet;

use super::text::{decode, hex4};
use crate::outcome::{Code, Violation};
use crate::record::limits::MAX_DEPTH;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Object,
    Array,
}

/// One value, or one member name, of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// A string that has escapes.
    pub(crate) escaped: bool,
    /// Byte range in the input; of a string, its inside.
    start: u32,
    end: u32,
    /// Index of the node behind this value and all that is in it.
    pub(crate) next: u32,
}

/// A checked JSON text. Node 0 is the value; an object's node is followed by name, value, name, value, ….
#[derive(Debug)]
pub(crate) struct Document<'a> {
    input: &'a str,
    nodes: Vec<Node>,
}

impl<'a> Document<'a> {
    /// Reads `input`, or says what makes it no acceptable JSON.
    pub(crate) fn read(input: &'a [u8]) -> Result<Self, Violation> {
        let input = std::str::from_utf8(input)
            .map_err(|e| fault(Code::JsonUtf8, e.valid_up_to(), "bytes that are not UTF-8"))?;
        // A node takes at least two bytes of text, one of them structure.
        let mut reader = Reader {
            bytes: input.as_bytes(),
            at: 0,
            nodes: Vec::with_capacity(input.len() / 12 + 4),
            open: Vec::new(),
        };
        reader.document()?;
        let nodes = reader.nodes;
        Ok(Self { input, nodes })
    }

    /// The node at `index`.
    pub(crate) fn node(&self, index: usize) -> Node {
        self.nodes[index]
    }

    /// The text of a number or literal, or a string's inside with its escapes.
    pub(crate) fn raw(&self, node: Node) -> &'a str {
        &self.input[node.start as usize..node.end as usize]
    }

    /// The plain text of a string.
    pub(crate) fn text(&self, node: Node) -> std::borrow::Cow<'a, str> {
        if node.escaped { decode(self.raw(node)) } else { self.raw(node).into() }
    }

    /// The `(name, value)` node indices of the object at `index`.
    pub(crate) fn members(&self, index: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let end = self.nodes[index].next as usize;
        let mut at = index + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let member = (at, at + 1);
                at = self.nodes[at + 1].next as usize;
                member
            })
        })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Indices of the containers that are open, outermost first.
    open: Vec<u32>,
}

fn fault(code: Code, at: usize, what: &str) -> Violation {
    Violation::new("", code, format!("{what} at byte {at}"))
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn invalid(&self, what: &str) -> Violation {
        fault(Code::JsonInvalid, self.at, what)
    }

    /// One value and nothing behind it. A loop over open containers instead of recursion.
    fn document(&mut self) -> Result<(), Violation> {
        self.space();
        self.value()?;
        while let Some(&container) = self.open.last() {
            let is_object = self.nodes[container as usize].kind == Kind::Object;
            self.space();
            let empty = self.nodes.len() == container as usize + 1;
            match self.peek() {
                Some(b'}') if is_object => self.close(container)?,
                Some(b']') if !is_object => self.close(container)?,
                Some(b',') if !empty => {
                    self.at += 1;
                    self.space();
                    self.element(is_object)?;
                }
                Some(_) if empty => self.element(is_object)?,
                Some(_) => return Err(self.invalid("expected a comma or the end of the object or array")),
                None => return Err(self.invalid("the text ends inside an object or array")),
            }
        }
        self.space();
        if self.at < self.bytes.len() { Err(self.invalid("text behind the end of the JSON value")) } else { Ok(()) }
    }

    /// An array's value, or an object's name and value.
    fn element(&mut self, is_object: bool) -> Result<(), Violation> {
        if is_object {
            if self.peek() != Some(b'"') {
                return Err(self.invalid("expected a member name in double quotes"));
            }
            self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.invalid("expected a colon behind the member name"));
            }
            self.at += 1;
            self.space();
        }
        self.value()
    }

    fn value(&mut self) -> Result<(), Violation> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.begin(Kind::Object),
            Some(b'[') => self.begin(Kind::Array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Kind::Bool),
            Some(b'f') => self.literal("false", Kind::Bool),
            Some(b'n') => self.literal("null", Kind::Null),
            Some(b'N' | b'I') => Err(fault(Code::JsonNumber, self.at, "NaN and Infinity are not JSON numbers")),
            Some(0xef) if self.at == 0 => Err(self.invalid("a byte order mark; send UTF-8 without one")),
            Some(_) => Err(self.invalid("expected a JSON value")),
            None => Err(self.invalid("the text ends where a value is expected")),
        }
    }

    // Offsets fit: a document is at most a batch long, which is far below 4 GiB; see limits.
    #[allow(clippy::cast_possible_truncation)]
    fn push(&mut self, kind: Kind, escaped: bool, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, escaped, start: start as u32, end: end as u32, next });
    }

    fn begin(&mut self, kind: Kind) -> Result<(), Violation> {
        if self.open.len() >= MAX_DEPTH {
            return Err(fault(Code::JsonDepth, self.at, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.push(kind, false, self.at, self.at);
        self.open.push(self.nodes[self.nodes.len() - 1].next - 1);
        self.at += 1;
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)]
    fn close(&mut self, container: u32) -> Result<(), Violation> {
        self.at += 1;
        self.open.pop();
        let next = self.nodes.len() as u32;
        let at = self.at as u32;
        let node = &mut self.nodes[container as usize];
        (node.end, node.next) = (at, next);
        if node.kind == Kind::Object { self.refuse_duplicate_names(container as usize) } else { Ok(()) }
    }

    fn literal(&mut self, word: &str, kind: Kind) -> Result<(), Violation> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.invalid("expected a JSON value"));
        }
        self.push(kind, false, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, Violation> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.invalid("expected a digit")) } else { Ok(self.at - start) }
    }

    fn number(&mut self) -> Result<(), Violation> {
        /// An integer of so many digits is below the largest 64-bit float, 1.8e308.
        const SURELY_FINITE_DIGITS: usize = 308;
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return Err(fault(Code::JsonNumber, start, "NaN and Infinity are not JSON numbers"));
            }
        }
        let leading_zero = self.peek() == Some(b'0');
        let integer_digits = self.digits()?;
        if leading_zero && integer_digits > 1 {
            return Err(fault(Code::JsonInvalid, start, "a number with a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if exponent || integer_digits > SURELY_FINITE_DIGITS {
            let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
            if !text.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(fault(Code::JsonNumber, start, "a number beyond the range of a 64-bit float"));
            }
        }
        self.push(Kind::Number, false, start, self.at);
        Ok(())
    }

    fn string(&mut self) -> Result<(), Violation> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0..=0x1f) => return Err(self.invalid("a control character in a string; escape it")),
                Some(_) => self.at += 1,
                None => return Err(self.invalid("the text ends inside a string")),
            }
        }
        self.push(Kind::String, escaped, start, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Violation> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(self.at)?;
                let paired = (0xd800..0xdc00).contains(&unit)
                    && self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u")
                    && (0xdc00..0xe000).contains(&self.unit(self.at + 6)?);
                if (0xd800..0xe000).contains(&unit) && !paired {
                    return Err(fault(Code::JsonSurrogate, self.at, "half of a surrogate pair"));
                }
                self.at += if paired { 12 } else { 6 };
            }
            _ => return Err(self.invalid("an escape that JSON does not have")),
        }
        Ok(())
    }

    /// The UTF-16 unit of the `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Result<u32, Violation> {
        let digits = self.bytes.get(at + 2..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| fault(Code::JsonInvalid, at, "expected four hex digits behind \\u"))?;
        Ok(hex4(std::str::from_utf8(digits).ok()))
    }

    /// RFC 8259 leaves duplicates open, and readers differ: one record would then mean two things.
    fn refuse_duplicate_names(&self, object: usize) -> Result<(), Violation> {
        /// Below this many names comparing each with each is faster than hashing.
        const FEW: usize = 12;
        let mut names: Vec<Node> = Vec::new();
        let (mut at, end) = (object + 1, self.nodes.len());
        while at < end {
            names.push(self.nodes[at]);
            at = self.nodes[at + 1].next as usize;
        }
        let twice = if names.len() <= FEW {
            (1..names.len()).find(|&i| names[..i].iter().any(|name| self.name(*name) == self.name(names[i])))
        } else {
            let mut seen = HashSet::with_capacity(names.len());
            (0..names.len()).find(|&i| !seen.insert(self.name(names[i])))
        };
        match twice {
            Some(i) => Err(fault(Code::JsonDuplicateKey, names[i].start as usize, "a member name stands twice")),
            None => Ok(()),
        }
    }

    fn name(&self, node: Node) -> std::borrow::Cow<'_, str> {
        let inside = std::str::from_utf8(&self.bytes[node.start as usize..node.end as usize]).unwrap_or("");
        if node.escaped { decode(inside) } else { inside.into() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &[u8]) -> Option<Code> {
        Document::read(text).err().map(|violation| violation.code)
    }

    #[test]
    fn each_oddity_has_its_one_verdict() {
        for (text, expected) in [
            (&br#"{"a":[1,-0,9007199254740993,1e308],"b":{}}"#[..], None),
            (b"[]", None),
            (b" \t\r\n1 ", None),
            (br#"{"a":1,"\u0061":2}"#, Some(Code::JsonDuplicateKey)),
            (b"NaN", Some(Code::JsonNumber)),
            (b"-Infinity", Some(Code::JsonNumber)),
            (b"1e400", Some(Code::JsonNumber)),
            (br#""\ud800""#, Some(Code::JsonSurrogate)),
            (br#""\ud800\u0041""#, Some(Code::JsonSurrogate)),
            (br#""\udc00""#, Some(Code::JsonSurrogate)),
            (b"\"\xff\"", Some(Code::JsonUtf8)),
            (b"\xef\xbb\xbf{}", Some(Code::JsonInvalid)),
            (b"{\"a\":\"\x00\"}", Some(Code::JsonInvalid)),
            (b"01", Some(Code::JsonInvalid)),
            (b"1.", Some(Code::JsonInvalid)),
            (b"[1,]", Some(Code::JsonInvalid)),
            (b"[,1]", Some(Code::JsonInvalid)),
            (b"{\"a\" 1}", Some(Code::JsonInvalid)),
            (b"{} {}", Some(Code::JsonInvalid)),
            (b"", Some(Code::JsonInvalid)),
        ] {
            assert_eq!(code(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nest = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert_eq!(code(&nest(MAX_DEPTH)), None);
        assert_eq!(code(&nest(MAX_DEPTH + 1)), Some(Code::JsonDepth));
        assert_eq!(code(&nest(10_000)), Some(Code::JsonDepth));
    }

    #[test]
    fn a_duplicate_is_found_among_many_names() {
        let many: Vec<String> = (0..500).map(|i| format!("\"k{i}\":{i}")).collect();
        let unique = format!("{{{}}}", many.join(","));
        assert_eq!(code(unique.as_bytes()), None);
        let twice = format!("{{{},\"k7\":0}}", many.join(","));
        assert_eq!(code(twice.as_bytes()), Some(Code::JsonDuplicateKey));
    }

    proptest! {
        /// serde_json is the reference for grammar; it is looser in three named ways only.
        #[test]
        fn grammar_agrees_with_serde_json(text in r#"[\[\]{}",:\\u0-9a-fA-F .eE+\-tnrl]{0,40}"#) {
            let ours = code(text.as_bytes());
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            let stricter = matches!(ours, Some(Code::JsonDuplicateKey | Code::JsonDepth));
            prop_assert!(stricter || ours.is_none() == theirs.is_ok(), "{text:?}: {ours:?} {theirs:?}");
        }
    }
}
