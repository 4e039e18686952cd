//! What has to be known of each record before it is stored: who was erased, who said no, where a record with an
//! impossible stamp was put.

use std::collections::HashMap;
use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::super::model::Tenant;
use crate::scrub::is_token;

/// Hex digits of a subject's hash: 128 bits, so that two people never share one.
const SUBJECT_DIGITS: usize = 32;

/// The name of the salt among the settings.
pub(super) const SALT: &str = "subject_salt";

/// Users by tenant, as far as something is known of them.
#[derive(Debug, Default)]
pub struct Subjects {
    salt: Vec<u8>,
    /// Up to when records are refused.
    tombstones: HashMap<Tenant, HashMap<String, i64>>,
    /// Purposes that were refused last.
    refusals: HashMap<Tenant, HashMap<String, Vec<String>>>,
}

impl Subjects {
    /// What a user is called here: a pseudonym as it is; of a plain id, a salted hash, so that an id that was erased
    /// stands in no file.
    pub(in crate::store) fn name(&self, tenant: &Tenant, user: &str) -> String {
        if is_token(user) {
            return user.to_owned();
        }
        let mut hash = Sha256::new();
        for part in [&self.salt[..], tenant.as_str().as_bytes(), user.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut name = "sha256:".to_owned();
        for byte in digest.iter().take(SUBJECT_DIGITS / 2) {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// Whether a record of `user` from that moment is refused.
    pub(in crate::store) fn is_erased(&self, tenant: &Tenant, user: &str, timestamp: i64) -> Option<String> {
        // Mostly nobody of a tenant was erased, and nothing is hashed.
        let of_tenant = self.tombstones.get(tenant)?;
        let name = self.name(tenant, user);
        of_tenant.get(&name).is_some_and(|at| timestamp <= *at).then_some(name)
    }

    /// Up to when records of `user` are refused.
    pub(in crate::store) fn erased_until(&self, tenant: &Tenant, user: &str) -> Option<i64> {
        self.tombstones.get(tenant)?.get(&self.name(tenant, user)).copied()
    }

    /// Whether `user` said no to the purpose.
    pub(in crate::store) fn has_refused(&self, tenant: &Tenant, user: &str, purpose: &str) -> bool {
        let Some(of_tenant) = self.refusals.get(tenant) else { return false };
        of_tenant.get(&self.name(tenant, user)).is_some_and(|purposes| purposes.iter().any(|p| p == purpose))
    }
}

impl Subjects {
    /// Refuses a subject's records up to that moment.
    pub(in crate::store) fn bury(&mut self, tenant: &Tenant, subject: &str, at: i64) {
        let until = self.tombstones.entry(tenant.clone()).or_default().entry(subject.to_owned()).or_insert(at);
        *until = at.max(*until);
    }

    /// Takes a subject's decision.
    pub(in crate::store) fn decide(&mut self, tenant: &Tenant, subject: &str, purpose: &str, granted: bool) {
        let purposes = self.refusals.entry(tenant.clone()).or_default().entry(subject.to_owned()).or_default();
        purposes.retain(|refused| refused != purpose);
        if !granted {
            purposes.push(purpose.to_owned());
        }
    }
}

/// Reads everything; a store does so when it opens and when another process wrote.
pub(super) fn subjects(connection: &mut Connection) -> rusqlite::Result<Subjects> {
    let salt = salt(connection)?;
    let mut subjects = Subjects { salt, ..Subjects::default() };
    let mut statement = connection.prepare_cached("SELECT tenant, subject, at FROM telemetry_tombstones")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(tenant) = Tenant::new(row.get_ref(0)?.as_str()?) else { continue };
        subjects.tombstones.entry(tenant).or_default().insert(row.get(1)?, row.get(2)?);
    }
    // The last decision of each purpose; without a `max`, SQLite would pick any row's `granted`.
    let mut statement = connection.prepare_cached(
        "SELECT tenant, user_id, purpose, granted, max(seq) FROM telemetry_consents GROUP BY tenant, user_id, purpose",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(tenant) = Tenant::new(row.get_ref(0)?.as_str()?) else { continue };
        if !row.get::<_, bool>(3)? {
            let of_tenant = subjects.refusals.entry(tenant).or_default();
            of_tenant.entry(row.get(1)?).or_default().push(row.get(2)?);
        }
    }
    Ok(subjects)
}

/// The store's own salt, made at its first opening.
fn salt(connection: &mut Connection) -> rusqlite::Result<Vec<u8>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let find = "SELECT value FROM telemetry_settings WHERE name = ?1";
    let found = transaction.query_row(find, [SALT], |row| row.get(0)).optional()?;
    let salt = if let Some(salt) = found {
        salt
    } else {
        let mut salt = vec![0; 32];
        // Only on a machine without a random source; hashes of ids are then without a salt.
        let _ = getrandom::fill(&mut salt);
        transaction.execute("INSERT INTO telemetry_settings (name, value) VALUES (?1, ?2)", params![SALT, salt])?;
        salt
    };
    transaction.commit()?;
    Ok(salt)
}

/// Counts records that tombstones refused.
pub(super) fn refused(connection: &mut Connection, refused: &[(Tenant, String, u64)]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for (tenant, subject, count) in refused {
        transaction.execute(
            "UPDATE telemetry_tombstones SET refused = refused + ?3 WHERE tenant = ?1 AND subject = ?2",
            params![tenant.as_str(), subject, count],
        )?;
    }
    transaction.commit()
}

/// Over all tenants.
pub(super) fn refused_total(connection: &Connection) -> rusqlite::Result<u64> {
    let sum = "SELECT coalesce(sum(refused), 0) FROM telemetry_tombstones";
    connection.prepare_cached(sum)?.query_row([], |row| row.get(0))
}

/// Gives each record the time under which it was put first.
pub(super) fn clamped(connection: &mut Connection, records: &mut [(Tenant, [u8; 16], i64)]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (tenant, id, at) in records {
        transaction
            .prepare_cached(
                "INSERT INTO telemetry_clamped (tenant, id, ts) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![tenant.as_str(), *id, *at])?;
        *at = transaction
            .prepare_cached("SELECT ts FROM telemetry_clamped WHERE tenant = ?1 AND id = ?2")?
            .query_row(params![tenant.as_str(), *id], |row| row.get(0))?;
    }
    transaction.commit()
}

/// Forgets where records were put that are gone.
pub(super) fn forget_clamped(connection: &Connection, before: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM telemetry_clamped WHERE ts < ?1", [before]).map(drop)
}
