//! What integration tests stand on: a sandbox per test binary, an account per test.

pub(crate) mod account;
mod call;
pub(crate) mod chaos;
pub(crate) mod cli;
pub(crate) mod compared;
mod copies;
pub(crate) mod ended;
pub(crate) mod expected;
pub(crate) mod folder;
pub(crate) mod hcl;
pub(crate) mod model;
pub(crate) mod photograph;
pub(crate) mod provider;
pub(crate) mod proxy;
pub(crate) mod scene;
pub(crate) mod sight;
pub(crate) mod tally;
pub(crate) mod terminal;
pub(crate) mod terraform;
pub(crate) mod user;
mod written;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use watertight::aws::{Aws, Settings};
use watertight::dns::Servers;
use watertight::sandbox::{self, Running};

use copies::End;
use proxy::Proxy;

/// The region of tests that do not care.
pub(crate) const REGION: &str = "eu-west-1";

/// An account of its own in the sandbox that all tests of this binary share. The account is empty
/// but for AWS's default VPCs and the public zones example.com and example.org.
pub(crate) struct Sandbox {
    /// The account's number, which is also the key id that leads to it.
    pub(crate) account: String,
    /// Where the sandbox is, without a proxy.
    pub(crate) endpoint: String,
    /// Where its public DNS answers.
    pub(crate) dns: String,
    #[expect(dead_code, reason = "it ends when it is dropped")]
    end: End,
}

impl Sandbox {
    /// Starts the sandbox if no test of this binary has yet.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(700_000_000_001);
        Self {
            account: NEXT.fetch_add(1, Ordering::Relaxed).to_string(),
            endpoint: server().endpoint().to_owned(),
            dns: server().ready().dns.clone().unwrap(),
            end: End::Shared,
        }
    }

    /// Key id and secret of this account.
    pub(crate) fn credentials(&self) -> (String, String) {
        (self.account.clone(), "sandbox".to_owned())
    }

    /// What connects the product to this account, in [`REGION`].
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            region: REGION.to_owned(),
            endpoint: Some(self.endpoint.clone()),
            credentials: Some(self.credentials()),
            dns: Servers::parse(&self.dns).unwrap(),
            ..Settings::default()
        }
    }

    /// The product's clients, connected straight to the sandbox.
    pub(crate) async fn aws(&self) -> Aws {
        Aws::new(&self.settings()).await
    }

    /// Tells the sandbox something about the world around AWS, by its own interface:
    /// `targets` for the health of a target.
    pub(crate) fn tell(&self, what: &str, told: &serde_json::Value) {
        self.own_call("POST", what, &told.to_string());
    }

    /// Puts records into public DNS elsewhere than in Route 53, as lines of a zone file; or
    /// takes them away, with `DELETE`.
    pub(crate) fn elsewhere(&self, method: &str, lines: &str) {
        self.own_call(method, "dns", lines);
    }

    /// What the sandbox answers to a call of its own.
    fn own_call(&self, method: &str, what: &str, body: &str) -> String {
        use std::io::{Read, Write};
        let host = self.endpoint.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{method} /sandbox-api/{what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        body.unwrap_or_default().to_owned()
    }

    /// A fault proxy in front of the sandbox, of this test alone.
    pub(crate) fn proxy(&self) -> Proxy {
        Proxy::start(&self.endpoint)
    }

    /// The product's clients, connected through a proxy.
    pub(crate) async fn aws_through(&self, proxy: &Proxy) -> Aws {
        Aws::new(&Settings {
            endpoint: Some(proxy.endpoint().to_owned()),
            ..self.settings()
        })
        .await
    }
}

/// The cache folder of tests: the virtual environment in it outlives them.
pub(crate) fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The server that all tests of this binary share. It is never dropped: it ends when the test
/// process does, because its standard input closes.
fn server() -> &'static Running {
    static SERVER: OnceLock<Running> = OnceLock::new();
    SERVER.get_or_init(start)
}

/// A server that ends when this is dropped.
fn start() -> Running {
    let settings = sandbox::Settings {
        certificate_delay: Duration::from_millis(300),
        distribution_delay: Duration::from_millis(300),
        load_balancer_delay: Duration::from_millis(300),
        ..sandbox::Settings::new(cache())
    };
    match sandbox::start(&settings) {
        Ok(running) => running,
        Err(error) => panic!("no sandbox: {error}\n{}", error.hint().unwrap_or_default()),
    }
}
