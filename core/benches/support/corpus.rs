//! Events as applications send them: 400 to 900 bytes, personal data in a fifth of them. The same on every machine.

use std::fmt::Write;

/// Share of events, in percent, that carry personal data or a secret.
const PERSONAL_PERCENT: usize = 20;

/// A small generator with a fixed seed (Steele et al., `SplitMix64`): a benchmark needs no better one.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap_or(0)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0))).collect()
    }

    fn hex(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b"0123456789abcdef"[self.below(16)])).collect()
    }

    fn alphanumeric(&mut self, n: usize) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..n).map(|_| char::from(ALPHABET[self.below(ALPHABET.len())])).collect()
    }
}

const WORDS: [&str; 16] = [
    "filter", "export", "panel", "render", "basket", "checkout", "profile", "widget", "search", "invoice", "report",
    "region", "cohort", "margin", "canvas", "layer",
];
const CHANNELS: [(&str, &[&str]); 5] = [
    ("web", &["page_view", "click", "form_submit"]),
    ("api", &["request", "error"]),
    ("shop", &["checkout", "refund", "cart_update"]),
    ("worker", &["job_done", "exception"]),
    ("mobile", &["screen_view", "crash"]),
];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.127 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "okhttp/4.12.0",
];

/// `count` events as JSON texts.
pub(crate) fn events(count: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(2026);
    (0..count).map(|i| event(i, &mut random).into_bytes()).collect()
}

fn event(i: usize, r: &mut Random) -> String {
    let (channel, events) = CHANNELS[r.below(CHANNELS.len())];
    let event = r.one(events);
    let (minute, second, milli) = (i / 60 % 60, i % 60, r.below(1000));
    let hex = [8, 4, 3, 3, 12].map(|n| r.hex(n));
    let id = format!("{}-{}-7{}-a{}-{}", hex[0], hex[1], hex[2], hex[3], hex[4]);
    let mut message = match r.below(4) {
        0 => format!(
            "{} step {} took {}.{} ms; retrying order ORD-{}",
            r.one(&WORDS),
            r.below(9),
            r.below(900),
            r.digits(2),
            r.alphanumeric(10)
        ),
        1 => format!(
            "GET /api/v1/{}/{}/items?limit=50 200 {}ms upstream=10ms",
            r.one(&WORDS),
            r.below(99_999),
            r.below(900)
        ),
        2 => format!(
            "Cache miss for {}:{}:v{}, falling back to the primary store",
            r.one(&WORDS),
            r.below(99_999),
            r.below(60)
        ),
        _ => format!(
            "The {} view showed {} rows and {} warnings; see the {} for details",
            r.one(&WORDS),
            r.below(9_999),
            r.below(60),
            r.one(&WORDS)
        ),
    };
    let mut extra = String::new();
    if r.below(100) < PERSONAL_PERCENT {
        personal(r, &mut message, &mut extra);
    }
    let mut out = String::with_capacity(900);
    let _ = write!(
        out,
        r#"{{"id":"{id}","timestamp":"2026-03-01T10:{minute:02}:{second:02}.{milli:03}Z","session_id":"{}","context":{{"ip_address":"{}.{}.{}.{}","user_agent":"{}","url":"https://www.example.com/{}?page={}&ref={}","trace_id":"{}"}},"channel":"{channel}","event":"{event}","payload":{{"seq":{i},"release":"4.{}.{}","env":"prod","duration_ms":{}.{},"message":"{message}","page":{{"path":"/{}/{}","depth":{},"viewport":[{},{}]}},"user":{{"plan":"{}","age_days":{},"beta":{}}},"tags":["{}:{}","{}"]{extra}}}}}"#,
        r.hex(24),
        1 + r.below(222),
        r.below(256),
        r.below(256),
        1 + r.below(254),
        r.one(&AGENTS),
        r.one(&WORDS),
        r.below(20),
        r.alphanumeric(8),
        r.hex(32),
        r.below(60),
        r.below(10),
        r.below(2_500),
        r.digits(3),
        r.one(&WORDS),
        r.one(&WORDS),
        r.below(9),
        390 + r.below(1_500),
        800 + r.below(400),
        r.one(&["free", "pro", "team"]),
        r.below(3_000),
        r.below(2) == 1,
        r.one(&WORDS),
        r.one(&WORDS),
        r.one(&WORDS),
    );
    out
}

/// Puts one value into the text or beside it, as applications do by accident.
fn personal(r: &mut Random, message: &mut String, extra: &mut String) {
    let _ = match r.below(8) {
        0 => write!(message, "; write to {}.{}@{}.example", r.one(&WORDS), r.digits(3), r.one(&WORDS)),
        1 => write!(extra, r#","email":"{}{}@mail.example.com""#, r.one(&WORDS), r.digits(4)),
        2 => write!(message, " (card {} declined)", card(r)),
        3 => write!(message, " from 10.{}.{}.{}", r.below(256), r.below(256), 1 + r.below(254)),
        4 => write!(message, " via [2001:db8:{}::{}]:443", r.hex(4), r.hex(3)),
        5 => write!(message, "; Authorization: Bearer {}", r.alphanumeric(32)),
        6 => write!(message, "; token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{}.{}", r.alphanumeric(16), r.alphanumeric(43)),
        _ => write!(extra, r#","api_key":"{}""#, r.alphanumeric(32)),
    };
}

/// A Visa number whose check digit holds.
fn card(r: &mut Random) -> String {
    let body = format!("4{}", r.digits(14));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let value = u32::from(digit - b'0') << ((i + 1) % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
