//! Records in SQLite: one file per UTC day, written and read through separate connections.
//!
//! Writers and readers have a lock each, so that a long question does not hold up acknowledgements; the WAL lets
//! both look at a file at once. Who needs both locks takes the writers' first.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::EventStore;
use super::aggregate::{self, Buckets};
use super::database::{create_private_folder, truncate_wal, unavailable};
use super::day::{Day, DayFiles, file_of};
use super::model::{Appended, DayStats, Page, StoreStats, StoredEvent, Tenant};
use super::spec::{AggregateSpec, Cursor, QuerySpec, Selection};
use crate::error::{Error, ErrorKind, Result};

/// Bytes after which a page ends, whatever its limit: bounds the memory of an answer.
const MAX_PAGE_BYTES: usize = 4 << 20;

const EVENTS: &str = "telemetry_events";
const TRACES: &str = "telemetry_traces";
const METRICS: &str = "telemetry_metrics";

/// The table of a record kind: traces and spans, metrics, and everything else.
pub(super) fn table_of(schema: &str) -> &'static str {
    match schema {
        "telemetry_trace_v1" | "telemetry_span_v1" => TRACES,
        "telemetry_metric_v1" => METRICS,
        _ => EVENTS,
    }
}

/// The embedded [`EventStore`].
pub(super) struct SqliteEvents {
    writers: Mutex<Option<DayFiles>>,
    readers: Mutex<Option<DayFiles>>,
}

impl SqliteEvents {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        create_private_folder(folder)?;
        let files = || Mutex::new(Some(DayFiles::new(folder)));
        Ok(Self { writers: files(), readers: files() })
    }
}

fn lock(files: &Mutex<Option<DayFiles>>) -> Result<MappedMutexGuard<'_, DayFiles>> {
    let closed = || Error::new(ErrorKind::Closed, "", "the store is closed; open it again");
    MutexGuard::try_map(files.lock(), Option::as_mut).map_err(|_| closed())
}

impl EventStore for SqliteEvents {
    fn append(&self, tenant: &Tenant, events: &[StoredEvent]) -> Result<Appended> {
        let mut files = lock(&self.writers)?;
        let mut days: BTreeMap<Day, Vec<&StoredEvent>> = BTreeMap::new();
        for event in events {
            days.entry(Day::of(event.timestamp)).or_default().push(event);
        }
        let mut appended = Appended::default();
        for (day, events) in days {
            let inserted = insert(files.connect(day)?, tenant, &events);
            let stored = inserted.map_err(|e| unavailable("write", &file_of(day), &e))?;
            appended.stored += stored;
            appended.duplicates += events.len() as u64 - stored;
        }
        Ok(appended)
    }

    fn query(&self, tenant: &Tenant, spec: &QuerySpec) -> Result<Page> {
        let mut selection = spec.selection.clone();
        if let Some(cursor) = &spec.cursor {
            selection.start = selection.start.max(cursor.timestamp);
        }
        let mut files = lock(&self.readers)?;
        let mut pager = Pager { limit: spec.limit, bytes: 0, last: None, page: Page::default() };
        for day in files.days_between(selection.start, selection.end)? {
            let read = select(files.connect(day)?, tenant, &selection, spec.cursor.as_ref(), &mut pager);
            read.map_err(|e| unavailable("read", &file_of(day), &e))?;
            if pager.page.next.is_some() {
                break;
            }
        }
        Ok(pager.page)
    }

    fn aggregate(&self, tenant: &Tenant, spec: &AggregateSpec) -> Result<Buckets> {
        let mut files = lock(&self.readers)?;
        let mut tally = aggregate::Tally::new(spec);
        for day in files.days_between(spec.selection.start, spec.selection.end)? {
            let (wherein, bound) = wherein(tenant, &spec.selection);
            let read = tally.read(files.connect(day)?, &wherein, bound);
            read.map_err(|e| unavailable("read", &file_of(day), &e))?;
            tally.check()?;
        }
        Ok(tally.finish())
    }

    fn delete_user(&self, tenant: &Tenant, user_id: &str) -> Result<u64> {
        let mut writers = lock(&self.writers)?;
        let mut readers = lock(&self.readers)?;
        let mut deleted = 0;
        for day in writers.days()? {
            // An idle reader would still keep the log from being emptied on some systems.
            readers.close(day);
            let connection = writers.connect(day)?;
            let failed = |e| unavailable("erase from", &file_of(day), &e);
            deleted += delete(connection, tenant, user_id).map_err(failed)?;
            // Due even without rows where an earlier erasure was interrupted here.
            if rewrite_is_due(connection).map_err(failed)? {
                // Rows that moved between pages left copies in unused space, which secure_delete does not reach.
                connection.execute_batch("VACUUM").map_err(failed)?;
                truncate_wal(connection, &file_of(day))?;
                connection.execute("DELETE FROM telemetry_due WHERE task = 'rewrite'", []).map_err(failed)?;
            }
        }
        Ok(deleted)
    }

    fn drop_before(&self, day: Day) -> Result<u64> {
        let mut writers = lock(&self.writers)?;
        let mut readers = lock(&self.readers)?;
        let mut dropped = 0;
        for old in writers.days()?.into_iter().filter(|old| *old < day) {
            readers.close(old);
            writers.unlink(old)?;
            dropped += 1;
        }
        Ok(dropped)
    }

    fn stats(&self) -> Result<StoreStats> {
        let mut files = lock(&self.readers)?;
        let mut tenants = HashSet::new();
        let mut days = Vec::new();
        for day in files.days()? {
            let totals = totals(files.connect(day)?).map_err(|e| unavailable("read", &file_of(day), &e))?;
            let records = totals.iter().map(|(_, records)| records).sum();
            days.push(DayStats { day, records, bytes: files.bytes(day) });
            tenants.extend(totals.into_iter().map(|(tenant, _)| tenant));
        }
        Ok(StoreStats { days, tenants: tenants.len() as u64 })
    }

    fn close(&self) {
        let writers = self.writers.lock().take();
        // Readers first: the writers' logs can then be folded in and removed.
        drop(self.readers.lock().take());
        if let Some(mut writers) = writers {
            writers.checkpoint();
        }
    }
}

/// Adds rows to one day and returns how many were new.
fn insert(connection: &mut Connection, tenant: &Tenant, events: &[&StoredEvent]) -> rusqlite::Result<u64> {
    let transaction = connection.transaction()?;
    let mut stored = 0;
    {
        for event in events {
            let table = table_of(event.schema);
            let (column, value) = if table == TRACES { (", actor_id", ", ?13") } else { ("", "") };
            // Not `INSERT OR IGNORE`: that would also swallow rows which break a constraint.
            let mut statement = transaction.prepare_cached(&format!(
                "INSERT INTO {table} (tenant, name, ts, id, channel, event, user_id, session_id, trace_id, sample_rate,
                     record, schema{column})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12{value})
                 ON CONFLICT (tenant, name, ts, id) DO NOTHING",
            ))?;
            let name = format!("{}.{}", event.channel, event.event);
            let common = params![
                tenant.as_str(),
                name,
                event.timestamp,
                event.id,
                event.channel,
                event.event,
                event.user_id,
                event.session_id,
                event.trace_id,
                event.sample_rate,
                event.record,
                event.schema,
                event.actor_id,
            ];
            let bound = if table == TRACES { common } else { &common[..common.len() - 1] };
            stored += statement.execute(bound)?;
        }
        let mut count = transaction.prepare_cached(
            "INSERT INTO telemetry_totals (tenant, records) VALUES (?1, ?2)
             ON CONFLICT (tenant) DO UPDATE SET records = records + excluded.records",
        )?;
        if stored > 0 {
            count.execute(params![tenant.as_str(), stored])?;
        }
    }
    transaction.commit()?;
    Ok(stored as u64)
}

/// Removes a user's rows from one day, and notes that the file is to be rewritten.
pub(super) fn delete(connection: &mut Connection, tenant: &Tenant, user_id: &str) -> rusqlite::Result<u64> {
    let transaction = connection.transaction()?;
    let mut rows = 0;
    for (table, column) in [(EVENTS, "user_id"), (METRICS, "user_id"), (TRACES, "user_id"), (TRACES, "actor_id")] {
        let sql = format!("DELETE FROM {table} WHERE tenant = ?1 AND {column} = ?2");
        rows += transaction.execute(&sql, params![tenant.as_str(), user_id])?;
    }
    transaction.execute(
        "UPDATE telemetry_totals SET records = records - ?2 WHERE tenant = ?1",
        params![tenant.as_str(), rows],
    )?;
    transaction.execute("DELETE FROM telemetry_totals WHERE records = 0", [])?;
    if rows > 0 {
        transaction.execute("INSERT INTO telemetry_due (task) VALUES ('rewrite') ON CONFLICT DO NOTHING", [])?;
    }
    transaction.commit()?;
    Ok(rows as u64)
}

fn rewrite_is_due(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM telemetry_due WHERE task = 'rewrite')", [], |row| row.get(0))
}

fn totals(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare_cached("SELECT tenant, records FROM telemetry_totals")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The condition of a selection and what is bound to it, `?1` onwards. All text is ours; all values are bound.
fn wherein(tenant: &Tenant, selection: &Selection) -> (String, Vec<Value>) {
    let mut sql = "tenant = ?1 AND ts >= ?2 AND ts < ?3 AND schema = ?4".to_owned();
    let mut bound: Vec<Value> = vec![
        tenant.as_str().to_owned().into(),
        selection.start.into(),
        selection.end.into(),
        selection.schema.to_owned().into(),
    ];
    let mut equal = |column: &str, value: String| {
        bound.push(value.into());
        let _ = write!(sql, " AND {column} = ?{}", bound.len());
    };
    // Channels and events may hold dots themselves: the name finds the place in the key, the columns decide.
    if let (Some(channel), Some(event)) = (&selection.channel, &selection.event) {
        equal("name", format!("{channel}.{event}"));
    }
    for (column, value) in
        [("channel", &selection.channel), ("event", &selection.event), ("user_id", &selection.user_id)]
    {
        if let Some(value) = value {
            equal(column, value.clone());
        }
    }
    (sql, bound)
}

/// A page as it fills.
struct Pager {
    limit: usize,
    bytes: usize,
    last: Option<Cursor>,
    page: Page,
}

impl Pager {
    /// Takes a row, or says where the next page begins and returns false.
    fn take(&mut self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let full = self.page.records.len() >= self.limit || self.bytes >= MAX_PAGE_BYTES;
        if full {
            self.page.next = self.last.take();
            return Ok(false);
        }
        let record: String = row.get("record")?;
        self.bytes += record.len();
        self.page.records.push(record);
        self.last = Some(Cursor { timestamp: row.get("ts")?, id: row.get("id")?, name: row.get("name")? });
        Ok(true)
    }
}

fn select(
    connection: &Connection,
    tenant: &Tenant,
    selection: &Selection,
    after: Option<&Cursor>,
    pager: &mut Pager,
) -> rusqlite::Result<()> {
    let (mut sql, mut bound) = wherein(tenant, selection);
    if let Some(cursor) = after {
        let first = bound.len() + 1;
        bound.extend([cursor.timestamp.into(), cursor.id.to_vec().into(), Value::from(cursor.name.clone())]);
        let _ = write!(sql, " AND (ts, id, name) > (?{first}, ?{}, ?{})", first + 1, first + 2);
    }
    // One row more than the page can take tells whether there is another page.
    let most = pager.limit + 1 - pager.page.records.len();
    let table = table_of(selection.schema);
    let sql = format!("SELECT ts, id, name, record FROM {table} WHERE {sql} ORDER BY ts, id, name LIMIT {most}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    while let Some(row) = rows.next()? {
        if !pager.take(row)? {
            break;
        }
    }
    Ok(())
}
