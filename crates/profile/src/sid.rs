use std::{fmt, str::FromStr};

/// A user's security identifier in text form.
///
/// INVARIANT: matches `S-1-5-21-a-b-c-d` (domain or local account) or `S-1-12-1-a-b-c-d` (Entra account), each number a
/// `u32` in decimal without leading zeros. So it is safe as a file name and as the name of a key below `HKEY_USERS`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid(String);

/// A text is not the SID of a user whose profile can be kept.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"{text}\" is not a user's SID: expected S-1-5-21-a-b-c-d or S-1-12-1-a-b-c-d with decimal numbers below 2^32"
)]
pub struct InvalidSid {
    /// The text, cut to 200 characters.
    text: String,
}

impl Sid {
    /// The SID's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sid {
    type Err = InvalidSid;

    fn from_str(text: &str) -> Result<Self, InvalidSid> {
        let invalid = || InvalidSid { text: text.chars().take(200).collect() };
        let numbers =
            text.strip_prefix("S-1-5-21-").or_else(|| text.strip_prefix("S-1-12-1-")).ok_or_else(invalid)?;
        let parts: Vec<&str> = numbers.split('-').collect();
        let plain = |part: &&str| {
            (part.len() == 1 || !part.starts_with('0'))
                && part.bytes().all(|byte| byte.is_ascii_digit())
                && part.parse::<u32>().is_ok()
        };
        if parts.len() == 4 && parts.iter().all(plain) { Ok(Self(text.to_owned())) } else { Err(invalid()) }
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Sid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Sid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Sid;

    #[test]
    fn takes_users_and_nothing_else() {
        for good in [
            "S-1-5-21-1004336348-1177238915-682003330-512",
            "S-1-12-1-1-2-3-4294967295",
            "S-1-5-21-0-0-0-1000",
        ] {
            assert_eq!(good.parse::<Sid>().map(|sid| sid.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "S-1-5-18",
            "S-1-5-21-1-2-3",
            "S-1-5-21-1-2-3-4-5",
            "s-1-5-21-1-2-3-4",
            "S-1-5-21-1-2-3-4294967296",
            "S-1-5-21-1-2-3-04",
            "S-1-5-21-1-2-3-+4",
            "S-1-5-21-1-2-3-4_Classes",
            "S-1-5-21-1-2-3-",
            "S-1-5-21-1-2-3-4/..",
            "S-1-5-21-1-2-3-٤",
            " S-1-5-21-1-2-3-4",
            "S-1-5-80-1-2-3-4",
        ] {
            assert!(bad.parse::<Sid>().is_err(), "{bad}");
        }
    }
}
