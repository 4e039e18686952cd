//! The strict reader: checks a text once and leaves a flat list of where its values stand.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;

use super::text::decode;
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
    /// Of a string: the marks of all its bytes, as [`Marks`] gives them; all of them where it has escapes.
    pub(crate) marks: u32,
    /// Byte range in the input; of a string, its inside.
    start: u32,
    end: u32,
    /// Index of the node behind this value and all that is in it.
    pub(crate) next: u32,
}

impl Node {
    /// Where the value stands in the input; a string with its quotes.
    pub(crate) fn span(self) -> std::ops::Range<usize> {
        let quote = usize::from(self.kind == Kind::String);
        self.start as usize - quote..self.end as usize + quote
    }
}

/// What a caller wants to know of the bytes in strings: each string's node collects the marks of its bytes, so that a
/// string of no interest need not be looked at again. The highest bit is the reader's.
pub(crate) struct Marks([u32; 256]);

impl Marks {
    /// Ends or interrupts a string: the quote, the backslash and what JSON forbids.
    pub(super) const STOP: u32 = 1 << 31;

    /// The marks that `of` gives to each byte.
    pub(crate) fn new(of: impl Fn(u8) -> u32) -> Self {
        let mut marks = [0; 256];
        for (byte, mark) in (0..=u8::MAX).zip(&mut marks) {
            let stops = byte < 0x20 || matches!(byte, b'"' | b'\\');
            *mark = (of(byte) & !Self::STOP) | if stops { Self::STOP } else { 0 };
        }
        Self(marks)
    }

    /// The marks of a byte.
    pub(crate) fn of(&self, byte: u8) -> u32 {
        self.0[usize::from(byte)]
    }
}

/// No marks at all.
pub(crate) static UNMARKED: LazyLock<Marks> = LazyLock::new(|| Marks::new(|_| 0));

/// A checked JSON text. Node 0 is the value; an object's node is followed by name, value, name, value, ….
#[derive(Debug)]
pub(crate) struct Document<'a> {
    input: &'a str,
    nodes: Vec<Node>,
}

thread_local! {
    /// The nodes of the last document, kept for the next: reading allocates nothing once a thread is warm.
    static NODES: Cell<Vec<Node>> = const { Cell::new(Vec::new()) };
}

/// Nodes kept between documents: those of the largest record, not of a hostile batch.
const KEPT_NODES: usize = 1 << 15;

impl Drop for Document<'_> {
    fn drop(&mut self) {
        if self.nodes.capacity() <= KEPT_NODES {
            let mut nodes = std::mem::take(&mut self.nodes);
            nodes.clear();
            // A thread that is ending has no place left for it.
            let _ = NODES.try_with(|kept| kept.set(nodes));
        }
    }
}

impl<'a> Document<'a> {
    /// Reads `input`, or says what makes it no acceptable JSON.
    pub(crate) fn read(input: &'a [u8], marks: &Marks) -> Result<Self, Violation> {
        let input = std::str::from_utf8(input)
            .map_err(|e| fault(Code::JsonUtf8, e.valid_up_to(), "bytes that are not UTF-8"))?;
        let mut nodes = NODES.try_with(Cell::take).unwrap_or_default();
        nodes.clear();
        let mut reader = Reader { input, bytes: input.as_bytes(), at: 0, marks, nodes, open: [0; MAX_DEPTH], depth: 0 };
        reader.document()?;
        let nodes = reader.nodes;
        Ok(Self { input, nodes })
    }

    /// The whole text.
    pub(crate) fn input(&self) -> &'a str {
        self.input
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

pub(super) struct Reader<'a, 'm> {
    input: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) marks: &'m Marks,
    nodes: Vec<Node>,
    /// Indices of the containers that are open, outermost first.
    open: [u32; MAX_DEPTH],
    depth: usize,
}

pub(super) fn fault(code: Code, at: usize, what: &str) -> Violation {
    Violation::new("", code, format!("{what} at byte {at}"))
}

impl Reader<'_, '_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    pub(super) fn invalid(&self, what: &str) -> Violation {
        fault(Code::JsonInvalid, self.at, what)
    }

    /// One value and nothing behind it. A loop over open containers instead of recursion.
    fn document(&mut self) -> Result<(), Violation> {
        self.space();
        self.value()?;
        while self.depth > 0 {
            let container = self.open[self.depth - 1];
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
    pub(super) fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, escaped: false, marks: 0, start: start as u32, end: end as u32, next });
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn push_string(&mut self, escaped: bool, marks: u32, start: usize, end: usize) {
        let (next, marks) = (self.nodes.len() as u32 + 1, if escaped { u32::MAX } else { marks });
        self.nodes.push(Node { kind: Kind::String, escaped, marks, start: start as u32, end: end as u32, next });
    }

    #[allow(clippy::cast_possible_truncation)]
    fn begin(&mut self, kind: Kind) -> Result<(), Violation> {
        if self.depth >= MAX_DEPTH {
            return Err(fault(Code::JsonDepth, self.at, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open[self.depth] = self.nodes.len() as u32;
        self.depth += 1;
        self.push(kind, self.at, self.at);
        self.at += 1;
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)]
    fn close(&mut self, container: u32) -> Result<(), Violation> {
        self.at += 1;
        self.depth -= 1;
        let next = self.nodes.len() as u32;
        let at = self.at as u32;
        let node = &mut self.nodes[container as usize];
        (node.end, node.next) = (at, next);
        if node.kind == Kind::Object { self.refuse_duplicate_names(container as usize) } else { Ok(()) }
    }

    /// RFC 8259 leaves duplicates open, and readers differ: one record would then mean two things.
    fn refuse_duplicate_names(&self, object: usize) -> Result<(), Violation> {
        /// Up to this many names comparing each with each is faster than hashing.
        const FEW: usize = 24;
        let mut heads = [0; FEW];
        let (mut at, mut count, end) = (object + 1, 0, self.nodes.len());
        while at < end {
            let name = self.nodes[at];
            // An escaped name can be spelt in many ways.
            if count == FEW || name.escaped {
                return self.refuse_duplicates_among_many(object);
            }
            let head = self.head(name);
            // Equal heads are rare enough to look at the whole names then.
            if heads[..count].contains(&head) && self.names(object).take(count).any(|n| self.name(n) == self.name(name))
            {
                return Err(twice(name));
            }
            heads[count] = head;
            count += 1;
            at = self.nodes[at + 1].next as usize;
        }
        Ok(())
    }

    fn refuse_duplicates_among_many(&self, object: usize) -> Result<(), Violation> {
        let mut seen = HashSet::new();
        let mut names = self.names(object);
        names.find(|name| !seen.insert(self.name(*name))).map_or(Ok(()), |name| Err(twice(name)))
    }

    /// A number that differs for most different names.
    fn head(&self, name: Node) -> u64 {
        let bytes = &self.bytes[name.start as usize..name.end as usize];
        let mut head = [0; 8];
        let len = bytes.len().min(head.len());
        head[..len].copy_from_slice(&bytes[bytes.len() - len..]);
        u64::from_le_bytes(head) ^ (bytes.len() as u64) << 48
    }

    /// The name nodes of the object whose members are the latest nodes.
    fn names(&self, object: usize) -> impl Iterator<Item = Node> + '_ {
        let mut at = object + 1;
        std::iter::from_fn(move || {
            let name = *self.nodes.get(at)?;
            at = self.nodes.get(at + 1)?.next as usize;
            Some(name)
        })
    }

    fn name(&self, node: Node) -> std::borrow::Cow<'_, str> {
        let inside = &self.input[node.start as usize..node.end as usize];
        if node.escaped { decode(inside) } else { inside.into() }
    }
}

fn twice(name: Node) -> Violation {
    fault(Code::JsonDuplicateKey, name.start as usize, "a member name stands twice")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &[u8]) -> Option<Code> {
        Document::read(text, &UNMARKED).err().map(|violation| violation.code)
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
