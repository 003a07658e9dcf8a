//! The machines' clients, and the administrator's: blocking, over TLS with kept-alive connections, every wait bounded.

mod administrator;
mod console;
mod delta;
mod error;
mod fetch;
mod https;
mod storage;
mod tls_connector;
mod versions;

pub use administrator::{AdministratorClient, ApiAnswer, ApiRequest, ShownAuthorityError, shown_authority};
pub use console::{ConsoleClient, EnrolError, PlanAnswer, enrol};
pub use error::{ClientError, NetCode};
pub use storage::{Deleted, StorageClient, StoredInfo};
pub use ureq::http::Method;
