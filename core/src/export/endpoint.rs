//! Where records may go: the policy for addresses, decided before anything is sent.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::error::{Error, ErrorKind, Result};

/// Reads a URL that records may be sent to. `path` is its key's place in the configuration.
///
/// # Errors
/// `config_invalid` at `path`; the message never quotes the URL, which may hold a secret.
pub(super) fn endpoint(text: &str, path: &str, allow_link_local: bool) -> Result<Url> {
    let refuse = |message: &str| Err(Error::new(ErrorKind::ConfigInvalid, path, message));
    let Some(url) = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    else {
        // The URL parser is linked without Unicode's tables.
        if !text.is_ascii() {
            return refuse("must be a URL whose host is written in ASCII: other letters as xn--… (punycode)");
        }
        return refuse("must be a URL that starts with http:// or https:// (set here or by the environment)");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not carry credentials: use /client/api_key or /client/export/headers");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must be a URL without query or fragment");
    }
    if !allow_link_local && url.host_str().is_some_and(is_metadata_host) {
        return refuse(
            "must not be a link-local address: clouds serve machine credentials there (/client/export/allow_link_local)",
        );
    }
    Ok(url)
}

/// A base URL continued by `segments`, keeping its path.
pub(super) fn continued(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Whether a host of a URL is where a cloud's metadata service answers.
fn is_metadata_host(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| name == "metadata" || name == "metadata.google.internal", is_link_local)
}

/// `169.254.0.0/16` and `fe80::/10`, and the addresses beyond them at which clouds serve metadata.
fn is_link_local(address: IpAddr) -> bool {
    /// Alibaba Cloud's metadata service, in the range of carriers' NAT.
    const ALIBABA: [u8; 4] = [100, 100, 100, 200];
    /// Amazon's over IPv6, in the range of private addresses.
    const AMAZON: [u16; 8] = [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254];
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local() || v4.octets() == ALIBABA,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.segments() == AMAZON,
    }
}

/// The system's resolver without addresses that records must not go to: a name must not lead where its address may
/// not.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = addresses.filter(|address| !is_link_local(address.ip())).collect();
            if allowed.is_empty() {
                return Err("no address that records may go to".into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let error = endpoint(text, "/client/endpoint", false).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/endpoint"), "{text}");
        error.to_string()
    }

    #[test]
    fn an_endpoint_is_plain_http_without_credentials_and_is_never_quoted() {
        for bad in [
            "file:///hunter2",
            "ftp://hunter2",
            "unix:/hunter2",
            "http://",
            "hunter2",
            "http://u:hunter2@h",
            "http://hunter2@h",
            "http://h/?k=hunter2",
            "http://h#hunter2",
        ] {
            assert!(!refusal(bad).contains("hunter2"), "{bad}");
        }
    }

    #[test]
    fn a_host_with_other_letters_than_ascii_is_written_as_punycode() {
        assert!(refusal("https://bücher.example/in").contains("xn--"));
        assert!(refusal("http://１６９.254.169.254/").contains("ASCII"), "digits of full width are no way around");
        for good in ["https://xn--bcher-kva.example/in", "https://example.com/bücher"] {
            assert!(endpoint(good, "/client/endpoint", false).is_ok(), "{good}");
        }
    }

    #[test]
    fn metadata_services_are_no_endpoints_however_they_are_written() {
        for bad in [
            "http://169.254.169.254/latest",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://169.254.170.2/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://metadata.google.internal/",
            "http://METADATA.google.internal./",
        ] {
            assert!(refusal(bad).contains("allow_link_local"), "{bad}");
            assert!(endpoint(bad, "/client/endpoint", true).is_ok(), "{bad}");
        }
        for good in
            ["http://127.0.0.1:4318", "http://10.0.0.5", "http://[::1]:4318", "https://collector.example.com/in"]
        {
            assert!(endpoint(good, "/client/endpoint", false).is_ok(), "{good}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_link_local_address_leads_nowhere() {
        let resolved = Resolver.resolve("169.254.169.254".parse().unwrap()).await;
        assert!(resolved.is_err());
        assert!(Resolver.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
