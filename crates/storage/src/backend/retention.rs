use mp_profile::Scope;
use mp_protocol::StoragePlan;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Which former versions of a data set stay. The newest former version and pinned ones stay in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// The newest so many, pinned ones not counted; 0 counts as 1.
    pub versions: u32,
    /// Those that were replaced at most so many milliseconds ago; `None` for any age.
    pub age: Option<u64>,
    /// The newest of so many bytes together, pinned ones not counted; `None` for any size.
    pub bytes: Option<u64>,
}

impl Retention {
    /// What a plan says for a scope.
    #[must_use]
    pub fn of(plan: &StoragePlan, scope: &Scope) -> Self {
        match plan.retention.iter().find(|rule| rule.scope == *scope) {
            None => Self::newest(plan.keep_versions),
            Some(rule) => Self {
                versions: rule.keep_versions,
                age: rule.keep_days.map(|days| u64::from(days) * DAY),
                bytes: rule.keep_bytes,
            },
        }
    }

    /// The newest `versions`, of any age and size.
    #[must_use]
    pub fn newest(versions: u32) -> Self {
        Self { versions, age: None, bytes: None }
    }

    /// Whether the count alone decides, so that neither times nor sizes need to be looked at.
    #[must_use]
    pub fn is_by_count(&self) -> bool {
        self.age.is_none() && self.bytes.is_none()
    }

    /// Which of the former versions fall, as indices into `former`, whose members come newest first.
    #[must_use]
    pub fn falling(&self, former: &[Candidate], now: u64) -> Vec<usize> {
        let most = usize::try_from(self.versions.max(1)).unwrap_or(usize::MAX);
        let (mut count, mut bytes) = (0_usize, 0_u64);
        let mut falling = Vec::new();
        for (index, version) in former.iter().enumerate() {
            if version.pinned {
                continue;
            }
            if version.damaged {
                // It keeps nothing else away, and is kept as long as an intact one in its place would be.
                if index > 0 && count >= most {
                    falling.push(index);
                }
                continue;
            }
            count += 1;
            bytes = bytes.saturating_add(version.bytes);
            let old = self.age.is_some_and(|age| now.saturating_sub(version.replaced) > age);
            let large = self.bytes.is_some_and(|most| bytes > most);
            if index > 0 && (count > most || old || large) {
                falling.push(index);
            }
        }
        falling
    }
}

/// A former version, as far as retention looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Candidate {
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether it was found damaged.
    pub damaged: bool,
    /// Length in bytes.
    pub bytes: u64,
    /// When the next version was stored, or it was removed: milliseconds since 1970.
    pub replaced: u64,
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Retention};

    fn former(pinned: &[usize]) -> Vec<Candidate> {
        (0..6)
            .map(|index| Candidate {
                pinned: pinned.contains(&index),
                damaged: false,
                bytes: 10,
                replaced: 1000 - 100 * index as u64,
            })
            .collect()
    }

    #[test]
    fn falls_by_count_age_and_size_and_never_when_pinned_or_newest() {
        let by = |versions, age, bytes, pinned: &[usize]| {
            Retention { versions, age, bytes }.falling(&former(pinned), 1000)
        };
        assert_eq!(by(2, None, None, &[]), [2, 3, 4, 5]);
        assert_eq!(by(0, None, None, &[]), [1, 2, 3, 4, 5]);
        assert_eq!(by(2, None, None, &[1, 4]), [3, 5]);
        assert_eq!(by(9, Some(250), None, &[5]), [3, 4]);
        assert_eq!(by(9, None, Some(35), &[0]), [4, 5]);
        assert_eq!(by(9, Some(0), Some(0), &[]), [1, 2, 3, 4, 5], "the newest stays");
    }
}
