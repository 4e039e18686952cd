//! The check: one pass over a value's nodes, with a frame for each open container. Work is linear in the value, and
//! nothing is allocated for a value that has nothing to report.

use std::borrow::Cow;

use super::decimal::Decimal;
use super::plan::Checked;
use super::shape::{Property, Shape, ShapeId};
use crate::json::{Document, Kind, Node};
use crate::outcome::Code;
use crate::record::limits::MAX_DEPTH;
use crate::scrub::{holds_token, is_free_text, is_redacted, is_token};

/// Findings that are kept: enough to mend a record, and a bound on what a hostile one can demand.
const MAX_FINDINGS: usize = 32;

/// One way in which a record breaks its plan.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(super) place: Place,
    pub(super) code: Code,
    pub(super) message: Cow<'static, str>,
}

/// Where a finding is.
#[derive(Debug)]
pub(super) enum Place {
    /// The event's name.
    Event,
    /// The value of a node.
    Node(usize),
    /// A member that the object of a node does not have.
    Missing(usize, Box<str>),
}

impl Finding {
    /// A finding about the event itself.
    pub(super) fn event(code: Code, message: &'static str) -> Self {
        Self { place: Place::Event, code, message: message.into() }
    }
}

/// What is checked, and against what.
pub(super) struct Subject<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) shapes: &'a [Shape],
}

/// A check that is under way.
pub(super) struct Check<'a> {
    subject: &'a Subject<'a>,
    checked: Checked,
}

/// What is asked of a value.
#[derive(Clone, Copy)]
enum Asked {
    /// Nothing: all that is in it may be passed over.
    Nothing,
    Shape(ShapeId),
}

/// A container whose elements are being checked.
#[derive(Clone, Copy)]
struct Frame {
    node: usize,
    end: usize,
    is_object: bool,
    shape: ShapeId,
    /// Required members met so far.
    required: usize,
}

impl Check<'_> {
    /// Checks the value at node `root` against the shape `shape`.
    pub(super) fn run(subject: &Subject<'_>, root: usize, shape: ShapeId) -> Checked {
        const CLOSED: Frame = Frame { node: 0, end: 0, is_object: false, shape: 0, required: 0 };
        let mut check = Check { subject, checked: Checked { payload: root, ..Checked::default() } };
        let mut open = [CLOSED; MAX_DEPTH];
        let (mut depth, mut at, mut asked) = (0, root, Asked::Shape(shape));
        loop {
            let node = subject.document.node(at);
            let goes_in = match asked {
                Asked::Shape(id) if check.value(at, node, &subject.shapes[id]) => Some(id),
                Asked::Shape(_) | Asked::Nothing => None,
            };
            match (goes_in, open.get_mut(depth)) {
                (Some(shape), Some(frame)) => {
                    let is_object = node.kind == Kind::Object;
                    *frame = Frame { node: at, end: node.next(), is_object, shape, required: 0 };
                    depth += 1;
                    at += 1;
                }
                // The reader lets nothing in that is nested deeper.
                (Some(_) | None, _) => at = node.next(),
            }
            while depth > 0 && open[depth - 1].end == at {
                depth -= 1;
                check.close(open[depth]);
            }
            if depth == 0 {
                return check.checked;
            }
            let frame = &mut open[depth - 1];
            let shape = &subject.shapes[frame.shape];
            if frame.is_object {
                asked = check.member(at, shape, frame);
                at += 1;
            } else {
                asked = shape.items.map_or(Asked::Nothing, Asked::Shape);
            }
        }
    }

    /// Checks a value itself; says whether what is in it has to be looked at.
    fn value(&mut self, at: usize, node: Node, shape: &Shape) -> bool {
        let document = self.subject.document;
        if let Some(pii) = shape.pii {
            self.checked.fields.push((at, pii));
        }
        if node.kind == Kind::String && is_token(&document.text(node)) {
            return false;
        }
        if shape.is_never {
            self.found(at, Code::NotAllowed, || "the plan allows no value here; leave it out".into());
            return false;
        }
        if !shape.types.hold(node.kind, document.raw(node)) {
            self.found(at, Code::Type, || format!("expected {}", shape.types.words()).into());
            return false;
        }
        if let Some(allowed) = &shape.allowed
            && !allowed.hold(document, at)
            && !self.is_redacted(node)
        {
            self.found(at, Code::Enum, || format!("expected one of {}", allowed.words()).into());
        }
        match node.kind {
            Kind::Null | Kind::Bool => false,
            Kind::Number => {
                self.number(at, node, shape);
                false
            }
            Kind::String => {
                self.string(at, node, shape);
                false
            }
            Kind::Array => shape.items.is_some(),
            Kind::Object => !shape.properties.is_empty() || shape.others.is_some(),
        }
    }

    fn number(&mut self, at: usize, node: Node, shape: &Shape) {
        if shape.minimum.is_none() && shape.maximum.is_none() {
            return;
        }
        let number = Decimal::of(self.subject.document.raw(node));
        if let Some(minimum) = shape.minimum.as_ref().filter(|minimum| number < minimum.decimal()) {
            self.found(at, Code::Range, || format!("expected at least {}", minimum.0).into());
        }
        if let Some(maximum) = shape.maximum.as_ref().filter(|maximum| number > maximum.decimal()) {
            self.found(at, Code::Range, || format!("expected at most {}", maximum.0).into());
        }
    }

    fn string(&mut self, at: usize, node: Node, shape: &Shape) {
        let text = self.subject.document.text(node);
        if is_free_text(&text) {
            self.checked.texts.push(at);
        }
        // A pattern's cost grows with the text, so a text that is too long is not matched.
        let is_fitting = self.length(at, node, &text, shape);
        // An address keeps its form without its host part.
        if let Some(format) = shape.format.filter(|format| !format.accepts(&text))
            && !holds_token(&text)
        {
            self.found(at, Code::Format, || format.expected().into());
        }
        if let Some(pattern) = shape.pattern.as_ref().filter(|pattern| is_fitting && !pattern.matches(&text))
            && !self.is_redacted(node)
        {
            self.found(at, Code::Pattern, || format!("expected a match of {}", pattern.written()).into());
        }
    }

    /// Code points, as JSON Schema counts.
    fn length(&mut self, at: usize, node: Node, text: &str, shape: &Shape) -> bool {
        if shape.min_length.is_none() && shape.max_length.is_none() {
            return true;
        }
        let length = text.chars().count() as u64;
        let (is_short, is_long) =
            (shape.min_length.is_some_and(|min| length < min), shape.max_length.is_some_and(|max| length > max));
        if (is_short || is_long) && !self.is_redacted(node) {
            let (word, bound) = if is_short { ("least", shape.min_length) } else { ("most", shape.max_length) };
            let bound = bound.unwrap_or_default();
            self.found(at, Code::Length, || format!("expected at {word} {bound} characters").into());
        }
        !is_short && !is_long
    }

    /// What is asked of the member whose name stands at node `at`.
    fn member(&mut self, at: usize, shape: &Shape, frame: &mut Frame) -> Asked {
        let document = self.subject.document;
        let property = shape.property(&document.text(document.node(at)));
        frame.required += usize::from(property.is_some_and(|property| property.is_required));
        match property {
            Some(Property { shape: None, .. }) => Asked::Nothing,
            Some(Property { shape: Some(id), is_declared: true, .. }) => Asked::Shape(*id),
            Some(Property { is_declared: false, .. }) | None => match shape.others {
                Some(others) if self.subject.shapes[others].is_never => {
                    let message =
                        "the plan has no such property; correct its name, leave it out, or add it to the plan";
                    self.found(at + 1, Code::UnknownField, || message.into());
                    Asked::Nothing
                }
                Some(others) => Asked::Shape(others),
                None => Asked::Nothing,
            },
        }
    }

    /// Reports required members that an object did not have.
    fn close(&mut self, frame: Frame) {
        let shape = &self.subject.shapes[frame.shape];
        if !frame.is_object || frame.required == shape.required || self.checked.findings.len() >= MAX_FINDINGS {
            return;
        }
        let document = self.subject.document;
        let names: Vec<_> = document.members(frame.node).map(|(name, _)| document.text(document.node(name))).collect();
        let required = shape.properties.iter().filter(|property| property.is_required);
        for property in required.filter(|property| !names.iter().any(|name| **name == *property.name)) {
            if self.checked.findings.len() < MAX_FINDINGS {
                let place = Place::Missing(frame.node, property.name.clone());
                self.checked.findings.push(Finding { place, code: Code::Required, message: "is required".into() });
            }
        }
    }

    fn found(&mut self, at: usize, code: Code, message: impl FnOnce() -> Cow<'static, str>) {
        if self.checked.findings.len() < MAX_FINDINGS {
            self.checked.findings.push(Finding { place: Place::Node(at), code, message: message() });
        }
    }

    fn is_redacted(&self, node: Node) -> bool {
        node.kind == Kind::String && is_redacted(&self.subject.document.text(node))
    }
}
