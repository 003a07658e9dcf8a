/// Greatest size, count and depth that a data set file may have (`docs/formats/dataset.md`, section 9).
///
/// A reader enforces them before it takes memory. [`encode`](crate::encode) enforces the defaults, so that what was written
/// can be read again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the compressed body.
    pub body: u64,
    /// Bytes of the decompressed content.
    pub content: u64,
    /// Content of more than [`Limits::RATIO_FREE`] bytes may be this many times as long as the body.
    pub ratio: u64,
    /// Keys, the root included.
    pub keys: usize,
    /// Value edits.
    pub values: usize,
    /// Bytes of the data of one value.
    pub value: usize,
    /// Keys on the way from the root to a key.
    pub depth: usize,
    /// UTF-16 code units of a key's name.
    pub key_name: usize,
    /// UTF-16 code units of a value's name.
    pub value_name: usize,
    /// UTF-16 code units of a key's class name.
    pub class_name: usize,
    /// Files and tombstones of files.
    pub files: usize,
    /// Bytes of one file.
    pub file: usize,
    /// UTF-16 code units of one component of a file's path.
    pub component: usize,
    /// Components of a file's path.
    pub components: usize,
    /// Bytes of UTF-8 of a text: the fields of the origin, a folder's name.
    pub text: usize,
    /// Fields of a later version in one map.
    pub unknown_fields: usize,
    /// Nesting of arrays, maps and tags in a field of a later version.
    pub nesting: usize,
}

impl Limits {
    /// Content of at most this many bytes may have any ratio to the body: a kept file of zeroes is legitimate.
    pub const RATIO_FREE: u64 = 64 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 128 << 20,
            content: 256 << 20,
            ratio: 2_000,
            keys: 1 << 18,
            values: 1 << 20,
            value: 64 << 20,
            depth: mp_registry::MAX_DEPTH,
            key_name: mp_registry::MAX_KEY_NAME,
            value_name: mp_registry::MAX_VALUE_NAME,
            class_name: 32_767,
            files: 1 << 16,
            file: 128 << 20,
            component: 255,
            components: 256,
            text: 1_024,
            unknown_fields: 256,
            nesting: 16,
        }
    }
}
