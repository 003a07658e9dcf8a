//! People of the directory who sign in: it has their passwords and groups, the console their role and second factor.

use std::net::IpAddr;

use super::{
    Core,
    sign_in::{Credentials, Failure},
};
use crate::{
    directory::{DirectoryEntry, GroupRole},
    domain::{AccountOrigin, Refusal, UnixMillis},
    repository::{Account, AuditChange, AuditEntry},
    secret::new_id,
};

impl Core {
    /// Who somebody proves to be to the directory. `None`: there is no directory.
    pub(super) async fn prove_in_directory(
        &self,
        given: &Credentials,
        from: IpAddr,
    ) -> Result<Option<Result<Account, Failure>>, Refusal> {
        let failure = |reason, refusal| Ok(Some(Err(Failure { account: None, reason, refusal })));
        match self.look_into_directory(given).await {
            Err(Refusal::NoDirectory) => Ok(None),
            Err(Refusal::Directory(_)) => failure("the directory cannot be asked", Refusal::DirectoryAway),
            Err(other) => Err(other),
            Ok(Looked::Unknown) => failure("there is no such account", Refusal::WrongPassword),
            Ok(Looked::Wrong) => failure("the password is wrong", Refusal::WrongPassword),
            Ok(Looked::NoRole) => failure("none of the groups has a role", Refusal::NoRole),
            Ok(Looked::Known(user, role)) => {
                let account = self.account_of(&user, &role, from).await?;
                let reason = match () {
                    () if account.disabled => "the account is disabled",
                    () if account.locked_until > self.now() => "the account is locked",
                    () => return self.prove_second_factor(account, given.code.as_ref()).await.map(Some),
                };
                let refusal = Refusal::WrongPassword;
                Ok(Some(Err(Failure { account: Some(account), reason, refusal })))
            }
        }
    }

    async fn look_into_directory(&self, given: &Credentials) -> Result<Looked, Refusal> {
        let failed = super::directory::failed;
        let (settings, mut connection) = self.directory().await?;
        let Some(user) = connection.user(&given.name).await.map_err(failed)? else {
            return Ok(Looked::Unknown);
        };
        if !connection.has_password(&user, &given.password).await.map_err(failed)? {
            return Ok(Looked::Wrong);
        }
        let groups = connection.groups_of(&user).await.map_err(failed)?;
        Ok(match settings.access(&groups) {
            Some(role) => Looked::Known(user, role.clone()),
            None => Looked::NoRole,
        })
    }

    /// The account of a user of the directory, with the role that his groups have now.
    async fn account_of(
        &self,
        user: &DirectoryEntry,
        role: &GroupRole,
        from: IpAddr,
    ) -> Result<Account, Refusal> {
        let (origin, access) = (AccountOrigin::Directory, role.access());
        let mut write = self.write().await?;
        let known = write.account_from(origin, user.sid.as_str()).await?;
        if let Some(known) = &known
            && known.access == access
            && known.name == user.name
        {
            return Ok(known.clone());
        }
        if let Some(other) = write.account(&user.name).await?
            && known.as_ref().is_none_or(|known| known.id != other.id)
        {
            // The directory gives the name of somebody who left to somebody else; a local account keeps its own.
            if other.origin != origin {
                return Err(Refusal::AccountExists(user.name.clone()));
            }
            write.remove_account(&other).await?;
        }
        let before = known.as_ref().map(|known| super::people::scope_text(&known.access));
        let account = match known {
            Some(known) => {
                let changed = Account { access, name: user.name.clone(), version: write.revision, ..known };
                write.update_account(&changed).await?;
                changed
            }
            None => {
                let new = Account {
                    id: new_id()?,
                    name: user.name.clone(),
                    password_hash: String::new(),
                    access,
                    must_change_password: false,
                    disabled: false,
                    locked_until: UnixMillis(0),
                    created_at: write.now,
                    version: write.revision,
                    origin,
                    external_id: user.sid.to_string(),
                    second_factor: String::new(),
                    pending_second_factor: String::new(),
                };
                write.insert_account(&new).await?;
                new
            }
        };
        let after = super::people::scope_text(&account.access);
        let subject = format!("administrator {}", account.name);
        let entry = AuditEntry {
            who: subject.clone(),
            address: from.to_canonical().to_string(),
            action: "got a role from the directory",
            details: format!("{after}, by group {} {}", role.group, role.name),
            changes: vec![AuditChange { subject: subject.clone(), before, after: Some(after) }],
            subject,
        };
        write.commit(entry).await?;
        Ok(account)
    }
}

/// What the directory says of somebody.
enum Looked {
    Unknown,
    Wrong,
    NoRole,
    Known(DirectoryEntry, GroupRole),
}
