use std::net::IpAddr;

use mp_protocol::{EnrolRequest, Enrolled, JoinSecret, MachineId, MachineName, MachineRole};

use super::Core;
use crate::{
    authority::Issued,
    domain::{Configuration, Peer, Refusal, StorageServer, UnixMillis, name_key},
    repository::{AuditEntry, JoinTokenRow, NewMachine, Write},
    secret::{hexadecimal, new_machine_id},
};

/// How long a certificate is accepted after a newer one was issued, in case the newer one did not arrive.
const REPLACED_FOR: i64 = 24 * UnixMillis::HOUR;
/// Most certificates of a machine that are accepted at a time.
const MAX_CERTIFICATES: usize = 8;

impl Core {
    /// Lets a machine join the farm. Its token is used up by that, and only by that.
    pub(crate) async fn enrol(&self, request: &EnrolRequest, from: IpAddr) -> Result<Enrolled, Refusal> {
        let secret: JoinSecret = request.secret.parse().map_err(|_| Refusal::TokenUnknown)?;
        let token =
            self.database.join_token(&hexadecimal(&secret.hash())).await?.ok_or(Refusal::TokenUnknown)?;
        if token.used_at.is_some() {
            tracing::warn!(token = token.id, "Used join token shown again");
            return Err(Refusal::TokenUsed);
        }
        if token.role != request.role {
            return Err(Refusal::TokenRole(request.role));
        }
        if !(1..=255).contains(&request.name.chars().count()) || request.name.chars().any(char::is_control) {
            return Err(Refusal::MachineNameText);
        }

        let mut write = self.write().await?;
        if token.expires_at <= write.now {
            return Err(Refusal::TokenExpired);
        }
        let (configuration, _) = write.configuration().await?;
        let server = free_server(&mut write, &configuration, &token).await?;
        let host = server.map(|server| host_of(server, request)).transpose()?;
        let machine = NewMachine {
            id: new_machine_id()?,
            role: token.role,
            name: request.name.clone(),
            group_id: token.group_id.clone(),
            storage_server_id: token.storage_server_id.clone(),
        };
        let name = MachineName { role: machine.role, id: machine.id.clone() };
        let issued = self.authority.issue_machine(&name, &request.csr, host, write.now)?;
        write.insert_machine(&machine).await?;
        if !write.use_join_token(&token.id, &machine.id).await? {
            return Err(Refusal::TokenUsed);
        }
        write.insert_certificate(&machine.id, &issued.known, issued.known.not_after).await?;
        write
            .commit(AuditEntry {
                who: format!("join token {}", token.id),
                address: from.to_canonical().to_string(),
                action: "joined",
                subject: format!("machine {}", machine.id),
                details: format!("{} {}, certificate {}", machine.role, machine.name, issued.known.serial),
                changes: Vec::new(),
            })
            .await?;
        Ok(self.answer(machine.id, issued))
    }

    /// Gives a machine a new certificate for the one that it shows.
    pub(crate) async fn renew(&self, peer: &Peer, csr: &str, from: IpAddr) -> Result<Enrolled, Refusal> {
        let mut write = self.write().await?;
        let (farm, _) = write.farm_of(&peer.id).await?;
        let machine = farm.authenticate(peer, write.now)?;
        let accepted = machine.certificates.iter().filter(|known| known.is_accepted(write.now)).count();
        if accepted >= MAX_CERTIFICATES {
            return Err(Refusal::TooManyCertificates(accepted));
        }
        let host = server_named(&farm.configuration, machine.storage_server.as_deref());
        let host = host.map(|server| server.host.as_str());
        let name = MachineName { role: machine.role, id: machine.id.clone() };
        let issued = self.authority.issue_machine(&name, csr, host, write.now)?;
        write.insert_certificate(&machine.id, &issued.known, write.now.plus(REPLACED_FOR)).await?;
        write
            .commit(AuditEntry {
                who: format!("machine {}", machine.id),
                address: from.to_canonical().to_string(),
                action: "renewed",
                subject: format!("machine {}", machine.id),
                details: format!("certificate {} after {}", issued.known.serial, peer.serial),
                changes: Vec::new(),
            })
            .await?;
        Ok(self.answer(machine.id.clone(), issued))
    }

    fn answer(&self, machine: MachineId, issued: Issued) -> Enrolled {
        Enrolled {
            machine,
            certificate: issued.pem,
            authority: self.authority.pem().to_owned(),
            expires: issued.known.not_after.rfc3339(),
        }
    }
}

fn server_named<'a>(configuration: &'a Configuration, name: Option<&str>) -> Option<&'a StorageServer> {
    let key = name.map(name_key)?;
    configuration.storage_servers.iter().find(|server| name_key(&server.name) == key)
}

/// The Storage Server that a token is for, if it has no machine yet; `None` for a token for an Agent.
async fn free_server<'a>(
    write: &mut Write<'_>,
    configuration: &'a Configuration,
    token: &JoinTokenRow,
) -> Result<Option<&'a StorageServer>, Refusal> {
    if token.role == MachineRole::Agent {
        return Ok(None);
    }
    // The token goes with its Storage Server, so one that is gone in the meantime is a token that is gone.
    let server = server_named(configuration, token.storage_server.as_deref()).ok_or(Refusal::TokenUnknown)?;
    let taken = write.machine_of(token.storage_server_id.as_deref().unwrap_or_default()).await?;
    match taken {
        Some(machine) => Err(Refusal::ServerTaken { name: server.name.clone(), machine }),
        None => Ok(Some(server)),
    }
}

/// The host that the certificate is made out to: the administrator's, never the machine's word. If the machine says how it is
/// reached, the host must be among that, so that a mistake is found now and not at the first logon.
fn host_of<'a>(server: &'a StorageServer, request: &EnrolRequest) -> Result<&'a str, Refusal> {
    let same = |address: &String| address.eq_ignore_ascii_case(&server.host);
    if request.addresses.is_empty() || request.addresses.iter().any(same) {
        return Ok(&server.host);
    }
    let addresses = request.addresses.join(", ").chars().filter(|c| !c.is_control()).take(300).collect();
    Err(Refusal::Addresses { name: server.name.clone(), host: server.host.clone(), addresses })
}
