//! Rows into a day's file.

use std::collections::HashMap;

use rusqlite::{TransactionBehavior, params};

use super::super::day::OpenDay;
use super::super::model::StoredEvent;
use super::super::table::{Table, cut};

/// What rows are sorted by before they are inserted; nearly the clustered key.
pub(super) fn order(event: &StoredEvent) -> (Table, &str, &str, &str, i64, &[u8; 16]) {
    let table = Table::of(event.schema);
    (table, event.tenant.as_str(), &event.channel, &event.event, event.timestamp, &event.id)
}

/// Adds rows to one day and returns how many were new.
pub(super) fn insert(day: &mut OpenDay, events: &[&StoredEvent]) -> rusqlite::Result<u64> {
    let inserted = insert_all(day, events);
    if inserted.is_err() {
        // What was numbered was undone.
        day.dictionary.clear();
    }
    inserted
}

fn insert_all(day: &mut OpenDay, events: &[&StoredEvent]) -> rusqlite::Result<u64> {
    let OpenDay { connection, dictionary, .. } = day;
    // Immediate: what the dictionary knows holds until the commit.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    dictionary.refresh(&transaction)?;
    let mut stored: HashMap<&str, u64> = HashMap::new();
    for (table, sql) in Table::ALL.map(|table| (table, statement_of(table))) {
        let mut rows = events.iter().filter(|event| Table::of(event.schema) == table).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let mut statement = transaction.prepare_cached(&sql)?;
        for event in rows {
            let tenant = dictionary.tenant(&transaction, &event.tenant)?;
            let series = dictionary.series(&transaction, tenant, event)?;
            let user = dictionary.user(&transaction, tenant, event.user_id.as_deref())?;
            let cut = cut(event);
            let trace_id = event.trace_id.as_deref().and_then(trace_id);
            let common = params![
                series,
                event.timestamp,
                event.id,
                tenant,
                user,
                event.session_id,
                trace_id,
                event.sample_rate,
                cut.form,
                cut.context,
                cut.record
            ];
            let new = if table == Table::Traces {
                let actor = dictionary.user(&transaction, tenant, event.actor_id.as_deref())?;
                let more = params![actor, event.request_id];
                statement.execute([common, more].concat().as_slice())?
            } else {
                statement.execute(common)?
            };
            *stored.entry(event.tenant.as_str()).or_default() += new as u64;
        }
    }
    {
        let mut count = transaction.prepare_cached(
            "INSERT INTO telemetry_totals (tenant, records) VALUES (?1, ?2)
             ON CONFLICT (tenant) DO UPDATE SET records = records + excluded.records",
        )?;
        for (tenant, records) in stored.iter().filter(|(_, records)| **records > 0) {
            count.execute(params![tenant, records])?;
        }
    }
    transaction.commit()?;
    Ok(stored.values().sum())
}

/// Not `INSERT OR IGNORE`: that would also swallow rows which break a constraint.
fn statement_of(table: Table) -> String {
    let (columns, values) = if table == Table::Traces { (", actor, request_id", ", ?12, ?13") } else { ("", "") };
    format!(
        "INSERT INTO {} (series, ts, id, tenant, user, session_id, trace_id, sample_rate, form, context, record{columns})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11{values}) ON CONFLICT (series, ts, id) DO NOTHING",
        table.name()
    )
}

/// 32 hex digits as the 16 bytes that they stand for; nothing for anything else, such as a token.
pub(super) fn trace_id(text: &str) -> Option<[u8; 16]> {
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)).flatten()
}
