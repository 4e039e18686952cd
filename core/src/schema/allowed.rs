//! `enum`: the values that are allowed, compared as JSON Schema does.

use crate::json::{Document, Kind, write_string};
use crate::scan::Lanes;

use super::decimal::Decimal;
use super::shape::Number;

/// The values of an `enum`.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowed {
    null: bool,
    yes: bool,
    no: bool,
    numbers: Vec<Number>,
    /// Sorted.
    strings: Vec<Box<str>>,
    /// Arrays and objects in [`canonical`] text.
    containers: Vec<Box<str>>,
    /// As they were written.
    written: Vec<Box<str>>,
    /// As messages show them: the same whatever the host that wrote the plan.
    shown: Vec<Box<str>>,
}

/// Values that a message lists; more would bury what it says.
const LISTED: usize = 8;

impl Allowed {
    /// Adds the value that `text` writes; says why it cannot.
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
        let document = Document::read(text.as_bytes(), Lanes::none()).map_err(|violation| violation.message)?;
        let node = document.node(0);
        match node.kind {
            Kind::Null => self.null = true,
            Kind::Bool if document.raw(node) == "true" => self.yes = true,
            Kind::Bool => self.no = true,
            Kind::Number => self.numbers.push(Number(document.raw(node).into())),
            Kind::String => {
                let text = document.text(node);
                if let Err(place) = self.strings.binary_search_by(|known| (**known).cmp(&*text)) {
                    self.strings.insert(place, text.into());
                }
            }
            Kind::Array | Kind::Object => self.containers.push(canonical(&document, 0).into()),
        }
        self.written.push(text.into());
        self.shown.push(match node.kind {
            Kind::Null | Kind::Bool | Kind::Number => document.raw(node).into(),
            Kind::String => {
                let mut shown = String::new();
                write_string(&document.text(node), &mut shown);
                shown.into()
            }
            Kind::Array => "[…]".into(),
            Kind::Object => "{…}".into(),
        });
        Ok(())
    }

    /// Whether the value at node `index` is one of these.
    pub(super) fn hold(&self, document: &Document<'_>, index: usize) -> bool {
        let node = document.node(index);
        match node.kind {
            Kind::Null => self.null,
            Kind::Bool if document.raw(node) == "true" => self.yes,
            Kind::Bool => self.no,
            Kind::Number => {
                let number = Decimal::of(document.raw(node));
                self.numbers.iter().any(|known| known.decimal() == number)
            }
            Kind::String => {
                let text = document.text(node);
                self.strings.binary_search_by(|known| (**known).cmp(&*text)).is_ok()
            }
            Kind::Array | Kind::Object => {
                !self.containers.is_empty() && {
                    let value = canonical(document, index);
                    self.containers.iter().any(|known| **known == value)
                }
            }
        }
    }

    /// Whether every value of `other` is one of these too.
    pub(super) fn hold_all(&self, other: &Self) -> bool {
        other
            .written
            .iter()
            .all(|text| Document::read(text.as_bytes(), Lanes::none()).is_ok_and(|document| self.hold(&document, 0)))
    }

    /// The values for a message: `"eur", "usd", …`.
    pub(super) fn words(&self) -> String {
        let mut words = self.shown.iter().take(LISTED).map(|text| &**text).collect::<Vec<_>>().join(", ");
        if self.shown.len() > LISTED {
            words.push_str(", …");
        }
        words
    }
}

/// One text for equal values: members sorted, numbers and strings in one spelling.
fn canonical(document: &Document<'_>, index: usize) -> String {
    let end = document.node(index).next();
    // From the last node to the first: what is in a container is there before the container.
    let mut texts = vec![String::new(); end - index];
    for at in (index..end).rev() {
        let node = document.node(at);
        let mut text = String::new();
        match node.kind {
            Kind::Null | Kind::Bool => text.push_str(document.raw(node)),
            Kind::Number => Decimal::of(document.raw(node)).write(&mut text),
            Kind::String => write_string(&document.text(node), &mut text),
            Kind::Array => {
                text.push('[');
                let mut element = at + 1;
                while element < node.next() {
                    text.push_str(&texts[element - index]);
                    text.push(',');
                    element = document.node(element).next();
                }
                text.push(']');
            }
            Kind::Object => {
                let take = |(name, value): (usize, usize)| [&*texts[name - index], ":", &texts[value - index]].concat();
                let mut members: Vec<_> = document.members(at).map(take).collect();
                members.sort_unstable();
                text = ["{", &members.join(","), "}"].concat();
            }
        }
        texts[at - index] = text;
    }
    texts.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(values: &[&str]) -> Allowed {
        let mut allowed = Allowed::default();
        for value in values {
            allowed.add(value).unwrap();
        }
        allowed
    }

    fn holds(allowed: &Allowed, text: &str) -> bool {
        allowed.hold(&Document::read(text.as_bytes(), Lanes::none()).unwrap(), 0)
    }

    #[test]
    fn values_are_equal_whatever_their_spelling() {
        let allowed = allowed(&["1", r#""é""#, r#"{"a":[1,{"b":null}],"c":"x"}"#, "false"]);
        for equal in ["1.0", "10e-1", r#""\u00e9""#, r#"{ "c" : "\u0078", "a" : [ 1e0, {"b":null} ] }"#, "false"] {
            assert!(holds(&allowed, equal), "{equal}");
        }
        for other in ["0", "true", "null", "[]", "{}", r#"{"a":[{"b":null},1],"c":"x"}"#, r#""1""#, r#""e""#] {
            assert!(!holds(&allowed, other), "{other}");
        }
    }

    #[test]
    fn zero_and_false_are_two_values() {
        assert!(!holds(&allowed(&["0"]), "false") && !holds(&allowed(&["false"]), "0"));
        assert!(!holds(&allowed(&["[false]"]), "[0]") && holds(&allowed(&["[0]"]), "[-0.0]"));
    }

    #[test]
    fn one_enum_holds_another_where_it_has_all_its_values() {
        assert!(allowed(&["1", "2", "null"]).hold_all(&allowed(&["2.0", "null"])));
        assert!(!allowed(&["1"]).hold_all(&allowed(&["1", "2"])));
    }
}
