//! Finds the configuration file: where `TELEMETRY_CONFIG_FILE` says; else `scrubjay.toml` or `scrubjay.json` in the
//! current folder; else in the user's configuration folder.
//!
//! A file that was looked for counts only if it belongs to the user or to root and nobody else can write it: whoever
//! can put a file into a shared folder must not say where telemetry goes.

use std::fs::{self, File as Handle};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[cfg(not(feature = "lean"))]
use serde_json::Value;

use super::Config;
use super::sources::{Environment, Warning};
use crate::error::{Error, ErrorKind, Result};

/// The names that are looked for, in this order.
const NAMES: [&str; 2] = ["scrubjay.toml", "scrubjay.json"];

/// Bytes. A configuration with a large tracking plan stays far below; more is another file by mistake.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// A configuration file that was found.
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
}

/// The file that counts, if any. `folder` is the current one.
///
/// # Errors
/// As [`Config::from_json`] for what stands in it; `config_invalid` for one that was named and cannot be read.
pub(crate) fn find(
    environment: Environment<'_>,
    folder: Option<&Path>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<ConfigFile>> {
    let named = environment("TELEMETRY_CONFIG_FILE").filter(|name| !name.trim().is_empty());
    if let Some(path) = named.map(PathBuf::from) {
        let text = read(&path).map_err(|error| {
            let message = format!("the file that TELEMETRY_CONFIG_FILE names cannot be read: {}", error.kind());
            Error::new(ErrorKind::ConfigInvalid, "", message)
        })?;
        return parse(path, &text).map(Some);
    }
    for folder in folder.map(Path::to_owned).into_iter().chain(user_folder(environment)) {
        for path in NAMES.map(|name| folder.join(name)) {
            let text = match trusted(&path).and_then(|()| read(&path)) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    warnings.push(format!("{} is ignored: {error}", path.display()).into());
                    continue;
                }
            };
            return parse(path, &text).map(Some);
        }
    }
    Ok(None)
}

/// Where users keep configuration: `$XDG_CONFIG_HOME/scrubjay`, by default `~/.config/scrubjay`; on Windows
/// `%APPDATA%\scrubjay`.
fn user_folder(environment: Environment<'_>) -> Option<PathBuf> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        absolute("APPDATA")
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))
    };
    folder.map(|folder| folder.join("scrubjay"))
}

#[cfg(unix)]
fn trusted(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path)?;
    let owner = file.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if file.mode() & 0o022 != 0 {
        return Err(io::Error::other("others than its owner can write it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn trusted(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    Handle::open(path)?.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(path: PathBuf, text: &str) -> Result<ConfigFile> {
    let named = |error: &Error| {
        Error::new(error.kind(), error.path(), format!("{} (in the file {})", error.message(), path.display()))
    };
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let config =
        if is_toml { json_of_toml(text).and_then(|json| Config::from_json(&json)) } else { Config::from_json(text) };
    let config = config.map_err(|error| named(&error))?;
    Ok(ConfigFile { path, config })
}

#[cfg(not(feature = "lean"))]
fn json_of_toml(text: &str) -> Result<String> {
    let value: std::result::Result<Value, _> = toml::from_str(text);
    value.map(|value| value.to_string()).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        Error::new(ErrorKind::ConfigInvalid, "", format!("not TOML at line {line}"))
    })
}

#[cfg(feature = "lean")]
fn json_of_toml(_text: &str) -> Result<String> {
    Err(Error::new(ErrorKind::ConfigInvalid, "", "this library was built without TOML (feature lean): use JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], folder: Option<&Path>) -> Result<(Option<ConfigFile>, Vec<String>)> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut warnings = Vec::new();
        find(&lookup, folder, &mut warnings)
            .map(|file| (file, warnings.into_iter().map(|Warning { text, .. }| text).collect()))
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let toml = "[client]\nendpoint = \"https://t.example\"\nbatch_max_items = 7\n[privacy]\nmode = \"strict\"\n";
        let json = r#"{"client":{"endpoint":"https://t.example","batch_max_items":7},"privacy":{"mode":"strict"}}"#;
        fs::write(folder.path().join("scrubjay.json"), json).unwrap();
        let from_json = found(&[], Some(folder.path())).unwrap().0.unwrap();
        fs::write(folder.path().join("scrubjay.toml"), toml).unwrap();
        let from_toml = found(&[], Some(folder.path())).unwrap().0.unwrap();
        assert!(from_toml.path.ends_with("scrubjay.toml"), "TOML is looked for first");
        assert_eq!(from_toml.config, from_json.config);
        assert_eq!(from_toml.config.written.0, from_json.config.written.0);
    }

    #[test]
    fn the_named_file_beats_the_current_folder_beats_the_users() {
        let folder = tempfile::tempdir().unwrap();
        let [named, current, users] = ["named", "current", "users/scrubjay"].map(|name| folder.path().join(name));
        for (path, items) in [(&named, 1), (&current, 2), (&users, 3)] {
            fs::create_dir_all(path).unwrap();
            fs::write(path.join("scrubjay.toml"), format!("client.batch_max_items = {items}")).unwrap();
        }
        let named = named.join("scrubjay.toml");
        let home = folder.path().join("users");
        let variables =
            [("TELEMETRY_CONFIG_FILE", named.to_str().unwrap()), ("XDG_CONFIG_HOME", home.to_str().unwrap())];
        let items = |variables, folder| found(variables, folder).unwrap().0.unwrap().config.client.batch_max_items;
        assert_eq!(items(&variables, Some(&current)), 1);
        assert_eq!(items(&variables[1..], Some(&current)), 2);
        assert_eq!(items(&variables[1..], None), 3);
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_place_and_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scrubjay.toml");
        for (text, place, says) in [
            ("client = hunter2", "", "not TOML at line 1"),
            ("\n\n[client]\nendpont = \"hunter2\"", "/client/endpont", "did you mean /client/endpoint?"),
            ("[client]\nbatch_max_items = \"hunter2\"", "/client/batch_max_items", "wrong type"),
        ] {
            fs::write(&path, text).unwrap();
            let error = found(&[], Some(folder.path())).err().unwrap();
            assert_eq!(error.path(), place);
            assert!(error.message().contains(says) && error.message().contains("scrubjay.toml"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let error = found(&[("TELEMETRY_CONFIG_FILE", "/nowhere/x.toml")], None).err().unwrap();
        assert!(error.message().contains("TELEMETRY_CONFIG_FILE"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_write_is_ignored_and_said() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scrubjay.toml");
        fs::write(&path, "client.enabled = true").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let (file, warnings) = found(&[], Some(folder.path())).unwrap();
        assert!(file.is_none() && warnings[0].contains("others than its owner"), "{warnings:?}");
    }
}
