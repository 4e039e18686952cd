//! Structures of records: which members objects have had, in which order, and what has stood under each name.
//!
//! A tree by path, not one list for each whole record: an object that varies does not multiply what stands around it, and
//! elements of an array share one place.

use crate::json::Kind;
use crate::record::Check;
use crate::scrub::Named;

/// No place in a table.
pub(super) const NONE: u32 = u32::MAX;

/// All that was learned.
#[derive(Debug)]
pub(super) struct Tree {
    /// The edges' texts, one behind another.
    pub(super) texts: Vec<u8>,
    /// The values' places as JSON Pointers, one behind another.
    pub(super) pointers: String,
    pub(super) states: Vec<State>,
    pub(super) edges: Vec<Edge>,
    pub(super) values: Vec<Value>,
    pub(super) plans: Vec<Plan>,
}

/// Where a record has come to, and with it all that is around: in an object the state, in an array what its elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point(u32);

impl Point {
    /// Before the record.
    pub(super) const START: Self = Self::object(Tree::ROOT);
    /// Around the record.
    pub(super) const OUTSIDE: Self = Self(NONE);

    pub(super) const fn object(state: u32) -> Self {
        Self(state << 1)
    }

    pub(super) const fn array(elements: u32) -> Self {
        Self(elements << 1 | 1)
    }

    pub(super) const fn is_object(self) -> bool {
        self.0 & 1 == 0
    }

    /// The state, or the place of the elements.
    pub(super) const fn at(self) -> u32 {
        self.0 >> 1
    }

    /// For tables with something for each point.
    #[inline]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A point within an object: behind certain members in a certain order.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// The first of the members that have come next.
    pub(super) first: u32,
    /// Set where the object may end here: for the record itself the plan by which it is written.
    pub(super) end: u32,
    /// Where the object stands: behind it, this is where the record has come to.
    pub(super) outer: Point,
}

/// A member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Where its text stands in the tree's: the name in quotes and the colon, and the value too where that is fixed.
    pub(super) start: u32,
    pub(super) len: u32,
    /// Another member that has come at the same point.
    pub(super) sibling: u32,
    /// The point behind it.
    pub(super) next: u32,
    /// What may stand there; nothing where the text says it.
    pub(super) value: u32,
    /// Of a member of the record itself: its field's place in the kind's table.
    pub(super) place: u8,
}

/// What has stood at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) string: Option<Scalar>,
    pub(super) number: Option<Scalar>,
    pub(super) bool: Option<Scalar>,
    pub(super) has_null: bool,
    /// The point where an object begins.
    pub(super) object: u32,
    /// What may stand in an array.
    pub(super) elements: u32,
    /// Of elements, where their array stands.
    pub(super) outer: Point,
    /// Where its pointer stands in the tree's, with [`ELEMENT`](super::lists::ELEMENT) for the number of each element.
    pub(super) pointer: (u32, u32),
}

/// What a scalar at a place needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scalar {
    pub(super) check: Option<Check>,
    pub(super) named: Option<Named>,
    /// Looked at whatever it says; others only where the scan has marked them.
    pub(super) is_looked_at: bool,
    /// Never looked at: its check proves it harmless.
    pub(super) is_proven: bool,
}

/// How a record with certain members is written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Step {
    /// Text as it is, with the comma before it.
    Text(Box<str>),
    /// The id, or the stamp's where the record has none.
    Id,
    /// The time, or the stamp's.
    Time,
    /// The member that fills the field at this place.
    Field(u8),
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            texts: Vec::new(),
            pointers: String::new(),
            states: vec![State { first: NONE, end: NONE, outer: Point::OUTSIDE }],
            edges: Vec::new(),
            values: Vec::new(),
            plans: Vec::new(),
        }
    }
}

impl Tree {
    /// Where a record begins.
    pub(super) const ROOT: u32 = 0;

    /// Whether no more should be learned: some megabytes of structures are no structures.
    pub(super) fn is_full(&self) -> bool {
        const MOST_EDGES: usize = 1 << 12;
        const MOST_TEXT: usize = 1 << 18;
        self.edges.len() >= MOST_EDGES || self.texts.len() >= MOST_TEXT
    }

    #[inline]
    pub(super) fn text(&self, edge: &Edge) -> &[u8] {
        self.texts.get(edge.start as usize..(edge.start + edge.len) as usize).unwrap_or_default()
    }

    /// Where the record has come to behind the container that `point` is in.
    pub(super) fn outer(&self, point: Point) -> Option<Point> {
        let at = point.at() as usize;
        Some(if point.is_object() { self.states.get(at)?.outer } else { self.values.get(at)?.outer })
    }

    /// The value's place in every record.
    pub(super) fn pointer(&self, value: u32) -> &str {
        let (start, end) = self.values.get(value as usize).map_or((0, 0), |value| value.pointer);
        self.pointers.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The member that `text` goes on with from the point `state`.
    #[inline]
    pub(super) fn find(&self, state: u32, text: &[u8]) -> Option<&Edge> {
        let mut index = self.states.get(state as usize)?.first;
        loop {
            let edge = self.edges.get(index as usize)?;
            if text.starts_with(self.text(edge)) {
                return Some(edge);
            }
            index = edge.sibling;
        }
    }
}

impl Tree {
    /// The member called `name` that may come at the point `state`, if its value is not fixed.
    #[inline]
    pub(super) fn named(&self, state: u32, name: &[u8]) -> Option<&Edge> {
        const SIGNS: usize = "\"\":".len();
        let mut index = self.states.get(state as usize)?.first;
        loop {
            let edge = self.edges.get(index as usize)?;
            let text = self.text(edge);
            // What is fixed goes first, and is longer.
            if text.get(1..=name.len()) == Some(name) && text.get(name.len() + 1) == Some(&b'"') {
                return (text.len() == name.len() + SIGNS && edge.value != NONE).then_some(edge);
            }
            index = edge.sibling;
        }
    }
}

impl Value {
    pub(super) const NEW: Self = Self {
        string: None,
        number: None,
        bool: None,
        has_null: false,
        object: NONE,
        elements: NONE,
        outer: Point::OUTSIDE,
        pointer: (NONE, NONE),
    };

    pub(super) fn scalar_mut(&mut self, kind: Kind) -> Option<&mut Option<Scalar>> {
        match kind {
            Kind::String => Some(&mut self.string),
            Kind::Number => Some(&mut self.number),
            Kind::Bool => Some(&mut self.bool),
            Kind::Null | Kind::Object | Kind::Array => None,
        }
    }
}
