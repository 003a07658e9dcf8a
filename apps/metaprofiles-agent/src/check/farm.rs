//! Whether this machine belongs to a farm and reaches it.

use std::{
    net::{TcpStream, ToSocketAddrs},
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use mp_agent::{CachedPlan, Spool, StateFolder};
use mp_profile::Scope;
use mp_protocol::{Identity, StorageTarget};

use super::{ENDS_SOON, Line};
use crate::{Common, plan};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

pub(super) fn check(common: &Common, now: SystemTime, lines: &mut Vec<Line>) {
    // Looking must not make the folder: an installation gives it its access list.
    if !common.state.is_dir() {
        let found = format!("\"{}\" is not there", common.state.display());
        lines.push(Line::fail("state folder", found, "run `metaprofiles-agent install`, then `enrol`"));
        return;
    }
    let state = match StateFolder::open(&common.state) {
        Ok(state) => state,
        Err(error) => {
            let found = format!("{:#}", anyhow::Error::new(error));
            lines.push(Line::fail("state folder", found, "run this as an administrator"));
            return;
        }
    };
    lines.push(writable(&common.state));
    lines.push(certificate(&state, now));
    lines.push(console(common, &state));
    match CachedPlan::load(&state) {
        Ok(Some(cached)) => {
            let plan = cached.plan;
            let group =
                plan.group.as_ref().map_or_else(|| "no group".to_owned(), |group| format!("group {group}"));
            let found = format!("revision {}, {group}, {} data subsets", plan.revision, plan.subsets.len());
            lines.push(if plan.subsets.is_empty() {
                Line::warn("plan", found, "nothing is kept: make a data subset in the console")
            } else {
                Line::pass("plan", found)
            });
            let mut targets: Vec<StorageTarget> = Vec::new();
            for scope in std::iter::once(Scope::Global).chain(plan.group.clone().map(Scope::Group)) {
                let new = plan.targets(&scope).iter().filter(|target| !targets.contains(target));
                targets.extend(new.cloned().collect::<Vec<_>>());
            }
            lines.extend(targets.iter().map(|target| storage(&target.host, target.port)));
            if targets.is_empty() {
                let next = "choose a Storage Server in the console";
                lines.push(Line::fail("storage", "the plan names none", next));
            }
        }
        Ok(None) => {
            lines.push(Line::warn("plan", "none was received yet", "start the service, or run `plan`"))
        }
        Err(error) => {
            let found = format!("{:#}", anyhow::Error::new(error));
            lines.push(Line::fail("plan", found, "run `metaprofiles-agent plan` to fetch it again"));
        }
    }
    lines.push(spool(&state));
}

fn writable(folder: &Path) -> Line {
    let probe = folder.join(".check");
    let tried = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Line::pass("state folder", folder.display().to_string()),
        Err(error) => {
            let found = format!("\"{}\" cannot be written: {error}", folder.display());
            Line::fail(
                "state folder",
                found,
                "run this as an administrator; else look at its access list and disk",
            )
        }
    }
}

fn certificate(state: &StateFolder, now: SystemTime) -> Line {
    const CHECK: &str = "certificate";
    let identity = match Identity::load(state.identity()) {
        Ok(identity) => identity,
        Err(error) => {
            let next = "get a join token from the console and run `metaprofiles-agent enrol`";
            return Line::fail(CHECK, format!("{:#}", anyhow::Error::new(error)), next);
        }
    };
    match identity.certificate().not_after.duration_since(now) {
        Err(_) => Line::fail(CHECK, "it has ended", "enrol this machine again with `enrol --again`"),
        Ok(left) => {
            let found = format!("good for {} more days", left.as_secs() / (24 * 60 * 60));
            if left < ENDS_SOON {
                Line::warn(CHECK, found, "run `metaprofiles-agent renew`, which says why it was not renewed")
            } else {
                Line::pass(CHECK, found)
            }
        }
    }
}

fn console(common: &Common, state: &StateFolder) -> Line {
    const CHECK: &str = "console";
    let ask = || -> Result<()> {
        let ways = plan::connections(common, state)?;
        let cached = CachedPlan::load(state)?;
        mp_agent::Connections::newer_plan(&*ways, cached.as_ref()).map(drop).map_err(anyhow::Error::msg)
    };
    match ask() {
        Ok(()) => Line::pass(CHECK, "it answers"),
        Err(error) => {
            let next = "sessions go on with the cached plan; look at name, port and firewall";
            Line::warn(CHECK, format!("{error:#}"), next)
        }
    }
}

fn storage(host: &str, port: u16) -> Line {
    const CHECK: &str = "storage";
    let connect = || -> Result<()> {
        let mut addresses =
            (host, port).to_socket_addrs().with_context(|| format!("cannot resolve {host}"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        TcpStream::connect_timeout(&address, CONNECT).map(drop).map_err(Into::into)
    };
    match connect() {
        Ok(()) => Line::pass(CHECK, format!("{host} takes connections at port {port}")),
        Err(error) => Line::fail(
            CHECK,
            format!("{host} at port {port}: {error:#}"),
            "sessions go on as the group's settings say; look at the Storage Service and the firewall",
        ),
    }
}

fn spool(state: &StateFolder) -> Line {
    const CHECK: &str = "spool";
    match Spool::new(state.spool()).users() {
        Ok(users) if users.is_empty() => Line::pass(CHECK, "nothing waits for storage"),
        Ok(users) => {
            let found = format!("settings of {} users wait for storage", users.len());
            Line::warn(CHECK, found, "they are sent by themselves; `metaprofiles-agent spool` lists them")
        }
        Err(error) => {
            let found = format!("{:#}", anyhow::Error::new(error));
            Line::fail(CHECK, found, "look at the folder `spool` in the state folder")
        }
    }
}
