use serde_json::Value;

use super::{
    Options,
    api::address,
    show::{Column, field},
};
use crate::output;

const COLUMNS: &[Column] = &[
    field!("ID", "id"),
    field!("TIME", "at"),
    field!("WHO", "who"),
    field!("FROM", "address"),
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
    /// Instead of a list write all of them, oldest first, for a program
    #[arg(long, value_enum, value_name = "FORM")]
    export: Option<Form>,
    /// Instead of a list read the whole log, and tell whether anybody changed or removed entries in the database
    #[arg(long, conflicts_with = "export")]
    prove: bool,
    #[command(flatten)]
    options: Options,
}

/// How the audit log is exported.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Form {
    /// One JSON object per line
    Jsonl,
    /// A table with commas (RFC 4180)
    Csv,
}

impl AuditLog {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let api = self.options.api()?;
        if self.prove {
            let proof = api.get("/api/v1/audit-log/proof")?;
            api.show(&proof)?;
            let at = &proof["broken-at"];
            anyhow::ensure!(
                proof["intact"] == true,
                "the audit log is not as it was written, from entry {at} on"
            );
            return Ok(());
        }
        let oldest_first = self.export.map(|_| "id".to_owned());
        let query = [
            ("sort", &oldest_first),
            ("after", &self.after),
            ("who", &self.who),
            ("search", &self.search),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let address = address("/api/v1/audit-log", &query);
        if let Some(form) = self.export {
            return export(&api.get_all(&address)?, form);
        }
        api.page(&api.get(&format!("{address}limit={}", self.limit))?, COLUMNS)
    }
}

fn export(entries: &Value, form: Form) -> anyhow::Result<()> {
    const FIELDS: [&str; 9] =
        ["id", "at", "who", "address", "action", "subject", "details", "changes", "hash"];
    let line = |entry: &Value| match form {
        Form::Jsonl => format!("{entry}\n"),
        Form::Csv => {
            let cell = |field: &&str| match &entry[*field] {
                Value::String(text) => quoted(text),
                other => quoted(&other.to_string()),
            };
            format!("{}\r\n", FIELDS.iter().map(cell).collect::<Vec<_>>().join(","))
        }
    };
    let head = match form {
        Form::Jsonl => String::new(),
        Form::Csv => format!("{}\r\n", FIELDS.join(",")),
    };
    let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
    output::print(&entries.iter().fold(head, |text, entry| text + &line(entry)))
}

/// A cell in quotes. What a spreadsheet would take for a formula gets an apostrophe before it.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}
