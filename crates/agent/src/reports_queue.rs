//! Reports on their way to the console.
//!
//! A report is one file, there wholly or not at all, and goes only after the console has it. Nobody waits for any of this: a
//! session puts its report here and is done.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use mp_durable::Readers;
use mp_protocol::session_report::{
    BatchAnswer, MAX_BATCH_BYTES, MAX_BATCH_REPORTS, MAX_REPORT_BYTES, ReportBatch, SentReport,
};

use crate::{
    AgentError,
    connections::Connections,
    state::{StateError, private_folder},
};

/// Reports that wait at most; the oldest go first when there are more.
pub const DEFAULT_MAX_QUEUED: usize = 2_000;
/// Bytes of the reports that wait at most.
const MAX_QUEUED_BYTES: u64 = 64 * 1024 * 1024;
/// Room in a request for what is not reports.
const ENVELOPE: usize = 64 * 1024;
/// File with the number of reports that were dropped and that the console does not know of.
const DROPPED: &str = "dropped";

/// The queue, a folder.
#[derive(Clone, Debug)]
pub struct ReportsQueue {
    folder: PathBuf,
    most: usize,
}

/// What an attempt to send did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReportsSent {
    /// Reports that the console has now.
    pub taken: usize,
    /// Reports that it will never take, and that are gone.
    pub refused: usize,
}

/// A report that waits.
struct Queued {
    path: PathBuf,
    bytes: u64,
}

impl ReportsQueue {
    /// The queue in this folder, which is made when it is needed, with at most so many reports.
    #[must_use]
    pub fn new(folder: PathBuf, most: usize) -> Self {
        Self { folder, most }
    }

    /// Puts a report at the end. Gives how many of the oldest were dropped to make room.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, report: &SentReport) -> Result<usize, StateError> {
        private_folder(&self.folder)?;
        let path = self.path(report);
        text_of(report)
            .map_err(io::Error::from)
            .and_then(|text| mp_durable::replace(&path, &text, Readers::OwnerOnly))
            .map_err(StateError::at("write the report to be sent", &path))?;
        self.make_room()
    }

    /// Takes a report back, unless it was sent meanwhile.
    pub(crate) fn withdraw(&self, report: &SentReport) {
        self.forget(&self.path(report));
    }

    fn path(&self, report: &SentReport) -> PathBuf {
        self.folder.join(format!("{:020}-{}.json", report.started, report.id))
    }

    /// How many wait.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn waiting(&self) -> Result<usize, StateError> {
        Ok(self.list()?.len())
    }

    /// Sends what waits, oldest first, until nothing does. `now` is this machine's clock, by which the reports were timed.
    ///
    /// # Errors
    /// When the console does not take a batch; what it took before is gone from the queue.
    pub fn send(&self, now: SystemTime, console: &dyn Connections) -> Result<ReportsSent, AgentError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.send_all(now, console).map_err(AgentError::Reports)
    }

    fn send_all(&self, now: u64, console: &dyn Connections) -> Result<ReportsSent, String> {
        let mut sent = ReportsSent::default();
        loop {
            let batch = self.batch().map_err(|error| crate::chain::chain(&error))?;
            if batch.is_empty() {
                return Ok(sent);
            }
            let (paths, reports): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let dropped = self.dropped();
            let answer =
                console.send_reports(&ReportBatch { sent: now, dropped, reports: reports.clone() })?;
            if dropped > 0 {
                self.forget(&self.folder.join(DROPPED));
            }
            let BatchAnswer { taken, refused } = answer;
            let before = sent;
            for (index, (path, report)) in paths.iter().zip(&reports).enumerate() {
                if taken.contains(&report.id) {
                    self.forget(path);
                    sent.taken += 1;
                } else if let Some(refused) = refused.iter().find(|refused| refused.index == index) {
                    tracing::error!(
                        code = "MP-AGT-055",
                        report = report.id,
                        reason = refused.reason,
                        "The console will never take this report; it is in the folder of the user's reports only"
                    );
                    self.forget(path);
                    sent.refused += 1;
                }
            }
            if sent == before {
                return Err("the console answered without taking or refusing a report".to_owned());
            }
        }
    }

    /// The oldest reports, as many as one request may have.
    fn batch(&self) -> Result<Vec<(PathBuf, SentReport)>, StateError> {
        let mut batch = Vec::new();
        let mut room = MAX_BATCH_BYTES - ENVELOPE;
        for Queued { path, bytes } in self.list()? {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            if batch.len() == MAX_BATCH_REPORTS || (bytes > room && !batch.is_empty()) {
                break;
            }
            match read(&path) {
                Ok(Some(report)) => {
                    room = room.saturating_sub(bytes);
                    batch.push((path, report));
                }
                // Another process has sent it.
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(code = "MP-AGT-055", path = %path.display(), %error, "A report to be sent is damaged and dropped");
                    self.forget(&path);
                }
            }
        }
        Ok(batch)
    }

    fn make_room(&self) -> Result<usize, StateError> {
        let waiting = self.list()?;
        let (mut count, mut bytes) = (waiting.len(), waiting.iter().map(|queued| queued.bytes).sum::<u64>());
        let mut dropped = 0;
        for Queued { path, bytes: its } in &waiting {
            if count <= self.most && bytes <= MAX_QUEUED_BYTES {
                break;
            }
            self.forget(path);
            count -= 1;
            bytes -= its;
            dropped += 1;
        }
        if dropped > 0 {
            let all = self.dropped().saturating_add(u64::try_from(dropped).unwrap_or(u64::MAX));
            let path = self.folder.join(DROPPED);
            mp_durable::replace(&path, all.to_string().as_bytes(), Readers::OwnerOnly)
                .map_err(StateError::at("write", &path))?;
        }
        Ok(dropped)
    }

    fn dropped(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join(DROPPED)).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// Removes a file; another process may have been faster.
    fn forget(&self, path: &Path) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "A report that was sent cannot be removed");
            }
            _ => {}
        }
    }

    /// What waits, oldest first.
    fn list(&self) -> Result<Vec<Queued>, StateError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StateError::at("list", &self.folder))?,
        };
        let queued = |entry: fs::DirEntry| {
            let path = entry.path();
            let bytes = entry.metadata().ok()?.len();
            path.extension().is_some_and(|extension| extension == "json").then_some(Queued { path, bytes })
        };
        let mut all: Vec<_> = entries.filter_map(|entry| queued(entry.ok()?)).collect();
        all.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(all)
    }
}

/// The report as JSON, with as many of its items as there is room for: one that is too long would hold up all others.
fn text_of(report: &SentReport) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(report)?;
    let mut report = report.clone();
    while text.len() > MAX_REPORT_BYTES && !report.items.list.is_empty() {
        let half = report.items.list.len() / 2;
        let cut = report.items.list.split_off(half).len();
        report.items.more = report.items.more.saturating_add(u64::try_from(cut).unwrap_or(u64::MAX));
        text = serde_json::to_vec(&report)?;
    }
    Ok(text)
}

fn read(path: &Path) -> io::Result<Option<SentReport>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => serde_json::from_slice(&text?).map(Some).map_err(io::Error::from),
    }
}
