//! The Storage Service: keeps data sets by SID, over mutual TLS.
//!
//! A request passes these stations, each of which the next cannot do without: TLS lets in machines of the farm alone;
//! [`Access`] is what the current plan grants to the certificate; [`ReachedStore`] is the part of the store that it
//! reaches; [`DataSetFile`] is a body that was found to be an intact data set of the right user; a [`Backend`] keeps
//! it durably before the answer is sent. `docs/reference/wire.md` specifies the requests, `docs/formats/storage-folder.md`
//! the folder, `docs/formats/storage-objects.md` the object store.

mod access;
mod administration;
mod again;
pub mod at_rest;
pub mod backend;
mod damage;
mod data_set_file;
mod facts;
mod health;
mod http;
mod metrics;
mod moving;
mod near_quota;
pub mod peers;
mod plan;
mod protection;
mod refusal;
mod run;
mod service;
mod status;
mod store;
mod verify;

pub use access::{Access, Peer};
pub use backend::{Backend, folder::FolderBackend, memory::MemoryBackend, object::ObjectBackend};
pub use damage::{DamageLog, DamageQueue, damage_reports};
pub use data_set_file::{DataSetFile, FULL_CHECK, NotStorable};
pub use health::{Health, HealthCheck, HealthReport, Probed, Space};
pub use metrics::Metrics;
pub use moving::{Moved, move_into};
pub use plan::cached_plan;
pub use protection::Patience;
pub use refusal::{Code, Refusal};
pub use run::{RunError, RunOptions, base_folders_of, run};
pub use service::{Running, StorageService};
pub use store::{ReachedStore, Store, Told};
pub use verify::{Verified, verify};
