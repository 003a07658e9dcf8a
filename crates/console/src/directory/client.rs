use std::{sync::Arc, time::Duration};

use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
    drive, ldap_escape,
};
use mp_profile::Sid;
use rustls::{ClientConfig, RootCertStore};

use super::{
    DirectoryEntry, DirectorySettings, EntryKind,
    entry::{ATTRIBUTES, filter_text, read, sids},
};
use crate::{certificates::authorities, secret::Secret};

/// Longest wait for a server to take the connection, and for each of its answers.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(5);
/// Entries that a server gives at a time (RFC 2696).
const PAGE: i32 = 200;
/// Identifiers that are asked for in one filter.
const SIDS_AT_ONCE: usize = 50;
/// The port of LDAPS.
const PORT: u16 = 636;
/// What a server says of a wrong name or password (RFC 4511, A.1: invalidCredentials).
const WRONG: u32 = 49;

/// Why the directory was not asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    #[error("none of its servers can be reached: {0}")]
    Away(String),
    #[error("it does not take the console's account or its password")]
    Account,
    #[error("the certificates are no certificates in PEM")]
    Certificates,
    #[error("{what}: {source}")]
    Answer { what: &'static str, source: Box<LdapError> },
    #[error("it does not say {0}; is it an Active Directory?")]
    NoDirectory(&'static str),
}

/// A server that the console's account is known to.
pub(crate) struct Connection {
    ldap: Ldap,
    settings: LdapConnSettings,
    url: String,
    /// Below it is what is looked for.
    base: String,
    /// NetBIOS name of the domain.
    pub(crate) domain: String,
    pub(crate) server: String,
}

impl Connection {
    /// Connects to the first server that answers.
    pub(crate) async fn open(
        settings: &DirectorySettings,
        password: &Secret,
    ) -> Result<Self, DirectoryError> {
        let tls = tls(&settings.certificates)?;
        let mut failures = Vec::new();
        for server in &settings.servers {
            let url = url(server);
            let mut options = LdapConnSettings::new().set_conn_timeout(CONNECT);
            if let Some(tls) = &tls {
                options = options.set_config(Arc::clone(tls));
            }
            let opened = async {
                let mut ldap = dial(&options, &url).await?;
                let bound =
                    ldap.with_timeout(ANSWER).simple_bind(&settings.account, password.reveal()).await?;
                Ok::<_, LdapError>((ldap, bound.rc))
            };
            match opened.await {
                Ok((ldap, 0)) => {
                    let connection = Self {
                        ldap,
                        settings: options,
                        url,
                        base: settings.base.clone(),
                        domain: String::new(),
                        server: server.clone(),
                    };
                    return connection.learn().await;
                }
                Ok((_, WRONG)) => return Err(DirectoryError::Account),
                Ok((_, code)) => failures.push(format!("{server}: it answered {code}")),
                Err(error) => failures.push(format!("{server}: {error}")),
            }
        }
        Err(DirectoryError::Away(failures.join("; ")))
    }

    /// Learns where the domain is and what it is called.
    async fn learn(mut self) -> Result<Self, DirectoryError> {
        let root = self.one("", &["defaultNamingContext", "configurationNamingContext"]).await?;
        let text = |entry: &SearchEntry, name: &str| entry.attrs.get(name).and_then(|of| of.first()).cloned();
        let domain = text(&root, "defaultNamingContext").ok_or(DirectoryError::NoDirectory("its domain"))?;
        let partitions = text(&root, "configurationNamingContext")
            .map(|configuration| format!("CN=Partitions,{configuration}"))
            .ok_or(DirectoryError::NoDirectory("where its configuration is"))?;
        let filter = format!("(&(nCName={})(nETBIOSName=*))", ldap_escape(&domain));
        let found = self.search(&partitions, &filter, &["nETBIOSName"], 1).await?;
        self.domain = found
            .first()
            .and_then(|entry| text(entry, "nETBIOSName"))
            .ok_or(DirectoryError::NoDirectory("its NetBIOS name"))?;
        if self.base.is_empty() {
            self.base = domain;
        }
        Ok(self)
    }

    /// The user of a name: `DOMAIN\\name`, `name@domain` or `name`.
    pub(crate) async fn user(&mut self, name: &str) -> Result<Option<DirectoryEntry>, DirectoryError> {
        let name = match name.split_once('\\') {
            Some((domain, name)) if domain.eq_ignore_ascii_case(&self.domain) => name,
            Some(_) => return Ok(None),
            None => name,
        };
        let name = ldap_escape(name);
        self.first(&format!(
            "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})))"
        ))
        .await
    }

    /// Whether a user has this password. An empty one is none: servers take it for a question of nobody (RFC 4513, 5.1.2).
    pub(crate) async fn has_password(
        &mut self,
        user: &DirectoryEntry,
        password: &Secret,
    ) -> Result<bool, DirectoryError> {
        if password.reveal().is_empty() {
            return Ok(false);
        }
        let failed = answer("cannot ask for the password");
        let mut ldap = dial(&self.settings, &self.url).await.map_err(&failed)?;
        let bound =
            ldap.with_timeout(ANSWER).simple_bind(&user.dn, password.reveal()).await.map_err(&failed)?;
        let _ = ldap.unbind().await;
        match bound.rc {
            0 => Ok(true),
            WRONG => Ok(false),
            _ => Err(failed(bound.into())),
        }
    }

    /// The groups that a user is in, those within others and the primary one included.
    pub(crate) async fn groups_of(&mut self, user: &DirectoryEntry) -> Result<Vec<Sid>, DirectoryError> {
        // The server makes it, for a search of this one entry alone ([MS-ADTS] 3.1.1.4.5.19).
        Ok(sids(&self.one(&user.dn, &["tokenGroups"]).await?, "tokenGroups"))
    }

    /// Users or groups whose names begin with a text. At most so many; whether there are more is told.
    pub(crate) async fn find(
        &mut self,
        kind: EntryKind,
        text: &str,
        limit: usize,
    ) -> Result<(Vec<DirectoryEntry>, bool), DirectoryError> {
        let what = match kind {
            EntryKind::User => "(objectCategory=person)(objectClass=user)",
            EntryKind::Group => "(objectClass=group)",
        };
        let named = if text.is_empty() { String::new() } else { format!("(anr={})", ldap_escape(text)) };
        let base = self.base.clone();
        let found = self.search(&base, &format!("(&{what}{named})"), &ATTRIBUTES, limit + 1).await?;
        let more = found.len() > limit;
        let entries = found.iter().take(limit).filter_map(|entry| read(&self.domain, entry)).collect();
        Ok((entries, more))
    }

    /// Users of these identifiers, those that the directory knows.
    pub(crate) async fn named(&mut self, sids: &[Sid]) -> Result<Vec<DirectoryEntry>, DirectoryError> {
        let (base, mut named) = (self.base.clone(), Vec::new());
        for some in sids.chunks(SIDS_AT_ONCE) {
            let any: String = some.iter().map(|sid| format!("(objectSid={})", filter_text(sid))).collect();
            let found = self.search(&base, &format!("(|{any})"), &ATTRIBUTES, some.len()).await?;
            named.extend(found.iter().filter_map(|entry| read(&self.domain, entry)));
        }
        Ok(named)
    }

    async fn first(&mut self, filter: &str) -> Result<Option<DirectoryEntry>, DirectoryError> {
        let base = self.base.clone();
        let found = self.search(&base, filter, &ATTRIBUTES, 2).await?;
        // Two of one name are nobody.
        Ok(match found.as_slice() {
            [one] => read(&self.domain, one),
            _ => None,
        })
    }

    /// One entry by its distinguished name.
    async fn one(&mut self, dn: &str, attributes: &[&str]) -> Result<SearchEntry, DirectoryError> {
        let failed = answer("cannot read an entry");
        let search = self.ldap.with_timeout(ANSWER).search(dn, Scope::Base, "(objectClass=*)", attributes);
        let (mut found, _) = search.await.and_then(ldap3::SearchResult::success).map_err(failed)?;
        found.pop().map(SearchEntry::construct).ok_or(DirectoryError::NoDirectory("what an entry holds"))
    }

    /// At most so many entries, asked for page by page.
    async fn search(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        limit: usize,
    ) -> Result<Vec<SearchEntry>, DirectoryError> {
        let failed = answer("cannot search");
        let attributes: Vec<String> = attributes.iter().map(|name| (*name).to_owned()).collect();
        let adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let mut stream = self
            .ldap
            .with_timeout(ANSWER)
            .streaming_search_with(adapters, base, Scope::Subtree, filter, attributes)
            .await
            .map_err(&failed)?;
        let mut found = Vec::new();
        while found.len() < limit {
            match stream.next().await.map_err(&failed)? {
                Some(entry) => found.push(SearchEntry::construct(entry)),
                None => break,
            }
        }
        let ended = stream.finish().await;
        // Whoever stops before the end is told so as an error of the stream.
        if found.len() < limit {
            ended.success().map_err(failed)?;
        }
        Ok(found)
    }
}

fn answer(what: &'static str) -> impl Fn(LdapError) -> DirectoryError {
    move |error| DirectoryError::Answer { what, source: Box::new(error) }
}

async fn dial(settings: &LdapConnSettings, url: &str) -> Result<Ldap, LdapError> {
    let (connection, ldap) = LdapConnAsync::with_settings(settings.clone(), url).await?;
    drive!(connection);
    Ok(ldap)
}

/// TLS that trusts these authorities; `None` for those of the system.
fn tls(certificates: &str) -> Result<Option<Arc<ClientConfig>>, DirectoryError> {
    if certificates.trim().is_empty() {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    for certificate in authorities(certificates).ok_or(DirectoryError::Certificates)? {
        roots.add(certificate).map_err(|_| DirectoryError::Certificates)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| DirectoryError::Certificates)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Some(Arc::new(config)))
}

fn url(server: &str) -> String {
    let has_port = server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { format!("ldaps://{server}") } else { format!("ldaps://{server}:{PORT}") }
}
