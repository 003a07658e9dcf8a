//! The options by which a Storage Server or a group says which former versions of data sets stay, and a Storage Server what may
//! be taken of it.

use serde_json::{Value, json};

/// Options that a Storage Server and a group share; those that are not given leave what is there.
#[derive(clap::Args)]
pub(super) struct Retention {
    /// Former versions to keep of each data set
    #[arg(long, value_name = "NUMBER")]
    keep_versions: Option<u32>,
    /// Keep only former versions that were replaced within so many days; 0 for any age
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
    /// Keep only the newest former versions of so many bytes together, for each user and scope; 0 for any size
    #[arg(long, value_name = "BYTES")]
    keep_bytes: Option<u64>,
}

impl Retention {
    /// Puts what was given into a Storage Server, or into the retention of a group.
    pub(super) fn put_into(&self, item: &mut Value) {
        let unbounded = |value: u64| if value == 0 { Value::Null } else { json!(value) };
        for (field, value) in [
            ("keep-versions", self.keep_versions.map(Value::from)),
            ("keep-days", self.keep_days.map(|days| unbounded(days.into()))),
            ("keep-bytes", self.keep_bytes.map(unbounded)),
        ] {
            if let Some(value) = value {
                item[field] = value;
            }
        }
    }
}

const LIMITS: [&str; 6] = [
    "connections",
    "agent-connections",
    "agent-requests-per-second",
    "max-data-set-bytes",
    "quota-bytes",
    "quota-warning-percent",
];

/// What may be taken of a Storage Server.
#[derive(clap::Args)]
pub(super) struct Limits {
    /// A limit, such as quota-bytes=50000000, or quota-bytes=none; several times for several. The limits are connections,
    /// agent-connections, agent-requests-per-second, max-data-set-bytes, quota-bytes, quota-warning-percent
    #[arg(long, value_name = "NAME=NUMBER", value_parser = limit)]
    limit: Vec<(String, Option<u64>)>,
}

impl Limits {
    pub(super) fn put_into(&self, server: &mut Value) {
        for (name, value) in &self.limit {
            server["limits"][name] = json!(value);
        }
    }
}

fn limit(text: &str) -> Result<(String, Option<u64>), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=NUMBER, such as quota-bytes=50000000")?;
    if !LIMITS.contains(&name) {
        return Err(format!("there is no limit \"{name}\"; they are {}", LIMITS.join(", ")));
    }
    if value == "none" && name == "quota-bytes" {
        return Ok((name.to_owned(), None));
    }
    let value = value.parse().map_err(|_| format!("\"{value}\" is no number"))?;
    Ok((name.to_owned(), Some(value)))
}
