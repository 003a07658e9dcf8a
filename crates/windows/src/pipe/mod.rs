//! The pipe between the helper in a user's session and the service.
//!
//! It carries lines of bytes and knows who is at the other end; what the lines say is not its matter.

mod access;
mod client;
mod overlapped;
mod server;

pub use client::{PipeClientError, ask};
pub use server::{PipeLimits, PipeServer, PipeStop};
