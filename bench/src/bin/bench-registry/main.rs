//! The Agent's libraries at work on a live registry: a Windows program that does one run for each line on its input and answers
//! with milliseconds, keys and values.
//!
//! `bench-registry SID [FILE]`; the file is a data set. The lines:
//! * `export`: reads the subtree, makes a data set of it and encodes it; `read`: only reads it;
//! * `import`: decodes the data set and applies its edits; `apply`: only applies them;
//! * `encode`, `decode`: the data set in memory alone;
//! * `engine-export`, `engine-import`: the same through the engine, with rules, exclusions and differences, as the Agent does;
//! * `look`, `import-seen`: what a logon does: it looks at what is there, then imports by what it saw;
//! * `merged`: what a logon does when its load of the hive is known to hold the data sets: it asks for the marker;
//! * `touch`: the user changes a setting;
//! * `forget`: what the unloading of a hive does: the Agent's marker goes.

#[cfg(windows)]
mod work;

fn main() -> anyhow::Result<()> {
    #[cfg(windows)]
    return work::run();
    #[cfg(not(windows))]
    anyhow::bail!("this measures the registry of Windows; `cargo xtask bench wine` builds and runs it")
}
