//! How a session begins, and what is told of those that do not.

use std::{borrow::Cow, net::IpAddr};

use super::Core;
use crate::{
    domain::{AccountOrigin, Refusal, UnixMillis, name_key},
    repository::{Account, AuditEntry},
    secret::{Secret, new_session_token, stored_hash},
};

/// Longest life of a session.
const SESSION: i64 = 12 * UnixMillis::HOUR;

/// Failed sign-ins in a row after which an account is locked, and for how long.
const MAX_FAILURES: i64 = 10;
const LOCKED: i64 = 15 * 60 * UnixMillis::SECOND;

/// Characters of a name by which failures are counted, and that are told of it.
const MAX_NAME: usize = 128;

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) password: Secret,
    /// Of the second factor, or a recovery code.
    pub(crate) code: Option<Secret>,
}

/// A session just begun.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) token: Secret,
    pub(crate) expires: UnixMillis,
}

/// Why nobody was let in. It is told in the audit log, and not to whoever tried.
#[derive(Debug)]
pub(super) struct Failure {
    /// The account, if there is one.
    pub(super) account: Option<Account>,
    pub(super) reason: Cow<'static, str>,
    pub(super) refusal: Refusal,
}

impl Core {
    /// Begins a session.
    pub(crate) async fn sign_in(&self, given: &Credentials, from: IpAddr) -> Result<NewSession, Refusal> {
        let key = name_key(&given.name).chars().take(MAX_NAME).collect::<String>();
        self.limiter.attempt(from, Some(&key), self.now())?;
        match self.prove(given, from).await? {
            Ok(account) => {
                self.limiter.succeeded(from, Some(&key));
                self.begin_session(&account, from, "").await
            }
            Err(Failure { refusal: Refusal::CodeNeeded, .. }) => {
                self.limiter.unfinished(from, Some(&key));
                Err(Refusal::CodeNeeded)
            }
            Err(failure) if matches!(failure.refusal, Refusal::DirectoryAway) => {
                // Nobody was guessing, and nobody is to be shut out for it.
                self.limiter.unfinished(from, Some(&key));
                Err(self.failed(&given.name, failure, from).await?)
            }
            Err(failure) => Err(self.failed(&given.name, failure, from).await?),
        }
    }

    /// Who somebody proves to be.
    async fn prove(&self, given: &Credentials, from: IpAddr) -> Result<Result<Account, Failure>, Refusal> {
        // No account has such a name, and not every database takes the text.
        let named = !given.name.contains('\0');
        let account = if named { self.database.account(&given.name).await? } else { None };
        if account.as_ref().is_none_or(|account| account.origin == AccountOrigin::Directory)
            && let Some(proved) = self.prove_in_directory(given, from).await?
        {
            return Ok(proved);
        }
        let local = account.as_ref().filter(|account| account.origin == AccountOrigin::Local);
        let hash = local.map(|account| account.password_hash.as_str());
        let right = self.verify_password(&given.password, hash).await?;
        let wrong = |account, reason: &'static str| {
            Ok(Err(Failure { account, reason: reason.into(), refusal: Refusal::WrongPassword }))
        };
        let Some(account) = account else { return wrong(None, "there is no such account") };
        if account.origin == AccountOrigin::OpenidConnect {
            // It has no password, so nobody can lock it by guessing.
            return wrong(None, "the account signs in by the OpenID Connect provider");
        }
        // Whether an account is locked is nobody's business who guesses.
        let reason = if right { self.shut_out(&account) } else { Some("the password is wrong") };
        match reason {
            Some(reason) => wrong(Some(account), reason),
            None => self.prove_second_factor(account, given.code.as_ref()).await,
        }
    }

    /// Why somebody is not let in whoever he proves to be.
    pub(super) fn shut_out(&self, account: &Account) -> Option<&'static str> {
        match () {
            () if account.disabled => Some("the account is disabled"),
            () if account.locked_until > self.now() => Some("the account is locked"),
            () => None,
        }
    }

    /// The second factor, of accounts that have one.
    pub(super) async fn prove_second_factor(
        &self,
        account: Account,
        code: Option<&Secret>,
    ) -> Result<Result<Account, Failure>, Refusal> {
        if account.second_factor.is_empty() {
            return Ok(Ok(account));
        }
        let (reason, refusal) = match code {
            None => ("there was no code", Refusal::CodeNeeded),
            Some(code) if self.use_code(&account, code).await? => return Ok(Ok(account)),
            Some(_) => ("the code is wrong or was used before", Refusal::WrongCode),
        };
        Ok(Err(Failure { account: Some(account), reason: reason.into(), refusal }))
    }

    /// Counts and tells a failure, and gives what whoever tried is told.
    pub(super) async fn failed(
        &self,
        name: &str,
        failure: Failure,
        from: IpAddr,
    ) -> Result<Refusal, Refusal> {
        let (now, Failure { account, reason, refusal }) = (self.now(), failure);
        if let Some(account) = &account {
            self.database.note_failure(account, MAX_FAILURES, now.plus(LOCKED)).await?;
        }
        tracing::warn!(%from, %reason, "Sign-in refused");
        if let Some(left_out) = self.failures.take(now) {
            let shown: String = name.chars().take(MAX_NAME).collect();
            let more = if left_out == 0 {
                String::new()
            } else {
                format!("; {left_out} failures before this one are not listed")
            };
            let entry = AuditEntry {
                who: "unknown".to_owned(),
                address: from.to_canonical().to_string(),
                action: "failed to sign in",
                subject: account.map_or_else(
                    || format!("name {shown:?}"),
                    |account| format!("administrator {}", account.name),
                ),
                details: format!("{reason}{more}"),
                ..AuditEntry::default()
            };
            self.database.note(now, &entry).await?;
        }
        Ok(refusal)
    }

    /// Begins a session of somebody who has proved who he is.
    pub(super) async fn begin_session(
        &self,
        account: &Account,
        from: IpAddr,
        details: &str,
    ) -> Result<NewSession, Refusal> {
        let now = self.now();
        let session = NewSession { token: new_session_token()?, expires: now.plus(SESSION) };
        let hash = stored_hash(session.token.reveal());
        let entry = AuditEntry {
            who: format!("administrator {}", account.name),
            address: from.to_canonical().to_string(),
            action: "signed in",
            details: details.to_owned(),
            ..AuditEntry::default()
        };
        self.database.insert_session(account, &hash, now, session.expires, &entry).await?;
        Ok(session)
    }
}
