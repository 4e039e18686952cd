//! The strict reader: checks a text once and leaves a flat list of where its values stand.

use super::document::{Kind, Node};
use crate::hash::hash;
use crate::outcome::{Code, Violation};
use crate::record::limits::MAX_DEPTH;
use crate::scan::Block;

/// A container that is not closed yet.
#[derive(Clone, Copy, Default)]
struct Open {
    node: u32,
    /// The sign that closes it.
    end: u8,
    /// Names of this object may be equal: two have the same bit below, or one has escapes.
    may_repeat: bool,
    /// A bit for each name's hash.
    names: [u64; 4],
}

impl Open {
    const fn is_object(&self) -> bool {
        self.end == b'}'
    }

    /// Notes a name. Two names that are equal have one bit; two that differ seldom do, up to some twenty of them.
    #[inline]
    fn note(&mut self, hash: u32) {
        let (word, bit) = ((hash >> 30) as usize, 1 << (hash >> 24 & 63));
        self.may_repeat |= self.names[word] & bit != 0;
        self.names[word] |= bit;
    }
}

/// A text while it is read.
pub(super) struct Reader<'a, 'b> {
    pub(super) input: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) blocks: &'b [Block],
    /// The nodes so far are the first `count`; behind them is room for more.
    nodes: &'b mut Vec<Node>,
    count: usize,
    /// The containers that are open, outermost first.
    open: [Open; MAX_DEPTH],
    depth: usize,
    is_compact: bool,
}

/// Why reading stopped; boxed, since every step of the reader answers with a result, and nearly always with none.
pub(super) type Fault = Box<Violation>;

#[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
#[cold]
pub(super) fn fault(code: Code, at: usize, what: &str) -> Fault {
    Box::new(Violation::new("", code, format!("{what} at byte {at}")))
}

/// The text of `input`, if it is UTF-8.
pub(super) fn utf8(input: &[u8]) -> Result<&str, Violation> {
    let text = simdutf8::basic::from_utf8(input).or_else(|_| std::str::from_utf8(input));
    text.map_err(|e| *fault(Code::JsonUtf8, e.valid_up_to(), "bytes that are not UTF-8"))
}

impl<'a, 'b> Reader<'a, 'b> {
    /// Of `input`, which the scan made `blocks` of. What stands in `nodes` is written over.
    pub(super) fn new(input: &'a str, blocks: &'b [Block], nodes: &'b mut Vec<Node>) -> Self {
        Self {
            input,
            bytes: input.as_bytes(),
            at: 0,
            blocks,
            nodes,
            count: 0,
            open: [Open::default(); MAX_DEPTH],
            depth: 0,
            is_compact: true,
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over white space.
    #[inline]
    fn space(&mut self) {
        // No sign of the grammar is less than a space: one comparison where there is none, as mostly.
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.some_space();
        }
    }

    fn some_space(&mut self) {
        self.is_compact = false;
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
    #[cold]
    pub(super) fn invalid(&self, what: &str) -> Fault {
        fault(Code::JsonInvalid, self.at, what)
    }

    /// One value and nothing behind it: how many nodes it has, and whether it is compact. A loop over open containers
    /// instead of recursion.
    pub(super) fn read(mut self) -> Result<(usize, bool), Fault> {
        self.space();
        self.value()?;
        while let Some(top) = self.depth.checked_sub(1) {
            if self.open[top].is_object() { self.members(top) } else { self.elements(top) }?;
        }
        self.space();
        if self.at < self.bytes.len() {
            return Err(self.invalid("text behind the end of the JSON value"));
        }
        Ok((self.count, self.is_compact))
    }

    /// Reads on in the innermost container, an object, up to its end or to where another container begins in it.
    fn members(&mut self, top: usize) -> Result<(), Fault> {
        let mut is_first = self.count == self.open[top].node as usize + 1;
        loop {
            self.space();
            match self.peek() {
                Some(b',') if !is_first => {
                    self.at += 1;
                    self.space();
                }
                Some(b'}') => return self.close(top),
                Some(_) if is_first => {}
                _ => return Err(self.no_comma()),
            }
            is_first = false;
            self.member_name(top)?;
            if self.value()?.is_container() {
                return Ok(());
            }
        }
    }

    /// The same of an array.
    fn elements(&mut self, top: usize) -> Result<(), Fault> {
        let mut is_first = self.count == self.open[top].node as usize + 1;
        loop {
            self.space();
            match self.peek() {
                Some(b',') if !is_first => {
                    self.at += 1;
                    self.space();
                }
                Some(b']') => return self.close(top),
                Some(_) if is_first => {}
                _ => return Err(self.no_comma()),
            }
            is_first = false;
            if self.value()?.is_container() {
                return Ok(());
            }
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
    #[cold]
    fn no_comma(&self) -> Fault {
        match self.peek() {
            Some(_) => self.invalid("expected a comma or the end of the object or array"),
            None => self.invalid("the text ends inside an object or array"),
        }
    }

    /// A member's name and its colon.
    #[inline]
    fn member_name(&mut self, object: usize) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.invalid("expected a member name in double quotes"));
        }
        let start = self.at + 1;
        if let Some((end, _)) = self.plain_end(start) {
            let hash = hash(&self.bytes[start..end]);
            self.open[object].note(hash);
            self.push(Node { marked: true, link: hash, ..self.scalar(Kind::String, start, end) });
            self.at = end + 1;
        } else {
            self.open[object].may_repeat = true;
            self.odd_string()?;
        }
        if self.peek() != Some(b':') {
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.invalid("expected a colon behind the member name"));
            }
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// A scalar, or the beginning of a container.
    #[inline]
    fn value(&mut self) -> Result<Kind, Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.begin(Kind::Object),
            Some(b'[') => self.begin(Kind::Array),
            Some(b't') => self.literal("true", Kind::Bool),
            Some(b'f') => self.literal("false", Kind::Bool),
            Some(b'n') => self.literal("null", Kind::Null),
            Some(_) | None => Err(self.no_value()),
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
    #[cold]
    fn no_value(&self) -> Fault {
        match self.peek() {
            Some(b'N' | b'I') => fault(Code::JsonNumber, self.at, "NaN and Infinity are not JSON numbers"),
            Some(0xef) if self.at == 0 => self.invalid("a byte order mark; send UTF-8 without one"),
            Some(_) => self.invalid("expected a JSON value"),
            None => self.invalid("the text ends where a value is expected"),
        }
    }

    /// The nodes so far.
    pub(super) fn nodes(&self) -> &[Node] {
        self.nodes.get(..self.count).unwrap_or_default()
    }

    #[inline]
    pub(super) fn push(&mut self, node: Node) {
        if self.count == self.nodes.len() {
            self.make_room();
        }
        // There is a place now.
        if let Some(place) = self.nodes.get_mut(self.count) {
            *place = node;
        }
        self.count += 1;
    }

    #[cold]
    fn make_room(&mut self) {
        /// Nodes of a usual record: memory of a thread that reads many grows once.
        const USUAL: usize = 128;
        let room = (2 * self.nodes.len()).max(USUAL);
        self.nodes.resize(room, Node::NONE);
    }

    /// A value from `start` to `end` with nothing in it.
    // Offsets fit: a document is at most a batch long, which is far below 4 GiB; see limits.
    #[allow(clippy::cast_possible_truncation)]
    #[inline]
    pub(super) fn scalar(&self, kind: Kind, start: usize, end: usize) -> Node {
        let link = self.count as u32 + 1;
        Node { kind, escaped: false, marked: false, start: start as u32, end: end as u32, link }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn begin(&mut self, kind: Kind) -> Result<Kind, Fault> {
        let Some(open) = self.open.get_mut(self.depth) else {
            return Err(fault(Code::JsonDepth, self.at, &format!("nested deeper than {MAX_DEPTH} levels")));
        };
        *open =
            Open { node: self.count as u32, end: if kind == Kind::Object { b'}' } else { b']' }, ..Open::default() };
        self.depth += 1;
        self.push(self.scalar(kind, self.at, self.at));
        self.at += 1;
        Ok(kind)
    }

    /// Closes the innermost container, which stands at `top`.
    #[allow(clippy::cast_possible_truncation)]
    fn close(&mut self, top: usize) -> Result<(), Fault> {
        self.at += 1;
        self.depth = top;
        let Open { node: index, may_repeat, .. } = self.open[top];
        let link = self.count as u32;
        if let Some(node) = self.nodes.get_mut(index as usize) {
            (node.end, node.link) = (self.at as u32, link);
        }
        if may_repeat { self.refuse_duplicate_names(index as usize) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Document;
    use crate::scan::Lanes;

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
        let escaped = format!("{{{},\"\\u006b7\":0}}", many.join(","));
        assert_eq!(code(escaped.as_bytes()), Some(Code::JsonDuplicateKey));
    }

    #[test]
    fn names_made_to_have_one_hash_are_told_apart() {
        // A hash is of the first and the last bytes and of the length.
        let name = |i: usize| format!("\"beginning{i:08}ending..\":{i}");
        let alike: Vec<String> = (0..500).map(name).collect();
        assert_eq!(code(format!("{{{}}}", alike.join(",")).as_bytes()), None);
        let few = |twice| format!("{{{},{},{},{}}}", alike[..3].join(","), many(40), alike[4], alike[twice]);
        assert_eq!(code(few(5).as_bytes()), None);
        for twice in [format!("{{{},{}}}", alike.join(","), name(300)), few(1)] {
            assert_eq!(code(twice.as_bytes()), Some(Code::JsonDuplicateKey));
        }
    }

    fn many(count: usize) -> String {
        (0..count).map(|i| format!("\"k{i}\":{i}")).collect::<Vec<_>>().join(",")
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
