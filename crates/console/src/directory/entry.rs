use ldap3::SearchEntry;
use mp_profile::Sid;

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum EntryKind {
    User,
    Group,
}

/// A user or a group of the directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DirectoryEntry {
    /// Distinguished name.
    pub(crate) dn: String,
    pub(crate) sid: Sid,
    /// `DOMAIN\\name`.
    pub(crate) name: String,
    pub(crate) display_name: String,
}

/// The attributes that an entry is made of.
pub(super) const ATTRIBUTES: [&str; 4] = ["objectSid", "sAMAccountName", "displayName", "cn"];

/// Reads an entry; none where it has no identifier or no name.
pub(super) fn read(domain: &str, entry: &SearchEntry) -> Option<DirectoryEntry> {
    let text = |name: &str| entry.attrs.get(name).and_then(|values| values.first()).cloned();
    let account = text("sAMAccountName")?;
    Some(DirectoryEntry {
        dn: entry.dn.clone(),
        sid: sids(entry, "objectSid").into_iter().next()?,
        name: format!("{domain}\\{account}"),
        display_name: text("displayName").or_else(|| text("cn")).unwrap_or_default(),
    })
}

/// The security identifiers of an attribute, those of users and groups of a domain alone.
pub(super) fn sids(entry: &SearchEntry, name: &str) -> Vec<Sid> {
    // An identifier that happens to be Unicode text is told as text.
    let texts = entry.attrs.get(name).into_iter().flatten().map(String::as_bytes);
    let bytes = entry.bin_attrs.get(name).into_iter().flatten().map(Vec::as_slice);
    texts.chain(bytes).filter_map(sid_of).collect()
}

/// A security identifier of its binary form ([MS-DTYP] 2.4.2.2).
fn sid_of(bytes: &[u8]) -> Option<Sid> {
    let (&[revision, count, authority @ ..], rest) = bytes.split_first_chunk::<8>()?;
    let (parts, left) = rest.as_chunks::<4>();
    if revision != 1 || parts.len() != usize::from(count) || !left.is_empty() {
        return None;
    }
    let authority = authority.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let parts: String = parts.iter().map(|part| format!("-{}", u32::from_le_bytes(*part))).collect();
    format!("S-1-{authority}{parts}").parse().ok()
}

/// The binary form of a security identifier, as a filter holds it (RFC 4515, 3).
pub(super) fn filter_text(sid: &Sid) -> String {
    let numbers: Vec<u64> = sid.as_str().split('-').skip(2).filter_map(|part| part.parse().ok()).collect();
    let (authority, parts) = numbers.split_first().map_or((0, [].as_slice()), |(first, rest)| (*first, rest));
    let count = u8::try_from(parts.len()).unwrap_or_default();
    let mut bytes = vec![1, count];
    bytes.extend_from_slice(&authority.to_be_bytes()[2..]);
    for part in parts {
        bytes.extend_from_slice(&u32::try_from(*part).unwrap_or_default().to_le_bytes());
    }
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 28] =
        [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xE9, 3, 0, 0];

    #[test]
    fn an_identifier_goes_to_bytes_and_back() {
        let sid = sid_of(&BYTES).expect("it is one");
        assert_eq!(sid.as_str(), "S-1-5-21-1-2-3-1001");
        let escaped: String = BYTES.iter().map(|byte| format!("\\{byte:02x}")).collect();
        assert_eq!(filter_text(&sid), escaped);
    }

    #[test]
    fn what_is_no_identifier_of_a_domain_is_none() {
        for length in 0..BYTES.len() {
            assert_eq!(sid_of(&BYTES[..length]), None);
        }
        // BUILTIN\Administrators, another revision, and more than is said.
        assert_eq!(sid_of(&[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0]), None);
        assert_eq!(sid_of(&[&[2], &BYTES[1..]].concat()), None);
        assert_eq!(sid_of(&[&BYTES[..], &[0, 0, 0, 0]].concat()), None);
    }
}
