use std::time::{Duration, UNIX_EPOCH};

use mp_registry::{FileTime, KeyPath, Name, RegistryError, RegistryErrorKind, Value, ValueType};

#[test]
fn file_times_are_exact_to_100_ns_and_round_down() {
    let at = |nanos: u64| FileTime::from_system(UNIX_EPOCH + Duration::from_nanos(nanos)).0;
    let before = |nanos: u64| FileTime::from_system(UNIX_EPOCH - Duration::from_nanos(nanos)).0;
    let epoch = FileTime::UNIX_EPOCH.0;
    assert_eq!([at(0), at(99), at(100)], [epoch, epoch, epoch + 1]);
    assert_eq!([before(1), before(100), before(101)], [epoch - 1, epoch - 1, epoch - 2]);
    assert_eq!(FileTime::from_system(UNIX_EPOCH - Duration::from_secs(500 * 365 * 86_400)), FileTime(0));
    // 2009-07-25 23:00:00 UTC, an example of Microsoft's documentation of file times.
    assert_eq!(
        FileTime::from_system(UNIX_EPOCH + Duration::from_secs(1_248_562_800)).0,
        128_930_364_000_000_000
    );
    for time in [0, 1, epoch - 1, epoch, epoch + 12_345_678_901] {
        assert_eq!(FileTime::from_system(FileTime(time).to_system().unwrap()), FileTime(time));
    }
}

#[test]
fn text_is_read_only_where_it_is_text() {
    assert_eq!(Value::sz("v", "a€").to_text().as_deref(), Some("a€"));
    assert_eq!(Value::expand_sz("v", "%A%").to_text().as_deref(), Some("%A%"));
    let sz = |data: &[u8]| Value::new("v", ValueType::SZ, data).to_text();
    assert_eq!(sz(b"a\0"), Some("a".to_owned()), "not terminated");
    assert_eq!(sz(b"a\0\0\0b\0"), Some("a".to_owned()), "ends at the first NUL");
    assert_eq!(sz(b""), Some(String::new()));
    assert_eq!(sz(b"a\0b"), None, "odd length");
    assert_eq!(sz(b"\0\xD8"), None, "lone surrogate");
    assert_eq!(Value::dword("v", 1).to_text(), None);
}

#[test]
fn names_are_shown_so_that_nothing_hides() {
    let name = Name::from_units([0x61, 0, 0xD800, 0x62, 0xD834, 0xDD1E]);
    assert_eq!(name.to_string(), "a\\u{0}\\u{D800}b𝄞");
    assert_eq!(name.to_text(), None);
    assert_eq!(format!("{:?}", KeyPath::parse("\\a\\\\b\\")), "\"a\\b\"");
}

#[test]
fn types_have_their_names() {
    let shown = [0, 1, 7, 11, 12, 0xFFFF_0012].map(|ty| format!("{:?}", ValueType(ty)));
    assert_eq!(shown, ["REG_NONE", "REG_SZ", "REG_MULTI_SZ", "REG_QWORD", "0xc", "0xffff0012"]);
}

#[test]
fn errors_say_what_was_done_to_what() {
    let error = RegistryError {
        doing: "set value",
        path: KeyPath::parse("Software\\X"),
        value: Some(Name::from("v")),
        cause: RegistryErrorKind::System { code: 0xC000_009A, text: String::new() },
    };
    assert_eq!(error.to_string(), "cannot set value \"v\" of \"Software\\X\": error 0xc000009a");
}
