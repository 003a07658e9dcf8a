use mp_storage::at_rest::{MAX_RECORD, Stored, wrapped_by};

/// The head of a stored file, sealed or not, and the record of a data key: reading never panics, and nothing is promised that is
/// longer than any stored file.
///
/// # Panics
/// When that is not so.
pub fn sealed(data: &[u8]) {
    if let Ok(stored) = Stored::parse(data)
        && let Some(envelope) = stored.envelope
    {
        assert!(stored.stored_len <= Stored::max_len(), "a length over the limit was taken");
        assert!(stored.stored_len > stored.len, "a sealed file is longer than what is in it");
        assert_eq!((stored.len, stored.digest), (envelope.len, envelope.digest));
    }
    if let Ok(text) = str::from_utf8(data)
        && let Ok(key) = wrapped_by(text)
    {
        assert!(text.len() <= MAX_RECORD, "an overlong record was taken");
        assert!(text.to_ascii_lowercase().contains(&key.to_string()), "another key than the record says");
    }
}
