//! The worst inputs of the reader, the folds and each detector: what makes a verifier look far and find nothing.
//! Shared by the property tests and by `examples/steps.rs`, which counts what they cost.

/// How a text grows.
pub(crate) enum Worst {
    /// The unit again and again.
    Repeated(&'static str),
    /// The first half of one unit, the second of the other: what is opened is closed at the end.
    Nested(&'static str, &'static str),
    /// A head, then the unit again and again.
    Behind(&'static str, &'static str),
    /// A JSON document of about so many bytes.
    Document(&'static str, fn(usize) -> String),
}

impl Worst {
    /// What to call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Repeated(unit) => format!("{unit:?}"),
            Self::Nested(open, close) => format!("{open:?} … {close:?}"),
            Self::Behind(head, unit) => format!("{head:?} and {unit:?}"),
            Self::Document(name, _) => (*name).to_owned(),
        }
    }

    /// About so many bytes of it.
    pub(crate) fn text(&self, bytes: usize) -> String {
        let fill = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
        match self {
            Self::Repeated(unit) => fill(unit, bytes),
            Self::Nested(open, close) => fill(open, bytes / 2) + &fill(close, bytes / 2),
            Self::Behind(head, unit) => (*head).to_owned() + &fill(unit, bytes),
            Self::Document(_, make) => make(bytes),
        }
    }

    /// Whether it is a JSON document rather than a text.
    pub(crate) fn is_document(&self) -> bool {
        matches!(self, Self::Document(..))
    }
}

/// An array or an object of `element`s.
fn list(open: &str, close: &str, bytes: usize, element: impl Fn(usize) -> String) -> String {
    let mut out = open.to_owned();
    for i in 0.. {
        if out.len() >= bytes {
            break;
        }
        if i > 0 {
            out.push(',');
        }
        out += &element(i);
    }
    out + close
}

fn in_long_name(bytes: usize, element: &str) -> String {
    let array = list("[", "]", bytes / 2, |_| element.to_owned());
    format!(r#"{{"{}":{array}}}"#, "n".repeat(bytes / 2))
}

use Worst::{Behind, Document, Nested, Repeated};

/// Each with the part of the engine that it aims at.
pub(crate) const WORST: &[(&str, &[Worst])] = &[
    (
        "email",
        &[Repeated("@"), Repeated("a@"), Repeated("a@b."), Repeated("a@b.c"), Behind("a@", "x."), Nested("a.", "@")],
    ),
    ("card", &[Repeated("1"), Repeated("4111 "), Repeated("4111 4111"), Repeated("1111\n"), Repeated("1 ")]),
    (
        "phone",
        &[
            Repeated("+1"),
            Repeated("415-555-"),
            Repeated("(1)"),
            Repeated("0 12 "),
            Repeated("phone 1"),
            Repeated("phone:"),
            Repeated("phone 12345678 "),
            Repeated("1-"),
            Repeated("1-ssn "),
        ],
    ),
    ("iban", &[Repeated("GB82"), Repeated("GB82 WEST "), Repeated("AB12"), Behind("GB82", "A")]),
    ("ip", &[Repeated("1.2.3.4"), Repeated("1."), Repeated(":"), Repeated("a:"), Repeated("::1"), Repeated("fe80::%")]),
    ("mac", &[Repeated("00:"), Repeated("00-"), Repeated("001a.")]),
    ("ids", &[Repeated("12-"), Repeated("ssn="), Repeated("ssn 1"), Repeated("<ssn>"), Repeated("<taxId>1")]),
    ("crypto", &[Repeated("bc1"), Repeated("0x"), Repeated("x1"), Behind("bc1", "q"), Behind("0x", "a")]),
    (
        "labels",
        &[
            Repeated("first_name=Ann "),
            Repeated("address: "),
            Repeated("dob:1 "),
            Repeated("name: "),
            Behind("name: ", "Ann "),
            Repeated("="),
        ],
    ),
    ("paths", &[Repeated("/home/"), Repeated("C:\\Users\\"), Behind("/home/", "a")]),
    ("jwt", &[Repeated("eyJ"), Repeated("eyJ-"), Repeated("eyJa.eyJ"), Repeated("eyJhbGci."), Behind("eyJ", "a.")]),
    ("bearer", &[Repeated("bearer "), Repeated("Basic a"), Behind("Bearer ", "-"), Repeated("Bearer a.")]),
    (
        "secrets",
        &[
            Repeated("password="),
            Repeated("password='"),
            Repeated("key="),
            Repeated("key=\""),
            Repeated("key=a"),
            Repeated("token is "),
            Repeated("token "),
            Repeated("token: "),
            Repeated("<token>"),
            Repeated("<token"),
            Repeated("a>"),
            Repeated("\","),
            Repeated("'k','"),
            Repeated("password=a."),
            Repeated("password={"),
            Repeated("password=[secret]"),
            Repeated("password=("),
            Repeated("password=f("),
            Nested("password=f(", ")"),
            Nested("password=f{", "}"),
            Repeated("password=a.{"),
            Repeated("password=%("),
            Repeated("password=xxxxxxxxxxxxx|"),
            Repeated("token=env."),
            Behind("password=\"", "password=\\\""),
        ],
    ),
    (
        "headers",
        &[
            Repeated("Authorization: "),
            Repeated("Authorization: a,"),
            Repeated("Authorization:a("),
            Repeated("Authorization:%("),
            Repeated("Cookie: "),
            Repeated("Cookie: a, "),
            Repeated("Cookie:%(="),
            Repeated("Cookie: env:a="),
        ],
    ),
    ("urls", &[Repeated("://"), Repeated("://a:b"), Repeated("://a@"), Repeated("-u a:"), Behind("://", "a")]),
    (
        "private_key",
        &[
            Repeated("-----BEGIN PRIVATE KEY-----"),
            Repeated("-----BEGIN "),
            Repeated("Private-Lines: 1"),
            Behind("-----BEGIN PRIVATE KEY-----", " "),
            Repeated("-"),
        ],
    ),
    (
        "api_key",
        &[
            Repeated("ghp_"),
            Repeated("sk-"),
            Repeated("sk-ant-"),
            Repeated("glpat-"),
            Repeated("glpat-a."),
            Repeated("xoxb-1"),
            Repeated("AKIA"),
            Repeated("1:A"),
            Repeated("Q~"),
            Repeated("a."),
            Repeated("otpauth://"),
            Repeated("hooks.slack.com/services/"),
            Repeated("sntrys_"),
            Repeated("A"),
        ],
    ),
    ("tokens", &[Repeated("["), Repeated("[a:b"), Repeated("[email"), Repeated("[email]"), Repeated("[hash:")]),
    (
        "folds",
        &[
            Repeated("%"),
            Repeated("%25"),
            Repeated("%40"),
            Repeated("\\"),
            Repeated("\\u00"),
            Repeated("\\u0040"),
            Repeated("&amp;"),
            Repeated("&#"),
            Repeated("(at)"),
            Repeated("4+"),
            Repeated("\u{430}"),
            Repeated("a\u{430}"),
            Repeated("\u{200b}"),
            Repeated("1\u{200b}"),
            Repeated("\u{661}"),
            Repeated("\u{ff11} "),
        ],
    ),
    (
        "base64",
        &[
            Repeated("YW5u"),
            Repeated("YW5uQGV4YW1wbGUuY29t/"),
            Repeated("YW5uQGV4YW1wbGUuY29t "),
            Repeated("0123456789abcdef/"),
            Repeated("QUJD"),
        ],
    ),
    (
        "nested",
        &[
            Nested("[", "]"),
            Nested("{\"a\":", "}"),
            Repeated("{\"a\":"),
            Repeated("[[1],"),
            Repeated("[\""),
            Behind("{\"a\":\"", "\\\""),
            Nested("\"", "\""),
            Behind("[", "1,"),
        ],
    ),
    (
        "reader",
        &[
            Document("many names", |n| list("{", "}", n, |i| format!(r#""n{i}":1"#))),
            Document("many names that are personal", |n| list("{", "}", n, |i| format!(r#""a{i}@b.co":1"#))),
            Document("many names that become one", |n| {
                list("{", "}", n, |i| format!(r#""[email:{i}]":1,"a{i}@b.co":1"#))
            }),
            Document("one long name", |n| format!(r#"{{"{}":1}}"#, "n".repeat(n))),
            Document("a long name over many values", |n| in_long_name(n, "1")),
            Document("a long name over many findings", |n| in_long_name(n, r#""a@b.co""#)),
            Document("many strings", |n| list("[", "]", n, |_| r#""""#.to_owned())),
            Document("many findings", |n| list("[", "]", n, |_| r#""a@b.co""#.to_owned())),
            Document("many escapes", |n| format!("\"{}\"", "\\u0041".repeat(n / 6))),
            Document("many objects", |n| list("[", "]", n, |_| r#"{"a":{}}"#.to_owned())),
            Document("JSON in strings", |n| list("[", "]", n, |_| r#""{\"a\":\"{\\\"b\\\":1}\"}""#.to_owned())),
            Document("one JSON in a string", |n| {
                format!("{{\"a\":{:?}}}", list("[", "]", n / 2, |_| r#""a@b.co""#.to_owned()))
            }),
            Document("too many names behind", |n| format!("[{}", "[],".repeat(n / 3))),
        ],
    ),
];
