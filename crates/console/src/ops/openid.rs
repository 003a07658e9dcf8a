//! The OpenID Connect provider: how it is set up, and what it says of itself.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    certificates::are_authorities,
    domain::{Refusal, UnixMillis},
    openid::{MAX_ROLES, MAX_SCOPES, OpenidError, OpenidSettings, Provider, is_claim},
    repository::Setting,
    secret::Secret,
};

/// Most characters of an address or a name.
const MAX_TEXT: usize = 500;
/// For what the client's secret is sealed.
const PLACE: &str = "secret of the OpenID Connect client";
/// How long is good what the provider says of itself. A key that is not known is asked for before that.
const LIFE: i64 = 10 * 60 * UnixMillis::SECOND;

/// The settings, and whether there is a secret, which is never told.
#[derive(Clone, Debug)]
pub(crate) struct KnownOpenid {
    pub(crate) settings: OpenidSettings,
    pub(crate) has_secret: bool,
}

/// A provider that answers.
#[derive(Clone, Debug)]
pub(crate) struct OpenidAnswer {
    pub(crate) issuer: String,
    pub(crate) keys: usize,
    /// To which it must be allowed to send people.
    pub(crate) return_address: String,
}

/// What the provider said of itself a moment ago, with the version of the settings and the time.
#[derive(Debug, Default)]
pub(super) struct Discovered(Mutex<Option<(i64, UnixMillis, Arc<Provider>)>>);

impl Discovered {
    fn get(&self, version: i64, now: UnixMillis) -> Option<Arc<Provider>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let good = known.as_ref().filter(|(of, at, _)| *of == version && now < at.plus(LIFE));
        good.map(|(_, _, provider)| Arc::clone(provider))
    }

    fn keep(&self, version: i64, now: UnixMillis, provider: &Arc<Provider>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, now, Arc::clone(provider)));
    }
}

/// The provider with the settings by which it is asked.
pub(super) struct Asked {
    pub(super) settings: OpenidSettings,
    pub(super) secret: Option<Secret>,
    pub(super) provider: Arc<Provider>,
    version: i64,
}

impl Core {
    /// How the provider is set up.
    pub(crate) async fn openid_settings(&self, _: &Administrator) -> Result<Tagged<KnownOpenid>, Refusal> {
        Ok(told(self.database.setting(OpenidSettings::NAME).await?))
    }

    /// What the sign-in page offers: what the provider is called, and the console's address. `None`: nothing.
    pub(crate) async fn openid_offer(&self) -> Result<Option<(String, String)>, Refusal> {
        let found: Setting<OpenidSettings> = self.database.setting(OpenidSettings::NAME).await?;
        Ok(found.value.enabled.then_some((found.value.name, found.value.address)))
    }

    /// Sets the provider up. Without a secret the present one stays; an empty one takes it away.
    pub(crate) async fn set_openid(
        &self,
        caller: &Administrator,
        expected: &Expected,
        settings: OpenidSettings,
        secret: Option<Secret>,
    ) -> Result<Tagged<KnownOpenid>, Refusal> {
        check(&settings)?;
        for role in &settings.roles {
            self.check_access(&role.access()).await?;
        }
        let sealed = match &secret {
            Some(secret) if secret.reveal().is_empty() => Some(String::new()),
            Some(secret) => Some(self.authority.sealer.seal(PLACE, secret)?),
            None => None,
        };
        let mut write = self.write().await?;
        let before: Setting<OpenidSettings> = write.setting(OpenidSettings::NAME).await?;
        expected.require(&before.version.to_string())?;
        if sealed.is_none() && !before.secret.is_empty() && before.value.issuer != settings.issuer {
            return Err(Refusal::OpenidSettings(
                "the issuer is another one, which must not get the secret of this one; give the client's secret too"
                    .to_owned(),
            ));
        }
        let has_new = sealed.is_some();
        let kept = sealed.unwrap_or(before.secret);
        write.set_setting(OpenidSettings::NAME, &settings, &kept).await?;
        let after = Setting { value: settings, secret: kept, version: write.revision };
        let text =
            |settings: &OpenidSettings| serde_json::to_string_pretty(settings).map_err(Refusal::internal);
        let mut entry =
            caller.changed("OpenID Connect".to_owned(), text(&before.value)?, text(&after.value)?);
        entry.details = if has_new { "with another secret".to_owned() } else { String::new() };
        write.commit(entry).await?;
        Ok(told(after))
    }

    /// Asks the provider what it is, whatever is known of it.
    pub(crate) async fn check_openid(&self, _: &Administrator) -> Result<OpenidAnswer, Refusal> {
        let (found, _) = self.openid_enabled().await?;
        let provider = Provider::discover(found.value.clone()).await.map_err(|error| {
            tracing::warn!(error = %error, "The OpenID Connect provider cannot be asked");
            Refusal::Openid(error.to_string())
        })?;
        let provider = Arc::new(provider);
        self.discovered.keep(found.version, self.now(), &provider);
        Ok(OpenidAnswer {
            issuer: found.value.issuer.clone(),
            keys: provider.keys(),
            return_address: found.value.return_address(),
        })
    }

    /// The provider, if it is enabled and known or answers.
    pub(super) async fn openid(&self) -> Result<Result<Asked, OpenidError>, Refusal> {
        let (Setting { value: settings, version, .. }, secret) = self.openid_enabled().await?;
        let provider = match self.discovered.get(version, self.now()) {
            Some(known) => known,
            None => match self.discover(&settings, version).await {
                Ok(provider) => provider,
                Err(error) => return Ok(Err(error)),
            },
        };
        Ok(Ok(Asked { settings, secret, provider, version }))
    }

    /// Asks the provider once more what it is: its keys change now and then.
    pub(super) async fn openid_anew(&self, asked: &Asked) -> Result<Arc<Provider>, OpenidError> {
        self.discover(&asked.settings, asked.version).await
    }

    async fn discover(&self, settings: &OpenidSettings, version: i64) -> Result<Arc<Provider>, OpenidError> {
        let provider = Arc::new(Provider::discover(settings.clone()).await?);
        self.discovered.keep(version, self.now(), &provider);
        Ok(provider)
    }

    async fn openid_enabled(&self) -> Result<(Setting<OpenidSettings>, Option<Secret>), Refusal> {
        let found: Setting<OpenidSettings> = self.database.setting(OpenidSettings::NAME).await?;
        if !found.value.enabled {
            return Err(Refusal::NoOpenid);
        }
        let secret = match found.secret.as_str() {
            "" => None,
            sealed => Some(self.authority.sealer.open(PLACE, sealed)?),
        };
        Ok((found, secret))
    }
}

fn told(found: Setting<OpenidSettings>) -> Tagged<KnownOpenid> {
    let has_secret = !found.secret.is_empty();
    Tagged { tag: found.version.to_string(), item: KnownOpenid { settings: found.value, has_secret } }
}

fn check(settings: &OpenidSettings) -> Result<(), Refusal> {
    let wrong = |text: String| Err(Refusal::OpenidSettings(text));
    let plain = |text: &str| text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    let needed = |text: &str| plain(text) && (!settings.enabled || !text.trim().is_empty());
    for (what, text) in [("name", &settings.name), ("client identifier", &settings.client_id)] {
        if !needed(text) {
            return wrong(format!(
                "the {what} has 1 to {MAX_TEXT} characters, none of them a control character"
            ));
        }
    }
    let unset = |text: &str| text.is_empty() && !settings.enabled;
    if !(unset(&settings.issuer) || plain(&settings.issuer) && is_issuer(&settings.issuer)) {
        return wrong(
            "the issuer is an address as the provider writes it, https:// and a host at least".to_owned(),
        );
    }
    if !(unset(&settings.address) || plain(&settings.address) && is_origin(&settings.address)) {
        return wrong(
            "the console's address is https://, its host, and its port where that is not 443; nothing follows".to_owned(),
        );
    }
    // RFC 6749, 3.3: printable, without space, quote and backslash.
    let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let is_scope = |scope: &String| (1..=200).contains(&scope.len()) && scope.bytes().all(legal);
    if settings.scopes.len() > MAX_SCOPES || !settings.scopes.iter().all(is_scope) {
        return wrong(format!("there are at most {MAX_SCOPES} scopes, each a word without spaces"));
    }
    if !is_claim(&settings.name_claim) || !is_claim(&settings.groups_claim) {
        return wrong("the claims that hold name and groups have names without spaces".to_owned());
    }
    let is_group = |group: &str| !group.is_empty() && plain(group);
    if settings.roles.len() > MAX_ROLES || !settings.roles.iter().all(|role| is_group(&role.group)) {
        return wrong(format!(
            "at most {MAX_ROLES} groups have a role, each 1 to {MAX_TEXT} characters long"
        ));
    }
    if !are_authorities(&settings.certificates) {
        return wrong("the certificates are no certificates in PEM".to_owned());
    }
    Ok(())
}

fn is_issuer(text: &str) -> bool {
    let address = axum::http::Uri::try_from(text).ok();
    address.is_some_and(|address| {
        let host = address.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        address.scheme_str() == Some("https") && host && address.query().is_none()
    })
}

/// Whether a text is a scheme, a host and a port alone, as browsers write origins.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").unwrap_or_default();
    let legal = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || [b'.', b'-', b':', b'[', b']'].contains(&byte)
    };
    !host.is_empty() && host.bytes().all(legal) && is_issuer(text) && !host.ends_with(":443")
}
