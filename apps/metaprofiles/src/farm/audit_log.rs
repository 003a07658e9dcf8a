use super::{
    Options,
    show::{Column, field},
};

const COLUMNS: &[Column] = &[
    field!("ID", "id"),
    field!("TIME", "at"),
    field!("WHO", "who"),
    field!("ACTION", "action"),
    field!("SUBJECT", "subject"),
    field!("DETAILS", "details"),
];

/// What was done to the farm, newest first
#[derive(clap::Args)]
pub(crate) struct AuditLog {
    /// At most so many entries, 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: u32,
    /// Only entries before this one
    #[arg(long, value_name = "ID")]
    before: Option<u64>,
    #[command(flatten)]
    options: Options,
}

impl AuditLog {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let api = self.options.api()?;
        let before = self.before.map(|id| format!("&before={id}")).unwrap_or_default();
        api.list(&api.get(&format!("/api/v1/audit-log?limit={}{before}", self.limit))?, COLUMNS)
    }
}
