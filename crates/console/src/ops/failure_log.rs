use std::sync::{Mutex, PoisonError};

use crate::domain::UnixMillis;

/// Most failures that are written to the audit log within [`WINDOW`]; the others are counted.
const MAX_LINES: u64 = 100;
const WINDOW: i64 = 15 * 60 * UnixMillis::SECOND;

/// Says which failed sign-ins the audit log tells of, so that nobody can flood it.
#[derive(Debug, Default)]
pub(super) struct FailureLog(Mutex<Counted>);

#[derive(Clone, Copy, Debug)]
struct Counted {
    since: UnixMillis,
    written: u64,
    left_out: u64,
}

impl Default for Counted {
    fn default() -> Self {
        Self { since: UnixMillis(i64::MIN / 2), written: 0, left_out: 0 }
    }
}

impl FailureLog {
    /// Whether this failure gets a line, and how many before it got none that nobody has told of yet.
    pub(super) fn take(&self, now: UnixMillis) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.since.plus(WINDOW) <= now {
            *counted = Counted { since: now, written: 0, ..*counted };
        }
        if counted.written >= MAX_LINES {
            counted.left_out += 1;
            return None;
        }
        counted.written += 1;
        Some(std::mem::take(&mut counted.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_few_lines_and_the_next_one_tells_how_many_it_had() {
        let (log, now) = (FailureLog::default(), UnixMillis(1_000_000));
        let lines = (0..1_000).filter(|_| log.take(now).is_some()).count();
        assert_eq!(lines, 100);
        assert_eq!(log.take(now.plus(WINDOW)), Some(900));
        assert_eq!(log.take(now.plus(WINDOW)), Some(0));
    }
}
