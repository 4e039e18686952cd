//! Which proxy a request takes. The configuration has taken over what the environment names by convention.

use reqwest::{NoProxy, Proxy, Url};

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
/// One of the three that the environment may name counts as silent where it is no URL: what is said there is not meant for
/// us alone.
///
/// # Errors
/// `config_invalid` for a `proxy` that is no http or https URL.
pub(super) fn proxy_for(target: &Url, config: &ExportConfig) -> Result<Option<ProxyRule>> {
    if is_loopback(target) {
        return Ok(None);
    }
    let no_proxy = config.no_proxy.clone();
    if let Some(url) = &config.proxy {
        if !is_proxy(url) {
            let message = "must be a URL that starts with http:// or https://";
            return Err(Error::new(ErrorKind::ConfigInvalid, "/client/export/proxy", message));
        }
        return Ok(Some(ProxyRule { url: url.clone(), no_proxy }));
    }
    let by_scheme = if target.scheme() == "https" { &config.https_proxy } else { &config.http_proxy };
    let url = by_scheme.as_ref().or(config.all_proxy.as_ref()).filter(|url| is_proxy(url));
    Ok(url.map(|url| ProxyRule { url: url.clone(), no_proxy }))
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
    use crate::config::{Config, resolve};

    fn proxy(target: &str, config: &ExportConfig, variables: &[(&str, &str)]) -> Result<Option<String>> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut code = Config::default();
        code.client.export = config.clone();
        let export = resolve(&code, &lookup, None)?.config.client.export;
        let rule = proxy_for(&Url::parse(target).unwrap(), &export)?;
        assert!(rule.iter().all(|rule| rule.to_proxy().is_some()));
        Ok(rule.map(|rule| rule.url))
    }

    #[test]
    fn the_environments_proxy_is_taken_by_scheme() {
        let none = ExportConfig::default();
        let both = [("HTTPS_PROXY", "http://secure:1"), ("http_proxy", "http://plain:2")];
        assert_eq!(proxy("https://h", &none, &both).unwrap().as_deref(), Some("http://secure:1"));
        assert_eq!(proxy("http://h", &none, &both).unwrap().as_deref(), Some("http://plain:2"));
        let rest = [("ALL_PROXY", "http://all:3"), ("http_proxy", "http://plain:2")];
        assert_eq!(proxy("https://h", &none, &rest).unwrap().as_deref(), Some("http://all:3"));
        assert_eq!(proxy("http://h", &none, &rest).unwrap().as_deref(), Some("http://plain:2"));
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
