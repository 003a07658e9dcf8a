//! Storage Servers that keep the same scopes: each takes from the others what it has not (`docs/adr/0013`).
//!
//! A version keeps its number and its seal wherever it goes, so it has one name everywhere. A server whose newest version is
//! a former one of another server takes over what follows. Where both have stored something since, one of them merges, and the
//! other takes over what comes of it. Nothing that was stored is dropped: what gives way is put into quarantine.

mod ancestry;
mod follow;
mod journal;
mod merge;
mod readiness;
mod round;
mod source;
mod take_over;

pub use follow::Followed;
pub(crate) use follow::{Follow, follow};
pub use journal::Journal;
pub use readiness::Readiness;
pub use source::{BackendSource, Source};
pub use take_over::{Taken, Terms, take_over};
