//! People of the directory who sign in: it has their passwords and groups, the console their role and second factor.

use std::net::IpAddr;

use super::{
    Core,
    outsiders::Outsider,
    sign_in::{Credentials, Failure},
};
use crate::{
    directory::{DirectoryEntry, GroupRole},
    domain::{AccountOrigin, Refusal},
    repository::Account,
};

impl Core {
    /// Who somebody proves to be to the directory. `None`: there is no directory.
    pub(super) async fn prove_in_directory(
        &self,
        given: &Credentials,
        from: IpAddr,
    ) -> Result<Option<Result<Account, Failure>>, Refusal> {
        let failure = |reason: &'static str, refusal| {
            Ok(Some(Err(Failure { account: None, reason: reason.into(), refusal })))
        };
        match self.look_into_directory(given).await {
            Err(Refusal::NoDirectory) => Ok(None),
            Err(Refusal::Directory(_)) => failure("the directory cannot be asked", Refusal::DirectoryAway),
            Err(other) => Err(other),
            Ok(Looked::Unknown) => failure("there is no such account", Refusal::WrongPassword),
            Ok(Looked::Wrong) => failure("the password is wrong", Refusal::WrongPassword),
            Ok(Looked::NoRole) => failure("none of the groups has a role", Refusal::NoRole),
            Ok(Looked::Known(user, role)) => {
                let outsider = Outsider {
                    origin: AccountOrigin::Directory,
                    id: user.sid.to_string(),
                    name: &user.name,
                    own_name: true,
                    access: role.access(),
                    action: "got a role from the directory",
                    by: format!("by group {} {}", role.group, role.name),
                };
                let account = match self.account_of(&outsider, from).await {
                    Err(taken @ Refusal::NameTaken(_)) => {
                        return failure("the account of this name is another one", taken);
                    }
                    known => known?,
                };
                let Some(reason) = self.shut_out(&account) else {
                    return self.prove_second_factor(account, given.code.as_ref()).await.map(Some);
                };
                let refusal = Refusal::WrongPassword;
                Ok(Some(Err(Failure { account: Some(account), reason: reason.into(), refusal })))
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
}

/// What the directory says of somebody.
enum Looked {
    Unknown,
    Wrong,
    NoRole,
    Known(DirectoryEntry, GroupRole),
}
