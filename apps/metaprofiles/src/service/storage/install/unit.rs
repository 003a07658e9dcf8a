//! The text of the systemd unit (systemd.unit(5), systemd.exec(5)).

use std::{ffi::OsString, path::PathBuf};

/// What a unit is made of.
pub(super) struct Unit {
    /// The program and its arguments.
    pub(super) command: Vec<OsString>,
    pub(super) user: String,
    /// Folders that it may write to, and that must be mounted before it starts.
    pub(super) folders: Vec<PathBuf>,
    /// Files that it reads besides: keys and credentials.
    pub(super) files: Vec<PathBuf>,
}

/// A path that the format cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" cannot be written into a systemd unit; choose a path of printable UTF-8")]
pub(super) struct NotWritable(String);

/// All that the service does not need is taken from it: it reads and writes its folders and speaks TCP.
const CONFINED: &str = "\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
";

impl Unit {
    pub(super) fn text(&self) -> Result<String, NotWritable> {
        let command = self.command.iter().map(|part| argument(&part.to_string_lossy()));
        let command = command.collect::<Result<Vec<_>, _>>()?.join(" ");
        let folders = self.folders.iter().map(|folder| path(&folder.to_string_lossy()));
        let folders = folders.collect::<Result<Vec<_>, _>>()?.join(" ");
        let in_homes = ["/home", "/root", "/run/user"];
        let at_home = self
            .folders
            .iter()
            .chain(&self.files)
            .any(|folder| in_homes.iter().any(|home| folder.starts_with(home)));
        let homes = if at_home { "read-only" } else { "yes" };
        Ok(format!(
            "# Written by `metaprofiles storage install`; changes belong into a drop-in (systemctl edit).\n\
             [Unit]\n\
             Description=MetaProfiles Storage Service\n\
             Wants=network-online.target\n\
             After=network-online.target\n\
             RequiresMountsFor={folders}\n\
             \n\
             [Service]\n\
             Type=exec\n\
             ExecStart={command}\n\
             User={user}\n\
             Group={user}\n\
             UMask=0077\n\
             Restart=on-failure\n\
             RestartSec=5\n\
             TimeoutStopSec=90\n\
             LimitNOFILE=65536\n\
             ReadWritePaths={folders}\n\
             ProtectHome={homes}\n\
             {CONFINED}\n\
             [Install]\n\
             WantedBy=multi-user.target\n",
            user = self.user,
        ))
    }
}

/// An argument of a command: in quotes, with what systemd would expand taken literally.
fn argument(text: &str) -> Result<String, NotWritable> {
    let escaped = printable(text)?.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
    Ok(format!("\"{}\"", escaped.replace('$', "$$")))
}

/// A path in a list of paths.
fn path(text: &str) -> Result<String, NotWritable> {
    let escaped = printable(text)?.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
    Ok(format!("\"{escaped}\""))
}

fn printable(text: &str) -> Result<&str, NotWritable> {
    let fine = !text.contains(char::REPLACEMENT_CHARACTER) && !text.chars().any(char::is_control);
    if fine { Ok(text) } else { Err(NotWritable(text.escape_default().to_string())) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_systemd_would_expand_is_taken_literally() {
        let unit = Unit {
            command: vec!["/opt/a b/metaprofiles".into(), "50% of $HOME \"x\" \\".into()],
            user: "metaprofiles".to_owned(),
            folders: vec!["/srv/100% sets".into()],
            files: Vec::new(),
        };
        let text = unit.text().unwrap();
        let line = r#"ExecStart="/opt/a b/metaprofiles" "50%% of $$HOME \"x\" \\""#;
        assert!(text.lines().any(|found| found == line), "{text}");
        assert!(text.contains("ReadWritePaths=\"/srv/100%% sets\"\nProtectHome=yes\n"), "{text}");
    }

    fn empty() -> Unit {
        Unit { command: Vec::new(), user: String::new(), folders: Vec::new(), files: Vec::new() }
    }

    #[test]
    fn files_in_homes_can_be_read() {
        let unit = Unit { files: vec!["/root/storage.env".into()], ..empty() };
        assert!(unit.text().unwrap().contains("ProtectHome=read-only\n"));
    }

    #[test]
    fn a_line_break_cannot_add_a_setting() {
        let unit = Unit { folders: vec!["/srv/a\nUser=root".into()], ..empty() };
        assert!(unit.text().is_err());
    }
}
