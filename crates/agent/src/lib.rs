//! The Agent: plan cache, spool, session import and export; simulated and Windows hosts

pub mod hosts;
