//! Rows out of a day's file. All SQL is ours; every value is bound.

use std::collections::HashMap;
use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params_from_iter};

use super::super::aggregate::{Series, Tally};
use super::super::model::{Page, Tenant};
use super::super::spec::{Cursor, Selection};
use super::super::table::{Row, Table};
use super::insert::trace_id;

/// Bytes after which a page ends, whatever its limit: bounds the memory of an answer.
const MAX_PAGE_BYTES: usize = 4 << 20;

/// A page as it fills.
pub(super) struct Pager {
    limit: usize,
    bytes: usize,
    last: Option<Cursor>,
    pub(super) page: Page,
}

impl Pager {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, last: None, page: Page::default() }
    }

    /// Takes a row, or says where the next page begins and returns false.
    fn take(&mut self, tenant: &Tenant, row: &SqlRow<'_>) -> rusqlite::Result<bool> {
        let full = self.page.records.len() >= self.limit || self.bytes >= MAX_PAGE_BYTES;
        if full {
            self.page.next = self.last.take();
            return Ok(false);
        }
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
        let (timestamp, id, series) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let record = Row {
            form: row.get(3)?,
            tenant: tenant.as_str(),
            context: text(4)?,
            record: text(5)?.unwrap_or_default(),
            session_id: text(6)?,
            sample_rate: row.get(7)?,
            user_id: text(8)?,
            schema: text(9)?.unwrap_or_default(),
            channel: text(10)?.unwrap_or_default(),
            event: text(11)?.unwrap_or_default(),
            id,
            timestamp,
        };
        let record = record.to_record();
        self.bytes += record.len();
        self.page.records.push(record);
        self.last = Some(Cursor { timestamp, id, series });
        Ok(true)
    }
}

/// What a selection means in one file.
struct Meant {
    tenant: i64,
    /// The series, where it is a single one.
    series: Option<i64>,
    users: Vec<i64>,
    trace_id: Option<[u8; 16]>,
}

/// Reads on in one day.
pub(super) fn page(
    connection: &Connection,
    tenant: &Tenant,
    selection: &Selection,
    after: Option<&Cursor>,
    pager: &mut Pager,
) -> rusqlite::Result<()> {
    let Some(meant) = meant(connection, tenant, selection)? else { return Ok(()) };
    let mut bound: Vec<Value> = vec![selection.start.into(), selection.end.into()];
    let after = after.map(|cursor| {
        let first = bound.len() + 1;
        bound.extend([cursor.timestamp.into(), cursor.id.to_vec().into(), Value::from(cursor.series)]);
        format!(" AND (t.ts, t.id, t.series) > (?{first}, ?{}, ?{})", first + 1, first + 2)
    });
    let after = after.unwrap_or_default();
    let tables = selection.schema.map_or_else(|| Table::ALL.to_vec(), |schema| vec![Table::of(schema)]);
    let mut parts = Vec::new();
    for table in tables {
        let (index, condition) = way(table, &meant, selection, &mut bound);
        let of_request = request_condition(table, selection, &mut bound);
        let of_series = series_condition(selection, &mut bound);
        let name = table.name();
        parts.push(format!(
            "SELECT t.ts, t.id, t.series, t.form, t.context, t.record, t.session_id, t.sample_rate, u.user_id,
                 s.schema, s.channel, s.event
             FROM {name} t {index} CROSS JOIN telemetry_series s ON s.series = t.series
                 LEFT JOIN telemetry_users u ON u.user = t.user
             WHERE {condition} AND t.ts >= ?1 AND t.ts < ?2{of_request}{of_series}{after}"
        ));
    }
    // One row more than the page can take tells whether there is another page.
    let most = pager.limit + 1 - pager.page.records.len();
    let order = if parts.len() == 1 { "ORDER BY t.ts, t.id, t.series" } else { "ORDER BY 1, 2, 3" };
    let sql = format!("{} {order} LIMIT {most}", parts.join(" UNION ALL "));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    while let Some(row) = rows.next()? {
        if !pager.take(tenant, row)? {
            break;
        }
    }
    Ok(())
}

/// The index that leads to the rows most directly, and the condition that it serves.
fn way(table: Table, meant: &Meant, selection: &Selection, bound: &mut Vec<Value>) -> (String, String) {
    let mut bind = |value: Value| {
        bound.push(value);
        format!("?{}", bound.len())
    };
    let name = table.name();
    if let Some(trace_id) = meant.trace_id {
        let tenant = bind(meant.tenant.into());
        let condition = format!("t.trace_id = {} AND t.tenant = {tenant}", bind(trace_id.to_vec().into()));
        let users = users_condition(table, meant, selection);
        return (format!("INDEXED BY {name}_trace"), condition + &users);
    }
    if !selection.users.is_empty() {
        // By the planner: one index, or two where actors count.
        return (String::new(), format!("1{}", users_condition(table, meant, selection)));
    }
    if selection.request_id.is_some() && table == Table::Traces {
        return (format!("INDEXED BY {name}_request"), format!("t.tenant = {}", bind(meant.tenant.into())));
    }
    match meant.series {
        Some(series) => (String::new(), format!("t.series = {}", bind(series.into()))),
        None => (format!("INDEXED BY {name}_time"), format!("t.tenant = {}", bind(meant.tenant.into()))),
    }
}

/// Numbers of ours, so they may stand in the text.
fn users_condition(table: Table, meant: &Meant, selection: &Selection) -> String {
    if selection.users.is_empty() {
        return String::new();
    }
    let users = meant.users.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    if selection.actors && table == Table::Traces {
        format!(" AND (t.user IN ({users}) OR t.actor IN ({users}))")
    } else {
        format!(" AND t.user IN ({users})")
    }
}

/// Traces have their request in a column; what else names one says so in its context, or beside.
fn request_condition(table: Table, selection: &Selection, bound: &mut Vec<Value>) -> String {
    let Some(request_id) = &selection.request_id else { return String::new() };
    bound.push(request_id.clone().into());
    let n = bound.len();
    if table == Table::Traces {
        return format!(" AND t.request_id = ?{n}");
    }
    let place = "'$.request_id'";
    let whole = "'$.context.request_id'";
    format!(" AND ?{n} IN (t.context ->> {place}, t.record ->> {place}, t.record ->> {whole})")
}

fn series_condition(selection: &Selection, bound: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    let mut equal = |columns: &str, value: &str| {
        bound.push(value.to_owned().into());
        let _ = write!(sql, " AND {}", columns.replace('=', &format!("= ?{}", bound.len())));
    };
    if let Some(schema) = selection.schema {
        equal("s.schema =", schema);
    }
    if let Some(channel) = &selection.channel {
        equal("s.channel =", channel);
    }
    if let Some(event) = &selection.event {
        equal("s.event =", event);
    }
    if let Some(name) = &selection.name {
        equal("(s.event = OR s.channel || '.' || s.event =)", name);
    }
    sql
}

/// The series that a selection means, of one tenant.
fn series_of(connection: &Connection, tenant: i64, selection: &Selection) -> rusqlite::Result<Vec<Series>> {
    let mut bound: Vec<Value> = vec![tenant.into()];
    let condition = series_condition(selection, &mut bound);
    let sql =
        format!("SELECT s.series, s.schema, s.channel, s.event FROM telemetry_series s WHERE s.tenant = ?1{condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let series = statement.query_map(params_from_iter(bound), |row| {
        Ok(Series { number: row.get(0)?, schema: row.get(1)?, channel: row.get(2)?, event: row.get(3)? })
    })?;
    series.collect()
}

/// Nothing where no row can be meant.
fn meant(connection: &Connection, tenant: &Tenant, selection: &Selection) -> rusqlite::Result<Option<Meant>> {
    let number = "SELECT tenant FROM telemetry_tenants WHERE name = ?1";
    let number =
        connection.prepare_cached(number)?.query_row([tenant.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    let Some(number) = number else { return Ok(None) };
    let mut users = Vec::new();
    for user in &selection.users {
        let sql = "SELECT user FROM telemetry_users WHERE tenant = ?1 AND user_id = ?2";
        let user = connection.prepare_cached(sql)?.query_row((number, user), |row| row.get::<_, i64>(0)).optional()?;
        users.extend(user);
    }
    let trace = selection.trace_id.as_deref().map(trace_id);
    let nobody = !selection.users.is_empty() && users.is_empty();
    if nobody || trace == Some(None) {
        return Ok(None);
    }
    let narrows = selection.channel.is_some() || selection.event.is_some() || selection.name.is_some();
    let mut series = None;
    if narrows {
        let all = series_of(connection, number, selection)?;
        series = match all.as_slice() {
            [] => return Ok(None),
            [one] => Some(one.number),
            _ => None,
        };
    }
    Ok(Some(Meant { tenant: number, series, users, trace_id: trace.flatten() }))
}

/// Adds one day's rows to figures. Stops early where [`Tally::check`] will fail.
pub(super) fn tally(connection: &Connection, tenant: &Tenant, tally: &mut Tally<'_>) -> rusqlite::Result<()> {
    let selection = &tally.spec().selection;
    let Some(meant) = meant(connection, tenant, selection)? else { return Ok(()) };
    let users = if tally.wants_users() { users(connection, meant.tenant)? } else { HashMap::new() };
    let columns = tally.columns();
    for series in series_of(connection, meant.tenant, selection)? {
        let table = Table::of(&series.schema);
        let (name, mut bound) = (table.name(), vec![selection.start.into(), selection.end.into()]);
        bound.push(Value::from(series.number));
        let mut condition = users_condition(table, &meant, selection);
        if let Some(trace_id) = meant.trace_id {
            bound.push(trace_id.to_vec().into());
            condition.push_str(" AND t.trace_id = ?4");
        }
        condition.push_str(&request_condition(table, selection, &mut bound));
        let sql = format!(
            "SELECT t.ts, t.user, t.sample_rate, {columns} FROM {name} t
             WHERE t.series = ?3 AND t.ts >= ?1 AND t.ts < ?2{condition}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(bound))?;
        tally.begin(tenant, series);
        while let Some(row) = rows.next()? {
            tally.add(row, &users)?;
            if tally.check().is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn users(connection: &Connection, tenant: i64) -> rusqlite::Result<HashMap<i64, String>> {
    let mut statement = connection.prepare_cached("SELECT user, user_id FROM telemetry_users WHERE tenant = ?1")?;
    statement.query_map([tenant], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
