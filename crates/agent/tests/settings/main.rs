//! The Agent's settings by Group Policy: the template, its texts, its page and the reader say the same.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod reader;
mod template;
mod templates_agree;
