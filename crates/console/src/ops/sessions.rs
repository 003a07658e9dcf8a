use std::net::IpAddr;

use mp_profile::GroupName;

use super::Core;
use crate::{
    domain::{Access, AccountOrigin, Permission, Refusal, Role, SignInPolicy, UnixMillis, name_key},
    repository::{Account, AuditChange, AuditEntry},
    secret::{Secret, is_access_token, stored_hash},
};

/// How long a session lives without being used.
const IDLE: i64 = UnixMillis::HOUR;
/// How exactly it is noted when a session or token was last used.
const USED: i64 = 60 * UnixMillis::SECOND;

/// Somebody who is signed in, or holds an API token. To hold one is to be known; what he may is asked by
/// [`Administrator::require`].
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    pub(super) account: Account,
    pub(super) session: String,
    expires: UnixMillis,
    pub(super) from: IpAddr,
    /// The farm wants a second factor, and he has none yet.
    must_enrol: bool,
    /// With an API token: its name, and what it reaches.
    token: Option<(String, Access)>,
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

    /// Whether he has to enrol a second factor before all else.
    pub(crate) fn must_enrol(&self) -> bool {
        self.must_enrol
    }

    /// Whether he signs in with a second factor.
    pub(crate) fn has_second_factor(&self) -> bool {
        !self.account.second_factor.is_empty()
    }

    /// Where his account comes from.
    pub(crate) fn origin(&self) -> AccountOrigin {
        self.account.origin
    }

    /// All that he may do now.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.into_iter().filter(|permission| self.require(*permission).is_ok()).collect()
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
        let of_people = matches!(permission, Permission::Own | Permission::Tokens | Permission::People);
        let token_may =
            self.token.as_ref().is_none_or(|(_, access)| access.role.may(permission) && !of_people);
        if !token_may || !self.account.access.role.may(permission) {
            return Err(Refusal::NotAllowed(self.role()));
        }
        if self.token.is_none() && self.account.must_change_password && permission != Permission::Own {
            return Err(Refusal::MustChangePassword);
        }
        if self.must_enrol && permission != Permission::Own {
            return Err(Refusal::MustEnrol);
        }
        Ok(())
    }

    /// Refuses those whose password is kept elsewhere.
    fn require_local(&self) -> Result<(), Refusal> {
        match self.account.origin {
            AccountOrigin::Local => Ok(()),
            _ => Err(Refusal::NotLocal(self.account.name.clone())),
        }
    }

    /// A line for the audit log of something that he changed.
    pub(super) fn changed(&self, subject: String, before: String, after: String) -> AuditEntry {
        let mut entry = self.did("changed", subject.clone(), after.clone());
        entry.changes.push(AuditChange { subject, before: Some(before), after: Some(after) });
        entry
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
    /// Who holds a token, of a session or an API token.
    pub(crate) async fn administrator(&self, token: &str, from: IpAddr) -> Result<Administrator, Refusal> {
        let (hash, now) = (stored_hash(token), self.now());
        let (caller, last_used) = if is_access_token(token) {
            let (token, account) = self.database.access_token(&hash).await?.ok_or(Refusal::SessionOver)?;
            let (expires, used) = (token.expires_at, token.last_used_at.unwrap_or(UnixMillis(0)));
            let token = Some((token.name, token.access));
            (Administrator { account, session: hash.clone(), expires, from, must_enrol: false, token }, used)
        } else {
            let row = self.database.session(&hash).await?.ok_or(Refusal::SessionOver)?;
            if now >= row.last_used_at.plus(IDLE) {
                return Err(Refusal::SessionOver);
            }
            let (account, expires) = (row.account, row.expires_at);
            let must_enrol =
                SignInPolicy::read(&row.policy).second_factor_required && account.second_factor.is_empty();
            let session = hash.clone();
            (Administrator { account, session, expires, from, must_enrol, token: None }, row.last_used_at)
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
        caller.require_local()?;
        let key = name_key(&caller.account.name);
        self.limiter.attempt(caller.from, Some(&key), self.now())?;
        if !self.verify_password(current, Some(&caller.account.password_hash)).await? {
            return Err(Refusal::WrongPassword);
        }
        self.limiter.succeeded(caller.from, Some(&key));
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
        let account = Account::new(name, password_hash, access, (write.now, write.revision))?;
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
