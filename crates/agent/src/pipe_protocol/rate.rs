use std::{collections::HashMap, time::Duration};

/// Requests that a user may make at once.
const BURST: u32 = 20;
/// Time after which one more is allowed.
const REFILL: Duration = Duration::from_secs(1);
/// Users remembered; the one who asked longest ago is forgotten first.
const MAX_USERS: usize = 4096;

/// How often each user may ask: 20 requests at once, then one per second.
#[derive(Debug, Default)]
pub struct RateLimit {
    users: HashMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    left: u32,
    filled: Duration,
}

impl RateLimit {
    /// Whether this user (a SID in text form) may ask now; `now` is the time since any fixed moment and never goes back.
    pub fn allows(&mut self, user: &str, now: Duration) -> bool {
        if !self.users.contains_key(user) && self.users.len() >= MAX_USERS {
            let oldest =
                self.users.iter().min_by_key(|(_, bucket)| bucket.filled).map(|(user, _)| user.clone());
            self.users.remove(&oldest.unwrap_or_default());
        }
        let bucket = self.users.entry(user.to_owned()).or_insert(Bucket { left: BURST, filled: now });
        let gained = now.saturating_sub(bucket.filled).as_millis() / REFILL.as_millis();
        if gained > 0 {
            bucket.left = bucket.left.saturating_add(u32::try_from(gained).unwrap_or(BURST)).min(BURST);
            bucket.filled = now;
        }
        match bucket.left.checked_sub(1) {
            Some(left) => {
                bucket.left = left;
                true
            }
            None => false,
        }
    }
}
