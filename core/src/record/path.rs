//! Places in a record, for violations.

/// Where a value stands; made into a pointer only where something is wrong with it.
pub(super) enum Path<'a> {
    Member(&'a str),
    Inside(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// JSON Pointer. Names of tables need no escaping.
    pub(super) fn pointer(&self) -> String {
        let (mut parts, mut path): (Vec<String>, _) = (Vec::new(), self);
        loop {
            match path {
                Self::Member(name) => {
                    let mut pointer = format!("/{name}");
                    for part in parts.iter().rev() {
                        pointer.push('/');
                        pointer.push_str(part);
                    }
                    return pointer;
                }
                Self::Inside(outer, name) => {
                    parts.push((*name).to_owned());
                    path = outer;
                }
                Self::Element(outer, place) => {
                    parts.push(place.to_string());
                    path = outer;
                }
            }
        }
    }
}
