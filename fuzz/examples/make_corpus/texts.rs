use mp_registry::{
    KeyEdit, KeyPath,
    reg_text::{CodePage, HiveRoot, write_v4, write_v5},
};

use crate::{Seed, trees};

const V5: &str = "Windows Registry Editor Version 5.00\r\n\r\n";

/// Lines in which each form of the grammar, and each of its oddities, stands once.
const BODIES: [(&str, &str); 12] = [
    ("strings", "[HKCU\\K]\r\n@=\"a\\\\b\\\"c\"\r\n\"n\"=\"x\r\ny\\r\\n\" ; c\r\n\"\"=\"\"\r\n"),
    ("numbers", "[HKCU\\K]\r\n\"a\"=dword:1\r\n\"b\" = DWORD: ffffffff;c\r\n"),
    (
        "bytes",
        "[HKCU\\K]\r\n\"a\"=hex:\r\n\"b\"=hex(7):0,1,\\ ; c\r\n\r\n ;c\r\n  02,\r\n\"c\"=hex(ffffffff):\\\r\n  01\r\n",
    ),
    (
        "deletions",
        "[-HKCU\\K]\r\n\"x\"=-\r\n[HKCU\\K]\r\n@=-\r\n\"x\"=-\r\n[-HKCU\\K\\L\\M]\r\n[-HKLM\\a\\b]\r\n[HKLM\\a]",
    ),
    (
        "recreated",
        "[HKCU\\a\\b]\r\n[-HKCU\\A]\r\n[HKCU\\a\\c]\r\n[-HKCU\\a\\C]\r\n[-HKCU\\a]\r\n[-HKCU\\a\\d]",
    ),
    (
        "roots",
        "[HKEY_CLASSES_ROOT\\a]\r\n[hku\\b]\r\n[HKEY_CURRENT_CONFIG]\r\n[HKEY_LOCAL_MACHINE\\\\c\\]\r\n",
    ),
    ("brackets", "[HKCU\\a]b]c] ; d]\r\n[HKCU\\-[]\r\n\"]=[\"=\";\"\r\n"),
    ("comments", ";a\r\n#b\r\n \t;c\\\r\n[HKCU\\K];\"d\"=-\r\n"),
    ("last-wins", "[HKCU\\K]\r\n\"v\"=dword:1\r\n\"V\"=-\r\n\"v\"=hex(4):1\r\n[HKCU\\k]\r\n\"v\"=\"2\""),
    ("unclosed", "[HKCU\\K]\r\n\"v\"=\"a\r\n\r\n"),
    ("no-key", "\"v\"=\"a\"\r\n"),
    ("continued-to-the-end", "[HKCU\\K]\r\n\"v\"=hex:01,\\"),
];

pub(crate) fn seeds() -> Vec<Seed> {
    let mut seeds: Vec<Seed> =
        BODIES.map(|(name, body)| (format!("{name}.reg"), format!("{V5}{body}").into_bytes())).to_vec();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = format!("{V5}{}", BODIES[0].1);
    seeds.push(("utf16-unmarked.reg".into(), utf16(&text)));
    seeds.push(("utf8-marked.reg".into(), [b"\xEF\xBB\xBF", text.as_bytes()].concat()));
    seeds.push(("utf16-big-endian.reg".into(), b"\xFE\xFF\0W\0i\0n".to_vec()));
    let mut lone = utf16(&format!("\u{FEFF}{V5}[HKCU\\?]\r\n\"?\"=\"?\""));
    lone.iter_mut().filter(|byte| **byte == b'?').for_each(|byte| *byte = 0);
    for pair in lone.chunks_exact_mut(2).filter(|pair| *pair == [0, 0]) {
        pair[1] = 0xD8;
    }
    seeds.push(("lone-surrogates.reg".into(), lone));
    seeds.push((
        "ansi.reg".into(),
        b"REGEDIT4\r\n[HKCU\\\xC4]\r\n\"\x95\x5C\"=\"\x80\"\r\n\"e\"=hex(2):e9,00\r\n\"m\"=hex(7):95,5c,00,00".to_vec(),
    ));
    let top = KeyPath::root();
    let at = KeyPath::parse("Software\\X");
    let everything = KeyEdit::write(&trees::everything());
    let wide = KeyEdit::write(&trees::wide());
    let written = [
        ("everything.reg", write_v5(&[(HiveRoot::CurrentUser, &at, &everything)])),
        ("wide.reg", write_v4(&[(HiveRoot::Users, &at, &wide)], CodePage::default())),
        ("edits.reg", {
            let mut edits = trees::edits();
            edits.ensure_passed();
            write_v5(&[(HiveRoot::LocalMachine, &top, &edits), (HiveRoot::Users, &at, &wide)])
        }),
    ];
    seeds.extend(written.map(|(name, bytes)| (name.to_owned(), bytes.unwrap())));
    seeds
}
