//! Accounts of people whom another place knows: the directory, or an OpenID Connect provider.

use std::net::IpAddr;

use super::Core;
use crate::{
    domain::{Access, AccountOrigin, Refusal},
    repository::{Account, AuditChange, AuditEntry},
};

/// Somebody whom another place knows.
pub(super) struct Outsider<'a> {
    pub(super) origin: AccountOrigin,
    /// What that place never gives to anybody else.
    pub(super) id: String,
    pub(super) name: &'a str,
    /// Whether nobody else there has the name now.
    pub(super) own_name: bool,
    /// What he may do here now.
    pub(super) access: Access,
    /// How the audit log calls it that he may do something else than before, and why.
    pub(super) action: &'static str,
    pub(super) by: String,
}

impl Core {
    /// The account of an outsider, as he is called and with what he may do now.
    pub(super) async fn account_of(&self, outsider: &Outsider<'_>, from: IpAddr) -> Result<Account, Refusal> {
        let Outsider { origin, name, access, .. } = outsider;
        let mut write = self.write().await?;
        let known = write.account_from(*origin, &outsider.id).await?;
        if let Some(known) = &known
            && known.access == *access
            && known.name == *name
        {
            return Ok(known.clone());
        }
        if let Some(other) = write.account(name).await?
            && known.as_ref().is_none_or(|known| known.id != other.id)
        {
            // Where names are unique, that of somebody who left was given to somebody else. Nobody takes one over otherwise.
            if other.origin != *origin || !outsider.own_name {
                return Err(Refusal::NameTaken((*name).to_owned()));
            }
            write.remove_account(&other).await?;
        }
        let before = known.as_ref().map(|known| super::people::scope_text(&known.access));
        let access = access.clone();
        let account = match known {
            Some(known) => {
                let name = (*name).to_owned();
                let changed = Account { access, name, version: write.revision, ..known };
                write.update_account(&changed).await?;
                changed
            }
            None => {
                let new = Account {
                    origin: *origin,
                    external_id: outsider.id.clone(),
                    ..Account::new(name, String::new(), access, (write.now, write.revision))?
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
            action: outsider.action,
            details: format!("{after}, {}", outsider.by),
            changes: vec![AuditChange { subject: subject.clone(), before, after: Some(after) }],
            subject,
        };
        write.commit(entry).await?;
        Ok(account)
    }
}
