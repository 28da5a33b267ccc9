//! How requests leave: by the SDK's own transport, at most so many at once if that is wanted.
//!
//! The transport is the one that the SDK would choose by itself (`aws-smithy-runtime`,
//! `default_https_client`): rustls, and a proxy where the environment names one. It is made
//! here only because the SDK hands out none that another could be put around.
//!
//! *Invariant*: a request that waits for its turn has not been sent; it counts from when it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aws_smithy_http_client::ConnectorBuilder;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::Semaphore;

use super::lock::lock;

/// How many requests may be under way, once that is set.
pub(super) type Limit = Arc<OnceLock<Semaphore>>;

/// Keeps a connector, with its open connections, for each pair of timeouts.
#[derive(Debug, Default)]
pub(super) struct Transport {
    connectors: Mutex<BTreeMap<[Option<Duration>; 2], SharedHttpConnector>>,
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = [settings.connect_timeout(), settings.read_timeout()];
        let mut connectors = lock(&self.connectors);
        let made = || {
            let mut builder = ConnectorBuilder::default()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .connector_settings(settings.clone())
                .proxy_config(ProxyConfig::from_env());
            builder.set_sleep_impl(components.sleep_impl());
            SharedHttpConnector::new(builder.build())
        };
        connectors.entry(timeouts).or_insert_with(made).clone()
    }
}

/// The same, where a request waits until fewer than so many are under way.
#[derive(Debug)]
pub(super) struct Limited {
    pub(super) transport: SharedHttpClient,
    pub(super) limit: Limit,
}

impl HttpClient for Limited {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Turnstile {
            connector: self.transport.http_connector(settings, components),
            limit: Arc::clone(&self.limit),
        })
    }
}

#[derive(Debug)]
struct Turnstile {
    connector: SharedHttpConnector,
    limit: Limit,
}

impl HttpConnector for Turnstile {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connector, limit) = (self.connector.clone(), Arc::clone(&self.limit));
        HttpConnectorFuture::new(async move {
            // Nobody closes it, so whoever waits gets its turn.
            let _turn = match limit.get() {
                Some(turns) => turns.acquire().await.ok(),
                None => None,
            };
            connector.call(request).await
        })
    }
}
