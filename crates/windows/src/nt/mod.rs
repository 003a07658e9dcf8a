//! The few native calls the other modules are made of, each as a safe function over owned handles.

mod buffer;
mod event;
mod file;
mod handle;
mod key;
mod key_security;
mod security;
mod status;

pub(crate) use buffer::Buffer;
pub(crate) use event::{Event, milliseconds};
pub(crate) use file::{Entry, FileAccess, FileHandle, FileInfo};
pub(crate) use handle::{Handle, attributes, counted, size_u32};
pub(crate) use key::{Found, KeyAccess, KeyHandle, KeyInfo};
pub(crate) use key_security::AccessList;
pub(crate) use security::{SecurityDescriptor, access_text, is_trusted, owner, sid_text};
pub(crate) use status::Status;
