use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{MachineId, MachineRole};

/// A machine asks to join the farm. Sent without a client certificate; the token is what authorises it, once. Printing shows
/// nothing of the secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EnrolRequest {
    /// Secret part of the join token.
    pub secret: String,
    /// What the machine wants to be; the token must have been made for that role.
    pub role: MachineRole,
    /// Name of the machine, shown in the console.
    pub name: String,
    /// Names and addresses by which Agents reach the machine (Storage Servers only); go into its certificate.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Certificate signing request, PEM. The key never leaves the machine. Only the public key is taken from it.
    pub csr: String,
}

impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret: _, role, name, addresses, csr } = self;
        f.debug_struct("EnrolRequest")
            .field("secret", &"***")
            .field("role", role)
            .field("name", name)
            .field("addresses", addresses)
            .field("csr", csr)
            .finish()
    }
}

/// The console's answer to an enrolment or a renewal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Enrolled {
    /// Identity that the machine has from now on.
    pub machine: MachineId,
    /// The machine's certificate, PEM.
    pub certificate: String,
    /// The authority's certificate, PEM.
    pub authority: String,
    /// End of the certificate's validity, RFC 3339. It should be renewed in the last third of its life.
    pub expires: String,
}

/// A machine asks for a new certificate, authenticated by the one it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RenewRequest {
    /// Certificate signing request, PEM.
    pub csr: String,
}

/// Body of every error answer of the console and the Storage Service. The console's have more fields (RFC 9457), and the
/// message in `detail`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ApiError {
    /// Stable code, such as `MP-STO-012`.
    pub code: String,
    /// What happened, and what to do next.
    #[serde(alias = "detail")]
    pub message: String,
}
