//! Our entries in the local Group Policy's texts come and go, and nobody else's are touched.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use mp_agent::group_policy::{
    Encoding, ScriptEntry, add_script, decode, encode, has_scripts, remove_script, with_user_scripts,
};
use proptest::prelude::*;

const AGENT: &str = r"C:\Program Files\MetaProfiles\metaprofiles-agent.exe";
const PAIR: &str = "[{42B5FAAE-6536-11D2-AE5A-0000F87571E3}{40B66650-4972-11D1-A7CA-0000F87571E3}]";

fn ours(parameters: &str) -> ScriptEntry {
    ScriptEntry { command: AGENT.to_owned(), parameters: parameters.to_owned() }
}

#[test]
fn an_empty_policy_gets_our_scripts_and_loses_them_again() {
    let ini = add_script("", "Logon", &ours("logon"));
    let ini = add_script(&ini, "Logoff", &ours("logoff"));
    let expected = format!(
        "[Logon]\r\n0CmdLine={AGENT}\r\n0Parameters=logon\r\n[Logoff]\r\n0CmdLine={AGENT}\r\n0Parameters=logoff\r\n"
    );
    assert_eq!(ini, expected);
    assert!(has_scripts(&ini));
    // Once more changes nothing.
    assert_eq!(add_script(&ini, "logon", &ours("logon")), ini);
    let gone = remove_script(&remove_script(&ini, "Logon", AGENT), "Logoff", AGENT);
    assert_eq!(gone, "[Logon]\r\n[Logoff]\r\n");
    assert!(!has_scripts(&gone));
}

#[test]
fn scripts_of_others_stay_in_their_order() {
    let others = "\r\n; by hand\r\n[Startup]\r\n0CmdLine=boot.cmd\r\n0Parameters=\r\n[Logon]\r\n0CmdLine=\\\\fs\\a.cmd\r\n0Parameters=/x\r\n1CmdLine=b.cmd\r\n1Parameters=\r\nWhatever=1\r\n";
    let with = add_script(others, "Logon", &ours("logon"));
    assert!(with.contains(&format!("2CmdLine={AGENT}\r\n2Parameters=logon\r\n")), "{with}");
    for kept in [
        "; by hand",
        "[Startup]\r\n0CmdLine=boot.cmd",
        "0CmdLine=\\\\fs\\a.cmd\r\n0Parameters=/x",
        "Whatever=1",
    ] {
        assert!(with.contains(kept), "{kept} is lost in {with}");
    }
    // A newer version from another folder takes the older one's place.
    let moved =
        ScriptEntry { command: r"D:\mp\METAPROFILES-AGENT.EXE".to_owned(), parameters: "logon".to_owned() };
    let with = add_script(&with, "Logon", &moved);
    assert!(with.contains("2CmdLine=D:\\mp\\METAPROFILES-AGENT.EXE") && !with.contains("3CmdLine"));
    // Those behind ours move up when it goes.
    let first = add_script("", "Logon", &ours("logon"));
    let both =
        add_script(&first, "Logon", &ScriptEntry { command: "z.cmd".to_owned(), parameters: "1".to_owned() });
    let left = remove_script(&both, "Logon", AGENT);
    assert_eq!(left, "[Logon]\r\n0CmdLine=z.cmd\r\n0Parameters=1\r\n");
}

#[test]
fn the_policy_says_that_it_has_scripts_and_counts_its_changes() {
    let gpt = with_user_scripts("", true, true);
    assert_eq!(gpt, format!("[General]\r\nVersion=65536\r\ngPCUserExtensionNames={PAIR}\r\n"));
    assert_eq!(with_user_scripts(&gpt, true, false), gpt, "nothing changed");
    let again = with_user_scripts(&gpt, true, true);
    assert!(again.contains("Version=131072"), "{again}");
    let gone = with_user_scripts(&again, false, true);
    assert_eq!(gone, "[General]\r\nVersion=196608\r\n");
}

#[test]
fn other_extensions_and_the_machines_version_stay() {
    let before = "[General]\r\ngPCMachineExtensionNames=[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F72-3407-48AE-BA88-E8213C6761F1}]\r\nVersion=4294901767\r\ngPCUserExtensionNames=[{B087BE9D-ED37-454F-AF9C-04291E351182}{BEE07A6A-EC9F-4659-B8C9-0B1937907C83}]\r\ndisplayName=x\r\n";
    let with = with_user_scripts(before, true, true);
    // Sorted; the users' count begins again, the machine's is as it was.
    assert!(with.contains(&format!("gPCUserExtensionNames={PAIR}[{{B087BE9D")), "{with}");
    assert!(with.contains(&format!("Version={}", 1 << 16 | 7)), "{with}");
    assert!(with.contains("gPCMachineExtensionNames=[{35378EAC") && with.contains("displayName=x"));
    let without = with_user_scripts(&with, false, true);
    assert!(without.contains("gPCUserExtensionNames=[{B087BE9D-ED37-454F-AF9C-04291E351182}{BEE07A6A"));
    assert!(!without.contains("42B5FAAE"));
}

#[test]
fn files_come_back_as_they_were() {
    for bytes in [&b"[General]\r\nx=\xE4\x80\r\n"[..], b"", b"\xFF\xFE[\0a\0]\0\xE4\0"] {
        let (text, encoding) = decode(bytes);
        assert_eq!(encode(&text, encoding), bytes);
    }
    assert_eq!(encode("ä", Encoding::Utf16), [0xFF, 0xFE, 0xE4, 0]);
    // A path that one byte per character cannot hold.
    assert_eq!(encode("ж", Encoding::Bytes), [0xFF, 0xFE, 0x36, 0x04]);
}

proptest! {
    /// Whatever stands in the file: what was added and removed leaves the others' scripts as they were.
    #[test]
    fn any_text_survives(text in "(\\[(Logon|Logoff|Other)\\]\r\n|[0-9]{1,2}(CmdLine|Parameters)=[a-z]{0,5}\r\n|[a-z=;]{0,9}\r\n){0,12}") {
        let settled = remove_script(&add_script(&text, "Logon", &ours("logon")), "Logon", AGENT);
        let with = add_script(&settled, "Logon", &ours("logon"));
        prop_assert!(has_scripts(&with));
        prop_assert_eq!(add_script(&with, "Logon", &ours("logon")), with.clone());
        prop_assert_eq!(remove_script(&with, "Logon", AGENT), settled);
    }
}
