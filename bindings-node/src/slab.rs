//! The memory that JavaScript writes records into, and what becomes of it when its environment ends.
//!
//! A worker thread that is terminated runs no more JavaScript, so only the addon can save what is in the slab. Node calls
//! one hook for each environment while its memory is still there.

use std::cell::{Cell, Ref, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use napi::bindgen_prelude::Buffer;
use napi::{Env, Result};
use scrubjay_core::ffi;

use crate::leaving;

/// The slab begins with the length, in 4 bytes of the machine's order, of the complete records behind these bytes.
/// Eight, so that what follows is aligned as JavaScript's views want it.
const LENGTH_BYTES: usize = 8;

/// One client's slab.
pub(crate) struct Slab {
    client: Arc<ffi::Client>,
    memory: RefCell<Buffer>,
}

impl Slab {
    /// All of it.
    pub(crate) fn memory(&self) -> Ref<'_, Buffer> {
        self.memory.borrow()
    }

    /// Captures the complete records and forgets them; whether the client still captures. JavaScript cannot be stopped
    /// in between, so each record is captured once.
    pub(crate) fn hand_over(&self) -> bool {
        let mut memory = self.memory.borrow_mut();
        let Some((head, records)) = memory.split_at_mut_checked(LENGTH_BYTES) else { return true };
        let length = head.first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes));
        head.fill(0);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        records.get(..length).is_none_or(|records| self.client.track_framed(records))
    }
}

thread_local! {
    /// The slabs of this thread's environment.
    static SLABS: RefCell<Vec<Weak<Slab>>> = const { RefCell::new(Vec::new()) };
    /// Whether the hook is set.
    static IS_HOOKED: Cell<bool> = const { Cell::new(false) };
}

/// A slab of a client, which is handed over when the environment ends.
///
/// # Errors
/// Where the environment is ending already.
pub(crate) fn attach(env: Env, client: &Arc<ffi::Client>, memory: Buffer) -> Result<Rc<Slab>> {
    if !IS_HOOKED.replace(true) {
        env.add_env_cleanup_hook((), |()| hand_over_all())?;
    }
    let slab = Rc::new(Slab { client: Arc::clone(client), memory: RefCell::new(memory) });
    SLABS.with_borrow_mut(|slabs| {
        // Those of clients that are gone.
        slabs.retain(|slab| slab.strong_count() > 0);
        slabs.push(Rc::downgrade(&slab));
    });
    Ok(slab)
}

fn hand_over_all() {
    IS_HOOKED.set(false);
    for slab in SLABS.take().iter().filter_map(Weak::upgrade) {
        slab.hand_over();
        leaving::deliver(Arc::clone(&slab.client));
    }
}
