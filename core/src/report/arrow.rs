//! Accepted records as Arrow arrays, batch by batch, for hosts' data frames.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchReader, StringArray, TimestampMicrosecondArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use super::aggregate::accepted_row;
use super::columns::{Column, Columns, Texts, Values};
use super::outcomes::outcomes_of;
use super::source::Source;
use crate::config::Config;
use crate::contain::contain;
use crate::engine::Engine;
use crate::error::Result;

/// Bytes of columns in a batch: small beside what data frames hold, large beside what a batch costs.
const BATCH_BYTES: usize = 8 << 20;

/// The accepted records of archives, as they are read.
pub struct ArrowRecords {
    engine: Engine,
    source: Source,
    schema: SchemaRef,
}

impl std::fmt::Debug for ArrowRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ArrowRecords")
    }
}

impl ArrowRecords {
    /// Reads `archives` from their beginnings, validated and scrubbed as `config` says.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    pub fn new(config: &str, archives: Vec<PathBuf>) -> Result<Self> {
        let engine = Engine::new(&Config::from_json(config)?)?;
        let schema =
            Arc::new(Schema::new(Columns::default().into_columns("channel").iter().map(field).collect::<Vec<_>>()));
        Ok(Self { engine, source: Source::of_all(archives, Arc::new(AtomicU64::new(0))), schema })
    }

    fn batch(&mut self) -> std::result::Result<Option<RecordBatch>, ArrowError> {
        let mut columns = Columns::default();
        while columns.size() < BATCH_BYTES {
            let Some(chunk) = self.source.next() else { break };
            for (_, outcome) in outcomes_of(&self.engine, &chunk.bytes) {
                if let Some(row) = accepted_row(&outcome) {
                    columns.add(&row, true);
                }
            }
        }
        if let Some(unreadable) = self.source.take_unreadable().first() {
            return Err(ArrowError::IoError(
                format!("{}: {}", unreadable.path, unreadable.reason),
                std::io::ErrorKind::Other.into(),
            ));
        }
        if columns.rows() == 0 {
            return Ok(None);
        }
        let arrays = columns.into_columns("channel").into_iter().map(array).collect::<std::result::Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), arrays).map(Some)
    }
}

impl Iterator for ArrowRecords {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // A consumer in C calls this: nothing may unwind into it.
        let batch = contain(|| self.batch());
        batch
            .unwrap_or_else(|| Err(ArrowError::ComputeError("a defect in the engine was contained".into())))
            .transpose()
    }
}

impl RecordBatchReader for ArrowRecords {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

fn field(column: &Column) -> Field {
    let kind = match column.values {
        Values::Texts(_) => DataType::Utf8,
        Values::Times(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Values::Numbers(_) => DataType::Float64,
    };
    Field::new(column.name, kind, !column.required)
}

fn array(column: Column) -> std::result::Result<ArrayRef, ArrowError> {
    Ok(match column.values {
        Values::Texts(Texts { offsets, bytes, present }) => {
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            let nulls = (!column.required).then(|| NullBuffer::from(present));
            Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?)
        }
        Values::Times(times) => Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        Values::Numbers(numbers) => Arc::new(Float64Array::from(numbers)),
    })
}
