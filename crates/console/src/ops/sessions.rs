use std::net::IpAddr;

use mp_profile::GroupName;

use super::Core;
use crate::{
    domain::{Access, Permission, Refusal, Role, UnixMillis, name_key},
    repository::{Account, AuditEntry},
    secret::{Secret, is_access_token, new_id, new_session_token, stored_hash},
};

/// Longest life of a session.
const SESSION: i64 = 12 * UnixMillis::HOUR;
/// How long a session lives without being used.
const IDLE: i64 = UnixMillis::HOUR;
/// How exactly it is noted when a session or token was last used.
const USED: i64 = 60 * UnixMillis::SECOND;

/// Failed sign-ins in a row after which an account is locked, and for how long.
const MAX_FAILURES: i64 = 10;
const LOCKED: i64 = 15 * 60 * UnixMillis::SECOND;

/// Characters of a name by which failures are counted.
const MAX_NAME: usize = 128;

/// Somebody who is signed in, or holds an API token. To hold one is to be known; what he may is asked by
/// [`Administrator::require`].
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    pub(super) account: Account,
    session: String,
    expires: UnixMillis,
    from: IpAddr,
    /// With an API token: its name, and what it reaches.
    token: Option<(String, Access)>,
}

/// A session just begun.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) token: Secret,
    pub(crate) expires: UnixMillis,
}

impl Administrator {
    /// His name.
    pub(crate) fn name(&self) -> &str {
        &self.account.name
    }

    /// End of his session.
    pub(crate) fn expires(&self) -> UnixMillis {
        self.expires
    }

    /// His role; with a token the token's.
    pub(crate) fn role(&self) -> Role {
        self.token.as_ref().map_or(self.account.access.role, |(_, access)| access.role)
    }

    /// Whether he has to change his password before all else.
    pub(crate) fn must_change_password(&self) -> bool {
        self.account.must_change_password
    }

    /// The groups that he sees; `None` for the whole farm.
    pub(crate) fn groups(&self) -> Option<Vec<GroupName>> {
        match &self.token {
            Some((_, access)) => access.groups_within(&self.account.access),
            None => self.account.access.groups.clone(),
        }
    }

    /// Refuses what neither his role nor his token is enough for.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Refusal> {
        // A token is for programs: it says nothing about people, its owner included.
        let of_people = matches!(permission, Permission::Own | Permission::People);
        let token_may =
            self.token.as_ref().is_none_or(|(_, access)| access.role.may(permission) && !of_people);
        if !token_may || !self.account.access.role.may(permission) {
            return Err(Refusal::NotAllowed(self.role()));
        }
        if self.token.is_none() && self.account.must_change_password && permission != Permission::Own {
            return Err(Refusal::MustChangePassword);
        }
        Ok(())
    }

    /// A line for the audit log of what he did.
    pub(super) fn did(&self, action: &'static str, subject: String, details: String) -> AuditEntry {
        let by = self.token.as_ref().map(|(name, _)| format!(" by API token \"{name}\"")).unwrap_or_default();
        AuditEntry {
            who: format!("administrator {}{by}", self.account.name),
            address: self.from.to_canonical().to_string(),
            action,
            subject,
            details,
            changes: Vec::new(),
        }
    }
}

impl Core {
    /// Begins a session.
    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: &Secret,
        from: IpAddr,
    ) -> Result<NewSession, Refusal> {
        let key = name_key(name).chars().take(MAX_NAME).collect::<String>();
        self.limiter.attempt(from, &key, self.now())?;
        // No account has such a name, and not every database takes the text.
        let account = if name.contains('\0') { None } else { self.database.account(name).await? };
        let hash = account.as_ref().map(|account| account.password_hash.as_str());
        let right = self.verify_password(password, hash).await?;
        let now = self.now();
        if let Some(account) = account.as_ref().filter(|_| !right) {
            self.database.note_failure(account, MAX_FAILURES, now.plus(LOCKED)).await?;
        }
        // Whether an account is locked is nobody's business who guesses.
        let open = |account: &Account| right && !account.disabled && account.locked_until <= now;
        let Some(account) = account.filter(open) else {
            tracing::warn!(%from, "Sign-in refused");
            return Err(Refusal::WrongPassword);
        };
        self.limiter.succeeded(from, &key);
        let session = NewSession { token: new_session_token()?, expires: now.plus(SESSION) };
        let hash = stored_hash(session.token.reveal());
        let entry = AuditEntry {
            who: format!("administrator {}", account.name),
            address: from.to_canonical().to_string(),
            action: "signed in",
            ..AuditEntry::default()
        };
        self.database.insert_session(&account, &hash, now, session.expires, &entry).await?;
        Ok(session)
    }

    /// Who holds a token, of a session or an API token.
    pub(crate) async fn administrator(&self, token: &str, from: IpAddr) -> Result<Administrator, Refusal> {
        let (hash, now) = (stored_hash(token), self.now());
        let (caller, last_used) = if is_access_token(token) {
            let (token, account) = self.database.access_token(&hash).await?.ok_or(Refusal::SessionOver)?;
            let (expires, used) = (token.expires_at, token.last_used_at.unwrap_or(UnixMillis(0)));
            let token = Some((token.name, token.access));
            (Administrator { account, session: hash.clone(), expires, from, token }, used)
        } else {
            let row = self.database.session(&hash).await?.ok_or(Refusal::SessionOver)?;
            if now >= row.last_used_at.plus(IDLE) {
                return Err(Refusal::SessionOver);
            }
            let (account, expires) = (row.account, row.expires_at);
            (Administrator { account, session: hash.clone(), expires, from, token: None }, row.last_used_at)
        };
        if now >= caller.expires || caller.account.disabled {
            return Err(Refusal::SessionOver);
        }
        if last_used.plus(USED) <= now {
            self.database.note_use(&hash, now).await?;
        }
        Ok(caller)
    }

    /// Ends the session of the caller.
    pub(crate) async fn sign_out(&self, caller: &Administrator) -> Result<(), Refusal> {
        self.database.remove_session(&caller.session).await
    }

    /// Sets the caller's password; his other sessions end.
    pub(crate) async fn change_password(
        &self,
        caller: &Administrator,
        current: &Secret,
        new: &Secret,
    ) -> Result<(), Refusal> {
        let key = name_key(&caller.account.name);
        self.limiter.attempt(caller.from, &key, self.now())?;
        if !self.verify_password(current, Some(&caller.account.password_hash)).await? {
            return Err(Refusal::WrongPassword);
        }
        self.limiter.succeeded(caller.from, &key);
        if caller.account.must_change_password && current.reveal() == new.reveal() {
            return Err(Refusal::SamePassword);
        }
        let hash = self.hash_password(new).await?;
        let mut write = self.write().await?;
        write.set_password(&caller.account, &hash, false, &caller.session).await?;
        write.commit(caller.did("changed the password", String::new(), String::new())).await
    }

    /// Makes the first account.
    pub(super) async fn create_first_account(&self, name: &str, password: &Secret) -> Result<(), Refusal> {
        let password_hash = self.hash_password(password).await?;
        let mut write = self.write().await?;
        // Another console of the farm may have started at the same time.
        if write.has_accounts().await? {
            return Ok(());
        }
        let access = Access { role: Role::Administrator, groups: None };
        let account = Account {
            id: new_id()?,
            name: name.to_owned(),
            password_hash,
            access,
            must_change_password: false,
            disabled: false,
            locked_until: UnixMillis(0),
            created_at: write.now,
            version: write.revision,
        };
        write.insert_account(&account).await?;
        write
            .commit(AuditEntry {
                who: "console".to_owned(),
                action: "created",
                subject: format!("administrator {name}"),
                details: "first start".to_owned(),
                ..AuditEntry::default()
            })
            .await
    }
}
