//! Users' sessions, as their Agents reported them.

use std::fmt::Write as _;

use mp_profile::Sid;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    api::{Api, below},
    show::{Column, field, text},
};

const PATH: &str = "/api/v1/user-sessions";
const COLUMNS: &[Column] = &[
    field!("STARTED", "started"),
    field!("HOST", "host"),
    field!("USER", "sid"),
    field!("OUTCOME", "outcome"),
    ("LOGON", |session| session["logon-ms"].as_i64().map(|ms| format!("{ms} ms")).unwrap_or_default()),
    field!("OVERRIDDEN", "overridden"),
    field!("SESSION", "id"),
];

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List them, newest first
    List(Which),
    /// Show one: what was fetched, merged, skipped and overridden, how long it took, and why
    Show {
        /// Its identity, as the list has it
        id: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Which {
    /// Only this user's
    #[arg(long)]
    sid: Option<Sid>,
    /// Only those on this Agent Server
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Only those with this in the Agent Server's name or the user's SID
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those with this outcome
    #[arg(long, value_enum)]
    outcome: Option<Outcome>,
    /// Begun at or after this time, such as 2026-11-22T08:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Begun before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Those that follow: what the last list said at its end
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// At most so many, 1 to 200
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
}

/// The outcome of a session that needs most attention.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Outcome {
    Merged,
    AlreadyMerged,
    NotMerged,
    Stored,
    Spooled,
    Quarantined,
    LeftAlone,
    Failed,
}

impl Command {
    pub(super) fn run(&self, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List(which) => api.page(&api.get(&which.address())?, COLUMNS),
            Self::Show { id } => {
                let found = api.get(&below(PATH, id))?;
                api.tell(&found, &timeline(&found))
            }
        }
    }
}

impl Which {
    fn address(&self) -> String {
        use clap::ValueEnum;
        let outcome = self.outcome.and_then(|outcome| outcome.to_possible_value());
        let filters = [
            ("sid", self.sid.as_ref().map(ToString::to_string)),
            ("host", self.host.clone()),
            ("search", self.search.clone()),
            ("outcome", outcome.map(|outcome| outcome.get_name().to_owned())),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("after", self.after.clone()),
        ];
        let mut address = format!("{PATH}?limit={}", self.limit);
        for (name, value) in filters {
            if let Some(value) = value {
                let _ = write!(address, "&{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC));
            }
        }
        address
    }
}

/// A session for people: each event with its steps, items and problems.
fn timeline(session: &Value) -> String {
    let of = |field: &str| text(&session[field]);
    let mut lines =
        format!("session of {} on {} from {}: {}\n", of("sid"), of("host"), of("started"), of("outcome"));
    for report in array(&session["timeline"]) {
        event(&mut lines, report);
    }
    if let Some(next) = session["next-step"].as_str() {
        let _ = writeln!(lines, "what to do: {next}");
    }
    lines
}

fn event(lines: &mut String, report: &Value) {
    let of = |field: &str| text(&report[field]);
    let _ = writeln!(
        lines,
        "\n{}  {} ({} profile): {}, {} ms",
        of("started"),
        of("event"),
        of("profile"),
        of("outcome"),
        of("duration")
    );
    for step in array(&report["steps"]) {
        let ms = |field: &str| step[field].as_f64().unwrap_or_default();
        let _ = writeln!(lines, "  {:>9.1} ms  {} ({:.1} ms)", ms("start-ms"), text(&step["name"]), ms("ms"));
    }
    for item in array(&report["items"]) {
        let of = |field: &str| text(&item[field]);
        let bytes = item["bytes"].as_u64().map(|bytes| format!(" ({bytes} bytes)")).unwrap_or_default();
        let _ = writeln!(lines, "  {} {} {}: {}{bytes}", of("fate"), of("code"), of("place"), of("reason"));
    }
    match report["more-items"].as_u64() {
        None | Some(0) => {}
        Some(more) => {
            let _ = writeln!(lines, "  and {more} more items, which were only counted");
        }
    }
    for problem in array(&report["problems"]) {
        let _ = writeln!(lines, "  {} {}", text(&problem["code"]), text(&problem["message"]));
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
