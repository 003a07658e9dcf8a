//! What the console knows of the farm, and its rules. Pure: no database, no HTTP, no clock.

mod access;
mod check;
mod configuration;
mod difference;
mod farm;
mod guard;
mod overview;
mod page;
mod plan;
mod refusal;
mod settings;
mod shared;
mod sign_in_policy;
mod storage_settings;
mod text;
mod time;
mod user;
mod user_session;

pub(crate) use access::{Access, AccountOrigin, Permission, Role};
pub(crate) use check::check;
pub(crate) use configuration::{AgentServerGroup, Configuration, StorageServer, name_key};
pub(crate) use difference::{Action, Difference, Kind, differences};
pub(crate) use farm::{Farm, KnownCertificate, Machine, MachineFilter, MachineState, Peer};
pub(crate) use guard::guard;
pub(crate) use overview::{Logons, MachineCounts, percentile};
pub(crate) use page::{Key, Order, Page, Paging, Sort, search};
pub(crate) use plan::{AnyPlan, plan_for};
pub(crate) use refusal::{Refusal, RefusalKind};
pub(crate) use settings::{AgentSettingsForm, ImportModeForm, OnConflictForm, WaitsForm};
pub(crate) use sign_in_policy::SignInPolicy;
pub(crate) use storage_settings::{Retention, StorageLimitsForm};
pub(crate) use text::{Item, export, import};
pub(crate) use time::UnixMillis;
pub(crate) use user::User;
pub(crate) use user_session::{SessionFilter, TimedReport, UserSession};
