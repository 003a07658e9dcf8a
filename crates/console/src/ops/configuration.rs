use mp_protocol::digest::sha256;

use super::{Administrator, Core};
use crate::{
    domain::{
        Action, Configuration, Difference, Item, Kind, Page, Paging, Refusal, check, differences, export,
        guard, import, name_key,
    },
    repository::{AuditChange, FormerConfiguration, Ids},
    secret::hexadecimal,
};

/// Which state of a thing a change is meant for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// Whatever it is.
    Any,
    /// One that has one of these tags.
    Tags(Vec<String>),
}

/// Something with the tag of its present state.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<T> {
    pub(crate) item: T,
    pub(crate) tag: String,
}

impl Expected {
    pub(crate) fn require(&self, tag: &str) -> Result<(), Refusal> {
        match self {
            Self::Tags(tags) if !tags.iter().any(|expected| expected == tag) => Err(Refusal::Stale),
            _ => Ok(()),
        }
    }
}

impl Core {
    /// All items of a kind, in their order.
    pub(crate) async fn list<T: Item>(&self, _: &Administrator) -> Result<Vec<Tagged<T>>, Refusal> {
        let (configuration, ids) = self.database.configuration().await?;
        let tagged = |item: &T| Tagged { item: item.clone(), tag: tag_of::<T>(&ids, item.name()) };
        Ok(T::list(&configuration).iter().map(tagged).collect())
    }

    /// One item.
    pub(crate) async fn get<T: Item>(
        &self,
        caller: &Administrator,
        name: &str,
    ) -> Result<Tagged<T>, Refusal> {
        let key = name_key(name);
        let found = self.list(caller).await?.into_iter().find(|found| name_key(T::name(&found.item)) == key);
        found.ok_or_else(|| not_found::<T>(name))
    }

    /// A new item, after the others of its kind.
    pub(crate) async fn create<T: Item>(
        &self,
        caller: &Administrator,
        item: T,
    ) -> Result<Tagged<T>, Refusal> {
        let new = item.clone();
        let ids = self
            .edit(caller, "created", subject::<T>(item.name()), |configuration, _| {
                T::list_mut(configuration).push(new);
                Ok(())
            })
            .await?;
        Ok(Tagged { tag: tag_of::<T>(&ids, item.name()), item })
    }

    /// Another content for an item of the same name.
    pub(crate) async fn replace<T: Item>(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
        item: T,
    ) -> Result<Tagged<T>, Refusal> {
        if item.name() != name {
            return Err(Refusal::Renamed { kind: T::KIND, name: name.to_owned() });
        }
        let new = item.clone();
        let ids = self
            .edit(caller, "changed", subject::<T>(name), |configuration, ids| {
                let place = find::<T>(configuration, ids, name, expected)?;
                T::list_mut(configuration)[place] = new;
                Ok(())
            })
            .await?;
        Ok(Tagged { tag: tag_of::<T>(&ids, name), item })
    }

    /// Takes an item out.
    pub(crate) async fn remove<T: Item>(
        &self,
        caller: &Administrator,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        self.edit(caller, "removed", subject::<T>(name), |configuration, ids| {
            let place = find::<T>(configuration, ids, name, expected)?;
            T::list_mut(configuration).remove(place);
            Ok(())
        })
        .await
        .map(drop)
    }

    /// The whole configuration as text.
    pub(crate) async fn export(&self, _: &Administrator) -> Result<Tagged<String>, Refusal> {
        let (configuration, _) = self.database.configuration().await?;
        let item = export(&configuration);
        Ok(Tagged { tag: text_tag(&item), item })
    }

    /// What an import of a text would change.
    pub(crate) async fn try_import(&self, _: &Administrator, text: &str) -> Result<Vec<Difference>, Refusal> {
        let after = import(text)?;
        let (farm, _) = self.database.farm().await?;
        guard(&farm, &after)?;
        check(&after)?;
        Ok(differences(&farm.configuration, &after))
    }

    /// Makes a text the whole configuration, all at once or not at all. Gives what changed.
    pub(crate) async fn import(
        &self,
        caller: &Administrator,
        text: &str,
        expected: &Expected,
    ) -> Result<Tagged<Vec<Difference>>, Refusal> {
        let after = import(text)?;
        let tag = text_tag(&export(&after));
        let mut found = Vec::new();
        let subject = "configuration".to_owned();
        self.edit(caller, "imported", subject, |configuration, _| {
            expected.require(&text_tag(&export(configuration)))?;
            found = differences(configuration, &after);
            *configuration = after;
            Ok(())
        })
        .await?;
        Ok(Tagged { item: found, tag })
    }

    /// The changes of the configuration.
    pub(crate) async fn configuration_history(
        &self,
        _: &Administrator,
        paging: &Paging,
    ) -> Result<Page<FormerConfiguration>, Refusal> {
        self.database.configuration_history(paging).await
    }

    /// The configuration as it was after a change.
    pub(crate) async fn former_configuration(
        &self,
        _: &Administrator,
        revision: i64,
    ) -> Result<String, Refusal> {
        self.database.former_configuration(revision).await?.ok_or(Refusal::NoRevision(revision))
    }

    /// What going back to a former configuration would change.
    pub(crate) async fn former_difference(
        &self,
        caller: &Administrator,
        revision: i64,
    ) -> Result<Vec<Difference>, Refusal> {
        let former = import(&self.former_configuration(caller, revision).await?)?;
        let (now, _) = self.database.configuration().await?;
        Ok(differences(&now, &former))
    }

    /// The one way in which the configuration changes: read, change, check, write what differs.
    async fn edit(
        &self,
        caller: &Administrator,
        action: &'static str,
        subject: String,
        change: impl FnOnce(&mut Configuration, &Ids) -> Result<(), Refusal>,
    ) -> Result<Ids, Refusal> {
        let mut write = self.write().await?;
        let (farm, mut ids) = write.farm().await?;
        let mut after = farm.configuration.clone();
        change(&mut after, &ids)?;
        guard(&farm, &after)?;
        check(&after)?;
        let found = differences(&farm.configuration, &after);
        if !found.is_empty() {
            write.apply(&after, &mut ids, &found).await?;
            let mut entry = caller.did(action, subject, summary(&found));
            entry.changes = found.into_iter().map(change_of).collect();
            write.keep_configuration(&entry, &export(&after)).await?;
            write.commit(entry).await?;
        }
        Ok(ids)
    }
}

/// The place of an item whose state is the expected one.
fn find<T: Item>(
    configuration: &Configuration,
    ids: &Ids,
    name: &str,
    expected: &Expected,
) -> Result<usize, Refusal> {
    let key = name_key(name);
    let place = T::list(configuration).iter().position(|item| name_key(item.name()) == key);
    let place = place.ok_or_else(|| not_found::<T>(name))?;
    expected.require(&tag_of::<T>(ids, name))?;
    Ok(place)
}

fn tag_of<T: Item>(ids: &Ids, name: &str) -> String {
    ids.version(T::KIND, name).unwrap_or_default().to_string()
}

fn text_tag(text: &str) -> String {
    hexadecimal(&sha256(text.as_bytes())[..16])
}

fn not_found<T: Item>(name: &str) -> Refusal {
    Refusal::NotFound { kind: T::KIND, name: name.chars().take(200).collect() }
}

fn subject<T: Item>(name: &str) -> String {
    format!("{} \"{name}\"", T::KIND)
}

fn change_of(difference: Difference) -> AuditChange {
    let Difference { kind, name, before, after, .. } = difference;
    AuditChange { subject: format!("{kind} \"{name}\""), before, after }
}

/// What the audit log says of a change.
fn summary(found: &[Difference]) -> String {
    let line = |difference: &Difference| {
        let action = match difference.action {
            Action::Added => "added",
            Action::Changed => "changed",
            Action::Moved => "moved",
            Action::Removed => "removed",
        };
        let kind: Kind = difference.kind;
        format!("{action} {kind} \"{}\"", difference.name)
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}
