//! Keys that lengths, separators and hosts tell, without a prefix.

use super::{Place, is_base64url, verdict};
use crate::scrub::detect::secret_value::{is_filled, looks_random};
use crate::scrub::detect::{before, byte, run};
use crate::scrub::detector::Verdict;

/// Airtable's head.
const MIN_LAID_OUT: usize = 12;

/// Keys told by lengths and separators alone.
pub(super) fn laid_out(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_laid_out(text, at, floor))
}

fn find_laid_out(text: &[u8], at: usize, floor: usize) -> Place {
    // The shortest has twelve characters before its separator.
    if !at.checked_sub(MIN_LAID_OUT).is_some_and(|i| is_base64url(text[i]) && text[i] != b'-') {
        return None;
    }
    let second = run(&text[..text.len().min(at + 130)], at + 1, is_base64url);
    let middle = second - at - 1;
    // Most dots stand between words.
    if text[at] == b'.' && !matches!(middle, 6 | 7 | 60..) {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(33));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_alphanumeric() || text[i] == b'_').last()?;
    let head = &text[start..at];
    if text[at] == b'-' {
        // Mailchimp: 32 hexadecimal digits and a data centre.
        let end = run(text, at + 3, |byte| byte.is_ascii_digit());
        let is_mailchimp = head.len() == 32
            && head.iter().all(u8::is_ascii_hexdigit)
            && text[at..].starts_with(b"-us")
            && (1..=2).contains(&(end - at.min(end)).saturating_sub(3));
        return (is_mailchimp && !byte(text, end).is_ascii_alphanumeric()).then_some((start, end));
    }
    if text[at] != b'.' {
        return None;
    }
    // Airtable: `pat`, 14 characters, 64 hexadecimal digits.
    if head.len() >= 12 && head.len() <= 20 && head.starts_with(b"pat") && middle >= 60 {
        return text[at + 1..second].iter().all(u8::is_ascii_hexdigit).then_some((start, second));
    }
    // Discord: an id in base64, a time, a signature.
    let is_discord = (23..=28).contains(&head.len())
        && matches!(head[0], b'M' | b'N' | b'O')
        && (6..=7).contains(&middle)
        && byte(text, second) == b'.'
        && head.iter().any(u8::is_ascii_digit);
    let end = run(&text[..text.len().min(second + 42)], second + 1, is_base64url);
    (is_discord && (27..=40).contains(&(end - second).saturating_sub(1))).then_some((start, end))
}

/// `123456789:AAB0c1D2e3F4g5H6i7J8k9L0m1N2o3P4q5R`: a bot's number and 35 characters.
pub(super) fn telegram(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_telegram(text, at, floor))
}

fn find_telegram(text: &[u8], at: usize, floor: usize) -> Place {
    if !text[at..].starts_with(b":A") {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(17));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_digit()).last()?;
    let end = run(&text[..text.len().min(at + 40)], at + 1, is_base64url);
    ((6..=16).contains(&(at - start)) && (34..=36).contains(&(end - at - 1))).then_some((start, end))
}

/// Microsoft Entra: three characters, a digit, `Q~`, 31 to 34 characters.
pub(super) fn azure_secret(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_azure_secret(text, at, floor))
}

fn find_azure_secret(text: &[u8], at: usize, floor: usize) -> Place {
    let start = at.checked_sub(5).filter(|start| *start >= floor)?;
    let is_part = |byte: u8| is_base64url(byte) || matches!(byte, b'.' | b'~');
    let end = run(&text[..text.len().min(at + 36)], at + 1, is_part);
    let is_secret = text[at - 1] == b'Q'
        && text[at - 2].is_ascii_digit()
        && text[start..at].iter().all(|byte| is_part(*byte))
        && (31..=34).contains(&(end - at - 1));
    is_secret.then_some((start, end))
}

/// `MaxMind`'s licence keys: 6 and 29 characters, and the mark `_mmk` at `at`.
pub(super) fn max_mind(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_max_mind(text, at, floor))
}

fn find_max_mind(text: &[u8], at: usize, floor: usize) -> Place {
    const MARK: &[u8] = b"_mmk";
    const HEAD: usize = 6;
    const BODY: usize = 29;
    let end = at + MARK.len();
    if !text[at..].starts_with(MARK) || byte(text, end).is_ascii_alphanumeric() {
        return None;
    }
    let start = at.checked_sub(HEAD + 1 + BODY).filter(|start| *start >= floor)?;
    let (head, body) = (&text[start..start + HEAD], &text[start + HEAD + 1..at]);
    let is_key = text[start + HEAD] == b'_' && head.iter().chain(body).all(u8::is_ascii_alphanumeric);
    is_key.then_some((start, end))
}

/// `OpenShift`: `sha256~` and 43 characters, where digests have a colon and are longer.
pub(super) fn openshift(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_openshift(text, at, floor))
}

fn find_openshift(text: &[u8], at: usize, floor: usize) -> Place {
    const LEN: usize = 43;
    let start = at.checked_sub(b"sha256".len()).filter(|start| *start >= floor && text[*start..at] == *b"sha256")?;
    let end = run(&text[..text.len().min(at + LEN + 2)], at + 1, is_base64url);
    (end - at - 1 == LEN).then_some((start, end))
}

/// Astra: `AstraCS:`, a client's id, a colon, a secret in hex.
pub(super) fn astra(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_astra(text, at, floor))
}

fn find_astra(text: &[u8], at: usize, floor: usize) -> Place {
    const HEAD: &[u8] = b"AstraCS";
    const MAX_LEN: usize = 120;
    let start = at.checked_sub(HEAD.len()).filter(|start| *start >= floor && text[*start..at] == *HEAD)?;
    let limit = text.len().min(at + MAX_LEN);
    let end = run(&text[..limit], at + 1, |byte| byte.is_ascii_alphanumeric() || byte == b':');
    let (id, secret) = text[at + 1..end].split_at(text[at + 1..end].iter().position(|byte| *byte == b':')?);
    let is_secret = secret.len() > 32 && secret[1..].iter().all(u8::is_ascii_hexdigit);
    (id.len() >= 16 && is_secret).then_some((start, end))
}

/// Salesforce: an organisation's id, which begins with `00D`, an exclamation mark, a session.
pub(super) fn salesforce(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_salesforce(text, at, floor))
}

fn find_salesforce(text: &[u8], at: usize, floor: usize) -> Place {
    /// An id has 15 characters, or 18 with a check.
    const LONG_ID: usize = 18;
    const MIN_SESSION: usize = 60;
    const MAX_SESSION: usize = 260;
    let lowest = floor.max(at.saturating_sub(LONG_ID + 1));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_alphanumeric()).last()?;
    let limit = text.len().min(at + 1 + MAX_SESSION);
    let end = run(&text[..limit], at + 1, |byte| is_base64url(byte) || byte == b'.');
    let is_id = matches!(at - start, 15 | LONG_ID) && text[start..at].starts_with(b"00D");
    (is_id && end - at > MIN_SESSION).then_some((start, end))
}

/// Google's refresh tokens: `1//0` and what was drawn.
pub(super) fn google_refresh(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_google_refresh(text, at, floor))
}

fn find_google_refresh(text: &[u8], at: usize, floor: usize) -> Place {
    const MIN_LEN: usize = 38;
    const MAX_LEN: usize = 128;
    let start = at.checked_sub(1).filter(|start| *start >= floor)?;
    let limit = text.len().min(at + MAX_LEN);
    let end = run(&text[..limit], at + b"//".len(), is_base64url);
    let is_token =
        end - at > MIN_LEN && !before(text, start).is_ascii_alphanumeric() && looks_random(&text[at + 2..end]);
    is_token.then_some((start, end))
}

/// Addresses that anyone may post to who has them. The path goes, the host stays.
pub(super) fn webhook(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_webhook(text, at, floor))
}

fn find_webhook(text: &[u8], at: usize, floor: usize) -> Place {
    const HOOKS: [(&[u8], &[u8]); 8] = [
        (b"hooks.slack.com", b"/services/"),
        (b"hooks.slack.com", b"/workflows/"),
        (b"hooks.slack.com", b"/triggers/"),
        (b"discord.com", b"/api/webhooks/"),
        (b"discordapp.com", b"/api/webhooks/"),
        (b"office.com", b"/webhook"),
        (b"tines.com", b"/webhook/"),
        (b"hooks.zapier.com", b"/hooks/catch/"),
    ];
    let path = HOOKS
        .iter()
        .find(|(host, path)| at >= floor + host.len() && text[at..].starts_with(path) && text[..at].ends_with(host))?
        .1;
    let end = run(text, at, |byte| is_base64url(byte) || matches!(byte, b'/' | b'@' | b'%' | b'.'));
    let start = at + path.len();
    (end > start + 8 && !is_filled(&text[start..end])).then_some((start, end))
}
