use std::io::Write;

use mp_registry::KeyPath;

use super::{HiveArgs, key_path, open::Opened};
use crate::{Outcome, lines, output};

/// Write all keys and values as JSON Lines
///
/// One object per line; keys and values sorted as Windows sorts them, each key before its values and its sub-keys.
///
/// A key: {"path":"Software\\Contoso","modified":"2026-01-31T08:15:00.1234567Z"}, with "class" if it has one and "link":true
/// if it is a symbolic link. A value: {"path":…,"name":…,"type":1,"data":"680069000000","modified":…}; "type" is the number
/// (1 is REG_SZ), "data" hexadecimal, "modified" the last write time of its key, for values have none. The default value's
/// name is empty, and so is the root's path. "modified" is left out where the hive has none.
///
/// Names are UTF-16: a lone surrogate is written as the JSON escape \udXXX, a NUL as \u0000; reading the lines back loses
/// nothing (`hive build`). A backslash in a path separates keys, whose names cannot hold one. Security descriptors are not
/// written.
#[derive(clap::Args)]
pub(crate) struct Dump {
    #[command(flatten)]
    hive: HiveArgs,
    /// Begin at this key, such as Software\Contoso; paths still begin at the root
    #[arg(long, value_name = "PATH", value_parser = key_path, default_value = "", hide_default_value = true)]
    key: KeyPath,
}

impl Dump {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let opened = Opened::read_and_tell(&self.hive.file, self.hive.reading)?;
        let key = opened.key(&self.key)?;
        let mut out = output::stdout();
        lines::write_tree(&mut out, &opened.spelling(&self.key), key)?;
        out.flush()?;
        Ok(Outcome::Done)
    }
}
