//! Calls to the console's REST API: what an administrator does in the web pages, from a shell.

mod administrators;
mod agent_settings;
mod api;
mod api_tokens;
mod audit_log;
mod configuration;
mod console_retention;
mod directory;
mod groups;
mod join_tokens;
mod login;
mod machines;
mod openid;
mod password;
mod retention;
mod second_factor;
mod session;
mod settings_file;
mod show;
mod storage_damage;
mod storage_moves;
mod storage_servers;
mod subset_trial;
mod subsets;
mod user_sessions;
mod users;
mod webhooks;

use std::path::PathBuf;

use crate::Outcome;
use api::Api;

#[derive(clap::Subcommand)]
pub(crate) enum FarmCommand {
    Login(login::Login),
    Logout(login::Logout),
    Password(login::ChangePassword),
    /// Storage Servers: the machines that keep data sets
    StorageServer(Family<storage_servers::Command>),
    /// Moves of a group or of the global data sets to another Storage Server, while users work
    StorageMove(Family<storage_moves::Command>),
    /// Damage of stored data: what a Storage Server found not to be what was stored, and what it did
    StorageDamage(Family<storage_damage::Command>),
    /// Agent Server Groups: session hosts of one role
    Group(Family<groups::Command>),
    /// Data subsets: what to keep of the users' profiles, and for whom
    Subset(Family<subsets::Command>),
    /// Machines that joined the farm: session hosts with the Agent, and Storage Servers
    #[command(visible_alias = "agent")]
    Machine(Family<machines::Command>),
    /// Join tokens: with each, one machine can join the farm once
    JoinToken(Family<join_tokens::Command>),
    /// All that administrators describe, as one text file (TOML)
    Config(Family<configuration::Command>),
    /// Users and their data sets: versions, what is in them, what differs, restores
    #[command(visible_alias = "users")]
    User(Family<users::Command>),
    /// Users' sessions: what happened to whom, and why
    #[command(visible_alias = "session")]
    Sessions(Family<user_sessions::Command>),
    AuditLog(audit_log::AuditLog),
    /// Administrators, operators and auditors: who may sign in, and what they may do
    Administrator(Family<administrators::Command>),
    /// Active Directory: how it is reached, what its groups may do, who is in it
    Directory(Family<directory::Command>),
    /// OpenID Connect: how the provider is reached, what its groups may do
    OpenidConnect(Family<openid::Command>),
    /// Your second factor: a code of an authenticator beside your password
    SecondFactor(Family<second_factor::Command>),
    /// What the farm wants of those who sign in
    SignInPolicy(Family<second_factor::PolicyCommand>),
    /// How long the console keeps users' sessions and the audit log
    Retention(Family<console_retention::Command>),
    /// Webhooks: where other programs are told when something fails
    Webhook(Family<webhooks::Command>),
    /// API tokens: with these, programs speak to the console
    ApiToken(Family<api_tokens::Command>),
}

impl FarmCommand {
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        match self {
            Self::Login(command) => command.run()?,
            Self::Logout(command) => command.run()?,
            Self::Password(command) => command.run()?,
            Self::StorageServer(family) => family.command.run(&family.options.api()?)?,
            Self::StorageMove(family) => family.command.run(&family.options.api()?)?,
            Self::StorageDamage(family) => family.command.run(&family.options.api()?)?,
            Self::Group(family) => family.command.run(&family.options.api()?)?,
            Self::Subset(family) => family.command.run(&family.options.api()?)?,
            Self::Machine(family) => family.command.run(&family.options.api()?)?,
            Self::JoinToken(family) => family.command.run(&family.options.api()?)?,
            Self::Config(family) => family.command.run(&family.options.api()?)?,
            Self::User(family) => family.command.run(&family.options.api()?)?,
            Self::Sessions(family) => family.command.run(&family.options.api()?)?,
            Self::AuditLog(command) => command.run()?,
            Self::Administrator(family) => family.command.run(&family.options.api()?)?,
            Self::Directory(family) => family.command.run(&family.options.api()?)?,
            Self::OpenidConnect(family) => family.command.run(&family.options.api()?)?,
            Self::SecondFactor(family) => family.command.run(&family.options.api()?)?,
            Self::SignInPolicy(family) => family.command.run(&family.options.api()?)?,
            Self::Retention(family) => family.command.run(&family.options.api()?)?,
            Self::Webhook(family) => family.command.run(&family.options.api()?)?,
            Self::ApiToken(family) => family.command.run(&family.options.api()?)?,
        }
        Ok(Outcome::Done)
    }
}

// Commands about one kind of thing. A doc comment here would be the help text of each.
#[derive(clap::Args)]
pub(crate) struct Family<C: clap::Subcommand> {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: C,
}

/// What all calls have in common.
#[derive(clap::Args)]
struct Options {
    /// Write the console's answer as JSON
    #[arg(long, global = true)]
    json: bool,
    /// The file that `login` keeps the session in
    #[arg(long, global = true, value_name = "FILE", env = "METAPROFILES_SESSION", default_value_os_t = session::default_file())]
    session: PathBuf,
}

impl Options {
    fn api(&self) -> anyhow::Result<Api> {
        Api::new(&session::Session::load(&self.session)?, self.json)
    }
}
