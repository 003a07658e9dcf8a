use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use mp_dataset::{DataSet, DecodeError, FileChange, Header, Limits, Unverified};
use mp_registry::FileTime;
use serde_json::json;

use super::bytes;
use crate::{Outcome, lines::time_text, listing::Listing, output};

/// Tell what a data set is: origin, counts, sizes, seal, and whether it is intact
///
/// Fails if one of the files is not intact.
#[derive(clap::Args)]
pub(crate) struct Info {
    /// The data sets
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write JSON for programs, one object per file
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        for (index, path) in self.files.iter().enumerate() {
            let read = Read::file(path)?;
            match self.json {
                true => output::print_json(&read.json(path))?,
                false if index > 0 => output::print(&format!("\n{}", read.listing(path)))?,
                false => output::print(&read.listing(path))?,
            }
            if let Err(error) = read.set {
                return Err(anyhow!(error).context(format!("{} is not intact", path.display())));
            }
        }
        Ok(Outcome::Done)
    }
}

/// What is known of a file, also of one that is damaged.
struct Read {
    header: Header,
    set: Result<DataSet, DecodeError>,
}

impl Read {
    fn file(path: &Path) -> anyhow::Result<Self> {
        let limits = Limits::default();
        let unverified = Unverified::read(bytes(path)?.as_slice(), &limits);
        let unverified = unverified.with_context(|| format!("cannot read {}", path.display()))?;
        let header = unverified.header().clone();
        Ok(Self { header, set: unverified.verify(&limits).map(mp_dataset::Verified::into_data_set) })
    }

    fn listing(&self, path: &Path) -> String {
        let mut listing = Listing::default();
        listing.row("File", path.display());
        listing.row("Size", format_args!("{} bytes", self.header.file_len()));
        listing.row("Uncompressed", format_args!("{} bytes", self.header.content_len));
        listing.row("Format version", self.header.version);
        listing.row("Seal", self.header.digest);
        let set = match &self.set {
            Ok(set) => set,
            Err(error) => {
                listing.row("Verified", format_args!("no: {error}"));
                return listing.text();
            }
        };
        listing.row("Verified", "yes");
        let (origin, counts, files) = (&set.origin, set.registry.counts(), Files::of(set));
        listing.row("User", &origin.sid);
        listing.row("Agent Server", &origin.host);
        listing.row("Software", &origin.software);
        listing.row("Exported", exported(origin.exported).unwrap_or_default());
        listing.row("Profile", origin.profile.name());
        listing.row("Keys", counts.keys);
        listing.row("Values", format_args!("{} with {} bytes", counts.values, counts.data_bytes));
        listing.row("Files", format_args!("{} with {} bytes", files.present, files.bytes));
        listing.row("Deleted keys", counts.deleted_keys);
        listing.row("Deleted values", counts.deleted_values);
        listing.row("Deleted files", files.deleted);
        listing.text()
    }

    fn json(&self, path: &Path) -> serde_json::Value {
        let mut facts = json!({
            "file": path.display().to_string(),
            "bytes": self.header.file_len(),
            "content-bytes": self.header.content_len,
            "version": self.header.version,
            "seal": self.header.digest.to_string(),
            "verified": self.set.is_ok(),
        });
        let more = match &self.set {
            Err(error) => json!({ "problem": error.to_string() }),
            Ok(set) => {
                let (origin, counts, files) = (&set.origin, set.registry.counts(), Files::of(set));
                json!({
                    "sid": origin.sid,
                    "host": origin.host,
                    "software": origin.software,
                    "exported": exported(origin.exported),
                    "profile": origin.profile.name(),
                    "keys": counts.keys,
                    "values": counts.values,
                    "data-bytes": counts.data_bytes,
                    "files": files.present,
                    "file-bytes": files.bytes,
                    "deleted-keys": counts.deleted_keys,
                    "deleted-values": counts.deleted_values,
                    "deleted-files": files.deleted,
                })
            }
        };
        if let (Some(facts), serde_json::Value::Object(more)) = (facts.as_object_mut(), more) {
            facts.extend(more);
        }
        facts
    }
}

/// What a data set holds of files.
#[derive(Default)]
struct Files {
    present: usize,
    bytes: usize,
    deleted: usize,
}

impl Files {
    fn of(set: &DataSet) -> Self {
        let mut files = Self::default();
        for entry in &set.files {
            match &entry.change {
                FileChange::Present(content) => {
                    files.present += 1;
                    files.bytes += content.bytes.len();
                }
                FileChange::Deleted => files.deleted += 1,
            }
        }
        files
    }
}

fn exported(time: FileTime) -> Option<String> {
    (time != FileTime::default()).then(|| time_text(time))
}
