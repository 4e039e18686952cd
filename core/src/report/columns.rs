//! Accepted records as columns, laid out as Arrow has them.

use super::row::Row;

/// Bytes that a row takes beside its texts: offsets, times and marks of absence.
const ROW_BYTES: usize = 96;

/// A column of texts: UTF-8 in one buffer, and where each ends.
#[derive(Debug)]
pub(super) struct Texts {
    /// One more than there are rows; the first is 0.
    pub(super) offsets: Vec<i32>,
    pub(super) bytes: Vec<u8>,
    /// Whether a row has a text at all.
    pub(super) present: Vec<bool>,
}

/// What stands in a column.
pub(super) enum Values {
    Texts(Texts),
    /// Microseconds since 1970, in UTC.
    Times(Vec<i64>),
    Numbers(Vec<Option<f64>>),
}

/// A column with its name. One with `required` has a value in each row.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) values: Values,
}

/// Rows in the order of [`Columns::into_columns`].
#[derive(Debug, Default)]
pub(super) struct Columns {
    rows: usize,
    schema: Texts,
    id: Texts,
    timestamp: Vec<i64>,
    tenant_id: Texts,
    user_id: Texts,
    session_id: Texts,
    sample_rate: Vec<Option<f64>>,
    context: Texts,
    channel: Texts,
    event: Texts,
    payload: Texts,
}

impl Columns {
    /// Adds a row. The channel is left out where the place of the file says it.
    pub(super) fn add(&mut self, row: &Row<'_>, with_channel: bool) {
        self.rows += 1;
        self.schema.add(Some(row.schema));
        self.id.add(row.id.as_deref());
        self.timestamp.push(row.microseconds());
        self.tenant_id.add(row.tenant_id.as_deref());
        self.user_id.add(row.user_id.as_deref());
        self.session_id.add(row.session_id.as_deref());
        self.sample_rate.push(row.sample_rate);
        self.context.add(row.context);
        self.channel.add(with_channel.then_some(&*row.channel));
        self.event.add(Some(&row.event));
        self.payload.add(Some(&row.payload));
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The memory that the rows take, roughly.
    pub(super) fn size(&self) -> usize {
        let texts = [
            &self.schema,
            &self.id,
            &self.tenant_id,
            &self.user_id,
            &self.session_id,
            &self.context,
            &self.channel,
            &self.event,
            &self.payload,
        ];
        self.rows * ROW_BYTES + texts.iter().map(|texts| texts.bytes.len()).sum::<usize>()
    }

    /// Every column, in the order of files. `channel` is the name of the channel's column.
    pub(super) fn into_columns(self, channel: &'static str) -> Vec<Column> {
        let required = |name, values| Column { name, required: true, values };
        let optional = |name, values| Column { name, required: false, values };
        vec![
            required("schema", Values::Texts(self.schema)),
            optional("id", Values::Texts(self.id)),
            required("timestamp", Values::Times(self.timestamp)),
            optional("tenant_id", Values::Texts(self.tenant_id)),
            optional("user_id", Values::Texts(self.user_id)),
            optional("session_id", Values::Texts(self.session_id)),
            optional("sample_rate", Values::Numbers(self.sample_rate)),
            optional("context", Values::Texts(self.context)),
            optional(channel, Values::Texts(self.channel)),
            required("event", Values::Texts(self.event)),
            required("payload", Values::Texts(self.payload)),
        ]
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self { offsets: vec![0], bytes: Vec::new(), present: Vec::new() }
    }
}

impl Texts {
    fn add(&mut self, text: Option<&str>) {
        self.bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        // Columns are flushed at some tens of megabytes, and a record has at most a few.
        self.offsets.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
        self.present.push(text.is_some());
    }
}
