//! Session hosts: machines on which users have sessions.

pub mod simulated;
