//! What stays although a rule finds it: `privacy.allow`. Secrets and cards never do.

use std::collections::HashSet;
use std::net::IpAddr;

use super::rule::Rule;
use crate::config::AllowConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::explanation::Reason;

/// The section, compiled.
#[derive(Debug)]
pub(super) struct Allow {
    /// In lower case.
    values: HashSet<String>,
    domains: Vec<Domain>,
    /// The parts of each pointer.
    paths: Vec<Vec<String>>,
    networks: Vec<Network>,
}

/// A domain in lower case, or what is below it.
#[derive(Debug)]
enum Domain {
    Exact(String),
    /// With its leading dot.
    Below(String),
}

/// The addresses whose first `bits` bits are those of `base`.
#[derive(Debug)]
struct Network {
    base: IpAddr,
    bits: u32,
}

impl Allow {
    /// The section, or nothing where it is empty.
    pub(super) fn new(config: &AllowConfig) -> Result<Option<Self>> {
        if *config == AllowConfig::default() {
            return Ok(None);
        }
        let values = list(&config.values, "values", "must not be empty", |value| {
            (!value.is_empty()).then(|| value.to_ascii_lowercase())
        })?;
        let expected = "expected a domain such as example.com, or *.example.com for all below it";
        let domains = list(&config.domains, "domains", expected, Domain::read)?;
        let expected = "expected a JSON Pointer to a part of the record, such as /payload/build/host";
        let paths = list(&config.paths, "paths", expected, read_path)?;
        let expected = "expected a network such as 10.0.0.0/8 or 2001:db8::/32 whose other bits are zero";
        let networks = list(&config.networks, "networks", expected, Network::read)?;
        Ok(Some(Self { values: values.into_iter().collect(), domains, paths, networks }))
    }

    /// Whether nothing makes a finding of `rule` stay.
    pub(super) fn never(rule: Rule) -> bool {
        rule.is_secret() || rule == Rule::Card
    }

    /// What allows `text`, which `rule` found.
    pub(super) fn reason(&self, rule: Rule, text: &str) -> Option<Reason> {
        if Self::never(rule) {
            return None;
        }
        if !self.values.is_empty() && self.values.contains(&text.to_ascii_lowercase()) {
            return Some(Reason::AllowValue);
        }
        match rule {
            Rule::Email => self.allows_domain(text).then_some(Reason::AllowDomain),
            Rule::Ipv4 | Rule::Ipv6 => self.allows_address(text).then_some(Reason::AllowNetwork),
            _ => None,
        }
    }

    fn allows_domain(&self, address: &str) -> bool {
        let Some((_, domain)) = address.rsplit_once('@').filter(|_| !self.domains.is_empty()) else { return false };
        let domain = domain.to_ascii_lowercase();
        self.domains.iter().any(|allowed| match allowed {
            Domain::Exact(name) => domain == *name,
            Domain::Below(name) => domain.ends_with(name),
        })
    }

    fn allows_address(&self, text: &str) -> bool {
        let address = text.parse::<IpAddr>().map(|address| address.to_canonical());
        address.is_ok_and(|address| self.networks.iter().any(|network| network.holds(address)))
    }

    pub(super) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Whether `pointer` is one of the paths, or below one.
    pub(super) fn allows_path(&self, pointer: &str) -> bool {
        let is_here = |path: &Vec<String>| {
            let mut parts = pointer.split('/').skip(1);
            path.iter().all(|part| parts.next().is_some_and(|name| part == "*" || part == name))
        };
        self.paths.iter().any(is_here)
    }
}

fn list<T>(texts: &[String], name: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let of = |(i, text): (usize, &String)| {
        let place = || format!("/privacy/allow/{name}/{i}");
        read(text).ok_or_else(|| Error::new(ErrorKind::ConfigInvalid, place(), expected))
    };
    texts.iter().enumerate().map(of).collect()
}

/// The root is not among them: a record that may say anything has no use for scrubbing.
fn read_path(text: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = text.strip_prefix('/')?.split('/').map(str::to_owned).collect();
    (parts != ["*"] && !parts[0].is_empty()).then_some(parts)
}

impl Domain {
    fn read(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (name, below) = text.strip_prefix("*.").map_or((text.as_str(), false), |name| (name, true));
        let is_part = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-') && !label.starts_with('-')
        };
        // `*.com` would allow nearly everyone's address.
        if !name.contains('.') || !name.split('.').all(is_part) {
            return None;
        }
        Some(if below { Self::Below(format!(".{name}")) } else { Self::Exact(name.to_owned()) })
    }
}

impl Network {
    /// CIDR notation (RFC 4632), or one address.
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let base: IpAddr = address.parse().ok()?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let is_number = |bits: &&str| !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
        let bits = match bits {
            Some(bits) => Some(bits).filter(is_number)?.parse().ok()?,
            None => width,
        };
        let network = Self { base, bits };
        (bits <= width && high_bits(base, bits) == value(base)).then_some(network)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4() && high_bits(address, self.bits) == value(self.base)
    }
}

/// The address as a number, its first bit the highest.
fn value(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn high_bits(address: IpAddr, bits: u32) -> u128 {
    let mask = if bits == 0 { 0 } else { u128::MAX << (128 - bits) };
    value(address) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(json: &str) -> Allow {
        Allow::new(&serde_json::from_str(json).unwrap()).unwrap().unwrap()
    }

    #[test]
    fn values_domains_and_networks_stay() {
        let allow = allow(
            r#"{"values":["Support@Example.org","+1 415 555 0100"],"domains":["example.com","*.corp.example"],
                "networks":["10.0.0.0/8","192.0.2.1","2001:db8::/32"]}"#,
        );
        for (rule, text, reason) in [
            (Rule::Email, "support@example.org", Some(Reason::AllowValue)),
            (Rule::Phone, "+1 415 555 0100", Some(Reason::AllowValue)),
            (Rule::Email, "Ann@EXAMPLE.com", Some(Reason::AllowDomain)),
            (Rule::Email, "ann@a.corp.example", Some(Reason::AllowDomain)),
            (Rule::Email, "ann@corp.example", None),
            (Rule::Email, "ann@mail.example.com", None),
            (Rule::Email, "ann@notexample.com", None),
            (Rule::Ipv4, "10.255.0.1", Some(Reason::AllowNetwork)),
            (Rule::Ipv4, "11.0.0.1", None),
            (Rule::Ipv4, "192.0.2.1", Some(Reason::AllowNetwork)),
            (Rule::Ipv4, "192.0.2.2", None),
            (Rule::Ipv6, "::ffff:10.0.0.1", Some(Reason::AllowNetwork)),
            (Rule::Ipv6, "2001:db8:1::5", Some(Reason::AllowNetwork)),
            (Rule::Ipv6, "2001:db9::5", None),
        ] {
            assert_eq!(allow.reason(rule, text), reason, "{text}");
        }
    }

    #[test]
    fn secrets_and_cards_never_stay() {
        let allow = allow(r#"{"values":["hunter2","4111111111111111"]}"#);
        assert_eq!(allow.reason(Rule::Secret, "hunter2"), None);
        assert_eq!(allow.reason(Rule::Card, "4111111111111111"), None);
    }

    #[test]
    fn a_path_allows_what_is_below_it() {
        let allow = allow(r#"{"paths":["/payload/build","/payload/*/host"]}"#);
        for path in ["/payload/build", "/payload/build/host/0", "/payload/7/host"] {
            assert!(allow.allows_path(path), "{path}");
        }
        for path in ["/payload", "/payload/builder", "/payload/7/hosts", "/context/build", ""] {
            assert!(!allow.allows_path(path), "{path}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused_at_its_place() {
        for (json, path) in [
            (r#"{"values":["a",""]}"#, "/privacy/allow/values/1"),
            (r#"{"domains":["com"]}"#, "/privacy/allow/domains/0"),
            (r#"{"domains":["*.com"]}"#, "/privacy/allow/domains/0"),
            (r#"{"domains":["ann@example.com"]}"#, "/privacy/allow/domains/0"),
            (r#"{"paths":["payload"]}"#, "/privacy/allow/paths/0"),
            (r#"{"paths":["/"]}"#, "/privacy/allow/paths/0"),
            (r#"{"networks":["10.0.0.0/33"]}"#, "/privacy/allow/networks/0"),
            (r#"{"networks":["10.0.0.1/8"]}"#, "/privacy/allow/networks/0"),
            (r#"{"networks":["10.0.0.0/+8"]}"#, "/privacy/allow/networks/0"),
            (r#"{"networks":["ten"]}"#, "/privacy/allow/networks/0"),
        ] {
            let error = Allow::new(&serde_json::from_str(json).unwrap()).unwrap_err();
            assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, path), "{json}");
        }
    }
}
