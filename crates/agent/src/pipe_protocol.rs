//! What the helper in a user's session and the service say to each other: one line of JSON each way.
//!
//! A request carries no user: the service takes SID, session and logon from the impersonated client. Bytes from either side
//! are bounded before they are looked at.

mod rate;

use serde::{Deserialize, Serialize};

pub use rate::RateLimit;

/// Name of the service's pipe.
pub const PIPE_NAME: &str = r"\\.\pipe\MetaProfilesAgent";
/// Longest request in bytes, its newline included.
pub const MAX_REQUEST: usize = 1024;
/// Longest answer in bytes, its newline included.
pub const MAX_ANSWER: usize = 256 * 1024;
/// Longest message in an answer, in bytes.
pub const MAX_MESSAGE: usize = 4096;
/// Version of this protocol. Fields may be added to it; unknown ones are passed over.
pub const PIPE_VERSION: u32 = 1;

/// What the helper asks for, always for its own user and session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipeCommand {
    /// The logon script: bring the stored settings in, and answer when that is done.
    Logon,
    /// The logoff script: take the settings out, and answer when the session may end.
    Logoff,
    /// Registry tasks and policies again.
    Refresh,
    /// What the service knows of the user's sessions; of all sessions for an administrator.
    Status,
}

/// A request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PipeRequest {
    version: u32,
    /// What is asked for.
    pub command: PipeCommand,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipeResult {
    /// All is done.
    Done,
    /// The bound of the plan has passed, or the work goes on behind the desktop: the session goes on.
    Continues,
    /// The session goes on without (some of) its settings, or what it exported waits or lies beside the stored data set.
    Incomplete,
    /// The service does not do that for this client.
    Refused,
    /// The client asks too often, or too many ask at once.
    TooMany,
    /// The service could not do it.
    Failed,
}

/// What the helper does before it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipeThen {
    /// Nothing: the session goes on.
    #[default]
    GoOn,
    /// Shows the message to the user.
    TellUser,
    /// Shows the message to the user, and logs them off.
    LogOff,
}

/// An answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PipeAnswer {
    version: u32,
    /// How it ended.
    pub result: PipeResult,
    /// In words, for the script's output.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the helper does before it ends.
    #[serde(default)]
    pub then: PipeThen,
    /// What `status` asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<serde_json::Value>,
}

/// A line is no request or no answer.
#[derive(Debug, thiserror::Error)]
pub enum PipeProtocolError {
    /// It is longer than it may be.
    #[error("{what} has {len} bytes or more, at most {max} are allowed")]
    TooLong {
        /// `the request` or `the answer`.
        what: &'static str,
        /// Bytes that came.
        len: usize,
        /// [`MAX_REQUEST`] or [`MAX_ANSWER`].
        max: usize,
    },
    /// It does not end with a newline, or goes on behind it.
    #[error("{0} is not one line")]
    NotOneLine(&'static str),
    /// It is not what the protocol says.
    #[error("{what} is not understood")]
    Malformed {
        /// `the request` or `the answer`.
        what: &'static str,
        /// Why, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// The other side speaks a later version.
    #[error(
        "{what} is of version {version}, this program knows {PIPE_VERSION}; service and helper must be of one version"
    )]
    Version {
        /// `the request` or `the answer`.
        what: &'static str,
        /// The version that it names.
        version: u32,
    },
}

impl PipeRequest {
    /// Asks for something.
    #[must_use]
    pub fn new(command: PipeCommand) -> Self {
        Self { version: PIPE_VERSION, command }
    }

    /// Reads a request with its newline.
    ///
    /// # Errors
    /// When the bytes are no request of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, PipeProtocolError> {
        const WHAT: &str = "the request";
        let request: Self = decode(WHAT, bytes, MAX_REQUEST)?;
        same_version(WHAT, request.version)?;
        Ok(request)
    }

    /// The line to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        line(self)
    }
}

impl PipeAnswer {
    /// An answer; a message longer than [`MAX_MESSAGE`] is cut.
    #[must_use]
    pub fn new(result: PipeResult, message: impl Into<String>) -> Self {
        let mut message = message.into();
        let end = (0..=MAX_MESSAGE).rev().find(|&at| message.is_char_boundary(at)).unwrap_or_default();
        message.truncate(end);
        Self { version: PIPE_VERSION, result, message, then: PipeThen::GoOn, status: None }
    }

    /// Adds what `status` asked for. What does not fit into an answer is left out, and the message says so.
    #[must_use]
    pub fn with_status(mut self, status: serde_json::Value) -> Self {
        self.status = Some(status);
        if line(&self).len() > MAX_ANSWER {
            self.status = None;
            "the status is too long for the pipe; look into the reports".clone_into(&mut self.message);
        }
        self
    }

    /// Reads an answer with its newline.
    ///
    /// # Errors
    /// When the bytes are no answer of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, PipeProtocolError> {
        const WHAT: &str = "the answer";
        let answer: Self = decode(WHAT, bytes, MAX_ANSWER)?;
        same_version(WHAT, answer.version)?;
        Ok(answer)
    }

    /// The line to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        line(self)
    }
}

fn decode<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
    max: usize,
) -> Result<T, PipeProtocolError> {
    if bytes.len() > max {
        return Err(PipeProtocolError::TooLong { what, len: bytes.len(), max });
    }
    let line = bytes.strip_suffix(b"\n").filter(|line| !line.contains(&b'\n'));
    let line = line.ok_or(PipeProtocolError::NotOneLine(what))?;
    serde_json::from_slice(line).map_err(|source| PipeProtocolError::Malformed { what, source })
}

fn same_version(what: &'static str, version: u32) -> Result<(), PipeProtocolError> {
    if version == PIPE_VERSION { Ok(()) } else { Err(PipeProtocolError::Version { what, version }) }
}

fn line(message: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(message).expect("strings, numbers and JSON values are always JSON");
    bytes.push(b'\n');
    bytes
}
