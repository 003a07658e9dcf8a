//! Migrations in their order, one folder per engine; only ever added to.

use sqlx::{
    AnyPool, SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::Engine;

/// The text of a migration for both engines.
macro_rules! migration {
    ($number:literal, $name:literal, $file:literal) => {
        (
            $number,
            $name,
            include_str!(concat!("../../migrations/sqlite/", $file)),
            include_str!(concat!("../../migrations/postgres/", $file)),
        )
    };
}

const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    migration!(1, "farm", "0001_farm.sql"),
    migration!(2, "people", "0002_people.sql"),
    migration!(3, "agent settings", "0003_agent_settings.sql"),
    migration!(4, "user sessions", "0004_user_sessions.sql"),
    migration!(5, "user sessions by outcome", "0005_user_sessions_by_outcome.sql"),
    migration!(6, "lists", "0006_lists.sql"),
    migration!(7, "authority", "0007_authority.sql"),
    migration!(8, "roles", "0008_roles.sql"),
    migration!(9, "audit", "0009_audit.sql"),
    migration!(10, "several storage servers", "0010_several_storage_servers.sql"),
    migration!(11, "storage settings", "0011_storage_settings.sql"),
    migration!(12, "signing in", "0012_signing_in.sql"),
    migration!(13, "storage moves", "0013_storage_moves.sql"),
    migration!(14, "former groups", "0014_former_groups.sql"),
    migration!(15, "storage damage", "0015_storage_damage.sql"),
    migration!(16, "webhooks", "0016_webhooks.sql"),
    migration!(17, "openid connect", "0017_openid_connect.sql"),
    migration!(18, "storage status", "0018_storage_status.sql"),
    migration!(19, "logons", "0019_logons.sql"),
];

/// Number of the last migration.
pub(crate) const SCHEMA: i64 = 19;

/// Brings a database to what it is after a migration. Consoles that start at the same time do so one after another.
pub(super) async fn run(engine: Engine, pool: &AnyPool, last: i64) -> Result<(), MigrateError> {
    let migration = |&(version, name, sqlite, postgres): &(i64, &'static str, &'static str, &'static str)| {
        let sql = match engine {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
        };
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    };
    let wanted = MIGRATIONS.iter().filter(|(version, ..)| *version <= last);
    Migrator::with_migrations(wanted.map(migration).collect()).run(pool).await
}
