//! The directory: how it is set up, and what is asked of it.

use mp_profile::Sid;

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    certificates::are_authorities,
    directory::{
        Connection, DirectoryEntry, DirectoryError, DirectorySettings, EntryKind, MAX_ROLES, MAX_SERVERS,
    },
    domain::{Refusal, UnixMillis, UserName},
    repository::Setting,
    secret::Secret,
};

/// Most characters of a server's name, and of a distinguished name.
const MAX_TEXT: usize = 1_000;
/// Most entries that a search gives.
const MAX_FOUND: usize = 200;
/// For what the password of the directory's account is sealed.
const PLACE: &str = "password of the directory's account";
/// How long a name is good before it is looked up again, and how many are at a time.
const NAME_LIFE: i64 = UnixMillis::DAY;
const NAMES_AT_ONCE: i64 = 500;

/// The settings, and whether there is a password, which is never told.
#[derive(Clone, Debug)]
pub(crate) struct KnownDirectory {
    pub(crate) settings: DirectorySettings,
    pub(crate) has_password: bool,
}

impl Core {
    /// How the directory is set up.
    pub(crate) async fn directory_settings(
        &self,
        _: &Administrator,
    ) -> Result<Tagged<KnownDirectory>, Refusal> {
        let found: Setting<DirectorySettings> = self.database.setting(DirectorySettings::NAME).await?;
        Ok(told(found))
    }

    /// Sets the directory up. Without a password the present one stays.
    pub(crate) async fn set_directory(
        &self,
        caller: &Administrator,
        expected: &Expected,
        settings: DirectorySettings,
        password: Option<Secret>,
    ) -> Result<Tagged<KnownDirectory>, Refusal> {
        check(&settings)?;
        for role in &settings.roles {
            self.check_access(&role.access()).await?;
        }
        let sealed = password.map(|password| self.authority.sealer.seal(PLACE, &password)).transpose()?;
        let mut write = self.write().await?;
        let before: Setting<DirectorySettings> = write.setting(DirectorySettings::NAME).await?;
        expected.require(&before.version.to_string())?;
        let has_new = sealed.is_some();
        let secret = sealed.unwrap_or(before.secret);
        if settings.enabled && secret.is_empty() {
            return Err(Refusal::DirectorySettings("the password of its account is missing".to_owned()));
        }
        write.set_setting(DirectorySettings::NAME, &settings, &secret).await?;
        let after = Setting { value: settings, secret, version: write.revision };
        let text =
            |settings: &DirectorySettings| serde_json::to_string_pretty(settings).map_err(Refusal::internal);
        let mut entry = caller.changed("directory".to_owned(), text(&before.value)?, text(&after.value)?);
        entry.details = if has_new { "with another password".to_owned() } else { String::new() };
        write.commit(entry).await?;
        self.found.forget();
        Ok(told(after))
    }

    /// Asks the directory who it is. Gives the server that answered, and the domain's NetBIOS name.
    pub(crate) async fn check_directory(&self, _: &Administrator) -> Result<(String, String), Refusal> {
        let (_, connection) = self.directory().await?;
        Ok((connection.server, connection.domain))
    }

    /// Users or groups whose names begin with a text, and whether there are more.
    pub(crate) async fn find_in_directory(
        &self,
        _: &Administrator,
        kind: EntryKind,
        text: &str,
        limit: usize,
    ) -> Result<(Vec<DirectoryEntry>, bool), Refusal> {
        let (limit, text) = (limit.clamp(1, MAX_FOUND), text.trim());
        if text.len() > MAX_TEXT {
            return Err(Refusal::Request("the text to search for is too long".to_owned()));
        }
        let (key, now) = ((kind, text.to_lowercase(), limit), self.now());
        if let Some(known) = self.found.get(&key, now) {
            return Ok(known);
        }
        let (_, mut connection) = self.directory().await?;
        let found = connection.find(kind, text, limit).await.map_err(failed)?;
        self.found.keep(key, found.clone(), now);
        Ok(found)
    }

    /// Looks up names of users that have none yet, or an old one. Gives how many there were.
    pub(crate) async fn look_up_names(&self) -> Result<usize, Refusal> {
        let now = self.now();
        let sids = self.database.unnamed_users(now.plus(-NAME_LIFE), NAMES_AT_ONCE).await?;
        if sids.is_empty() {
            return Ok(0);
        }
        let (_, mut connection) = match self.directory().await {
            Err(Refusal::NoDirectory) => return Ok(0),
            opened => opened?,
        };
        let found = connection.named(&sids).await.map_err(failed)?;
        let name_of = |sid: &Sid| {
            let entry = found.iter().find(|entry| entry.sid == *sid)?;
            Some(UserName { name: entry.name.clone(), display_name: entry.display_name.clone() })
        };
        let names: Vec<_> = sids.into_iter().map(|sid| (sid.clone(), name_of(&sid))).collect();
        self.database.keep_names(&names, now).await?;
        Ok(names.len())
    }

    /// The directory, if it is enabled and answers.
    pub(super) async fn directory(&self) -> Result<(DirectorySettings, Connection), Refusal> {
        let Setting { value: settings, secret, .. } =
            self.database.setting::<DirectorySettings>(DirectorySettings::NAME).await?;
        if !settings.enabled {
            return Err(Refusal::NoDirectory);
        }
        let password = self.authority.sealer.open(PLACE, &secret)?;
        let connection = Connection::open(&settings, &password).await.map_err(failed)?;
        Ok((settings, connection))
    }
}

pub(super) fn failed(error: DirectoryError) -> Refusal {
    tracing::warn!(error = %error, "The directory cannot be asked");
    Refusal::Directory(error.to_string())
}

fn told(found: Setting<DirectorySettings>) -> Tagged<KnownDirectory> {
    let has_password = !found.secret.is_empty();
    Tagged { tag: found.version.to_string(), item: KnownDirectory { settings: found.value, has_password } }
}

fn check(settings: &DirectorySettings) -> Result<(), Refusal> {
    let wrong = |text: String| Err(Refusal::DirectorySettings(text));
    let plain = |text: &String| text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
    let host = |text: &String| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        (1..=255).contains(&text.len()) && text.bytes().all(legal)
    };
    if settings.servers.len() > MAX_SERVERS || (settings.enabled && settings.servers.is_empty()) {
        return wrong(format!("name 1 to {MAX_SERVERS} servers"));
    }
    if let Some(server) = settings.servers.iter().find(|server| !host(server)) {
        return wrong(format!("{server:?} is no server; write its host, and a port where it is not 636"));
    }
    if !plain(&settings.base) || !plain(&settings.account) || settings.roles.len() > MAX_ROLES {
        return wrong(format!(
            "base and account have at most {MAX_TEXT} characters, and {MAX_ROLES} groups a role"
        ));
    }
    if settings.enabled && settings.account.is_empty() {
        return wrong("the account that asks the directory is missing".to_owned());
    }
    if !are_authorities(&settings.certificates) {
        return wrong("the certificates are no certificates in PEM".to_owned());
    }
    Ok(())
}
