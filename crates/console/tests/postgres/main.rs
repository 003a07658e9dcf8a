//! The console over real HTTPS on the loopback interface, with its database on a PostgreSQL server: the same tests as with
//! SQLite, and those of several consoles on one database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail where it stands")]

#[path = "../it/audit.rs"]
mod audit;
#[path = "../it/authorisation.rs"]
mod authorisation;
#[path = "../it/backup.rs"]
mod backup;
#[path = "../it/configuration.rs"]
mod configuration;
#[path = "../it/data_sets.rs"]
mod data_sets;
#[path = "../it/directory.rs"]
mod directory;
#[path = "../it/fuzz.rs"]
mod fuzz;
#[path = "../it/group_settings.rs"]
mod group_settings;
#[path = "../it/lists.rs"]
mod lists;
#[path = "../it/machines.rs"]
mod machines;
#[path = "../it/openid.rs"]
mod openid;
#[path = "../it/overview.rs"]
mod overview;
#[path = "../it/plans.rs"]
mod plans;
#[path = "../it/retention.rs"]
mod retention;
#[path = "../it/roles.rs"]
mod roles;
#[path = "../it/searches.rs"]
mod searches;
#[path = "../it/second_factor.rs"]
mod second_factor;
#[path = "../it/sessions.rs"]
mod sessions;
#[path = "../it/storage_damage.rs"]
mod storage_damage;
#[path = "../it/storage_settings.rs"]
mod storage_settings;
#[path = "../it/storage_status.rs"]
mod storage_status;
#[path = "../it/support.rs"]
mod support;
#[path = "../it/tokens.rs"]
mod tokens;
mod two_consoles;
#[path = "../it/user_sessions.rs"]
mod user_sessions;
#[path = "../it/versions.rs"]
mod versions;
#[path = "../it/webhooks.rs"]
mod webhooks;

use mp_test_servers::Postgres;

/// The database of a new farm.
fn new_database() -> Option<String> {
    Postgres::server("the console on PostgreSQL, which is tested on SQLite once more")
        .map(Postgres::new_database)
}
