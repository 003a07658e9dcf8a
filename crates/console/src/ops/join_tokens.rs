use mp_profile::GroupName;
use mp_protocol::{JoinToken, MachineRole};

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    domain::{Kind, Page, Paging, Refusal, UnixMillis},
    repository::{JoinTokenFilter, JoinTokenRow, NewJoinToken},
    secret::{Secret, hexadecimal, new_id, random},
};

/// Longest life of a join token, in hours.
const MAX_HOURS: u32 = 720;

/// What a join token is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TokenTarget {
    pub(crate) role: MachineRole,
    /// The group that an Agent Server will be in.
    pub(crate) group: Option<GroupName>,
    /// The Storage Server that a storage machine will be.
    pub(crate) storage_server: Option<String>,
}

/// A join token just made; the text is not to be had again.
#[derive(Debug)]
pub(crate) struct NewToken {
    pub(crate) id: String,
    pub(crate) text: Secret,
    pub(crate) expires: UnixMillis,
}

impl Core {
    /// Makes a join token for one machine.
    pub(crate) async fn create_join_token(
        &self,
        caller: &Administrator,
        target: TokenTarget,
        hours: u32,
    ) -> Result<NewToken, Refusal> {
        if !(1..=MAX_HOURS).contains(&hours) {
            return Err(Refusal::TokenLifetime);
        }
        let TokenTarget { role, group, storage_server } = target;
        let expected = match (role, &group, &storage_server) {
            (MachineRole::Agent, _, None) | (MachineRole::Storage, None, Some(_)) => None,
            (MachineRole::Agent, _, Some(_)) => Some("a group or nothing, and no Storage Server"),
            (MachineRole::Storage, _, _) => Some("a Storage Server and no group"),
        };
        if let Some(expected) = expected {
            return Err(Refusal::TokenTarget { role, expected });
        }
        let mut write = self.write().await?;
        let (_, ids) = write.configuration().await?;
        let id = |kind, name: &str| {
            let id = ids.id(kind, name).map(str::to_owned);
            id.ok_or_else(|| Refusal::NotFound { kind, name: name.chars().take(200).collect() })
        };
        let group_id = group.as_ref().map(|name| id(Kind::Group, name.as_str())).transpose()?;
        let storage_server_id =
            storage_server.as_deref().map(|name| id(Kind::StorageServer, name)).transpose()?;

        let token = JoinToken::new(random()?, self.authority.certificate());
        let new = NewJoinToken {
            id: new_id()?,
            hash: hexadecimal(&token.secret().hash()),
            role,
            group_id,
            storage_server_id,
            expires_at: write.now.plus(i64::from(hours) * UnixMillis::HOUR),
        };
        write.insert_join_token(&new).await?;
        let place = group.map_or(storage_server, |name| Some(name.to_string())).unwrap_or_default();
        write
            .commit(caller.did("created", format!("join token {}", new.id), format!("{role} {place}")))
            .await?;
        Ok(NewToken { id: new.id, text: Secret::new(token.reveal()), expires: new.expires_at })
    }

    /// Join tokens, without their secrets, which nobody has.
    pub(crate) async fn join_tokens(
        &self,
        _: &Administrator,
        filter: &JoinTokenFilter,
        paging: &Paging,
    ) -> Result<Page<JoinTokenRow>, Refusal> {
        self.database.join_tokens(filter, paging).await
    }

    /// One join token.
    pub(crate) async fn join_token(
        &self,
        _: &Administrator,
        id: &str,
    ) -> Result<Tagged<JoinTokenRow>, Refusal> {
        let token = self.database.join_token_by_id(id).await?;
        token.map(tagged).ok_or_else(|| no_join_token(id))
    }

    /// Takes an unused join token back.
    pub(crate) async fn remove_join_token(
        &self,
        caller: &Administrator,
        id: &str,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        let token = self.join_token(caller, id).await?;
        if token.item.used_at.is_some() {
            return Err(no_join_token(id));
        }
        expected.require(&token.tag)?;
        let mut write = self.write().await?;
        if !write.remove_join_token(id).await? {
            return Err(no_join_token(id));
        }
        write.commit(caller.did("removed", format!("join token {id}"), String::new())).await
    }
}

/// Nothing about a token changes but that it is used.
fn tagged(token: JoinTokenRow) -> Tagged<JoinTokenRow> {
    let tag = if token.used_at.is_some() { "used" } else { "unused" };
    Tagged { tag: tag.to_owned(), item: token }
}

fn no_join_token(id: &str) -> Refusal {
    Refusal::NoJoinToken(id.chars().take(200).collect())
}
