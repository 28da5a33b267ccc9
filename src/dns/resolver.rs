//! One question to the resolvers, and its answer as texts.
//!
//! *Invariant*: nothing is remembered between questions but that nobody answered: what a
//! record was a minute ago is no news.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::caa::Caa;
use super::plain;
use super::servers::{PUBLIC, Servers};

/// How long one resolver may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long nobody is asked any more after nobody has answered.
const SILENCE: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Another name of it.
    Cname,
    /// The name servers of a zone.
    Ns,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers: no network, or a proxy in the way.
    Silent,
    /// The resolvers can't find it out, in their words: `SERVFAIL`.
    Failing(String),
}

/// Who asks public DNS.
#[derive(Debug, Default)]
pub struct Resolver {
    servers: Servers,
    inner: OnceCell<Option<TokioResolver>>,
    silent_since: Mutex<Option<Instant>>,
}

impl Resolver {
    /// Asks nobody yet.
    #[must_use]
    pub fn new(servers: Servers) -> Self {
        Self {
            servers,
            ..Self::default()
        }
    }

    /// The names that a record of this kind holds; none where there is no such record.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn names(&self, name: &str, kind: Kind) -> Result<Vec<String>, Trouble> {
        let of = match kind {
            Kind::Cname => RecordType::CNAME,
            Kind::Ns => RecordType::NS,
        };
        let mut names: Vec<String> = self
            .ask(name, of)
            .await?
            .into_iter()
            .filter_map(|data| match (kind, data) {
                (Kind::Cname, RData::CNAME(name)) => Some(plain(&name.0.to_ascii())),
                (Kind::Ns, RData::NS(name)) => Some(plain(&name.0.to_ascii())),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The CAA records of this very name.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn caa(&self, name: &str) -> Result<Vec<Caa>, Trouble> {
        let answer = self.ask(name, RecordType::CAA).await?;
        let records = answer.into_iter().filter_map(|data| match data {
            RData::CAA(record) => Some(Caa {
                critical: record.issuer_critical,
                tag: record.tag.clone(),
                value: String::from_utf8_lossy(&record.value).into_owned(),
            }),
            _ => None,
        });
        Ok(records.collect())
    }

    async fn ask(&self, name: &str, of: RecordType) -> Result<Vec<RData>, Trouble> {
        if self.is_silent() {
            return Err(Trouble::Silent);
        }
        let absolute = format!("{}.", plain(name));
        // What is no name has no records.
        let Ok(name) = Name::from_ascii(&absolute) else {
            return Ok(Vec::new());
        };
        let inner = self.inner.get_or_init(|| build(&self.servers)).await;
        let Some(inner) = inner else {
            return Err(Trouble::Silent);
        };
        match inner.lookup(name, of).await {
            Ok(found) => Ok(found
                .answers()
                .iter()
                .map(|record| record.data.clone())
                .collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(NetError::Dns(DnsError::ResponseCode(code))) => {
                Err(Trouble::Failing(code.to_string()))
            }
            Err(_) => {
                *self.since() = Some(Instant::now());
                Err(Trouble::Silent)
            }
        }
    }

    fn is_silent(&self) -> bool {
        self.since().is_some_and(|since| since.elapsed() < SILENCE)
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.silent_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// None where a resolver's name has no address, or there are no roots to trust.
async fn build(servers: &Servers) -> Option<TokioResolver> {
    let https = |ip: IpAddr, name: &str, port: u16, path: Option<&str>| {
        let mut connection = ConnectionConfig::https(Arc::from(name), path.map(Arc::from));
        connection.port = port;
        NameServerConfig::new(ip, true, vec![connection])
    };
    let servers = match servers {
        Servers::Public => PUBLIC
            .iter()
            .map(|(ip, name)| https(*ip, name, 443, None))
            .collect(),
        Servers::Https { host, port, path } => {
            let found = tokio::net::lookup_host((host.as_str(), *port)).await.ok()?;
            found
                .map(|address| https(address.ip(), host, *port, Some(path)))
                .collect()
        }
        Servers::Loopback(address) => {
            let mut connection = ConnectionConfig::udp();
            connection.port = address.port();
            vec![NameServerConfig::new(address.ip(), true, vec![connection])]
        }
    };
    let config = ResolverConfig::from_name_servers(servers);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = TIMEOUT;
    options.attempts = 1;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Resolver, Servers, Trouble};

    #[tokio::test]
    async fn that_nobody_answers_is_remembered_for_a_while() {
        // The port of nobody: what is bound and never read.
        let nobody = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let resolver = Resolver::new(Servers::Loopback(nobody.local_addr().unwrap()));
        let ask = || resolver.names("shop.example.com", Kind::Cname);
        assert_eq!(ask().await, Err(Trouble::Silent));
        let before = std::time::Instant::now();
        assert_eq!(ask().await, Err(Trouble::Silent));
        assert!(before.elapsed().as_millis() < 100);
    }
}
