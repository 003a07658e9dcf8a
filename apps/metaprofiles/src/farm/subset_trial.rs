//! What a data subset would keep of a user's data, or of a hive.

use std::{fmt::Write as _, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use mp_profile::{GroupName, Sid};
use serde_json::{Value, json};

use super::{
    api::Api,
    show::{Column, field, table, text},
};
use crate::input;

const PATH: &str = "/api/v1/data-subset-trials";
/// The longest hive that the console takes, in bytes.
const MAX_HIVE: u64 = 32 << 20;
const COLUMNS: &[Column] = &[
    ("RULE", |rule| {
        format!("{}{}", text(&rule["rule"]), if rule["of-registry"] == true { "" } else { " (files)" })
    }),
    ("KEEPS", |rule| amount(&rule["kept"])),
    field!("COMPRESSED", "compressed-bytes"),
    ("REFUSED", |rule| amount(&rule["refused"])),
    ("LEAVES OUT", |rule| amount(&rule["left-out"])),
];
const NOTES: &[Column] = &[field!("CODE", "code"), field!("PLACE", "place"), field!("WHY", "text")];

/// What it is tried on.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct On {
    /// The newest data sets of this user
    #[arg(long, value_name = "SID", conflicts_with = "hive")]
    user: Option<Sid>,
    /// With his data set of this group; of the data subset's first one if not given
    #[arg(long, value_name = "NAME", requires = "user")]
    group: Option<GroupName>,
    /// A user's hive, the file NTUSER.DAT; nothing of it is kept
    #[arg(long, value_name = "FILE")]
    hive: Option<PathBuf>,
}

pub(super) fn run(api: &Api, subset: &Value, on: &On) -> anyhow::Result<()> {
    let on = match (&on.user, &on.hive) {
        (_, Some(hive)) => {
            json!({ "kind": "hive", "hive": BASE64_STANDARD.encode(input::read(hive, MAX_HIVE)?) })
        }
        (user, None) => json!({ "kind": "user", "sid": user, "group": on.group }),
    };
    let trial = api.post(PATH, &json!({ "subset": subset, "on": on }))?;
    let mut shown = table(&trial["rules"], COLUMNS);
    let _ = writeln!(
        shown,
        "\nAltogether {}: a data set of {} bytes",
        amount(&trial["kept"]),
        text(&trial["compressed-bytes"])
    );
    if trial["notes"].as_array().is_some_and(|notes| !notes.is_empty()) {
        let _ = write!(shown, "\n{}", table(&trial["notes"], NOTES));
    }
    if trial["more-notes"] != 0 {
        let _ = writeln!(shown, "and {} more", text(&trial["more-notes"]));
    }
    api.tell(&trial, &shown)
}

/// How much, without what there is none of.
fn amount(amount: &Value) -> String {
    let of = |(name, word): (&str, &str)| {
        let number = amount[name].as_u64().unwrap_or(0);
        (number > 0).then(|| format!("{number} {word}"))
    };
    let words = [("keys", "keys"), ("values", "values"), ("files", "files"), ("bytes", "bytes")];
    let told: Vec<String> = words.into_iter().filter_map(of).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}
