//! A client's view of the user's consent: read without a lock, looked up anew at most every few hundred milliseconds.
//!
//! Everything is atomic, so that neither a signal nor a fork can find it half changed or held.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Refusal;
use super::document::{Epochs, Purposes, Rule, Standing, Verdict};
use super::register::Register;
use crate::config::Purpose;

/// Between two looks at the file: four in the second within which other processes have to obey.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// What a look at the file brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Whether another verdict holds than before.
    pub(crate) is_new: bool,
    /// What was withdrawn: what was captured for it before must be erased unsent.
    pub(crate) must_erase: Purposes,
}

/// See the module's words.
pub(crate) struct Gate {
    /// Where consent is kept; nowhere on a machine without a folder for it.
    register: Option<Register>,
    rule: Rule,
    /// A [`Verdict`], packed.
    verdict: AtomicU8,
    /// Hashes of the last withdrawals' epochs, in the order of [`Purpose::ALL`].
    epochs: [AtomicU64; 3],
    fingerprint: AtomicU64,
    born: Instant,
    /// Milliseconds after birth of the next look.
    due: AtomicU64,
    /// Whether this process withdrew; holds where the file could not be written, until it grants again.
    is_withdrawn: AtomicBool,
}

impl Gate {
    /// Looks once. Makes nothing.
    pub(crate) fn new(register: Option<Register>, rule: Rule) -> Self {
        let gate = Self {
            register,
            rule,
            verdict: AtomicU8::new(0),
            epochs: Default::default(),
            // No file has this one.
            fingerprint: AtomicU64::new(2),
            born: Instant::now(),
            due: AtomicU64::new(0),
            is_withdrawn: AtomicBool::new(false),
        };
        gate.look();
        gate
    }

    pub(crate) fn register(&self) -> Option<&Register> {
        self.register.as_ref()
    }

    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    /// What stands on disk now.
    pub(crate) fn standing(&self) -> Standing {
        self.register.as_ref().map_or(Standing::Absent, Register::standing)
    }

    /// What may be collected, as of the last look.
    pub(crate) fn verdict(&self) -> Verdict {
        unpacked(self.verdict.load(Ordering::Acquire))
    }

    /// Whether anything may be collected. Costs one load.
    pub(crate) fn is_open(&self) -> bool {
        self.verdict.load(Ordering::Acquire) & Purposes::ALL.0 != 0
    }

    /// Whether it is time to look again; then whoever asked first looks.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let now = u64::try_from(now.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX);
        let due = self.due.load(Ordering::Relaxed);
        let next = now.saturating_add(LOOK_INTERVAL.as_millis().try_into().unwrap_or(u64::MAX));
        now >= due && self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Looks at the file; reads it only if it was replaced since.
    pub(crate) fn look(&self) -> Change {
        let print = self.register.as_ref().map_or(0, Register::fingerprint);
        if self.fingerprint.swap(print, Ordering::AcqRel) == print {
            return Change::default();
        }
        let standing = self.standing();
        let must_erase = self.follow_epochs(&standing.epochs());
        let is_withdrawn = self.is_withdrawn.load(Ordering::Acquire);
        let verdict = if is_withdrawn { Err(Refusal::NotGranted) } else { self.rule.verdict(&standing) };
        let packed = packed(verdict);
        Change { is_new: self.verdict.swap(packed, Ordering::AcqRel) != packed, must_erase }
    }

    /// The purposes that have another epoch than at the last look.
    fn follow_epochs(&self, epochs: &Epochs) -> Purposes {
        let known = Purpose::ALL.into_iter().zip(&self.epochs);
        let differs = |purpose: Purpose, known: &AtomicU64| {
            let now = hashed(epochs.of(purpose));
            known.swap(now, Ordering::AcqRel) != now
        };
        known.filter(|(purpose, known)| differs(*purpose, known)).map(|(purpose, _)| purpose).collect()
    }

    /// Closes at once, whatever becomes of the file.
    pub(crate) fn close(&self) {
        self.is_withdrawn.store(true, Ordering::Release);
        self.verdict.store(packed(Err(Refusal::NotGranted)), Ordering::Release);
    }

    /// Lets the file speak again, once a withdrawal stands in it: others may agree for the user later.
    pub(crate) fn follow(&self) {
        self.is_withdrawn.store(false, Ordering::Release);
    }

    /// Opens as far as the file, or where there is none the operator, allows.
    pub(crate) fn reopen(&self) -> Change {
        self.is_withdrawn.store(false, Ordering::Release);
        self.fingerprint.store(2, Ordering::Release);
        self.look()
    }

    /// Takes over what this process withdrew under another configuration.
    pub(crate) fn inherit(&self, elder: &Self) {
        if elder.is_withdrawn.load(Ordering::Acquire) {
            self.close();
        }
    }
}

/// FNV-1a; empty is 0.
fn hashed(epoch: &str) -> u64 {
    if epoch.is_empty() {
        return 0;
    }
    epoch.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The purposes in the three lowest bits, or the refusal above them.
fn packed(verdict: Verdict) -> u8 {
    match verdict {
        Ok(purposes) => purposes.0,
        Err(Refusal::NotAsked) => 1 << 3,
        Err(Refusal::NotGranted) => 2 << 3,
        Err(Refusal::OlderNotice) => 3 << 3,
        Err(Refusal::Unreadable) => 4 << 3,
    }
}

fn unpacked(bits: u8) -> Verdict {
    match bits >> 3 {
        0 => Ok(Purposes(bits)),
        1 => Err(Refusal::NotAsked),
        2 => Err(Refusal::NotGranted),
        3 => Err(Refusal::OlderNotice),
        _ => Err(Refusal::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(folder: &tempfile::TempDir, absent: Option<Refusal>) -> Gate {
        let register = Register::new(folder.path().to_owned(), None);
        Gate::new(Some(register), Rule { absent, notice_version: None })
    }

    #[test]
    fn a_change_by_anybody_is_seen_at_the_next_look() {
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(&folder, Some(Refusal::NotAsked));
        let other = Register::new(folder.path().to_owned(), None);
        assert_eq!((gate.verdict(), gate.look()), (Err(Refusal::NotAsked), Change::default()));
        other.grant(&[Purpose::Analytics], None, "other").unwrap();
        assert_eq!(gate.look(), Change { is_new: true, must_erase: Purposes::NONE });
        assert!(gate.is_open() && gate.verdict().unwrap().contains(Purpose::Analytics));
        other.withdraw(&[Purpose::Analytics], "other").unwrap();
        assert_eq!(gate.look(), Change { is_new: true, must_erase: Purposes::ALL }, "nothing is granted any more");
        assert!(!gate.is_open());
    }

    #[test]
    fn a_withdrawal_between_two_looks_is_not_missed() {
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(&folder, None);
        let other = Register::new(folder.path().to_owned(), None);
        other.withdraw(&Purpose::ALL, "other").unwrap();
        other.grant(&Purpose::ALL, None, "other").unwrap();
        assert_eq!(gate.look(), Change { is_new: false, must_erase: Purposes::ALL });
        other.withdraw(&[Purpose::Analytics], "other").unwrap();
        other.grant(&[Purpose::Analytics], None, "other").unwrap();
        let analytics = Purposes::from_iter([Purpose::Analytics]);
        assert_eq!(gate.look(), Change { is_new: false, must_erase: analytics });
    }

    #[test]
    fn a_file_that_is_damaged_while_the_client_runs_closes_the_gate() {
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(&folder, None);
        std::fs::write(folder.path().join("consent.json"), "{").unwrap();
        assert!(gate.look().is_new);
        assert_eq!(gate.verdict(), Err(Refusal::Unreadable));
    }

    #[test]
    fn what_this_process_withdrew_holds_without_a_file() {
        let gate = Gate::new(None, Rule { absent: None, notice_version: None });
        assert!(gate.is_open());
        gate.close();
        assert_eq!((gate.look(), gate.verdict()), (Change::default(), Err(Refusal::NotGranted)));
        gate.reopen();
        assert!(gate.is_open());
    }

    #[test]
    fn one_look_in_each_interval() {
        let gate = Gate::new(None, Rule { absent: None, notice_version: None });
        let now = Instant::now();
        assert!(gate.is_due(now) && !gate.is_due(now));
        assert!(!gate.is_due(now + LOOK_INTERVAL / 2) && gate.is_due(now + LOOK_INTERVAL * 2));
    }

    #[test]
    fn every_verdict_survives_packing() {
        let refusals = [Refusal::NotAsked, Refusal::NotGranted, Refusal::OlderNotice, Refusal::Unreadable];
        for verdict in refusals.map(Err).into_iter().chain((1..8).map(|bits| Ok(Purposes(bits)))) {
            assert_eq!(unpacked(packed(verdict)), verdict);
        }
    }
}
