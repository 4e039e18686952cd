//! Configurations with a name (R4): what a program starts from, as one object to which it adds its own keys.

use serde_json::{Value, json};

use super::{Config, keys};
use crate::error::{Error, ErrorKind, Result};

/// Where a collector listens that was started without configuration.
const LOCAL_ENDPOINT: &str = "http://127.0.0.1:3001";

/// Share of records that the production profile keeps (R4, R1).
const PRODUCTION_RATE: f64 = 0.1;

impl Config {
    /// On, everything sampled, and nothing leaves the machine: records wait in the bounded queue.
    pub fn debug() -> Self {
        read(&debug())
    }

    /// On, a tenth of the records sampled, sent to `endpoint`.
    ///
    /// # Errors
    /// `config_invalid` for an endpoint that is no URL.
    pub fn production(endpoint: &str) -> Result<Self> {
        let mut config = read(&production());
        config.client.endpoint = Some(endpoint.to_owned());
        config.check()?;
        Ok(config)
    }

    /// Off, whatever environment and file say.
    pub fn disabled() -> Self {
        read(&disabled())
    }
}

/// The profile of this name as the JSON of a configuration.
///
/// # Errors
/// `argument_invalid` where there is none.
pub(crate) fn profile(name: &str) -> Result<String> {
    let profile = match name {
        "debug" => debug(),
        "production" => production(),
        "disabled" => disabled(),
        _ => {
            let message = "no such profile; there are: debug, production, disabled";
            return Err(Error::new(ErrorKind::ArgumentInvalid, "/profile", message));
        }
    };
    Ok(profile.to_string())
}

fn debug() -> Value {
    sampled(json!({"client": {"enabled": true, "upload_enabled": false, "endpoint": LOCAL_ENDPOINT}}), 1.0)
}

fn production() -> Value {
    sampled(json!({"client": {"enabled": true, "upload_enabled": true}}), PRODUCTION_RATE)
}

fn disabled() -> Value {
    json!({"client": {"enabled": false, "upload_enabled": false}})
}

fn sampled(mut profile: Value, rate: f64) -> Value {
    if keys().any(|key| key.path == "/sampling/rate") {
        profile["sampling"] = json!({ "rate": rate });
    }
    profile
}

/// The profiles are constants; that they can be read is tested.
fn read(profile: &Value) -> Config {
    Config::from_json(&profile.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_are_what_they_are_called() {
        let debug = Config::debug().client;
        assert_eq!((debug.enabled, debug.upload_enabled), (Some(true), false));
        let production = Config::production("https://t.example").unwrap().client;
        assert_eq!((production.enabled, production.upload_enabled), (Some(true), true));
        assert_eq!(production.endpoint.as_deref(), Some("https://t.example"));
        let disabled = Config::disabled().client;
        assert_eq!((disabled.enabled, disabled.upload_enabled), (Some(false), false));
        assert_eq!(Config::production("ftp://t.example").unwrap_err().path(), "/client/endpoint");
    }

    #[test]
    fn a_profile_is_found_by_its_name() {
        for name in ["debug", "production", "disabled"] {
            assert!(Config::from_json(&profile(name).unwrap()).unwrap().client.enabled.is_some());
        }
        assert_eq!(profile("staging").unwrap_err().path(), "/profile");
    }
}
