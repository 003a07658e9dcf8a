use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use mp_dataset::DataSet;
use mp_profile::{Scope, Sid};

/// How many versions are kept unpacked, how much they may hold together in bytes, and for how long: whoever looks around in
/// one asks for many pieces of it.
const MOST: usize = 16;
const MOST_BYTES: u64 = 64 << 20;
const AGE: Duration = Duration::from_secs(5 * 60);

/// Which version.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) scope: Scope,
    pub(super) sid: Sid,
    pub(super) tag: String,
}

/// Versions that were looked at lately, the newest look last.
#[derive(Default)]
pub(super) struct Opened(VecDeque<(Which, Arc<DataSet>, u64, Instant)>);

impl Opened {
    pub(super) fn get(&mut self, which: &Which) -> Option<Arc<DataSet>> {
        self.0.retain(|(.., since)| since.elapsed() < AGE);
        let index = self.0.iter().position(|(kept, ..)| kept == which)?;
        let found = self.0.remove(index)?;
        let set = Arc::clone(&found.1);
        self.0.push_back(found);
        Some(set)
    }

    pub(super) fn keep(&mut self, which: Which, set: Arc<DataSet>, bytes: u64) {
        self.0.retain(|(kept, .., since)| *kept != which && since.elapsed() < AGE);
        if bytes > MOST_BYTES {
            return;
        }
        self.0.push_back((which, set, bytes, Instant::now()));
        while self.0.len() > MOST || self.0.iter().map(|(.., bytes, _)| bytes).sum::<u64>() > MOST_BYTES {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn which(tag: &str) -> Which {
        Which {
            scope: Scope::Global,
            sid: "S-1-5-21-1-2-3-4".parse().expect("it is a SID"),
            tag: tag.to_owned(),
        }
    }

    #[test]
    fn what_was_not_looked_at_for_longest_goes_first() {
        let mut opened = Opened::default();
        opened.keep(which("a"), Arc::default(), 40 << 20);
        opened.keep(which("b"), Arc::default(), 20 << 20);
        assert!(opened.get(&which("a")).is_some());
        opened.keep(which("c"), Arc::default(), 20 << 20);
        assert!(opened.get(&which("b")).is_none() && opened.get(&which("a")).is_some());
        opened.keep(which("large"), Arc::default(), MOST_BYTES + 1);
        assert!(opened.get(&which("large")).is_none() && opened.get(&which("c")).is_some());
    }
}
