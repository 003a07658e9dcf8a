//! What the service says to programs in sessions.

use mp_agent::pipe_protocol::{PipeAnswer, PipeResult, PipeThen};
use mp_agent::service::{HelperAnswer, REFUSED, WITHOUT_SETTINGS};
use mp_profile::machine::Answer;
use mp_protocol::StorageAway;

/// The line for an answer of the user's machine.
pub(crate) fn to_helper(answered: HelperAnswer) -> PipeAnswer {
    let (result, message) = match answered.answer {
        Answer::Merged => (PipeResult::Done, "the settings are in the profile"),
        Answer::LeftAlone => (PipeResult::Done, "nothing is kept of this profile"),
        Answer::Refreshed => (PipeResult::Done, "tasks and policies were applied"),
        Answer::Stored => (PipeResult::Done, "the settings are stored"),
        Answer::NotExported => (PipeResult::Done, "nothing was exported"),
        Answer::Spooled => (PipeResult::Incomplete, "the settings wait on this machine for storage"),
        Answer::Continue => (PipeResult::Continues, "the Agent goes on behind the session"),
        Answer::Stopping => (PipeResult::Failed, "the service stops"),
        Answer::NotMerged => return not_merged(answered.storage_away.unwrap_or_default()),
    };
    PipeAnswer::new(result, message)
}

fn not_merged(away: StorageAway) -> PipeAnswer {
    let (then, message) = match away {
        StorageAway::GoOn => (PipeThen::GoOn, "the session goes on without its settings"),
        StorageAway::CachedCopy => {
            (PipeThen::GoOn, "the session goes on with the settings that this machine saw last, if any")
        }
        StorageAway::Message => (PipeThen::TellUser, WITHOUT_SETTINGS),
        StorageAway::RefuseLogon => (PipeThen::LogOff, REFUSED),
    };
    let mut answer = PipeAnswer::new(PipeResult::Incomplete, message);
    answer.then = then;
    answer
}
