//! The live registry of a loaded user hive, by native calls alone.
//!
//! The `Reg*` functions end names at a NUL, look up `HKEY_CURRENT_USER` of the service instead of the user's, and follow
//! symbolic links; `RegDeleteTree` gives up half-way at a name with a NUL. The `Nt*` functions (documented in the WDK as
//! `Zw*`) take counted names and relative handles, and every key is opened as itself, link or not.

mod apply;
mod delete;
mod live;
mod marker;
mod read;

pub(crate) use live::kind;
pub use live::{LiveRegistry, OpenMode};
