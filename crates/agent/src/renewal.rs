//! A new certificate for this machine before the old one ends.

use std::time::SystemTime;

use mp_protocol::{ConsoleClient, Identity};

use crate::{chain::chain, state::StateFolder};

/// What became of a renewal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Renewal {
    /// The certificate has more than a third of its life before it.
    NotDue,
    /// The machine has a new certificate. The console accepts the former one for a while, so that others can learn of it.
    Done,
}

/// Asks the console for a new certificate when the machine's one is in the last third of its life, or in any case.
///
/// # Errors
/// When the console gives none, or it cannot be saved; the certificate is the former one then. The text says why.
pub fn renew_certificate(state: &StateFolder, in_any_case: bool, now: SystemTime) -> Result<Renewal, String> {
    let mut identity = Identity::load(state.identity()).map_err(|error| chain(&error))?;
    if !in_any_case && !identity.certificate().is_due_for_renewal(now) {
        return Ok(Renewal::NotDue);
    }
    let request = identity.signing_request().map_err(|error| chain(&error))?;
    let console = ConsoleClient::new(&identity).map_err(|error| chain(&error))?;
    let enrolled = console.renew(request).map_err(|error| chain(&error))?;
    identity.renew(&enrolled, now).map_err(|error| chain(&error))?;
    Ok(Renewal::Done)
}
