//! Session hosts.
