//! The job: what is new, once, whatever stands in the way.

use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::super::etl::Options;
use super::super::run;
use super::{Job, line};

#[test]
fn records_go_to_partitions_by_day_and_channel_and_rejected_lines_to_the_quarantine() {
    let job = Job::new();
    let text = [line(1, "app", "a", 1), line(2, "app", "a", 1), line(1, "x/y", "a", 1), "{\"channel\":1}\n".into()];
    let archive = job.archive("in/app.jsonl", text.concat());
    let summary = job.run(&[&archive], json!({"format": "jsonl", "workers": 1}));
    assert_eq!((&summary["read"], &summary["accepted"], &summary["rejected"]), (&json!(4), &json!(3), &json!(1)));
    let expected = [
        "quarantine/rejected-000001.jsonl",
        "records/day=2026-01-01/channel=app/part-000001-0-0.jsonl",
        "records/day=2026-01-01/channel=x%2Fy/part-000001-0-2.jsonl",
        "records/day=2026-01-02/channel=app/part-000001-0-1.jsonl",
        "telemetry_report.html",
        "telemetry_report.json",
    ];
    assert_eq!(job.files(), expected);
    let rejected = std::fs::read_to_string(job.out().join(expected[0])).unwrap();
    let rejected: serde_json::Value = serde_json::from_str(&rejected).unwrap();
    assert_eq!(rejected["offset"], text[..3].concat().len());
    assert_eq!(rejected["outcome"]["status"], "rejected");
}

#[test]
fn parquet_files_hold_what_was_accepted() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", (0..50).map(|i| line(1, "app", "a", i)).collect::<String>());
    assert_eq!(job.run(&[&archive], json!({"format": "parquet", "workers": 1}))["parts"], 1);
    let part = job.out().join("records/day=2026-01-01/channel=app/part-000001-0-0.parquet");
    assert_eq!(super::parquet::rows_of(std::fs::read(part).unwrap()).len(), 50);
}

#[test]
fn a_rejected_line_is_scrubbed_in_the_quarantine_and_who_opted_out_is_not_there() {
    let job = Job::new();
    let archive = job.archive(
        "app.jsonl",
        "{\"channel\":\"a\",\"event\":\"\",\"payload\":{\"m\":\"ann@example.com\"}}\nann@example.com\n{\"schema\":\
         \"perf_sample_v1\",\"opt_in\":false,\"document_id\":\"mine\"}\n",
    );
    let summary = job.run(&[&archive], json!({}));
    assert_eq!((&summary["rejected"], &summary["dropped"]), (&json!(2), &json!(1)));
    let quarantine = std::fs::read_to_string(summary["quarantine"].as_str().unwrap()).unwrap();
    assert_eq!(quarantine.lines().count(), 2);
    assert!(quarantine.contains("[email]") && !quarantine.contains("ann@"), "{quarantine}");
}

#[test]
fn what_was_read_is_not_read_again_and_what_was_added_is() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    assert_eq!(job.run(&[&archive], json!({}))["accepted"], 1);
    let first = job.report();
    let again = job.run(&[&archive], json!({}));
    assert_eq!((&again["read"], &again["unchanged"]), (&json!(0), &json!(1)));
    assert_eq!(job.report(), first);
    std::fs::File::options().append(true).open(&archive).unwrap().write_all(line(2, "app", "b", 1).as_bytes()).unwrap();
    assert_eq!(job.run(&[&archive], json!({}))["accepted"], 1);
    assert_eq!(job.report()["accepted"], 2);
}

#[test]
fn a_last_line_that_is_half_written_is_read_when_it_is_whole() {
    let job = Job::new();
    let (whole, half) = (line(1, "app", "a", 1), line(2, "app", "b", 2));
    let archive = job.archive("app.jsonl", format!("{whole}{}", &half[..40]));
    let summary = job.run(&[&archive], json!({}));
    assert_eq!((&summary["accepted"], &summary["rejected"], &summary["torn"]), (&json!(1), &json!(0), &json!(1)));
    std::fs::write(&archive, format!("{whole}{half}")).unwrap();
    let summary = job.run(&[&archive], json!({}));
    assert_eq!((&summary["accepted"], &summary["torn"]), (&json!(1), &json!(0)));
    // Complete but for its newline, which comes later.
    std::fs::write(&archive, format!("{whole}{half}{}", line(3, "app", "c", 3).trim_end())).unwrap();
    assert_eq!(job.run(&[&archive], json!({}))["accepted"], 1);
    std::fs::write(&archive, format!("{whole}{half}{}{whole}", line(3, "app", "c", 3))).unwrap();
    assert_eq!(job.run(&[&archive], json!({}))["accepted"], 1);
    assert_eq!(job.report()["accepted"], 4);
}

#[test]
fn an_archive_is_known_under_another_name_and_packed_and_a_new_one_under_its_old_name() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    job.run(&[&archive], json!({}));
    let rotated = job.path("app-1.jsonl");
    std::fs::rename(&archive, &rotated).unwrap();
    job.archive("app.jsonl", line(1, "app", "a", 2));
    let summary = job.run(&[&archive, &rotated], json!({}));
    assert_eq!((&summary["read"], &summary["unchanged"]), (&json!(1), &json!(1)));
    let packed = zstd::encode_all(&*std::fs::read(&rotated).unwrap(), 1).unwrap();
    std::fs::remove_file(&rotated).unwrap();
    let packed = job.archive("app-1.jsonl.zst", packed);
    assert_eq!(job.run(&[&archive, &packed], json!({}))["read"], 0);
    // Rewritten in place.
    job.archive("app.jsonl", line(1, "other", "a", 2));
    assert_eq!(job.run(&[&archive], json!({}))["read"], 1);
}

#[test]
fn packed_archives_are_told_by_their_bytes_and_read_on_where_more_was_added() {
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let job = Job::new();
    let long: String = (0..2_000).map(|i| line(1, "app", "a", i)).collect();
    let packed = job.archive("a.jsonl", gzip(&long));
    let zstd = job.archive("b", zstd::encode_all(line(1, "app", "a", 1).as_bytes(), 1).unwrap());
    assert_eq!(job.run(&[&packed, &zstd], json!({}))["accepted"], 2_001);
    let mut more = gzip(&long);
    more.extend(gzip(&line(2, "app", "b", 1)));
    std::fs::write(&packed, more).unwrap();
    assert_eq!(job.run(&[&packed, &zstd], json!({}))["accepted"], 1);
}

#[test]
fn what_a_broken_archive_gives_before_it_breaks_counts_and_the_rest_is_named() {
    let job = Job::new();
    let text: String = (0..5_000).map(|i| line(1, "app", "a", i * 7919 % 5000)).collect();
    let mut packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    packed.truncate(packed.len() - 10);
    let broken = job.archive("broken.jsonl.zst", packed);
    let good = job.archive("good.jsonl", line(1, "app", "b", 1));
    let summary = job.run(&[&broken, &good, Path::new("nowhere.jsonl"), job.folder.path()], json!({}));
    let reasons: Vec<_> =
        summary["unreadable"].as_array().unwrap().iter().map(|fault| fault["reason"].clone()).collect();
    assert_eq!(reasons, ["ends in the middle of its compressed data", "No such file or directory", "is a folder"]);
    assert_eq!(job.report()["by_event"]["app.b"], 1);
    // Whole at last: every record counts once.
    std::fs::write(&broken, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
    job.run(&[&broken, &good], json!({}));
    assert_eq!(job.report()["accepted"], 5_001);
    assert_eq!(job.report()["rejected"], 0);
}

#[test]
fn wrong_encodings_are_named_or_counted() {
    let job = Job::new();
    let utf16: Vec<u8> = "\u{feff}{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = job.archive("utf16.jsonl", utf16);
    let marked = job.archive("bom.jsonl", format!("\u{feff}{}", line(1, "app", "a", 1)));
    let latin =
        job.archive("latin.jsonl", [line(1, "app", "b", 1).as_bytes(), b"{\"channel\":\"caf\xe9\"}\n"].concat());
    let summary = job.run(&[&utf16, &marked, &latin], json!({}));
    assert_eq!((&summary["accepted"], &summary["rejected"]), (&json!(2), &json!(1)));
    assert!(summary["unreadable"][0]["reason"].as_str().unwrap().contains("iconv"));
    assert_eq!(job.report()["violations"], json!({"json_utf8": 1}));
}

#[test]
fn an_archive_of_another_form_is_named_with_what_to_do_and_counts_nowhere() {
    let job = Job::new();
    let good = job.archive("good.jsonl", line(1, "app", "a", 1));
    let mut tar = vec![b'x'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    tar.extend(line(1, "app", "a", 1).bytes());
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&tar).unwrap();
    let unmarked =
        |order: fn(u16) -> [u8; 2]| line(1, "app", "a", 1).encode_utf16().flat_map(order).collect::<Vec<u8>>();
    for (content, said) in [
        (unmarked(u16::to_le_bytes), "is UTF-16"),
        (unmarked(u16::to_be_bytes), "is UTF-16"),
        (b"BZh91AY&SY".to_vec(), "is packed with bzip2"),
        (b"\xfd7zXZ\0\0\x04".to_vec(), "is packed with xz"),
        (b"PK\x03\x04\x14\0\n".to_vec(), "is a zip archive"),
        (b"PAR1\x15\x04\n".to_vec(), "is Parquet"),
        (tar, "is a tar archive"),
        (packed.finish().unwrap(), "is a tar archive"),
    ] {
        let other = job.archive("other.jsonl", content);
        let summary = job.run(&[&good, &other], json!({"rebuild": true}));
        assert_eq!((&summary["accepted"], &summary["rejected"], &summary["torn"]), (&json!(1), &json!(0), &json!(0)));
        let named = &summary["unreadable"][0];
        assert!(named["path"].as_str().unwrap().ends_with("other.jsonl"), "{summary}");
        assert!(named["reason"].as_str().unwrap().starts_with(said), "{summary}");
    }
}

#[test]
fn a_line_beyond_memory_s_worth_is_one_dropped_line() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    let mut file = std::fs::File::options().write(true).open(&archive).unwrap();
    // A hole: zeros that take no room on the disk.
    // The suite of the Python package reads one of 2 GiB, with an optimised engine.
    let hole = 32u64 << 20;
    file.set_len(file.metadata().unwrap().len() + hole).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
    file.write_all(format!("\n{}", line(2, "app", "b", 1)).as_bytes()).unwrap();
    let summary = job.run(&[&archive], json!({}));
    assert_eq!((&summary["read"], &summary["accepted"]), (&json!(3), &json!(2)));
    assert_eq!(job.report()["violations"], json!({"record_too_large": 1}));
}

#[test]
fn of_two_etls_at_once_one_says_so_and_leaves_the_other_alone() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    let mut second = None;
    let options: Options = job.options(&[&archive], json!({}));
    run("{}", options, &mut |_| {
        second.get_or_insert_with(|| job.try_run(&[&archive], json!({})));
        true
    })
    .unwrap();
    let error = second.unwrap().unwrap_err();
    assert!(error.message().contains("another ETL"), "{error}");
    assert_eq!(job.report()["accepted"], 1);
}

#[test]
fn a_run_that_is_stopped_leaves_nothing_and_the_next_reads_everything() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    let options = job.options(&[&archive], json!({"format": "jsonl"}));
    let stopped = run("{}", options, &mut |_| false).unwrap_err();
    assert_eq!(stopped.kind(), crate::ErrorKind::Closed);
    assert!(job.files().is_empty());
    assert_eq!(job.run(&[&archive], json!({"format": "jsonl"}))["accepted"], 1);
}

#[test]
fn what_a_killed_run_had_committed_is_moved_into_place_and_the_rest_is_litter() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    job.run(&[&archive], json!({"format": "jsonl"}));
    let records = job.files();
    // As if the run had been killed behind its commit, and another before its own.
    let staging = job.out().join(".etl/staging");
    std::fs::create_dir_all(staging.join("run-000001")).unwrap();
    std::fs::rename(job.out().join("records"), staging.join("run-000001/records")).unwrap();
    std::fs::create_dir_all(staging.join("run-000002/records/day=2026-01-09")).unwrap();
    std::fs::write(staging.join("run-000002/records/day=2026-01-09/part-000002-0-0.jsonl"), "half").unwrap();
    assert_eq!(job.run(&[&archive], json!({"format": "jsonl"}))["read"], 0);
    assert_eq!(job.files(), records);
    assert!(!staging.exists());
}

#[test]
fn a_rebuild_replaces_all_results() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", [line(1, "app", "a", 1), "x\n".into()].concat());
    job.run(&[&archive], json!({"format": "jsonl"}));
    job.archive("app.jsonl", line(2, "app", "b", 1));
    let error = job.try_run(&[&archive], json!({"format": "parquet"})).unwrap_err();
    assert!(error.message().contains("rebuild"), "{error}");
    job.run(&[&archive], json!({"format": "parquet", "rebuild": true, "workers": 1}));
    let files = [
        "records/day=2026-01-02/channel=app/part-000002-0-0.parquet",
        "telemetry_report.html",
        "telemetry_report.json",
    ];
    assert_eq!(job.files(), files);
    assert_eq!(job.report()["read"], 1);
}

#[test]
fn a_damaged_state_is_named_and_can_be_rebuilt() {
    let job = Job::new();
    let archive = job.archive("app.jsonl", line(1, "app", "a", 1));
    job.run(&[&archive], json!({"format": "jsonl"}));
    std::fs::write(job.out().join(".etl/state.json"), "{").unwrap();
    let error = job.try_run(&[&archive], json!({"format": "jsonl"})).unwrap_err();
    assert!(error.message().contains("damaged"), "{error}");
    job.run(&[&archive], json!({"format": "jsonl", "rebuild": true, "workers": 1}));
    assert!(job.files().contains(&"records/day=2026-01-01/channel=app/part-000002-0-0.jsonl".to_owned()));
    assert_eq!(job.files().len(), 3);
}

#[test]
fn an_archive_that_became_shorter_is_named() {
    let job = Job::new();
    let text: String = (0..200).map(|i| line(1, "app", "a", i)).collect();
    let archive = job.archive("app.jsonl", &text);
    job.run(&[&archive], json!({}));
    std::fs::write(&archive, &text[..text.len() / 2]).unwrap();
    let summary = job.run(&[&archive], json!({}));
    assert!(summary["unreadable"][0]["reason"].as_str().unwrap().contains("shorter"), "{summary}");
    assert_eq!(job.report()["accepted"], 200);
}

#[test]
fn a_packed_archive_that_broke_and_came_back_is_not_counted_twice() {
    let job = Job::new();
    let text: String = (0..5_000).map(|i| line(1, "app", "a", i * 7919 % 5000)).collect();
    let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let archive = job.archive("app.jsonl.zst", &packed);
    job.run(&[&archive], json!({}));
    std::fs::write(&archive, &packed[..packed.len() / 2]).unwrap();
    assert_eq!(job.run(&[&archive], json!({}))["unreadable"].as_array().unwrap().len(), 1);
    std::fs::write(&archive, &packed).unwrap();
    assert_eq!(job.run(&[&archive], json!({}))["read"], 0);
    assert_eq!(job.report()["accepted"], 5_000);
}

#[test]
fn dead_letters_of_a_router_are_counted_and_left_out() {
    let job = Job::new();
    let archive = job.archive("_rejected.jsonl", "{}\n{}\n");
    let summary = job.run(&[&archive], json!({}));
    assert_eq!((&summary["dead_letters"], &summary["read"], &summary["files"]), (&json!(2), &json!(0), &json!(0)));
}

#[test]
fn channels_without_end_share_a_partition_that_says_which() {
    let job = Job::new();
    let mut text: String = (0..1_100).map(|i| line(1, &format!("c{i}"), "a", i)).collect();
    text.push_str(&line(1, &"é".repeat(200), "a", 1));
    let archive = job.archive("app.jsonl", text);
    job.run(&[&archive], json!({"format": "parquet", "workers": 1}));
    let files = job.files();
    assert_eq!(files.iter().filter(|place| place.starts_with("records/")).count(), 1_001);
    let other = files.iter().find(|place| place.contains("channel=_other/")).unwrap();
    let rows = super::parquet::rows_of(std::fs::read(job.out().join(other)).unwrap());
    assert_eq!(rows.len(), 101);
    assert!(
        rows.iter().all(|row| row.iter().any(|(name, value)| name == "channel_name" && !value.to_string().is_empty()))
    );
}

#[test]
fn the_report_is_the_same_however_many_read() {
    let job = Job::new();
    let archives: Vec<_> = (0..4)
        .map(|n| {
            let text: String = (0..8_000).map(|i| line(1 + i % 9, ["a", "b"][n % 2], "e", i * 31 % 977)).collect();
            job.archive(&format!("in/{n}.jsonl"), text)
        })
        .collect();
    let archives: Vec<&Path> = archives.iter().map(std::path::PathBuf::as_path).collect();
    job.run(&archives, json!({"workers": 1}));
    let one = std::fs::read(job.out().join("telemetry_report.json")).unwrap();
    job.run(&archives, json!({"workers": 4, "rebuild": true}));
    assert_eq!(one, std::fs::read(job.out().join("telemetry_report.json")).unwrap());
}
