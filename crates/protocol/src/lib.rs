//! The HTTPS API between the parts: types, client, machine identities, enrolment.
//!
//! Machines authenticate with certificates of the console's authority (mutual TLS); people never speak this API.

mod enrolment;
mod machine;
pub mod paths;
mod plan;

pub use enrolment::{ApiError, EnrolRequest, Enrolled, RenewRequest};
pub use machine::{InvalidMachineId, MachineId, MachineName, MachineRole};
pub use plan::{AgentPlan, AllowedAgent, StoragePlan, StorageTarget, Waits};
