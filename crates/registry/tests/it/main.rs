//! The registry's values and `.reg` text, through their public interface.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod edits;
mod keys;
mod reg_text_data;
mod reg_text_properties;
mod reg_text_read;
mod reg_text_write;
mod support;
mod trees;
mod values;
