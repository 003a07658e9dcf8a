use mp_dataset::{DataSet, HEADER_LEN, Header, Intact, Limits, decode, encode};

/// Enough for everything in the corpus, and little enough that a hostile length shows as a slow run.
const CONTENT: u64 = 1 << 20;

/// Data sets: decoding never panics, and what was decoded encodes to what decodes to the same.
///
/// The bytes are taken as a file, as a file whose seal is made right, and as the content that a sound file holds.
///
/// # Panics
/// When that is not so.
pub fn dataset(data: &[u8]) {
    round_trip(data);
    if let Ok(header) = Header::parse(data) {
        let body = data.get(HEADER_LEN..).unwrap_or_default();
        round_trip(&file(header.dictionary, header.content_len, body));
    } else if let Ok(body) = zstd::bulk::compress(data, 1) {
        round_trip(&file(0, data.len() as u64, &body));
    }
}

/// A sealed file of format version 1 (`docs/formats/dataset.md`, section 3).
fn file(dictionary: u32, content_len: u64, body: &[u8]) -> Vec<u8> {
    let mut file = b"\x89MPD\r\n\x1A\n\x01\0\0\0".to_vec();
    file.extend(dictionary.to_le_bytes());
    file.extend((body.len() as u64).to_le_bytes());
    file.extend(content_len.to_le_bytes());
    let seal = blake3::Hasher::new().update(&file).update(body).finalize();
    file.extend(seal.as_bytes());
    file.extend(body);
    file
}

fn round_trip(bytes: &[u8]) {
    let limits = Limits { content: CONTENT, ..Limits::default() };
    let decoded = decode(bytes, &limits).map(mp_dataset::Verified::into_data_set);
    let checked = Intact::check(bytes, &limits).and_then(|intact| intact.check_content(&limits));
    match (&decoded, &checked) {
        (Ok(set), Ok(origin)) => assert_eq!(&set.origin, origin, "checked as another user's"),
        (Err(_), Err(_)) => {}
        _ => panic!("decoding gives {decoded:?}, checking gives {checked:?}"),
    }
    let Ok(decoded) = decoded else { return };
    let encoded = encoded(&decoded);
    match decode(&*encoded, &Limits::default()) {
        Ok(back) => assert_eq!(back.into_data_set(), decoded, "decodes to something else once encoded"),
        Err(error) => panic!("what was encoded cannot be decoded: {error}"),
    }
    assert!(self::encoded(&decoded) == encoded, "one data set was encoded to different bytes");
}

fn encoded(set: &DataSet) -> Vec<u8> {
    let mut bytes = Vec::new();
    match encode(set, &mut bytes) {
        Ok(_) => bytes,
        Err(error) => panic!("what was decoded cannot be encoded: {error}"),
    }
}
