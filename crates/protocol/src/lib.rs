//! The HTTPS API between the parts: types, client, machine identities, enrolment.
//!
//! Machines authenticate with certificates of the console's authority (mutual TLS); people never speak this API.

mod agent_settings;
mod certificate;
pub mod client;
pub mod damage;
pub mod dictionaries;
pub mod digest;
mod enrolment;
pub mod etag;
pub mod identity;
mod machine;
pub mod paths;
pub mod peers;
mod plan;
pub mod session_report;
mod storage_limits;
pub mod storage_status;
#[cfg(feature = "test-authority")]
pub mod test_authority;
pub mod tls;
mod token;
mod user_sets;
pub mod versions;

pub use agent_settings::{AgentSettings, HoldProfile, StorageAway, Waits};
pub use certificate::{CertificateError, MachineCertificate, certificate_of_console, serial_text};
pub use client::{ClientError, ConsoleClient, StorageClient};
pub use enrolment::{ApiError, EnrolRequest, Enrolled, RenewRequest};
pub use identity::{Identity, IdentityError, MachineKey};
pub use machine::{InvalidMachineId, MachineId, MachineName, MachineRole};
pub use plan::{
    AgentPlan, AllowedAgent, PeerMachine, PeerScope, PeerServer, ScopeRetention, ScopeStores, StoragePlan,
    StorageTarget,
};
pub use storage_limits::StorageLimits;
pub use tls::ClientCertificates;
pub use token::{InvalidJoinToken, JoinSecret, JoinToken};
pub use user_sets::{
    InvalidUserDataSets, ReceivedSet, USER_DATA_SETS_TYPE, UserDataSet, decode_user_data_sets,
    encode_user_data_sets,
};
