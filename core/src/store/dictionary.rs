//! Tenants, series and users of one day's file, which are named once there and numbered.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::model::{StoredEvent, Tenant};

/// Users whose numbers are kept in memory, some 100 bytes each.
const MAX_KNOWN_USERS: usize = 50_000;

/// Numbers that were looked up or given, as long as nobody else writes to the file.
#[derive(Default)]
pub(super) struct Dictionary {
    /// SQLite's count of what others wrote.
    version: i64,
    tenants: HashMap<Tenant, i64>,
    /// By tenant and kind.
    series: HashMap<(i64, &'static str), Names>,
    users: HashMap<(i64, String), i64>,
}

/// Numbers by channel and event.
type Names = HashMap<(String, String), i64>;

impl Dictionary {
    /// Forgets everything: after an erasure, or a transaction that was undone.
    pub(super) fn clear(&mut self) {
        *self = Self { version: self.version, ..Self::default() };
    }

    /// Forgets what another process may have changed. To be called within the transaction that then writes.
    pub(super) fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        if version != self.version {
            self.clear();
            self.version = version;
        }
        if self.users.len() > MAX_KNOWN_USERS {
            self.users.clear();
        }
        Ok(())
    }

    pub(super) fn tenant(&mut self, to: &Transaction<'_>, tenant: &Tenant) -> rusqlite::Result<i64> {
        if let Some(number) = self.tenants.get(tenant) {
            return Ok(*number);
        }
        let number = number(
            to,
            "SELECT tenant FROM telemetry_tenants WHERE name = ?1",
            "INSERT INTO telemetry_tenants (name) VALUES (?1)",
            params![tenant.as_str()],
        )?;
        self.tenants.insert(tenant.clone(), number);
        Ok(number)
    }

    pub(super) fn series(&mut self, to: &Transaction<'_>, tenant: i64, event: &StoredEvent) -> rusqlite::Result<i64> {
        let known = self.series.entry((tenant, event.schema)).or_default();
        // One allocation less would need a borrowed pair as key; a name is short, and SQLite costs ten times as much.
        let name = (event.channel.clone(), event.event.clone());
        if let Some(number) = known.get(&name) {
            return Ok(*number);
        }
        let number = number(
            to,
            "SELECT series FROM telemetry_series WHERE tenant = ?1 AND schema = ?2 AND channel = ?3 AND event = ?4",
            "INSERT INTO telemetry_series (tenant, schema, channel, event) VALUES (?1, ?2, ?3, ?4)",
            params![tenant, event.schema, event.channel, event.event],
        )?;
        known.insert(name, number);
        Ok(number)
    }

    pub(super) fn user(
        &mut self,
        to: &Transaction<'_>,
        tenant: i64,
        user: Option<&str>,
    ) -> rusqlite::Result<Option<i64>> {
        let Some(user) = user else { return Ok(None) };
        let key = (tenant, user.to_owned());
        if let Some(number) = self.users.get(&key) {
            return Ok(Some(*number));
        }
        let number = number(
            to,
            "SELECT user FROM telemetry_users WHERE tenant = ?1 AND user_id = ?2",
            "INSERT INTO telemetry_users (tenant, user_id) VALUES (?1, ?2)",
            params![tenant, user],
        )?;
        self.users.insert(key, number);
        Ok(Some(number))
    }
}

/// The number of what is there, or a new one.
fn number(to: &Transaction<'_>, find: &str, insert: &str, key: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<i64> {
    let found = to.prepare_cached(find)?.query_row(key, |row| row.get(0)).optional()?;
    match found {
        Some(number) => Ok(number),
        None => to.prepare_cached(insert)?.insert(key),
    }
}
