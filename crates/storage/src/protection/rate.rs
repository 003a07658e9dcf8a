use std::time::{Duration, Instant};

/// Seconds' worth of requests that may come at once.
const BURST: u32 = 10;

/// Requests over time: the time at which all requests so far would have come, had they come at the longest pace allowed
/// (GCRA, ITU-T I.371, annex A).
#[derive(Debug)]
pub(super) struct Rate {
    due: Instant,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { due: now }
    }

    /// Whether one more request at `now` is within `per_second`.
    pub(super) fn take(&mut self, now: Instant, per_second: u32) -> bool {
        let pace = Duration::from_secs(1) / per_second.max(1);
        let due = self.due.max(now);
        if due.duration_since(now) + pace > Duration::from_secs(1) * BURST {
            return false;
        }
        self.due = due + pace;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_pace() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        assert_eq!((0..1000).filter(|_| rate.take(begin, 20)).count(), 200);
        let later = begin + Duration::from_millis(500);
        assert_eq!((0..1000).filter(|_| rate.take(later, 20)).count(), 10);
        let rested = begin + Duration::from_secs(3600);
        assert_eq!((0..1000).filter(|_| rate.take(rested, 20)).count(), 200, "rest is not saved up for ever");
    }
}
