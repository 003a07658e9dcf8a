use super::{
    Options,
    api::address,
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
    /// At most so many entries, 1 to 200
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
    /// Those that follow: what the last list said at its end
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// Only what this one did, such as "administrator admin"
    #[arg(long)]
    who: Option<String>,
    /// Only entries with this in who, action, subject or details
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// At or after this time, such as 2026-11-22T08:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    options: Options,
}

impl AuditLog {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let api = self.options.api()?;
        let query = [
            ("after", &self.after),
            ("who", &self.who),
            ("search", &self.search),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let address = address("/api/v1/audit-log", &query);
        api.page(&api.get(&format!("{address}limit={}", self.limit))?, COLUMNS)
    }
}
