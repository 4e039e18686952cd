//! What is known of records before they are stored, in memory.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::meta::Subjects;
use super::model::{StoredEvent, Tenant};
use super::{Kept, MetaStore, Shared};
use crate::error::Result;

/// How long what another process decided may stay unknown.
const REFRESH: Duration = Duration::from_millis(250);

/// Records whose repetition is noticed at once; whatever comes later is noticed by the indexer. A client repeats what it
/// sent within the last minute. 3 MiB.
const MAX_RECENT: usize = 1 << 16;

/// What is known of users, as of the last look.
pub(super) struct Known {
    pub(super) subjects: Subjects,
    version: i64,
    looked: Instant,
}

impl Known {
    pub(super) fn read(meta: &dyn MetaStore) -> Result<Self> {
        let version = meta.version()?;
        Ok(Self { subjects: meta.subjects()?, version, looked: Instant::now() })
    }

    /// The subject whose erasure refuses the event.
    pub(super) fn erased(&self, event: &StoredEvent) -> Option<String> {
        let timestamp = event.original_timestamp.unwrap_or(event.timestamp).min(event.timestamp);
        let mut users = event.user_id.iter().chain(&event.actor_id);
        users.find_map(|user| self.subjects.is_erased(&event.tenant, user, timestamp))
    }
}

impl Shared {
    /// Learns what another process decided.
    pub(super) fn refresh(&self) -> Result<()> {
        if self.known.read().looked.elapsed() < REFRESH {
            return Ok(());
        }
        let version = self.meta.version()?;
        let mut known = self.known.write();
        if known.version == version {
            known.looked = Instant::now();
            return Ok(());
        }
        *known = Known::read(self.meta.as_ref())?;
        Ok(())
    }

    /// Puts records into the day files, but for those of erased users. Repeating it changes nothing.
    pub(super) fn store(&self, mut events: Vec<StoredEvent>) -> Result<Kept> {
        self.refresh()?;
        self.place_clamped(&mut events)?;
        let mut refused: HashMap<(Tenant, String), u64> = HashMap::new();
        {
            let known = self.known.read();
            events.retain(|event| match known.erased(event) {
                Some(subject) => {
                    *refused.entry((event.tenant.clone(), subject)).or_default() += 1;
                    false
                }
                None => true,
            });
        }
        let appended = self.events.append(&events)?;
        let count = refused.values().sum();
        if count > 0 {
            let refused: Vec<_> = refused.into_iter().map(|((tenant, name), n)| (tenant, name, n)).collect();
            self.meta.refused(&refused)?;
        }
        Ok(Kept { duplicates: appended.duplicates, refused: count })
    }

    /// Gives records with impossible stamps the time under which they came first.
    fn place_clamped(&self, events: &mut [StoredEvent]) -> Result<()> {
        let clamped: Vec<&mut StoredEvent> =
            events.iter_mut().filter(|event| event.original_timestamp.is_some()).collect();
        if clamped.is_empty() {
            return Ok(());
        }
        let mut places: Vec<_> =
            clamped.iter().map(|event| (event.tenant.clone(), event.id, event.timestamp)).collect();
        self.meta.clamped(&mut places)?;
        for (event, (_, _, at)) in clamped.into_iter().zip(places) {
            event.put_at(at);
        }
        Ok(())
    }

    /// Counts records that were refused before they came to the log.
    pub(super) fn count_refused(&self, tenant: &Tenant, subjects: &HashMap<String, u64>) -> Result<()> {
        let refused: Vec<_> = subjects.iter().map(|(name, count)| (tenant.clone(), name.clone(), *count)).collect();
        if refused.is_empty() { Ok(()) } else { self.meta.refused(&refused) }
    }
}

/// Records that were acknowledged last, by a hash of what makes them the same.
pub(super) struct Recent {
    keys: [RandomState; 2],
    kept: Mutex<(KeySet, VecDeque<u128>)>,
}

/// Keys are hashes already; hashing them once more would find them no faster.
pub(super) type KeySet = HashSet<u128, BuildHasherDefault<Half>>;

/// Half of a key.
#[derive(Default)]
pub(super) struct Half(u64);

impl Hasher for Half {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |half, byte| half.rotate_left(8) ^ u64::from(*byte));
    }

    #[allow(clippy::cast_possible_truncation, reason = "half of it")]
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self { keys: [RandomState::new(), RandomState::new()], kept: Mutex::default() }
    }
}

impl Recent {
    /// 128 bits under keys of this process: two records never share one.
    pub(super) fn key(&self, event: &StoredEvent) -> u128 {
        // Of a clamped record the time that it came with: the other one differs each time it comes.
        let timestamp = event.original_timestamp.unwrap_or(event.timestamp);
        let names = (event.tenant.as_str(), event.schema, &event.channel, &event.event);
        let first = self.keys[0].hash_one((names, timestamp, event.id));
        // The second half sees the names by the first, and what tells records apart itself: hashing all of it twice found
        // no more.
        let second = self.keys[1].hash_one((first, timestamp, event.id));
        u128::from(first) << 64 | u128::from(second)
    }

    pub(super) fn known(&self, keys: &[u128]) -> Vec<bool> {
        let kept = self.kept.lock();
        keys.iter().map(|key| kept.0.contains(key)).collect()
    }

    pub(super) fn add(&self, keys: &[u128]) {
        let mut kept = self.kept.lock();
        let (set, order) = &mut *kept;
        for key in keys {
            if set.insert(*key) {
                order.push_back(*key);
            }
        }
        while order.len() > MAX_RECENT {
            if let Some(oldest) = order.pop_front() {
                set.remove(&oldest);
            }
        }
    }

    /// After an erasure a record that comes again is refused, not taken for one that is there.
    pub(super) fn clear(&self) {
        *self.kept.lock() = Default::default();
    }
}
