//! Where we may connect to: the public Internet, and networks that the configuration names.
//!
//! The check is made on addresses after resolution, so that a public name cannot point inside (DNS rebinding); the
//! connection then goes to the very address that was checked. Literals never reach a resolver and are checked first.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The address may not be connected to.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OutboundRefused {
    /// Not https.
    #[error("only https addresses are called")]
    Scheme,
    /// The address has no host, or a user in it.
    #[error("the address must have a host and no user")]
    Form,
    /// The host is inside.
    #[error("{0} is not on the public Internet; mend: list its network in `allowed_networks` if it belongs there")]
    Network(IpAddr),
}

/// The networks beyond the public Internet to which we may connect.
#[derive(Clone, Debug, Default)]
pub struct NetworkPolicy {
    allowed: Vec<IpNet>,
}

impl NetworkPolicy {
    /// Allows these networks besides the public Internet.
    pub fn allowing(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Allows these networks, written as `10.20.0.0/16`.
    pub fn parse<'a>(networks: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let parsed: Result<Vec<IpNet>, _> = networks
            .into_iter()
            .map(|text| text.parse().map_err(|_| format!("`{text}` is no network; write it as 10.20.0.0/16")))
            .collect();
        parsed.map(Self::allowing)
    }

    /// Judges scheme, form and, where the host is a literal address, the address.
    pub fn check(&self, url: &Url) -> Result<(), OutboundRefused> {
        if url.scheme() != "https" {
            return Err(OutboundRefused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundRefused::Form);
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(address.into()),
            Some(Host::Ipv6(address)) => self.check_address(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(OutboundRefused::Form),
        }
    }

    fn check_address(&self, address: IpAddr) -> Result<(), OutboundRefused> {
        let address = address.to_canonical();
        if is_public(address) || self.allowed.iter().any(|network| network.contains(&address)) {
            Ok(())
        } else {
            Err(OutboundRefused::Network(address))
        }
    }

    /// The addresses of a host that may be connected to, for protocols other than HTTP: connect to one of these, so that the
    /// address that was checked is the one that is called. Blocks.
    ///
    /// # Errors
    /// What is wrong with the name or its addresses.
    pub fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let found = self.resolve_host(host).map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(|address| address.ip()).collect())
    }

    fn resolve_host(&self, host: &str) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let found: Vec<SocketAddr> = if is_localhost(host) {
            // RFC 6761 §6.3: such names are loopback and no resolver is asked.
            vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]
        } else {
            (host, 0).to_socket_addrs()?.collect()
        };
        let mut refused = None;
        let allowed: Vec<_> = found
            .into_iter()
            .filter(|address| self.check_address(address.ip()).map_err(|error| refused = Some(error)).is_ok())
            .collect();
        match refused {
            Some(error) if allowed.is_empty() => Err(error.into()),
            _ => Ok(allowed),
        }
    }
}

impl Resolve for NetworkPolicy {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || this.resolve_host(name.as_str())).await??;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether an address is one of the public Internet (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b); // RFC 6598
    let benchmark = a == 198 && (b == 18 || b == 19); // RFC 2544
    let protocol = a == 192 && b == 0 && c == 0; // RFC 6890
    !(a == 0
        || a >= 240
        || shared
        || benchmark
        || protocol
        || v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation())
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, ..] = v6.segments();
    // Only global unicast 2000::/3, without the parts of it that embed or tunnel to other addresses.
    let global = a & 0xe000 == 0x2000;
    let teredo_and_protocol = a == 0x2001 && b < 0x0200; // RFC 2928
    let documentation = (a == 0x2001 && b == 0x0db8) || a & 0xfff0 == 0x3ff0; // RFC 3849, RFC 9637
    let six_to_four = a == 0x2002; // RFC 3056
    global && !teredo_and_protocol && !documentation && !six_to_four
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &NetworkPolicy, url: &str) -> Result<(), OutboundRefused> {
        policy.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn addresses_inside_are_refused_in_every_spelling() {
        let policy = NetworkPolicy::default();
        for inside in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[ff02::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[::127.0.0.1]",
        ] {
            let refused = check(&policy, &format!("https://{inside}/x"));
            assert!(matches!(refused, Err(OutboundRefused::Network(_))), "{inside}: {refused:?}");
        }
        for public in ["8.8.8.8", "[2606:4700::1111]", "example.com"] {
            assert_eq!(check(&policy, &format!("https://{public}/x")), Ok(()), "{public}");
        }
    }

    #[test]
    fn a_listed_network_is_allowed_and_no_other() {
        let policy = NetworkPolicy::parse(["127.0.0.0/8", "fd12::/16"]).unwrap();
        for allowed in ["127.0.0.1", "[::ffff:127.0.0.1]", "[fd12::1]"] {
            assert_eq!(check(&policy, &format!("https://{allowed}/")), Ok(()), "{allowed}");
        }
        assert!(check(&policy, "https://10.0.0.1/").is_err() && check(&policy, "https://[::1]/").is_err());
        assert!(NetworkPolicy::parse(["10.0.0.0/33"]).unwrap_err().contains("10.20.0.0/16"));
    }

    #[test]
    fn other_schemes_and_users_are_refused() {
        let policy = NetworkPolicy::default();
        assert_eq!(check(&policy, "http://example.com/"), Err(OutboundRefused::Scheme));
        assert_eq!(check(&policy, "file:///etc/passwd"), Err(OutboundRefused::Scheme));
        assert_eq!(check(&policy, "https://user@example.com/"), Err(OutboundRefused::Form));
    }

    #[test]
    fn names_are_judged_by_what_they_resolve_to() {
        let closed = NetworkPolicy::default();
        for name in ["localhost", "revenue.localhost", "Revenue.LOCALHOST.", "ip6-localhost"] {
            assert!(closed.resolve_host(name).is_err(), "{name}");
        }
        let open = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
        let found = open.resolve_host("revenue.localhost").unwrap();
        assert_eq!(found, [SocketAddr::from((Ipv4Addr::LOCALHOST, 0))], "the address that is not allowed is left out");
    }
}
