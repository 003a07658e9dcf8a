use std::{path::PathBuf, time::Duration};

use mp_protocol::{
    ConsoleClient, Identity, paths,
    session_report::{BatchAnswer, ReportBatch},
};

use super::DamageQueue;
use crate::{again::Again, refusal::chain, store::now};

/// Between two looks into the queue.
const EVERY: Duration = Duration::from_secs(2);
/// First and longest pause after the console did not take reports.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// Brings what waits in the queue to the console, again and again.
pub(crate) fn tell(state_folder: PathBuf, queue: DamageQueue) -> Again {
    Again::start(move |until| {
        let (mut rest, mut pause) = (Duration::ZERO, PAUSE.0);
        while !until.is_over_within(rest) {
            rest = match send(&state_folder, &queue) {
                Ok(more) => {
                    pause = PAUSE.0;
                    if more { Duration::ZERO } else { EVERY }
                }
                Err(error) => {
                    tracing::info!(error, "The console is not told of damage yet");
                    let longer = (pause * 2).min(PAUSE.1);
                    std::mem::replace(&mut pause, longer)
                }
            };
        }
    })
}

/// Sends one batch. False when nothing waits.
fn send(state_folder: &std::path::Path, queue: &DamageQueue) -> Result<bool, String> {
    let told = |error: &dyn std::error::Error| chain(error);
    let waiting = queue.batch().map_err(|error| told(&error))?;
    if waiting.is_empty() {
        return Ok(false);
    }
    let reports = waiting.iter().map(|waiting| waiting.report.clone()).collect();
    let batch = ReportBatch { sent: now(), dropped: 0, reports };
    let identity = Identity::load(state_folder).map_err(|error| told(&error))?;
    let console = ConsoleClient::new(&identity).map_err(|error| told(&error))?;
    let answer: BatchAnswer = console.post(paths::DAMAGE_REPORTS, &batch).map_err(|error| told(&error))?;
    let mut moved = false;
    for (index, waiting) in waiting.iter().enumerate() {
        let refused = answer.refused.iter().find(|refused| refused.index == index);
        if let Some(refused) = refused {
            tracing::warn!(
                id = waiting.report.id,
                reason = refused.reason,
                "The console does not take a report of damage"
            );
        }
        if refused.is_some() || answer.taken.contains(&waiting.report.id) {
            queue.done(waiting).map_err(|error| told(&error))?;
            moved = true;
        }
    }
    if moved { Ok(true) } else { Err("it took none of the reports".to_owned()) }
}
