//! What callers left for one thread that does for many of them at once what costs as much for one: in the order in which
//! it came, in groups of so many bytes, each with a promise of an answer.

use std::collections::VecDeque;

/// Hears an answer once, whatever becomes of who owes it.
pub(crate) struct Promise<A> {
    hear: Option<Box<dyn FnOnce(A) + Send>>,
    unanswered: fn() -> A,
}

impl<A> Promise<A> {
    /// `unanswered` is the answer where nobody is left who could give another.
    pub(crate) fn new(hear: impl FnOnce(A) + Send + 'static, unanswered: fn() -> A) -> Self {
        Self { hear: Some(Box::new(hear)), unanswered }
    }

    pub(crate) fn resolve(mut self, answer: A) {
        if let Some(hear) = self.hear.take() {
            hear(answer);
        }
    }
}

impl<A> Drop for Promise<A> {
    fn drop(&mut self) {
        if let Some(hear) = self.hear.take() {
            hear((self.unanswered)());
        }
    }
}

/// See the module's words.
pub(crate) struct Gathered<T> {
    waiting: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), bytes: 0 }
    }
}

impl<T> Gathered<T> {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Of all that waits.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push(&mut self, item: T, bytes: usize) {
        self.bytes += bytes;
        self.waiting.push_back((item, bytes));
    }

    /// The oldest that fit into so many bytes together; one at least where any waits, however large.
    pub(crate) fn take(&mut self, most_bytes: usize) -> Vec<T> {
        let mut taken_bytes = 0;
        let mut count = 0;
        for (_, bytes) in &self.waiting {
            if count > 0 && taken_bytes + bytes > most_bytes {
                break;
            }
            (taken_bytes, count) = (taken_bytes + bytes, count + 1);
        }
        self.bytes -= taken_bytes;
        self.waiting.drain(..count).map(|(item, _)| item).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_group_has_no_more_bytes_than_asked_for_but_one_item_at_least() {
        let mut gathered = Gathered::default();
        for bytes in [0, 4, 3, 4, 20, 0, 1] {
            gathered.push(bytes, bytes);
        }
        let groups: Vec<Vec<usize>> =
            std::iter::from_fn(|| Some(gathered.take(8)).filter(|group| !group.is_empty())).collect();
        assert_eq!(groups, [vec![0, 4, 3], vec![4], vec![20], vec![0, 1]]);
        assert_eq!((gathered.len(), gathered.bytes()), (0, 0));
    }

    #[test]
    fn a_promise_is_answered_once_also_where_it_is_forgotten() {
        let (hear, heard) = channel();
        let promise = || {
            let hear = hear.clone();
            Promise::new(move |answer| hear.send(answer).unwrap(), || "unanswered")
        };
        promise().resolve("kept");
        drop(promise());
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["kept", "unanswered"]);
    }
}
