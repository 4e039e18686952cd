//! W3C Trace Context behind text: spans live in the hosts, which know what runs in what.

use crate::traceparent::SpanContext;

/// The `traceparent` of a new span: below the span that `parent` names, or, where that is no valid header, the root of a
/// new trace.
#[cfg(feature = "clock")]
pub fn new_traceparent(parent: &str) -> String {
    let mut random = [0; 24];
    // Only on a machine without a random source; ids are then not zero, but not unique either.
    let _ = getrandom::fill(&mut random);
    let mut span_id = [0; 8];
    span_id.copy_from_slice(&random[16..]);
    let context = SpanContext::parse(parent).map_or_else(|| SpanContext::root(random), |parent| parent.child(span_id));
    context.to_string()
}

/// A `traceparent` header as `{"trace_id":32 hex digits,"span_id":16 hex digits,"flags":n}`, or `null` where it is none.
pub fn read_traceparent(header: &str) -> String {
    SpanContext::parse(header).map_or_else(
        || "null".to_owned(),
        |context| {
            let (trace_id, span_id, flags) = (context.trace_id(), context.span_id(), context.flags());
            format!(r#"{{"trace_id":"{trace_id}","span_id":"{span_id}","flags":{flags}}}"#)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[cfg(feature = "clock")]
    #[test]
    fn a_span_stays_in_its_parents_trace_and_begins_one_without_a_parent() {
        let child = new_traceparent(PARENT);
        assert_eq!((&child[..36], &child[52..]), (&PARENT[..36], "-01"));
        assert_ne!(child, PARENT);
        let (one, other) = (new_traceparent(""), new_traceparent("nonsense"));
        assert!(SpanContext::parse(&one).is_some() && SpanContext::parse(&other).is_some());
        assert_ne!(one[3..35], other[3..35]);
    }

    #[test]
    fn a_header_is_read_or_null() {
        let read = r#"{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","flags":1}"#;
        assert_eq!(read_traceparent(PARENT), read);
        assert_eq!(read_traceparent("nonsense"), "null");
    }
}
