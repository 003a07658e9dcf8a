use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use mp_storage::{
    at_rest::AtRest,
    backend::object::{Environment, ObjectOptions, StoreAddress},
};

use super::private;

/// Name under which the environment or the file of secrets gives the catalogue, which may then have a password in it.
const CATALOGUE: &str = "METAPROFILES_CATALOGUE";

/// Where data sets are kept when it is not a folder.
#[derive(Clone, clap::Args)]
pub(super) struct Objects {
    /// Keep data sets in an object store instead of the base folder: s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or
    /// gs://BUCKET/PREFIX
    #[arg(long, value_name = "ADDRESS", env = "METAPROFILES_STORE")]
    store: Option<StoreAddress>,
    /// PostgreSQL database that knows the versions in the object store: postgres://USER@HOST:PORT/DATABASE, without a password
    #[arg(long, value_name = "URL", requires = "store")]
    catalogue: Option<String>,
    /// File of lines NAME=value with the credentials of object store and database, beside those in the environment; others than
    /// its owner must not be able to read it
    #[arg(long, value_name = "FILE", env = "METAPROFILES_STORAGE_SECRETS")]
    secrets: Option<PathBuf>,
}

impl Objects {
    /// `None` when data sets are kept in the base folder.
    pub(super) fn options(&self) -> anyhow::Result<Option<ObjectOptions>> {
        self.options_in(Environment::of_process())
    }

    /// The same for a process that has nothing of this one's environment.
    pub(super) fn options_elsewhere(&self) -> anyhow::Result<Option<ObjectOptions>> {
        self.options_in(Environment::default())
    }

    /// The file of credentials.
    pub(super) fn secrets(&self) -> Option<&Path> {
        self.store.as_ref().and(self.secrets.as_deref())
    }

    /// The same as arguments of a command, with no credential among them. A service starts in another folder.
    pub(super) fn arguments(&self) -> anyhow::Result<Vec<OsString>> {
        let Some(store) = &self.store else { return Ok(Vec::new()) };
        let mut arguments: Vec<OsString> = vec!["--store".into(), store.to_string().into()];
        arguments
            .extend(self.catalogue.iter().flat_map(|catalogue| ["--catalogue".into(), catalogue.into()]));
        if let Some(file) = &self.secrets {
            let file = std::path::absolute(file).context("the path of the secrets cannot be used")?;
            arguments.extend(["--secrets".into(), file.into()]);
        }
        Ok(arguments)
    }

    fn options_in(&self, mut environment: Environment) -> anyhow::Result<Option<ObjectOptions>> {
        let Some(store) = &self.store else { return Ok(None) };
        if let Some(file) = &self.secrets {
            private::check(file)?;
            let read = environment.add_file(file);
            read.with_context(|| format!("cannot read the secrets in \"{}\"", file.display()))?;
        }
        if self.catalogue.as_deref().is_some_and(has_password) {
            bail!(
                "a password on the command line is seen by every user of this machine; give it as PGPASSWORD in the environment \
                 or in the file of --secrets"
            );
        }
        let catalogue = self.catalogue.as_deref().or(environment.get(CATALOGUE));
        let catalogue =
            catalogue.context("an object store needs a catalogue; give --catalogue postgres://…")?.to_owned();
        let at_rest = AtRest::plain();
        Ok(Some(ObjectOptions { store: store.clone(), catalogue, environment, at_rest, looks: false }))
    }
}

/// Whether a connection string has a password, before the host or among the parameters.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (before, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let user = before.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
        || parameters.split('&').any(|one| one.starts_with("password="))
}

#[cfg(test)]
mod tests {
    use super::has_password;

    #[test]
    fn passwords_are_seen_where_they_may_stand() {
        for with in ["postgres://u:p@db/farm", "postgres://db/farm?user=u&password=p", "postgres://u:@db"] {
            assert!(has_password(with), "{with}");
        }
        for without in
            ["postgres://u@db:5432/farm?sslmode=verify-full", "postgres://db:5432/farm", "postgres://db"]
        {
            assert!(!has_password(without), "{without}");
        }
    }
}
