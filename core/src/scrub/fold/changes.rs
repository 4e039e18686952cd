//! What a view changes: a scan that stops only at the bytes with which something hidden can begin.

use super::chars::{self, Fold};
use super::escape::{self, Escape};

/// One place where a view differs from its origin.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) from: usize,
    pub(super) until: usize,
    pub(super) to: Option<char>,
}

/// The changes that a view makes, in order.
pub(super) struct Changes<'a> {
    text: &'a str,
    at: usize,
    /// The end of the last change.
    done: usize,
    /// Whether values that are broken over two lines are made whole.
    pub(super) lines: bool,
    /// Whether one was met.
    pub(super) has_broken: bool,
    /// Where the run of digits and pluses begins that was looked at last, and where it ended then.
    number: (usize, usize),
    /// The end of the run of letters that look Latin, and whether they are taken for that.
    look_alikes: (usize, bool),
}

impl Iterator for Changes<'_> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if !IS_TRIGGER[usize::from(byte)] {
                self.at += 1;
                continue;
            }
            let at = self.at;
            let (change, len) = self.look(byte);
            self.at += len;
            if change != Fold::Keep {
                let to = if let Fold::As(c) = change { Some(c) } else { None };
                // `ann (at) example`: the space before belongs to the sign as the one behind does.
                let spaced = matches!(byte, b'(' | b'[' | b'{') && at > self.done && bytes[at - 1] == b' ';
                self.done = self.at;
                return Some(Change { from: at - usize::from(spaced), until: self.done, to });
            }
        }
        None
    }
}

/// Bytes at which something hidden can begin.
pub(super) const fn is_trigger(byte: u8) -> bool {
    IS_TRIGGER[byte as usize]
}

/// The ASCII signs among them; backslashes and control characters are found by themselves.
pub(in crate::scrub) const SIGNS: [u8; 6] = *b"%&([{+";

/// Whether something hidden may begin with `sign` before `after`.
pub(in crate::scrub) const fn may_begin(sign: u8, after: u8) -> bool {
    match sign {
        b'%' => after.is_ascii_hexdigit() || matches!(after, b'u' | b'U'),
        b'&' => after == b'#' || after.is_ascii_alphabetic(),
        b'(' | b'[' | b'{' => matches!(after, b'a' | b'A' | b'd' | b'D'),
        b'+' => after.is_ascii_digit(),
        _ => true,
    }
}

static IS_TRIGGER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x80;
    while byte < 256 {
        table[byte] = true;
        byte += 1;
    }
    let mut i = 0;
    while i < b"%\\&([{+\n\r".len() {
        table[b"%\\&([{+\n\r"[i] as usize] = true;
        i += 1;
    }
    table
};

impl<'a> Changes<'a> {
    pub(super) const fn new(text: &'a str, lines: bool) -> Self {
        Self { text, at: 0, done: 0, lines, has_broken: false, number: (0, 0), look_alikes: (0, false) }
    }

    /// What stands at the current place, and its length.
    fn look(&mut self, byte: u8) -> (Fold, usize) {
        let rest = &self.text.as_bytes()[self.at..];
        match byte {
            b'%' => self.escaped(escape::percent(rest), 1),
            b'&' => self.escaped(escape::reference(rest), 1),
            b'\\' => {
                let run = rest.iter().take_while(|&&byte| byte == b'\\').count();
                self.escaped(escape::backslash(run, &rest[run..]), run)
            }
            b'+' => (if self.is_space_in_query() { Fold::As(' ') } else { Fold::Keep }, 1),
            b'\n' => self.line_end(1),
            b'\r' => self.line_end(1 + usize::from(rest.get(1) == Some(&b'\n'))),
            0x80.. => {
                let c = self.text[self.at..].chars().next().unwrap_or_default();
                (self.folded(c), c.len_utf8().max(1))
            }
            _ => self.escaped(escape::spoken(rest), 1),
        }
    }

    fn escaped(&mut self, escape: Escape, otherwise: usize) -> (Fold, usize) {
        match escape {
            Some(('\n', len)) => match self.line_end(len) {
                (Fold::Keep, len) => (Fold::As('\n'), len),
                joined => joined,
            },
            Some((c, len)) => match chars::fold(c) {
                Fold::Keep => (Fold::As(c), len),
                fold => (fold, len),
            },
            None => (Fold::Keep, otherwise),
        }
    }

    fn folded(&mut self, c: char) -> Fold {
        match chars::fold(c) {
            Fold::Keep => chars::latin(c).filter(|_| self.is_among_latin()).map_or(Fold::Keep, Fold::As),
            fold => fold,
        }
    }

    /// Whether the run of look-alikes at the current place touches a Latin letter or a digit. Decided once a run.
    fn is_among_latin(&mut self) -> bool {
        if self.at >= self.look_alikes.0 {
            let rest = &self.text[self.at..];
            let len = rest.find(|c| chars::latin(c).is_none()).unwrap_or(rest.len());
            let bytes = self.text.as_bytes();
            let touches = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
            let among = touches(self.at.checked_sub(1)) || touches(Some(self.at + len));
            self.look_alikes = (self.at + len, among);
        }
        self.look_alikes.1
    }

    /// `card=4111+1111+…`, `phone=%2B49+30+…`: a form's space between the digits of one parameter.
    fn is_space_in_query(&mut self) -> bool {
        /// The digits and spaces of the longest card number.
        const MAX_VALUE: usize = 23;
        let (bytes, at) = (self.text.as_bytes(), self.at);
        let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'+';
        // Of a long run each plus would look back at the same bytes.
        let goes_on = bytes.get(self.number.1..at).is_some_and(|between| between.iter().all(is_part));
        let begin = if goes_on && self.number.1 > 0 {
            self.number.0
        } else {
            bytes[..at].iter().rposition(|byte| !is_part(byte)).map_or(0, |i| i + 1)
        };
        self.number = (begin, at + 1);
        (1..=MAX_VALUE).contains(&(at - begin))
            && bytes[at - 1].is_ascii_digit()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
            && (bytes[..begin].ends_with(b"=") || bytes[..begin].ends_with(b"=%2B"))
    }

    /// A line end of `len` bytes: in the view of whole values, what stands between a value's halves.
    fn line_end(&mut self, len: usize) -> (Fold, usize) {
        /// Shorter halves are words and numbers of their own.
        const MIN_HALF: usize = 4;
        /// Of the line that goes on.
        const MAX_INDENT: usize = 8;
        let bytes = self.text.as_bytes();
        let is_half = |half: Option<&[u8]>| {
            half.is_some_and(|half| half.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()))
        };
        let before = self.at.checked_sub(MIN_HALF);
        let indent = bytes[self.at + len..].iter().take(MAX_INDENT).take_while(|byte| **byte == b' ').count();
        let behind = self.at + len + indent;
        if !is_half(before.map(|before| &bytes[before..self.at])) || !is_half(bytes.get(behind..behind + MIN_HALF)) {
            return (Fold::Keep, len);
        }
        self.has_broken = true;
        // `4111 1111⏎1111 1111`: the line end is the separator.
        let separator = before.and_then(|before| before.checked_sub(1)).map(|i| bytes[i]);
        let joint = separator.filter(|byte| matches!(byte, b' ' | b'-')).filter(|_| {
            let next = bytes[behind..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            next <= MIN_HALF
        });
        let joined = joint.map_or(Fold::Drop, |byte| Fold::As(char::from(byte)));
        if self.lines { (joined, len + indent) } else { (Fold::Keep, len) }
    }
}
