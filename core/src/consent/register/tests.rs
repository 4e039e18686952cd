//! The register on a real disk: what it keeps, refuses and proves.

use super::*;

fn register(folder: &tempfile::TempDir) -> Register {
    Register::new(folder.path().join("scrubjay"), Some("shop".to_owned()))
}

fn granted(register: &Register) -> Vec<bool> {
    let Standing::Given(document) = register.standing() else { panic!("no document") };
    Purpose::ALL.map(|purpose| document.purposes.get(&purpose).is_some_and(|grant| grant.granted)).into()
}

#[test]
fn looking_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    assert_eq!((register.standing(), register.fingerprint()), (Standing::Absent, 0));
    assert_eq!(register.history().unwrap(), "[]");
    assert_eq!(register.verify().unwrap().broken_at, None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn grants_and_withdrawals_stand_in_file_and_trail() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    register.grant(&[Purpose::Diagnostics, Purpose::Analytics], Some("1"), "cli").unwrap();
    let before = register.fingerprint();
    register.withdraw(&[Purpose::Analytics], "settings page").unwrap();
    assert_eq!(granted(&register), [true, false, false]);
    assert_ne!(register.fingerprint(), before);
    let history: Vec<serde_json::Value> = serde_json::from_str(&register.history().unwrap()).unwrap();
    assert_eq!((&history[0]["event"], &history[0]["notice_version"]), (&"granted".into(), &"1".into()));
    assert_eq!((&history[1]["event"], &history[1]["source"]), (&"withdrawn".into(), &"settings page".into()));
    assert_eq!(register.verify().unwrap().entries, 2);
    assert_eq!(register.verify().unwrap().broken_at, None);
}

#[test]
fn each_withdrawal_begins_another_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    let mut epochs = std::collections::BTreeSet::new();
    for _ in 0..3 {
        register.grant(&Purpose::ALL, None, "test").unwrap();
        epochs.insert(register.standing().epochs().of(Purpose::Analytics).to_owned());
        register.withdraw(&Purpose::ALL, "test").unwrap();
    }
    assert_eq!(epochs.len(), 3);
}

#[test]
fn an_end_that_was_cut_off_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    register.grant(&Purpose::ALL, None, "test").unwrap();
    register.withdraw(&Purpose::ALL, "test").unwrap();
    let path = register.folder().join(trail::NAME);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{}\n", text.lines().next().unwrap())).unwrap();
    assert_eq!(register.verify().unwrap().broken_at, Some(2));
}

#[test]
fn what_is_damaged_grants_nothing_until_it_is_granted_anew() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    register.grant(&Purpose::ALL, None, "test").unwrap();
    let path = register.folder().join(NAME);
    let text = fs::read_to_string(&path).unwrap();
    for damage in [
        "",
        "{}",
        "null",
        &text[..text.len() / 2],
        &text.replace("\"version\": 1", "\"version\": 2"),
        &text.replace("epoch", "epohc"),
    ] {
        fs::write(&path, damage).unwrap();
        assert!(matches!(register.standing(), Standing::Unreadable(_)), "{damage}");
    }
    register.grant(&[Purpose::Analytics], None, "test").unwrap();
    assert_eq!(granted(&register), [false, false, true]);
}

#[cfg(unix)]
#[test]
fn the_files_are_the_owners_alone_and_links_and_open_files_are_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    register.grant(&Purpose::ALL, None, "test").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(register.folder()), 0o700);
    for entry in fs::read_dir(register.folder()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    let path = register.folder().join(NAME);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(register.standing(), Standing::Unreadable("others than its owner can write it".to_owned()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    symlink(folder.path().join("elsewhere"), &path).unwrap();
    assert_eq!(register.standing(), Standing::Unreadable("it is a symbolic link".to_owned()));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(register.standing(), Standing::Unreadable(_)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_another_user_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    register.grant(&Purpose::ALL, None, "test").unwrap();
    if std::os::unix::fs::chown(register.folder().join(NAME), Some(65_534), None).is_err() {
        println!("skipped: only root can give files away");
        return;
    }
    assert_eq!(register.standing(), Standing::Unreadable("it belongs to another user".to_owned()));
}

#[test]
fn changes_of_many_at_once_all_stand_in_one_sound_trail() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let register = &register;
            scope.spawn(move || {
                for _ in 0..5 {
                    register.grant(&Purpose::ALL, None, &format!("thread {n}")).unwrap();
                }
            });
        }
    });
    let state = register.verify().unwrap();
    assert_eq!((state.entries, state.broken_at), (40, None));
}

#[test]
fn an_operator_is_noted_once_for_each_notice() {
    let folder = tempfile::tempdir().unwrap();
    let register = register(&folder);
    for notice in [None, None, Some("2"), Some("2")] {
        register.enabled_by_operator(notice, "code").unwrap();
    }
    assert_eq!((register.verify().unwrap().entries, register.standing()), (2, Standing::Absent));
}

#[test]
fn a_source_is_a_word_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for source in ["", "a\nb", &"x".repeat(201)] {
        let error = register(&folder).grant(&Purpose::ALL, None, source).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, "/source"));
    }
    assert_eq!(register(&folder).standing(), Standing::Absent);
}
