//! Who may do what: accounts and API tokens.

use mp_profile::GroupName;

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    domain::{Access, AccountOrigin, Page, Paging, Permission, Refusal, Role, UnixMillis},
    repository::{AccessToken, Account, AuditChange, AuditEntry, Write},
    secret::{Secret, new_access_token, new_id, new_password, stored_hash},
};

/// Most characters of a name.
const MAX_NAME: usize = 64;
/// Most groups that somebody is held to.
const MAX_GROUPS: usize = 100;
/// Longest life of an API token, in days.
const MAX_DAYS: u32 = 366;

/// A password that somebody else set, told once if it was made up.
#[derive(Debug)]
pub(crate) struct NewAccount {
    pub(crate) account: Tagged<Account>,
    pub(crate) password: Option<Secret>,
}

impl Core {
    pub(crate) async fn administrators(
        &self,
        _: &Administrator,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<Account>, Refusal> {
        self.database.accounts(search, paging).await
    }

    pub(crate) async fn account(&self, _: &Administrator, name: &str) -> Result<Tagged<Account>, Refusal> {
        self.database.account(name).await?.map(tagged).ok_or_else(|| unknown(name))
    }

    /// Makes an account. Its password is good for changing it alone.
    pub(crate) async fn create_account(
        &self,
        caller: &Administrator,
        name: &str,
        access: Access,
        password: Option<Secret>,
    ) -> Result<NewAccount, Refusal> {
        check_name(name)?;
        self.check_access(&access).await?;
        let (password, made_up) = given_or_made_up(password)?;
        let password_hash = self.hash_password(&password).await?;
        let mut write = self.write().await?;
        if write.account(name).await?.is_some() {
            return Err(Refusal::AccountExists(name.to_owned()));
        }
        let account = Account {
            must_change_password: true,
            ..Account::new(name, password_hash, access, (write.now, write.revision))?
        };
        write.insert_account(&account).await?;
        write.commit(told(caller, "created", name, None, Some(&account))).await?;
        Ok(NewAccount { account: tagged(account), password: made_up.then_some(password) })
    }

    /// Another role, other groups, or an account's end or return.
    pub(crate) async fn change_account(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
        access: Access,
        disabled: bool,
    ) -> Result<Tagged<Account>, Refusal> {
        self.check_access(&access).await?;
        let mut write = self.write().await?;
        let before = found(&mut write, name, expected).await?;
        let after = Account { access, disabled, version: write.revision, ..before.clone() };
        let stays = after.access.role == Role::Administrator && !after.disabled;
        if !stays && write.other_administrators(&before.id).await? == 0 {
            return Err(Refusal::LastAdministrator);
        }
        if before.id == caller.account.id && !stays {
            return Err(Refusal::OwnAccount);
        }
        write.update_account(&after).await?;
        write.commit(told(caller, "changed", &before.name, Some(&before), Some(&after))).await?;
        Ok(tagged(after))
    }

    pub(crate) async fn remove_account(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let before = found(&mut write, name, expected).await?;
        if write.other_administrators(&before.id).await? == 0 {
            return Err(Refusal::LastAdministrator);
        }
        if before.id == caller.account.id {
            return Err(Refusal::OwnAccount);
        }
        write.remove_account(&before).await?;
        write.commit(told(caller, "removed", &before.name, Some(&before), None)).await
    }

    /// Lets somebody try again who has failed too often.
    pub(crate) async fn unlock_account(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let account = found(&mut write, name, expected).await?;
        write.unlock_account(&account).await?;
        write.commit(caller.did("unlocked", format!("administrator {}", account.name), String::new())).await
    }

    /// Sets somebody's password, which he must change then, unlocks the account, and ends its sessions.
    pub(crate) async fn reset_password(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
        password: Option<Secret>,
    ) -> Result<NewAccount, Refusal> {
        let (password, made_up) = given_or_made_up(password)?;
        let hash = self.hash_password(&password).await?;
        let mut write = self.write().await?;
        let before = found(&mut write, name, expected).await?;
        if before.origin != AccountOrigin::Local {
            return Err(Refusal::NotLocal(before.name));
        }
        write.set_password(&before, &hash, true, "").await?;
        let after = Account {
            must_change_password: true,
            locked_until: UnixMillis(0),
            version: write.revision,
            ..before
        };
        write
            .commit(caller.did("reset the password", format!("administrator {}", after.name), String::new()))
            .await?;
        Ok(NewAccount { account: tagged(after), password: made_up.then_some(password) })
    }

    /// API tokens: those of all for who may say who may do what, else one's own.
    pub(crate) async fn access_tokens(
        &self,
        caller: &Administrator,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<AccessToken>, Refusal> {
        let all = caller.require(Permission::People).is_ok();
        let owner = (!all).then_some(caller.account.id.as_str());
        self.database.access_tokens(owner, search, paging).await
    }

    pub(crate) async fn access_token(
        &self,
        caller: &Administrator,
        id: &str,
    ) -> Result<Tagged<AccessToken>, Refusal> {
        let token = self.database.access_token_by_id(id).await?;
        let mine = |token: &AccessToken| {
            token.owner == caller.account.name || caller.require(Permission::People).is_ok()
        };
        // Nothing about a token ever changes but that it is gone.
        let tagged = |token: AccessToken| Tagged { tag: token.id.clone(), item: token };
        token.filter(mine).map(tagged).ok_or_else(|| no_token(id))
    }

    /// Makes an API token of the caller. What it may is never more than he may himself.
    pub(crate) async fn create_access_token(
        &self,
        caller: &Administrator,
        name: &str,
        access: Access,
        days: u32,
    ) -> Result<(AccessToken, Secret), Refusal> {
        check_name(name)?;
        if caller.account.origin != AccountOrigin::Local {
            return Err(Refusal::Account(
                "an API token would outlive what its owner is where the account comes from; make it with an account of the console"
                    .to_owned(),
            ));
        }
        self.check_access(&Access { role: Role::Auditor, groups: access.groups.clone() }).await?;
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(Refusal::AccessTokenLifetime(MAX_DAYS));
        }
        let own = caller.role();
        if access.role != own && own != Role::Administrator {
            return Err(Refusal::Account(format!("an API token of yours can have the role {own} alone")));
        }
        let secret = new_access_token()?;
        let mut write = self.write().await?;
        let token = AccessToken {
            id: new_id()?,
            name: name.to_owned(),
            owner: caller.account.name.clone(),
            access,
            created_at: write.now,
            expires_at: write.now.plus(i64::from(days) * UnixMillis::DAY),
            last_used_at: None,
        };
        write.insert_access_token(&token, &stored_hash(secret.reveal()), &caller.account.id).await?;
        let details = format!("{}, until {}", scope_text(&token.access), token.expires_at.rfc3339());
        write.commit(caller.did("created", format!("API token \"{name}\""), details)).await?;
        Ok((token, secret))
    }

    pub(crate) async fn remove_access_token(
        &self,
        caller: &Administrator,
        id: &str,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        let token = self.access_token(caller, id).await?;
        expected.require(&token.tag)?;
        let mut write = self.write().await?;
        if !write.remove_access_token(id).await? {
            return Err(no_token(id));
        }
        let subject = format!("API token \"{}\" of {}", token.item.name, token.item.owner);
        write.commit(caller.did("removed", subject, String::new())).await
    }

    pub(super) async fn check_access(&self, access: &Access) -> Result<(), Refusal> {
        let Some(groups) = &access.groups else { return Ok(()) };
        if access.role == Role::Administrator {
            return Err(Refusal::Account(
                "an administrator is one of the whole farm; choose another role, or leave the groups out"
                    .to_owned(),
            ));
        }
        if groups.is_empty() || groups.len() > MAX_GROUPS {
            return Err(Refusal::Account(format!("name 1 to {MAX_GROUPS} groups, or leave them out")));
        }
        let (configuration, _) = self.database.configuration().await?;
        match groups.iter().find(|group| configuration.group(Some(group)).is_none()) {
            Some(group) => Err(Refusal::Account(format!("there is no Agent Server Group \"{group}\""))),
            None => Ok(()),
        }
    }
}

/// An account in the state that a change is meant for.
pub(super) async fn found(
    write: &mut Write<'_>,
    name: &str,
    expected: &Expected,
) -> Result<Account, Refusal> {
    let account = write.account(name).await?.ok_or_else(|| unknown(name))?;
    expected.require(&account.version.to_string())?;
    Ok(account)
}

pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && name.trim() == name && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::Account(format!(
        "the name must have 1 to {MAX_NAME} characters, no control characters, and no space at its ends"
    )))
}

fn given_or_made_up(password: Option<Secret>) -> Result<(Secret, bool), Refusal> {
    Ok(match password {
        Some(password) => (password, false),
        None => (new_password()?, true),
    })
}

fn tagged(account: Account) -> Tagged<Account> {
    Tagged { tag: account.version.to_string(), item: account }
}

fn unknown(name: &str) -> Refusal {
    Refusal::NoAccount(name.chars().take(200).collect())
}

fn no_token(id: &str) -> Refusal {
    Refusal::NoAccessToken(id.chars().take(200).collect())
}

pub(super) fn scope_text(access: &Access) -> String {
    let groups = access.groups.as_ref().map(|groups| {
        let names: Vec<String> = groups.iter().map(GroupName::to_string).collect();
        format!(" of {}", names.join(", "))
    });
    format!("{}{}", access.role, groups.unwrap_or_default())
}

/// A line for the audit log about an account.
fn told(
    caller: &Administrator,
    action: &'static str,
    name: &str,
    before: Option<&Account>,
    after: Option<&Account>,
) -> AuditEntry {
    let text = |account: &Account| {
        let state = if account.disabled { ", disabled" } else { "" };
        format!("{}{state}", scope_text(&account.access))
    };
    let (before, after) = (before.map(text), after.map(text));
    let details = after.clone().unwrap_or_default();
    let subject = format!("administrator {name}");
    let mut entry = caller.did(action, subject.clone(), details);
    entry.changes.push(AuditChange { subject, before, after });
    entry
}
