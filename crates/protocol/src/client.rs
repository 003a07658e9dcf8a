//! The machines' clients: blocking, over TLS with kept-alive connections, every wait bounded.

mod console;
mod error;
mod https;
mod storage;
mod tls_connector;

pub use console::{ConsoleClient, EnrolError, PlanAnswer, enrol};
pub use error::{ClientError, NetCode};
pub use storage::{Deleted, StorageClient, StoredInfo};
