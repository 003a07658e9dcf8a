//! Traces of requests and chores to a collector, over OTLP (HTTP and protobuf), where somebody asks for it.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use ureq::{
    Agent,
    config::Config,
    tls::{Certificate, RootCerts, TlsConfig},
};

/// Longest wait for a connection to the collector, and for its answer.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);
/// Most bytes of an answer.
const MAX_ANSWER: u64 = 64 * 1024;

/// Where traces go.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Telemetry {
    /// OTLP collector that gets traces of requests and chores (HTTP, protobuf), such as http://127.0.0.1:4318; nobody if not given
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
}

/// Sends what is left when it is dropped.
pub(super) struct Exporting(SdkTracerProvider);

impl Drop for Exporting {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(ANSWER) {
            tracing::warn!(%error, "The last traces were not sent");
        }
    }
}

impl Telemetry {
    /// Begins to export under the name of a service; `None` when nobody asked for it.
    pub(super) fn start(&self, service: &'static str) -> anyhow::Result<Option<(SdkTracer, Exporting)>> {
        // A variable that is empty counts as none, as OpenTelemetry says.
        let Some(endpoint) = self.otlp_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()) else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(ANSWER)
            .build()
            .with_context(|| format!("traces cannot be sent to {endpoint}"))?;
        let resource = Resource::builder()
            .with_service_name(service)
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Some((provider.tracer(service), Exporting(provider))))
    }
}

/// The way to the collector. Traces are sent from a thread of their own, so that waiting holds up nobody.
#[derive(Debug)]
struct Collector(Agent);

impl Collector {
    fn new() -> Self {
        let trusted = rustls_native_certs::load_native_certs().certs;
        let trusted: Vec<_> =
            trusted.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&trusted))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Config::builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .build();
        Self(Agent::new_with_config(config))
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = request.map(|body| body.to_vec());
        let (parts, mut body) = self.0.run(request)?.into_parts();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}
