//! Durable records whose callers go on meanwhile: one thread takes what has gathered, keeps all of it with one sync,
//! and tells each caller.
//!
//! The thread is there only while something waits. What waits counts as written to the disk at this moment
//! ([`State::writers`](super::state::State)), so an erasure and the end of the client wait for it.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::client::ledger::{Findings, Reason};
use crate::client::prepare::Pipeline;
use crate::client::queue::{Captured, Form};
use crate::client::shared::Shared;
use crate::client::spooled::Decided;
use crate::gathered::{Gathered, Promise};

/// Bytes that are kept with one sync: enough that the sync costs a record next to nothing, and no more than a disk
/// writes while somebody waits.
const GROUP_BYTES: usize = 512 << 10;

/// A record that somebody wants on the disk.
struct Asked {
    form: Form,
    /// Microseconds since 1970.
    at: i64,
    bytes: Box<[u8]>,
    /// Whether it survives a power loss; a no where nobody is left who could say so.
    kept: Promise<bool>,
}

/// What waits for the thread.
#[derive(Default)]
pub(crate) struct Later {
    state: Mutex<State>,
    /// Tells who waits that records came to their end.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Gathered<Asked>,
    is_running: bool,
    /// Records that ever came, and those of them that ended.
    asked: u64,
    ended: u64,
}

impl Later {
    /// Waits until what came before this call has ended; whether it did.
    pub(crate) fn wait(&self, deadline: Instant) -> bool {
        let mut state = self.state.lock();
        let end = state.asked;
        while state.ended < end {
            if self.ended.wait_until(&mut state, deadline).timed_out() {
                return state.ended >= end;
            }
        }
        true
    }

    fn end(&self, records: usize) {
        self.state.lock().ended += records as u64;
        self.ended.notify_all();
    }
}

impl Shared {
    /// Has a record kept in the spool without waiting for it.
    pub(crate) fn capture_later(self: &Arc<Self>, record: &Captured<'_>, kept: Promise<bool>) {
        {
            let mut state = self.state.lock();
            if self.captures(&state).is_none() {
                self.refuse_all(state, 1);
                return;
            }
            state.writers += 1;
        }
        let queue = self.settings.current().queue;
        let mut later = self.later.state.lock();
        let bytes = record.bytes.len();
        if later.waiting.len() >= queue.items || later.waiting.bytes() + bytes > queue.bytes {
            drop(later);
            return self.book(|state| {
                state.writers -= 1;
                state.capture_dropped(Reason::QueueFull);
            });
        }
        later.asked += 1;
        later.waiting.push(Asked { form: record.form, at: record.at, bytes: record.bytes.into(), kept }, bytes);
        if later.is_running {
            return;
        }
        later.is_running = true;
        drop(later);
        let shared = Arc::clone(self);
        let started = thread::Builder::new().name("scrubjay-disk".to_owned()).spawn(move || shared.keep_gathered());
        if started.is_err() {
            // The system has no thread left: the caller waits, as it would without this way.
            self.keep_gathered();
        }
    }

    fn keep_gathered(self: &Arc<Self>) {
        let _end = End(self);
        loop {
            let group = {
                let mut later = self.later.state.lock();
                let group = later.waiting.take(GROUP_BYTES);
                later.is_running = !group.is_empty();
                group
            };
            if group.is_empty() {
                return;
            }
            self.keep_group(group);
        }
    }

    fn keep_group(self: &Arc<Self>, group: Vec<Asked>) {
        let mut reserved = Reserved { shared: self, records: group.len(), total: group.len() };
        let settings = self.settings.current();
        let (pressure, bits) = {
            let mut state = self.state.lock();
            let bits: Vec<_> = group.iter().map(|_| state.queue.draw()).collect();
            (state.queue.pressure(), bits)
        };
        let pipeline = Pipeline { engine: &settings.engine, sampler: settings.sampler.as_ref(), pressure };
        let checked: Vec<_> = group
            .iter()
            .zip(bits)
            .map(|(Asked { form, at, bytes, .. }, bits)| {
                pipeline.check(&Captured { form: *form, at: *at, bytes }, bits)
            })
            .collect();
        let decided: Vec<Decided<'_>> = group
            .iter()
            .zip(&checked)
            .map(|(asked, (outcome, reason))| {
                let mut findings = Findings::default();
                findings.note(outcome);
                Decided::new(outcome.record.as_deref(), *reason, asked.at, findings)
            })
            .collect();
        let kept = self.capture_durably(&decided, &mut reserved.records);
        drop(reserved);
        for (asked, is_kept) in group.into_iter().zip(kept) {
            asked.kept.resolve(is_kept);
        }
    }
}

/// A group on its way, which ends with this, however that comes.
struct Reserved<'a> {
    shared: &'a Arc<Shared>,
    /// Records that count as being written.
    records: usize,
    total: usize,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.records > 0 {
            self.shared.book(|state| state.writers -= self.records);
        }
        self.shared.later.end(self.total);
    }
}

/// The end of the thread: one that breaks down keeps nobody waiting for it.
struct End<'a>(&'a Arc<Shared>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let left = {
            let mut later = self.0.later.state.lock();
            later.is_running = false;
            std::mem::take(&mut later.waiting)
        };
        // Each of them hears a no when this ends.
        drop(Reserved { shared: self.0, records: left.len(), total: left.len() });
    }
}
