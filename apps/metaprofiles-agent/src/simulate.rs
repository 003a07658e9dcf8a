//! What Windows does around the Agent, on a simulated session host: for trying things out and for offline work.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use mp_agent::hosts::simulated::SimulatedHost;
use mp_profile::Sid;
use serde_json::json;

use crate::{Common, host};

#[derive(Args)]
pub(crate) struct SimulateArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Make the host's mandatory profile from a hive, and a folder with the profile's files
    Mandatory {
        /// A user's hive, such as NTUSER.DAT
        #[arg(long, value_name = "FILE")]
        hive: PathBuf,
        /// Files and folders of the profile
        #[arg(long, value_name = "FOLDER")]
        files: Option<PathBuf>,
    },
    /// A user logs on: load a fresh copy of the mandatory profile (then run `logon`)
    Logon {
        /// The user's security identifier, S-1-5-21-…
        #[arg(long)]
        sid: Sid,
        /// Name of the user's profile folder
        #[arg(long)]
        user: String,
    },
    /// A user is logged off (after `logoff`): unload the profile
    Logoff {
        /// The user's security identifier, S-1-5-21-…
        #[arg(long)]
        sid: Sid,
    },
}

pub(crate) fn simulate(common: &Common, args: &SimulateArgs) -> Result<ExitCode> {
    let root = common.simulated.as_ref().context("name the simulated host with --simulated FOLDER")?;
    let host: SimulatedHost = host::simulated(root)?;
    match &args.act {
        Act::Mandatory { hive, files } => {
            let opened = mp_hive::open(hive, mp_hive::ReadOptions::default());
            let opened = opened.with_context(|| format!("cannot read the hive \"{}\"", hive.display()))?;
            host.create_mandatory(&opened.hive.root, files.as_deref())?;
        }
        Act::Logon { sid, user } => {
            host.logon_mandatory(sid, user)?;
            let folder = host.profile_folder(sid)?.context("the host lists no profile of the user")?;
            if common.json {
                println!("{}", json!({ "profile": folder }));
            } else {
                println!("{}", folder.display());
            }
            return Ok(ExitCode::SUCCESS);
        }
        Act::Logoff { sid } => host.logoff(sid)?,
    }
    if common.json {
        println!("{}", json!({}));
    }
    Ok(ExitCode::SUCCESS)
}
