//! Whom to ask.
//!
//! *Invariant*: what parses is DNS over HTTPS, or plain UDP to this machine.

use std::net::{IpAddr, SocketAddr};

/// The resolvers that are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Servers {
    /// Several public ones, over HTTPS.
    #[default]
    Public,
    /// One over HTTPS: `https://dns.example/dns-query`.
    Https {
        /// Its name, as its certificate says it, or its address.
        host: String,
        /// Its port.
        port: u16,
        /// The path of the URL.
        path: String,
    },
    /// One on this machine, in clear: `udp://127.0.0.1:5353`.
    Loopback(SocketAddr),
}

impl Servers {
    /// Reads an address as the environment gives it.
    ///
    /// # Errors
    /// A phrase that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("https://") {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, "dns-query"));
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !host.ends_with(':') && !port.contains(']') => {
                    (host, port.parse().ok())
                }
                _ => (authority, Some(443)),
            };
            let host = host.trim_matches(['[', ']']);
            return match port {
                Some(port) if !host.is_empty() => Ok(Self::Https {
                    host: host.to_owned(),
                    port,
                    path: format!("/{path}"),
                }),
                _ => Err(format!("`{text}` names no host")),
            };
        }
        let Some(rest) = text.strip_prefix("udp://") else {
            return Err(format!(
                "`{text}` is neither `https://HOST/dns-query` nor `udp://127.0.0.1:PORT`"
            ));
        };
        match rest.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Self::Loopback(address)),
            Ok(_) => Err(format!(
                "`{text}` would ask in clear; `udp://` is for this machine only"
            )),
            Err(_) => Err(format!("`{text}` is no address and port")),
        }
    }
}

/// The public resolvers: address, the name in its certificate. Of three operators, so that
/// one that is blocked or down is no trouble.
pub(super) const PUBLIC: [(IpAddr, &str); 3] = [
    // https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/
    (
        IpAddr::V4(std::net::Ipv4Addr::new(1, 1, 1, 1)),
        "cloudflare-dns.com",
    ),
    // https://developers.google.com/speed/public-dns/docs/doh
    (
        IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8)),
        "dns.google",
    ),
    // https://www.quad9.net/service/service-addresses-and-features
    (
        IpAddr::V4(std::net::Ipv4Addr::new(9, 9, 9, 9)),
        "dns.quad9.net",
    ),
];

#[cfg(test)]
mod tests {
    use super::Servers;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match Servers::parse(text) {
            Ok(Servers::Https { host, port, path }) => format!("{host} {port} {path}"),
            Ok(other) => format!("{other:?}"),
            Err(problem) => problem,
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn resolvers_are_asked_over_https_or_on_this_machine() {
        check(
            "https://dns.example/dns-query",
            "dns.example 443 /dns-query",
        );
        check("https://dns.example:8443", "dns.example 8443 /dns-query");
        check("https://[2001:db8::1]/q", "2001:db8::1 443 /q");
        check("udp://127.0.0.1:5353", "Loopback(127.0.0.1:5353)");
        check("udp://[::1]:53", "Loopback([::1]:53)");
        check(
            "udp://192.0.2.1:53",
            "`udp://192.0.2.1:53` would ask in clear; `udp://` is for this machine only",
        );
        check(
            "udp://localhost",
            "`udp://localhost` is no address and port",
        );
        check("https://", "`https://` names no host");
        check(
            "1.1.1.1",
            "`1.1.1.1` is neither `https://HOST/dns-query` nor `udp://127.0.0.1:PORT`",
        );
    }
}
