use std::{collections::BTreeSet, path::Path, process::Child, sync::Arc};

use fastrand::Rng;
use mp_profile::Sid;
use mp_protocol::StorageClient;
use mp_storage::backend::object::{Environment, ObjectOptions};

use super::{
    driver::{Deployment, end, wait_until_ready},
    errands::Errand,
    ledger::Ledger,
    line::{Line, Weather},
    node::{FolderNode, spoil},
};
use crate::objects::Rig;

/// Tell a process where its objects and its catalogue are.
const STORE: &str = "METAPROFILES_STORAGE_PROCESS_STORE";
const CATALOGUE: &str = "METAPROFILES_STORAGE_PROCESS_CATALOGUE";

/// Storage processes over an S3 server and PostgreSQL, neither of which dies with them.
pub(super) struct ObjectNodes {
    pub(super) nodes: Vec<FolderNode>,
    rig: Rig,
    errand: Option<Errand>,
    /// Before the S3 server and before PostgreSQL.
    lines: Option<[Line; 2]>,
    weather: Option<Arc<Weather>>,
}

impl ObjectNodes {
    /// `None` where there is no PostgreSQL.
    pub(super) fn new(test: &str, nodes: Vec<FolderNode>) -> Option<Self> {
        Some(Self { nodes, rig: Rig::new(test)?, errand: None, lines: None, weather: None })
    }

    /// With lines to both, and to the nodes, that are bad while users work.
    pub(super) fn with_bad_lines(mut self, seed: u64) -> Self {
        let weather = Weather::new(seed);
        let endpoint =
            self.rig.s3.environment().into_iter().find(|(name, _)| name == "AWS_ENDPOINT").unwrap().1;
        let port = endpoint.rsplit(':').next().unwrap().parse().unwrap();
        let folder = self.rig.options.catalogue.split("host=").nth(1).unwrap();
        let lines = [Line::to_port(port, &weather), Line::to_postgres(Path::new(folder), &weather)];
        self.lines = Some(lines);
        self.nodes = self.nodes.into_iter().map(|node| node.behind(&weather)).collect();
        self.weather = Some(weather);
        self
    }

    pub(super) fn with(mut self, errand: Errand) -> Self {
        self.errand = Some(errand);
        self
    }

    /// Spoils the object of some user, and says of whom.
    pub(super) fn spoil(&self, rng: &mut Rng) -> BTreeSet<u32> {
        spoil(&self.rig.folder(), rng)
    }

    /// The folder that everything is moved from, with the errand that does it.
    pub(super) fn before(&self) -> Before<'_> {
        Before(self)
    }

    /// Does wholly what was killed again and again.
    pub(super) fn end_the_move(&self) {
        assert!(self.errand().unwrap().wait().unwrap().success(), "the move fails");
    }

    /// Starts a node, and asks it for everything.
    pub(super) fn check(&self, ledger: &Ledger) {
        let mut process = self.spawn(0);
        wait_until_ready(&self.client(0));
        ledger.check(&self.client(0));
        end(&mut process);
    }

    /// Where objects and catalogue are.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut environment = self.rig.s3.environment();
        let mut catalogue = self.rig.options.catalogue.clone();
        if let Some([s3, postgres]) = &self.lines {
            environment.retain(|(name, _)| name != "AWS_ENDPOINT");
            environment.push(("AWS_ENDPOINT".to_owned(), format!("http://127.0.0.1:{}", s3.port())));
            let address = catalogue.split("host=").next().unwrap();
            catalogue = format!("{address}host={}", postgres.folder().display());
        }
        environment.push((STORE.to_owned(), self.rig.options.store.to_string()));
        environment.push((CATALOGUE.to_owned(), catalogue));
        environment
    }
}

impl Deployment for ObjectNodes {
    fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn spawn(&self, node: usize) -> Child {
        self.nodes[node].process(&self.environment())
    }

    fn client(&self, node: usize) -> StorageClient {
        self.nodes[node].client(0)
    }

    fn cut_an_upload(&self, sid: &Sid) {
        self.nodes[0].cut_an_upload(sid);
    }

    fn errand(&self) -> Option<Child> {
        let mut environment = self.environment();
        environment.push(self.errand?.environment());
        Some(self.nodes[0].process(&environment))
    }

    fn weather(&self) -> Option<&Weather> {
        self.weather.as_deref()
    }
}

/// A node over its folder, the content of which is moved into the object store meanwhile.
pub(super) struct Before<'a>(&'a ObjectNodes);

impl Deployment for Before<'_> {
    fn spawn(&self, _: usize) -> Child {
        self.0.nodes[0].process(&[])
    }

    fn client(&self, node: usize) -> StorageClient {
        self.0.client(node)
    }

    fn cut_an_upload(&self, sid: &Sid) {
        self.0.cut_an_upload(sid);
    }

    fn errand(&self) -> Option<Child> {
        self.0.errand()
    }
}

/// The object store of the process that this program was started as.
pub(super) fn told() -> Option<ObjectOptions> {
    let environment = Environment::of_process();
    let store = environment.get(STORE)?.parse().unwrap();
    let catalogue = environment.get(CATALOGUE)?.to_owned();
    let at_rest = mp_storage::at_rest::AtRest::plain();
    Some(ObjectOptions { store, catalogue, environment, at_rest, looks: false })
}
