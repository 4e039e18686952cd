//! What changes a client while it runs: the user's consent, and another configuration.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Client;
use super::doctor;
use super::settings::{Settings, Snapshot};
use super::shared::Shared;
use super::status;
use super::switch::World;
use crate::config::{Config, Purpose, keys};
use crate::consent::Purposes;
use crate::error::Result;

impl Client {
    /// Records that the user agrees to these purposes, and starts collecting where nothing else says off. Returns
    /// whether it does.
    ///
    /// `notice_version` is that of the privacy notice which the user saw (by default the configured one) and `source`
    /// where they agreed, such as `settings`. All programs of the user that share the state folder follow within a
    /// second.
    ///
    /// # Errors
    /// `consent_unavailable` where it cannot be kept, and so does not count; `argument_invalid`.
    pub fn opt_in(&self, purposes: &[Purpose], notice_version: Option<&str>, source: &str) -> Result<bool> {
        self.0.here().opt_in(purposes, notice_version, source)
    }

    /// Records that the user no longer agrees to these purposes. When this returns, everything that was captured and
    /// not delivered is erased from memory and disk, the request in flight is cancelled, and nothing of what was
    /// withdrawn will be sent by this client again; other processes follow within a second. Says no farewell.
    ///
    /// Where all purposes are withdrawn, this client is silent even if an error is returned.
    ///
    /// # Errors
    /// `consent_unavailable` where it cannot be kept or something cannot be erased; `argument_invalid`.
    pub fn opt_out(&self, purposes: &[Purpose], source: &str) -> Result<()> {
        self.0.here().opt_out(purposes, source)
    }

    /// Takes another configuration, laid over environment and file as at the beginning. What is queued stays, unless
    /// the client is off then, or the queue may hold less: the oldest go with the next capture. The spool's folder stays
    /// what it was. Returns the changed keys as JSON:
    /// `[{"key":…,"source":…}…]`.
    ///
    /// # Errors
    /// As [`new`](Self::new), and then nothing changes.
    pub fn reconfigure(&self, config: &Config) -> Result<String> {
        self.reconfigure_in(config, &World::of_process())
    }

    pub(super) fn reconfigure_in(&self, config: &Config, world: &World<'_>) -> Result<String> {
        let shared = self.0.here();
        let fresh = Settings::new(config, world)?;
        let changed = difference(&shared.settings, &fresh);
        shared.settings.replace(fresh)?;
        if !shared.settings.is_on() {
            shared.erase_memory(Purposes::ALL);
        }
        shared.note_change("config", &changed);
        let mut state = shared.state.lock();
        state.queue.bound(shared.settings.queue);
        if state.queue.pending() > 0 {
            shared.ensure_worker(&mut state);
        }
        drop(state);
        shared.wake.notify_one();
        Ok(changed.to_string())
    }

    /// A client that may ask, grant and withdraw, and never collects without an endpoint.
    pub(crate) fn for_control(config: &Config) -> Result<Self> {
        Ok(Self(Shared::new(Arc::new(Settings::without_sending(config, &World::of_process())?))))
    }

    /// Every change of the user's consent there was, as a JSON array of the audit trail's entries.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub fn consent_history(&self) -> Result<String> {
        self.0.here().register()?.history()
    }

    /// Checks the audit trail of the user's consent:
    /// `{"entries":n,"head":…,"broken_at":n|null,"keyed":n,"proved_up_to":n|null}`. The first entry that is not as it was
    /// written, or is missing, is `broken_at`. `keyed` entries have an HMAC; where the key (`TELEMETRY_AUDIT_KEY`) is at
    /// hand, they are checked, and the last of them is `proved_up_to`.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub fn consent_verify(&self) -> Result<String> {
        Ok(self.0.here().register()?.verify()?.to_json())
    }

    /// Checks what the client needs, and says what to do about it: `{"ok":bool,"checks":[{"name","state","message",
    /// "advice"}…]}`. Asks the endpoint, and waits for its answer as long as a request may take. Collects nothing.
    pub fn doctor(&self) -> String {
        doctor::examine(&self.0.here().settings).to_string()
    }

    /// What changed since a listener last asked, as JSON: `{"next":n,"changes":[…]}`; pass `next` the next time, and 0
    /// the first. A change is `{"kind":"consent"|"config","enabled":bool,"disabled_by":…,"changed":[…]}` or
    /// `{"kind":"warning","message":…}`. Looks at the consent file.
    pub fn changes(&self, since: u64) -> String {
        let shared = self.0.here();
        shared.heed_if_due();
        shared.changes.since(since)
    }

    /// What holds and who decided it, as JSON: `{"version","enabled","disabled_by","upload_enabled","config_file",
    /// "state_dir","consent":{…},"deletions":{"pending","last_error"},"values":[{"key","value","source","variable"}…],"warnings":[…]}`. Secrets have
    /// `"is_set"` in place of a value.
    pub fn status(&self) -> String {
        let shared = self.0.here();
        shared.heed_if_due();
        status::of(shared).to_string()
    }
}

/// The keys whose values differ.
fn difference(old: &Arc<Settings>, fresh: &Settings) -> Value {
    let values = |settings: &Snapshot| serde_json::to_value(&settings.resolved.config).unwrap_or_default();
    let (before, after) = (values(old), values(fresh));
    let differs = |path: &str| before.pointer(path) != after.pointer(path);
    let changed = keys().filter(|key| key.is_leaf() && differs(key.path));
    changed.map(|key| json!({"key": key.path, "source": fresh.resolved.source(key.path).as_str()})).collect()
}
