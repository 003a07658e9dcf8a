//! One request to whoever wants to be told: signed, short, and no further than its address.
//!
//! Form and signature are those of Standard Webhooks (<https://www.standardwebhooks.com>), for which receivers find libraries.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use ureq::{
    Agent,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use crate::{
    certificates::trusting,
    domain::{Refusal, UnixMillis, Webhook},
    secret::{Secret, random},
};

/// Longest wait for a connection, and for an answer.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);
/// Most bytes of the head of an answer. Its body is not read.
const MAX_HEAD: usize = 16 * 1024;
/// Bytes of a secret.
const SECRET: usize = 32;
/// What a secret begins with, so that libraries know it.
const PREFIX: &str = "whsec_";

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    /// The status of the answer; `None` when there was none.
    pub(crate) status: Option<u16>,
    /// Why it counts as not told.
    pub(crate) error: Option<String>,
}

/// Makes a new secret.
pub(crate) fn new_secret() -> Result<Secret, Refusal> {
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(random::<SECRET>()?))))
}

/// Sends a payload, which blocks until there is an answer or it took too long. A status of 200 to 299 counts as told.
pub(crate) fn send(webhook: &Webhook, secret: &Secret, id: &str, payload: &str, now: UnixMillis) -> Told {
    let failed = |error: String| Told { status: None, error: Some(error) };
    let seconds = now.0.div_euclid(UnixMillis::SECOND);
    let Some(signature) = signature(secret, id, seconds, payload) else {
        return failed("its secret is not one of this console's; make a new one".to_owned());
    };
    let agent = match agent(&webhook.certificates) {
        Ok(agent) => agent,
        Err(error) => return failed(error),
    };
    let answer = agent
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("user-agent", concat!("metaprofiles/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature)
        .send(payload);
    match answer {
        Ok(answer) if answer.status().is_success() => {
            Told { status: Some(answer.status().as_u16()), error: None }
        }
        Ok(answer) => {
            let status = answer.status();
            let told = if status.is_redirection() {
                "it answers elsewhere, which is not followed"
            } else {
                "it refuses"
            };
            Told { status: Some(status.as_u16()), error: Some(format!("{told}: status {}", status.as_u16())) }
        }
        Err(error) => failed(error.to_string()),
    }
}

/// `v1,` and the HMAC-SHA256 of identity, time and payload, with points between them.
fn signature(secret: &Secret, id: &str, seconds: i64, payload: &str) -> Option<String> {
    let key = STANDARD.decode(secret.reveal().strip_prefix(PREFIX)?).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{seconds}.{payload}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(tag)))
}

fn agent(certificates: &str) -> Result<Agent, String> {
    let tls = trusting(certificates).ok_or("its certificates cannot be read")?;
    let config = Config::builder()
        .tls_config(tls)
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(MAX_HEAD)
        .max_idle_connections(0)
        .proxy(None)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(ANSWER))
        .build();
    Ok(Agent::with_parts(config, DefaultConnector::default(), NoMetadata))
}

/// Finds the addresses of a name, but for those at which machines of clouds ask for their own secrets.
#[derive(Debug)]
struct NoMetadata;

impl Resolver for NoMetadata {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        let fine: Vec<SocketAddr> =
            found.iter().copied().filter(|address| may_be_called(address.ip())).collect();
        for address in fine {
            allowed.push(address);
        }
        if allowed.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(allowed) }
    }
}

/// Whether an address can be a receiver's: not link-local, where clouds keep their metadata, and not that of nobody or of many.
fn may_be_called(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            !address.is_link_local()
                && !address.is_unspecified()
                && !address.is_multicast()
                && !address.is_broadcast()
        }
        IpAddr::V6(address) => {
            !address.is_unicast_link_local() && !address.is_unspecified() && !address.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference implementation.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(signature(&Secret::new("x"), "a", 1, "b"), None);
        let new = new_secret().expect("random");
        assert!(signature(&new, "a", 1, "b").is_some());
    }

    #[test]
    fn metadata_services_are_not_called() {
        for refused in ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::", "::ffff:169.254.169.254"]
        {
            assert!(!may_be_called(refused.parse().expect("an address")), "{refused}");
        }
        for fine in ["127.0.0.1", "10.0.0.5", "192.0.2.1", "::1", "2001:db8::1"] {
            assert!(may_be_called(fine.parse().expect("an address")), "{fine}");
        }
    }
}
