use std::{fs, io, path::Path};

use mp_registry::{
    Key, KeyPath, MemoryRegistry, Registry, RegistryError, TakeAll,
    reg_text::{self, CodePage, HiveRoot},
};

use crate::settings::POLICY_KEY;

/// The file in the host's folder.
const FILE: &str = "Policies.reg";

/// Why the policies of a simulated host cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The file is there and cannot be read.
    #[error("cannot read \"{FILE}\" of the simulated host")]
    File(#[from] io::Error),
    /// It is no `.reg` text.
    #[error("\"{FILE}\" of the simulated host is no .reg text")]
    Text(#[from] reg_text::ReadError),
    /// Its edits cannot be made.
    #[error("\"{FILE}\" of the simulated host cannot be followed")]
    Edits(#[from] RegistryError),
}

/// What Group Policy says of the Agent on the simulated host in this folder: the registry at [`POLICY_KEY`].
///
/// # Errors
/// When the host's `Policies.reg` is there and cannot be used.
pub fn machine_policies(root: &Path) -> Result<MemoryRegistry, PoliciesError> {
    let text = match fs::read(root.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(MemoryRegistry::new(Key::new("")));
        }
        text => text?,
    };
    let mut machine = MemoryRegistry::new(Key::new(""));
    if let Some(edits) = reg_text::read(&text, CodePage::WINDOWS_1252)?.root(HiveRoot::LocalMachine) {
        machine.apply(edits)?;
    }
    let policies = machine.read_tree(&KeyPath::parse(POLICY_KEY), &mut TakeAll)?.tree;
    Ok(MemoryRegistry::new(policies.unwrap_or_default()))
}
