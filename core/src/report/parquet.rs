//! Columns as a Parquet file: one row group, zstd.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::aggregate::accepted_row;
use super::columns::{Column, Columns, Texts, Values};
use super::outcomes::outcomes_of;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};

/// Rows handed to the encoder at once: its own batch, so that no list of slices grows with the file.
const BATCH: usize = 1_024;

/// Telemetry shrinks to a fifth at this level; the next ones cost half as much again for a few percent.
const ZSTD_LEVEL: i32 = 1;

/// Columns of which hardly two values are equal: a dictionary of them would be built and thrown away.
const UNIQUE: [&str; 3] = ["id", "context", "payload"];

/// Columns by which readers pass over files; the least and greatest of others help nobody.
const SEARCHED: [&str; 5] = ["schema", "timestamp", "tenant_id", "user_id", "event"];

/// The accepted records of JSON Lines as one Parquet file, with the columns that the ETL writes and `channel`. Rejected
/// and dropped ones are left out.
///
/// # Errors
/// `internal` where the file's writer fails.
pub(crate) fn to_parquet(engine: &Engine, lines: &[u8]) -> crate::Result<Vec<u8>> {
    let mut columns = Columns::default();
    for (_, outcome) in outcomes_of(engine, lines) {
        if let Some(row) = accepted_row(&outcome) {
            columns.add(&row, true);
        }
    }
    file_of(columns, "channel")
}

/// The bytes of a file of these columns. They are made in memory, so that a file on disk is written whole or not.
pub(super) fn file_of(columns: Columns, channel: &'static str) -> crate::Result<Vec<u8>> {
    // The writer's messages speak of its own state, never of values.
    write(columns, channel).map_err(|error| Error::new(ErrorKind::Internal, "", format!("Parquet: {error}")))
}

fn write(columns: Columns, channel: &'static str) -> Result<Vec<u8>> {
    let rows = columns.rows();
    let columns = columns.into_columns(channel);
    let schema = Arc::new(parse_message_type(&message_type(&columns))?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties()?))?;
    if rows > 0 {
        let mut group = writer.next_row_group()?;
        for column in columns {
            let Some(mut chunk) = group.next_column()? else { break };
            write_column(column, rows, &mut chunk)?;
            chunk.close()?;
        }
        group.close()?;
    }
    writer.into_inner()
}

fn message_type(columns: &[Column]) -> String {
    let fields: Vec<String> = columns
        .iter()
        .map(|column| {
            let repetition = if column.required { "required" } else { "optional" };
            let (kind, annotation) = match column.values {
                Values::Texts(_) => ("binary", " (UTF8)"),
                Values::Times(_) => ("int64", " (TIMESTAMP(MICROS,true))"),
                Values::Numbers(_) => ("double", ""),
            };
            format!("{repetition} {kind} {}{annotation};", column.name)
        })
        .collect();
    format!("message record {{ {} }}", fields.join(" "))
}

fn properties() -> Result<WriterProperties> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_created_by(concat!("scrubjay version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_dictionary_enabled(ColumnPath::from("timestamp"), false)
        .set_column_encoding(ColumnPath::from("timestamp"), Encoding::DELTA_BINARY_PACKED);
    for name in UNIQUE {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    for name in SEARCHED {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Chunk);
    }
    Ok(properties.build())
}

fn write_column(column: Column, rows: usize, chunk: &mut SerializedColumnWriter<'_>) -> Result<()> {
    match column.values {
        Values::Texts(texts) => write_texts(texts, column.required, chunk),
        Values::Times(times) => {
            chunk.typed::<Int64Type>().write_batch(&times, None, None)?;
            Ok(())
        }
        Values::Numbers(numbers) => {
            let levels: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
            let present: Vec<f64> = numbers.into_iter().flatten().collect();
            debug_assert_eq!(levels.len(), rows);
            chunk.typed::<DoubleType>().write_batch(&present, Some(&levels), None)?;
            Ok(())
        }
    }
}

fn write_texts(texts: Texts, required: bool, chunk: &mut SerializedColumnWriter<'_>) -> Result<()> {
    let Texts { offsets, bytes, present } = texts;
    // Values share the buffer; none is copied before it is encoded.
    let all = ByteArray::from(bytes);
    let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    let place = |offset: &i32| usize::try_from(*offset).map_err(|_| ParquetError::General("offset".to_owned()));
    let mut ends = offsets.windows(2);
    for batch in present.chunks(BATCH) {
        values.clear();
        levels.clear();
        for (present, ends) in batch.iter().zip(ends.by_ref()) {
            levels.push(i16::from(*present));
            if let ([start, end], true) = (ends, *present) {
                let (start, end) = (place(start)?, place(end)?);
                values.push(all.slice(start, end - start));
            }
        }
        let levels = (!required).then_some(levels.as_slice());
        chunk.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
    }
    Ok(())
}
