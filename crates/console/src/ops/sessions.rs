use std::net::IpAddr;

use super::Core;
use crate::{
    domain::{Refusal, UnixMillis, name_key},
    repository::{Account, AuditEntry},
    secret::{Secret, new_id, new_session_token, stored_hash},
};

/// Life of a session.
const SESSION: i64 = 12 * UnixMillis::HOUR;

/// Characters of a name by which failures are counted.
const MAX_NAME: usize = 128;

/// A signed-in administrator. To hold one is to be allowed what administrators may.
#[derive(Clone, Debug)]
pub(crate) struct Administrator {
    account: Account,
    session: String,
    expires: UnixMillis,
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

    /// A line for the audit log of what he did.
    pub(super) fn did(&self, action: &'static str, subject: String, details: String) -> AuditEntry {
        AuditEntry { who: format!("administrator {}", self.account.name), action, subject, details }
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
        let account = self.database.account(name).await?;
        let hash = account.as_ref().map(|account| account.password_hash.as_str());
        let right = self.verify_password(password, hash).await?;
        let Some(account) = account.filter(|_| right) else {
            tracing::warn!(%from, "Sign-in refused");
            return Err(Refusal::WrongPassword);
        };
        self.limiter.succeeded(from, &key);
        let now = self.now();
        let session = NewSession { token: new_session_token()?, expires: now.plus(SESSION) };
        let hash = stored_hash(session.token.reveal());
        self.database.insert_session(&account, &hash, now, session.expires).await?;
        Ok(session)
    }

    /// Who holds a session's token.
    pub(crate) async fn administrator(&self, token: &str) -> Result<Administrator, Refusal> {
        let session = stored_hash(token);
        match self.database.session(&session).await? {
            Some((account, expires)) if self.now() < expires => {
                Ok(Administrator { account, session, expires })
            }
            _ => Err(Refusal::SessionOver),
        }
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
        from: IpAddr,
    ) -> Result<(), Refusal> {
        let key = name_key(&caller.account.name);
        self.limiter.attempt(from, &key, self.now())?;
        if !self.verify_password(current, Some(&caller.account.password_hash)).await? {
            return Err(Refusal::WrongPassword);
        }
        self.limiter.succeeded(from, &key);
        let hash = self.hash_password(new).await?;
        let mut write = self.write().await?;
        write.set_password(&caller.account, &hash, &caller.session).await?;
        write.commit(caller.did("changed the password", String::new(), String::new())).await
    }

    pub(super) async fn create_account(&self, name: &str, password: &Secret) -> Result<(), Refusal> {
        let password_hash = self.hash_password(password).await?;
        let account = Account { id: new_id()?, name: name.to_owned(), password_hash };
        let mut write = self.write().await?;
        write.insert_account(&account).await?;
        write
            .commit(AuditEntry {
                who: "console".to_owned(),
                action: "created",
                subject: format!("administrator {name}"),
                details: "first start".to_owned(),
            })
            .await
    }
}
