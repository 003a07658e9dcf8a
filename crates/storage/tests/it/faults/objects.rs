use std::{collections::BTreeSet, process::Child};

use fastrand::Rng;
use mp_profile::Sid;
use mp_protocol::StorageClient;
use mp_storage::backend::object::{Environment, ObjectOptions};

use super::{
    driver::Deployment,
    node::{FolderNode, spoil},
};
use crate::objects::Rig;

/// Tell the storage process where its objects and its catalogue are.
const STORE: &str = "METAPROFILES_STORAGE_PROCESS_STORE";
const CATALOGUE: &str = "METAPROFILES_STORAGE_PROCESS_CATALOGUE";

/// A storage process over an S3 server and PostgreSQL, neither of which dies with it.
pub(super) struct ObjectNode {
    node: FolderNode,
    rig: Rig,
}

impl ObjectNode {
    /// `None` where there is no PostgreSQL.
    pub(super) fn new(test: &str) -> Option<Self> {
        Some(Self { node: FolderNode::new(), rig: Rig::new(test)? })
    }

    /// Spoils the object of some user, and says of whom.
    pub(super) fn spoil(&self, rng: &mut Rng) -> BTreeSet<u32> {
        spoil(&self.rig.folder(), rng)
    }
}

impl Deployment for ObjectNode {
    fn spawn(&self) -> Child {
        let mut environment = self.rig.s3.environment();
        environment.push((STORE.to_owned(), self.rig.options.store.to_string()));
        environment.push((CATALOGUE.to_owned(), self.rig.options.catalogue.clone()));
        self.node.spawn_with(&environment)
    }

    fn client(&self) -> StorageClient {
        self.node.client()
    }

    fn cut_an_upload(&self, sid: &Sid) {
        self.node.cut_an_upload(sid);
    }
}

/// The object store of the storage process that this program was started as.
pub(super) fn told() -> Option<ObjectOptions> {
    let environment = Environment::of_process();
    let store = environment.get(STORE)?.parse().unwrap();
    let catalogue = environment.get(CATALOGUE)?.to_owned();
    let at_rest = mp_storage::at_rest::AtRest::plain();
    Some(ObjectOptions { store, catalogue, environment, at_rest, looks: false })
}
