//! Which proxy a request takes: the configuration's, or the one that the environment names by convention.

use reqwest::{NoProxy, Proxy, Url};

use crate::config::Environment;
use crate::config::ExportConfig;
use crate::error::{Error, ErrorKind, Result};

/// A proxy and the hosts that are reached without it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ProxyRule {
    /// May carry credentials; never printed.
    url: String,
    no_proxy: Option<String>,
}

/// The proxy for `target`, if any. Loopback is never behind a proxy, as in curl and Go.
///
/// The environment's variables are `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`. Of `HTTP_PROXY` only the
/// lower-case form counts: in CGI a request could set the other one (httpoxy, CVE-2016-5385).
///
/// # Errors
/// `config_invalid` for a proxy that is no http or https URL; an environment that names one counts as silent.
pub(super) fn proxy_for(
    target: &Url,
    config: &ExportConfig,
    environment: Environment<'_>,
) -> Result<Option<ProxyRule>> {
    let variable = |names: &[&str]| names.iter().find_map(|name| crate::client::text(name, environment));
    if is_loopback(target) {
        return Ok(None);
    }
    let no_proxy = config.no_proxy.clone().or_else(|| variable(&["NO_PROXY", "no_proxy"]));
    if let Some(url) = &config.proxy {
        if !is_proxy(url) {
            let message = "must be a URL that starts with http:// or https://";
            return Err(Error::new(ErrorKind::ConfigInvalid, "/client/export/proxy", message));
        }
        return Ok(Some(ProxyRule { url: url.clone(), no_proxy }));
    }
    let names: &[&str] = match target.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["http_proxy", "ALL_PROXY", "all_proxy"],
    };
    Ok(variable(names).filter(|url| is_proxy(url)).map(|url| ProxyRule { url, no_proxy }))
}

impl ProxyRule {
    /// The same for the HTTP client.
    pub(super) fn to_proxy(&self) -> Option<Proxy> {
        let proxy = Proxy::all(&self.url).ok()?;
        Some(proxy.no_proxy(self.no_proxy.as_deref().and_then(NoProxy::from_string)))
    }
}

fn is_proxy(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(target: &str, config: &ExportConfig, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let rule = proxy_for(&Url::parse(target).unwrap(), config, &lookup)?;
        assert!(rule.iter().all(|rule| rule.to_proxy().is_some()));
        Ok(rule.map(|rule| rule.url))
    }

    #[test]
    fn the_environments_proxy_is_taken_by_scheme() {
        let none = ExportConfig::default();
        let both = [("HTTPS_PROXY", "http://secure:1"), ("http_proxy", "http://plain:2")];
        assert_eq!(proxy("https://h", &none, &both).unwrap().as_deref(), Some("http://secure:1"));
        assert_eq!(proxy("http://h", &none, &both).unwrap().as_deref(), Some("http://plain:2"));
        assert_eq!(proxy("http://h", &none, &[("HTTP_PROXY", "http://cgi")]).unwrap(), None, "httpoxy");
        assert_eq!(proxy("http://h", &none, &[("http_proxy", "socks5://p")]).unwrap(), None, "unknown scheme");
    }

    #[test]
    fn the_configurations_proxy_goes_first_and_is_checked() {
        let mut config = ExportConfig { proxy: Some("http://mine".into()), ..ExportConfig::default() };
        let other = [("HTTPS_PROXY", "http://other")];
        assert_eq!(proxy("https://h", &config, &other).unwrap().as_deref(), Some("http://mine"));
        config.proxy = Some("ftp://hunter2".into());
        let error = proxy("https://h", &config, &other).unwrap_err();
        assert_eq!(error.path(), "/client/export/proxy");
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn loopback_is_never_behind_a_proxy() {
        let config = ExportConfig { proxy: Some("http://mine".into()), ..ExportConfig::default() };
        for target in ["http://127.0.0.1:4318", "http://localhost", "http://[::1]:1", "http://a.localhost"] {
            assert_eq!(proxy(target, &config, &[]).unwrap(), None, "{target}");
        }
    }
}
