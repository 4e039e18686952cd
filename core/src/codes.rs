//! The enumeration of every stable code, for tests and documentation in every host.

use crate::error::ErrorKind;
use crate::explanation::Reason;
use crate::json::write_string;
use crate::outcome::{Action, Code, Status};

/// `{"statuses":[…],"violations":[…],"errors":[…],"actions":[…],"rules":[…],"reasons":[…]}`.
pub(crate) fn to_json() -> String {
    let mut out = String::from("{");
    list("statuses", [Status::Accepted, Status::Rejected, Status::Dropped].map(Status::as_str), &mut out);
    list("violations", Code::ALL.map(Code::as_str), &mut out);
    list("errors", ErrorKind::ALL.map(ErrorKind::code), &mut out);
    list("actions", Action::ALL.map(Action::as_str), &mut out);
    list("rules", crate::scrub::rules(), &mut out);
    list("reasons", Reason::ALL.map(Reason::as_str), &mut out);
    out.push('}');
    out
}

fn list(name: &str, words: impl IntoIterator<Item = &'static str>, out: &mut String) {
    if out.len() > 1 {
        out.push(',');
    }
    write_string(name, out);
    out.push_str(":[");
    for (i, word) in words.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_string(word, out);
    }
    out.push(']');
}
