//! Folders of the real disk: whose they are, who may look, and many processes in one.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::super::clock::tests::VirtualTime;
use super::super::{Failure, Log, Time, adopt, claim, wipe};
use super::{append, drain, options, texts};

fn time() -> Arc<dyn Time> {
    Arc::new(VirtualTime::new())
}

fn claimed(root: &Path) -> Result<Log, Failure> {
    claim(root, &time(), &options()).map(|(log, _)| log)
}

fn segments(root: &Path) -> Vec<std::path::PathBuf> {
    let slots = fs::read_dir(root).unwrap().map(|slot| slot.unwrap().path());
    let files = slots.flat_map(|slot| fs::read_dir(slot).unwrap().map(|file| file.unwrap().path()));
    files.filter(|file| file.extension().is_some_and(|extension| extension == "segment")).collect()
}

#[test]
fn what_one_process_left_the_next_one_reads() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("spool");
    let log = claimed(&root).unwrap();
    append(&log, 0..5);
    drop(log);
    let log = claimed(&root).unwrap();
    assert_eq!(drain(&log).0, texts(0..5));
    drop(log);
    assert!(segments(&root).is_empty(), "nothing that is acknowledged stays");
}

#[test]
fn owners_do_not_meet_and_what_a_dead_one_left_is_adopted() {
    let root = tempfile::tempdir().unwrap();
    let (first, own) = claim(root.path(), &time(), &options()).unwrap();
    let second = claimed(root.path()).unwrap();
    append(&first, 0..3);
    append(&second, 3..6);
    assert!(adopt(root.path(), &own, &time(), &options()).is_empty(), "not from the living");
    assert_eq!(drain(&first).0, texts(0..3));
    drop(second);
    let adopted = adopt(root.path(), &own, &time(), &options());
    assert_eq!(adopted.iter().flat_map(|(log, _)| drain(log).0).collect::<Vec<_>>(), texts(3..6));
    assert_eq!(claim(root.path(), &time(), &options()).err(), None, "the slot that is adopted is passed over");
}

#[test]
fn a_wipe_reaches_the_files_of_living_owners() {
    let root = tempfile::tempdir().unwrap();
    let (mine, theirs) = (claimed(root.path()).unwrap(), claimed(root.path()).unwrap());
    append(&mine, 0..3);
    append(&theirs, 3..6);
    wipe(root.path()).unwrap();
    assert!(segments(root.path()).is_empty());
    assert_eq!(theirs.append(&texts(6..7)), Err(Failure::Vanished), "and they notice");
    wipe(&root.path().join("absent")).unwrap();
}

#[test]
fn a_folder_that_vanishes_is_noticed_by_the_next_append() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("spool");
    let log = claimed(&root).unwrap();
    append(&log, 0..2);
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(log.append(&texts(2..3)), Err(Failure::Vanished));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn folders_are_closed_to_others_and_so_are_files() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().join("a/spool");
        let log = claimed(&root).unwrap();
        append(&log, 0..2);
        log.acknowledge(2);
        log.persist(None).unwrap();
        assert_eq!(mode(&root), 0o700);
        for slot in fs::read_dir(&root).unwrap() {
            let slot = slot.unwrap().path();
            assert_eq!(mode(&slot), 0o700);
            let files: Vec<_> = fs::read_dir(&slot).unwrap().map(|file| file.unwrap().path()).collect();
            assert_eq!(files.len(), 3, "{files:?}");
            assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
        }
    }

    #[test]
    fn a_slot_that_was_open_to_others_is_closed() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("slot-000")).unwrap();
        fs::set_permissions(root.path().join("slot-000"), fs::Permissions::from_mode(0o777)).unwrap();
        claimed(root.path()).unwrap();
        assert_eq!(mode(&root.path().join("slot-000")), 0o700);
    }

    #[test]
    fn a_link_in_place_of_the_folder_or_a_file_is_refused_and_its_target_stays() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target");
        fs::create_dir(&target).unwrap();
        symlink(&target, root.path().join("link")).unwrap();
        assert_eq!(claimed(&root.path().join("link")).err(), Some(Failure::Unsafe));
        symlink(&target, target.join("slot-000")).unwrap();
        assert_eq!(claimed(&target).err(), Some(Failure::Unsafe));
        fs::remove_file(target.join("slot-000")).unwrap();

        let victim = root.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        for name in ["LOCK", "acknowledged.json", "00000000000000000001.segment"] {
            for plant in [|from: &Path, to: &Path| symlink(from, to), |from: &Path, to: &Path| fs::hard_link(from, to)]
            {
                let spool = root.path().join("spool");
                fs::create_dir_all(spool.join("slot-000")).unwrap();
                plant(&victim, &spool.join("slot-000").join(name)).unwrap();
                // Refused, or put aside like anything else in the way.
                if let Ok(log) = claimed(&spool) {
                    assert!(name.ends_with(".segment"), "{name}");
                    append(&log, 0..2);
                }
                assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
                fs::remove_dir_all(&spool).unwrap();
            }
        }
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(claimed(root.path()).err(), Some(Failure::Unsafe));
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        /// Any user but root and the one who runs this.
        const SOMEBODY_ELSE: u32 = 65_534;
        let root = tempfile::tempdir().unwrap();
        if std::os::unix::fs::chown(root.path(), Some(SOMEBODY_ELSE), None).is_err() {
            println!("skipped: only root can give a folder away");
            return;
        }
        assert_eq!(claimed(root.path()).err(), Some(Failure::Unsafe));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "nothing was left in it");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_is_really_full_refuses_and_takes_more_when_there_is_room() {
        let root = tempfile::tempdir().unwrap();
        let mount = |arguments: &[&str]| {
            let done = std::process::Command::new(arguments[0]).args(&arguments[1..]).arg(root.path()).output();
            done.is_ok_and(|done| done.status.success())
        };
        if !mount(&["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none"]) {
            println!("skipped: only root can mount a small disk");
            return;
        }
        let log = claimed(&root.path().join("spool")).unwrap();
        append(&log, 0..20);
        fs::write(root.path().join("ballast"), vec![0; 1 << 20]).unwrap_err();
        let refused = (20..400).filter(|n| log.append(&texts([*n])) == Err(Failure::Full)).count();
        assert!(refused > 100, "{refused}");
        fs::remove_file(root.path().join("ballast")).unwrap();
        append(&log, 400..405);
        let read = drain(&log).0;
        assert_eq!((&read[..20], &read[read.len() - 5..]), (&texts(0..20)[..], &texts(400..405)[..]));
        assert_eq!(read.len(), 405 - refused);
        drop(log);
        assert!(mount(&["umount"]));
    }

    #[test]
    fn somebody_elses_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        if std::os::unix::fs::chown(root.path(), Some(65_534), None).is_err() {
            println!("skipped: only root can give a folder away");
            return;
        }
        assert_eq!(claimed(root.path()).err(), Some(Failure::Unsafe));
    }
}
