//! Files of records, read back by the library's reader.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::super::to_parquet;
use super::{KINDS, line};
use crate::engine::Engine;

type Rows = Vec<Vec<(String, Field)>>;

pub(super) fn rows_of(bytes: Vec<u8>) -> Rows {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns()).collect()
}

fn text<'a>(row: &'a [(String, Field)], name: &str) -> &'a str {
    match &row.iter().find(|(column, _)| column == name).unwrap().1 {
        Field::Str(text) => text,
        Field::Null => "",
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_kind_s_record_can_be_made_of_its_row_again() {
    let engine = Engine::new(&crate::Config::default()).unwrap();
    let rows = rows_of(to_parquet(&engine, KINDS.join("\n").as_bytes()).unwrap());
    assert_eq!(rows.len(), KINDS.len());
    for (row, line) in rows.iter().zip(KINDS) {
        let record = engine.process(line.as_bytes(), None).record.unwrap();
        let record: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&record).unwrap();
        let payload: serde_json::Value = serde_json::from_str(text(row, "payload")).unwrap();
        let is_event = text(row, "schema") == "telemetry_event_v1";
        for (name, value) in &record {
            match name.as_str() {
                "timestamp" => {}
                "payload" if is_event => assert_eq!(*value, payload),
                "sample_rate" => assert!(row.iter().any(|(_, field)| *field == Field::Double(0.5))),
                "context" => assert_eq!(*value, serde_json::from_str::<serde_json::Value>(text(row, name)).unwrap()),
                "schema" | "id" | "channel" | "event" => assert_eq!(value, text(row, name)),
                own => assert_eq!(*value, payload[own], "{own}"),
            }
        }
        assert!(row.iter().any(|(_, field)| *field == Field::TimestampMicros(1_767_323_045_000_000)));
    }
    assert_eq!(serde_json::from_str::<serde_json::Value>(text(&rows[0], "payload")).unwrap()["to"], "[email]");
}

#[test]
fn more_rows_than_an_encoder_s_batch_keep_their_order_and_their_gaps() {
    let engine = Engine::new(&crate::Config::default()).unwrap();
    let lines: String = (0..5_000u32)
        .map(|i| {
            let user = if i % 3 == 0 { ",\"session_id\":\"s\"" } else { "" };
            line(1, "app", "e", i).replace(",\"channel\"", &format!("{user},\"channel\""))
        })
        .collect();
    let rows = rows_of(to_parquet(&engine, lines.as_bytes()).unwrap());
    assert_eq!(rows.len(), 5_000);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(text(row, "payload"), format!("{{\"ms\":{i}}}"));
        assert_eq!(text(row, "session_id").is_empty(), i % 3 != 0);
    }
}

#[test]
fn of_nothing_there_is_a_file_without_rows() {
    let engine = Engine::new(&crate::Config::default()).unwrap();
    assert!(rows_of(to_parquet(&engine, b"not json\n").unwrap()).is_empty());
}
