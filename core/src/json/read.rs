//! The strict reader: checks a text once and leaves a flat list of where its values stand.

use std::cell::Cell;

use super::text::decode;
use crate::outcome::{Code, Violation};
use crate::record::limits::MAX_DEPTH;
use crate::scan::{Block, Lanes, Scanned, scan, seen};

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
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index of the node behind this value and all that is in it.
    pub(crate) next: u32,
}

impl Node {
    /// Where the value stands in the input; a string with its quotes.
    #[inline]
    pub(crate) fn span(self) -> std::ops::Range<usize> {
        let quote = usize::from(self.kind == Kind::String);
        self.start as usize - quote..self.end as usize + quote
    }
}

/// A checked JSON text. Node 0 is the value; an object's node is followed by name, value, name, value, ….
#[derive(Debug)]
pub(crate) struct Document<'a> {
    input: &'a str,
    nodes: Vec<Node>,
    /// What the scan says of the input.
    blocks: Vec<Block>,
}

thread_local! {
    /// The buffers of the last document, kept for the next: reading allocates nothing once a thread is warm.
    static KEPT: Cell<(Vec<Node>, Vec<Block>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Nodes kept between documents: those of the largest record, not of a hostile batch.
const KEPT_NODES: usize = 1 << 15;

impl Drop for Document<'_> {
    fn drop(&mut self) {
        if self.nodes.capacity() <= KEPT_NODES {
            let buffers = (std::mem::take(&mut self.nodes), std::mem::take(&mut self.blocks));
            // A thread that is ending has no place left for them.
            let _ = KEPT.try_with(|kept| kept.set(buffers));
        }
    }
}

impl<'a> Document<'a> {
    /// Reads `input`, or says what makes it no acceptable JSON. Its strings are scanned for `lanes`.
    pub(crate) fn read(input: &'a [u8], lanes: &Lanes) -> Result<Self, Violation> {
        let input = std::str::from_utf8(input)
            .map_err(|e| *fault(Code::JsonUtf8, e.valid_up_to(), "bytes that are not UTF-8"))?;
        let (mut nodes, mut blocks) = KEPT.try_with(Cell::take).unwrap_or_default();
        nodes.clear();
        scan(input.as_bytes(), lanes, &mut blocks);
        let mut reader = Reader {
            input,
            bytes: input.as_bytes(),
            at: 0,
            blocks: &blocks,
            nodes,
            open: [Open::default(); MAX_DEPTH],
            depth: 0,
        };
        reader.document().map_err(|fault| *fault)?;
        let nodes = reader.nodes;
        Ok(Self { input, nodes, blocks })
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

    /// What the scan says of a string without escapes.
    #[inline]
    pub(crate) fn scanned(&self, node: Node) -> Scanned<'_> {
        let (start, end) = (node.start as usize, node.end as usize);
        Scanned::new(self.raw(node), seen(&self.blocks, start, end), &self.blocks, start)
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

/// A container that is not closed yet.
#[derive(Clone, Copy, Default)]
struct Open {
    node: u32,
    /// The sign that closes it.
    end: u8,
}

impl Open {
    const fn is_object(self) -> bool {
        self.end == b'}'
    }
}

pub(super) struct Reader<'a, 'b> {
    pub(super) input: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) blocks: &'b [Block],
    pub(super) nodes: Vec<Node>,
    /// The containers that are open, outermost first.
    open: [Open; MAX_DEPTH],
    depth: usize,
}

/// Why reading stopped; boxed, since every step of the reader answers with a result, and nearly always with none.
pub(super) type Fault = Box<Violation>;

#[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
pub(super) fn fault(code: Code, at: usize, what: &str) -> Fault {
    Box::new(Violation::new("", code, format!("{what} at byte {at}")))
}

impl Reader<'_, '_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        // No sign of the grammar is less than a space: one comparison where there is none, as mostly.
        while self.peek().is_some_and(|byte| byte <= b' ') {
            if !matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
                return;
            }
            self.at += 1;
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
    pub(super) fn invalid(&self, what: &str) -> Fault {
        fault(Code::JsonInvalid, self.at, what)
    }

    /// One value and nothing behind it. A loop over open containers instead of recursion.
    fn document(&mut self) -> Result<(), Fault> {
        self.space();
        self.value()?;
        while let Some(top) = self.depth.checked_sub(1) {
            let open = self.open[top];
            self.space();
            let is_first = self.nodes.len() == open.node as usize + 1;
            match self.peek() {
                Some(sign) if sign == open.end => {
                    self.close(open)?;
                    continue;
                }
                Some(b',') if !is_first => {
                    self.at += 1;
                    self.space();
                }
                Some(_) if is_first => {}
                Some(_) => return Err(self.invalid("expected a comma or the end of the object or array")),
                None => return Err(self.invalid("the text ends inside an object or array")),
            }
            if open.is_object() {
                self.member_name()?;
            }
            self.value()?;
        }
        self.space();
        if self.at < self.bytes.len() { Err(self.invalid("text behind the end of the JSON value")) } else { Ok(()) }
    }

    /// A member's name and its colon.
    #[inline]
    fn member_name(&mut self) -> Result<(), Fault> {
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
        Ok(())
    }

    #[inline]
    fn value(&mut self) -> Result<(), Fault> {
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
    pub(super) fn push(&mut self, kind: Kind, escaped: bool, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, escaped, start: start as u32, end: end as u32, next });
    }

    #[allow(clippy::cast_possible_truncation)]
    fn begin(&mut self, kind: Kind) -> Result<(), Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(fault(Code::JsonDepth, self.at, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open[self.depth] =
            Open { node: self.nodes.len() as u32, end: if kind == Kind::Object { b'}' } else { b']' } };
        self.depth += 1;
        self.push(kind, false, self.at, self.at);
        self.at += 1;
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)]
    fn close(&mut self, open: Open) -> Result<(), Fault> {
        self.at += 1;
        self.depth -= 1;
        let next = self.nodes.len() as u32;
        let at = self.at as u32;
        let node = &mut self.nodes[open.node as usize];
        (node.end, node.next) = (at, next);
        if open.is_object() { self.refuse_duplicate_names(open.node as usize) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &[u8]) -> Option<Code> {
        Document::read(text, Lanes::none()).err().map(|violation| violation.code)
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
