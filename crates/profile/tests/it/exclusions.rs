use mp_profile::{CompiledRules, Explanation};
use mp_registry::KeyPath;

use crate::support::{allowed, file, folder, key, rules, subset, values};

fn value_code(rules: &CompiledRules, path: &str, name: &str) -> Option<String> {
    match rules.explain_value(&KeyPath::parse(path), &name.into()) {
        Explanation::Excluded { code, reason, rule, .. } => {
            assert!(!reason.is_empty() && !rule.is_empty());
            Some(code)
        }
        Explanation::Kept { .. } => None,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn a_broad_rule_does_not_carry_what_is_excluded() {
    let rules = rules(&[subset("s", &[key("Software"), key("Environment"), key("Control Panel")], &[])]);
    for (path, name, code) in [
        ("Software\\MetaProfiles\\Session", "x", "MP-EXC-001"),
        ("Software\\Policies\\Microsoft", "x", "MP-EXC-002"),
        ("software\\microsoft\\windows\\currentversion\\policies\\x", "x", "MP-EXC-003"),
        ("Software\\Microsoft\\Windows\\CurrentVersion\\Group Policy Objects", "x", "MP-EXC-004"),
        ("Software\\Microsoft\\Windows\\CurrentVersion\\Run", "evil", "MP-EXC-010"),
        ("Software\\Microsoft\\Windows\\CurrentVersion\\RunOnceEx\\1", "evil", "MP-EXC-011"),
        ("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "LOAD", "MP-EXC-012"),
        ("Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Shell", "MP-EXC-014"),
        ("Environment", "UserInitMprLogonScript", "MP-EXC-015"),
        ("Control Panel\\Desktop", "scrnsave.exe", "MP-EXC-016"),
        ("Software\\Microsoft\\Command Processor", "AutoRun", "MP-EXC-017"),
        ("Software\\Classes\\.txt", "x", "MP-EXC-020"),
        (
            "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\FileExts\\.pdf\\UserChoiceLatest",
            "h",
            "MP-EXC-030",
        ),
        ("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Device", "MP-EXC-052"),
    ] {
        assert_eq!(value_code(&rules, path, name).as_deref(), Some(code), "{path}: {name}");
    }
    for (path, name) in [
        ("Control Panel\\Desktop", "Wallpaper"),
        ("Environment", "PATH"),
        ("Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Other"),
        ("Software\\Microsoft\\Windows\\CurrentVersion\\Runner", "x"),
    ] {
        assert_eq!(value_code(&rules, path, name), None, "{path}: {name}");
    }
}

#[test]
fn only_a_rule_that_spells_the_place_out_lifts_an_exclusion() {
    let cloud = "Software\\Microsoft\\Windows\\CurrentVersion\\CloudStore";
    let with = |rule| rules(&[subset("s", &[rule], &[])]);
    assert_eq!(value_code(&with(key(cloud)), cloud, "x"), None);
    for shallow in
        ["Software\\Microsoft\\Windows\\CurrentVersion", "Software\\Microsoft\\Windows\\*\\CloudStore"]
    {
        assert_eq!(value_code(&with(key(shallow)), cloud, "x").as_deref(), Some("MP-EXC-032"), "{shallow}");
    }
    let desktop = "Control Panel\\Desktop";
    let saver = |rule| value_code(&with(rule), desktop, "SCRNSAVE.EXE");
    assert_eq!(saver(key(desktop)).as_deref(), Some("MP-EXC-016"), "the whole key does not name the value");
    assert_eq!(saver(values(desktop, &["*"])).as_deref(), Some("MP-EXC-016"));
    assert_eq!(saver(allowed(values(desktop, &["scrnsave.exe"]))), None);
    let classes = with(key("Software\\Classes"));
    assert_eq!(value_code(&classes, "Software\\Classes\\.x", ""), None);
    assert_eq!(value_code(&classes, "Software\\Classes\\CLSID\\{1}", "").as_deref(), Some("MP-EXC-021"));
    assert_eq!(
        value_code(&classes, "Software\\Classes\\txtfile\\shell\\open\\command", "").as_deref(),
        Some("MP-EXC-022")
    );
}

#[test]
fn files_that_never_travel_or_only_when_named() {
    let code = |rules: &CompiledRules, path: &str| match rules.explain_file(&file(path)) {
        Explanation::Excluded { code, .. } => Some(code),
        Explanation::Kept { .. } => None,
        other => panic!("{path}: {other:?}"),
    };
    let all = rules(&[subset("s", &[], &[folder("Profile", "")])]);
    for (path, expected) in [
        ("Profile:NTUSER.DAT", "MP-EXC-100"),
        ("Profile:ntuser.dat.LOG1", "MP-EXC-100"),
        ("Profile:AppData\\Local\\Microsoft\\Windows\\UsrClass.dat", "MP-EXC-104"),
        ("Profile:AppData\\Local\\Temp\\x\\y", "MP-EXC-110"),
        ("Profile:AppData\\Local\\Microsoft\\Outlook\\a.OST", "MP-EXC-113"),
        ("Profile:AppData\\Local\\Google\\Chrome\\User Data\\Default\\Code Cache\\js\\x", "MP-EXC-120"),
        ("Profile:AppData\\Roaming\\Microsoft\\Protect\\S-1\\k", "MP-EXC-130"),
        ("Startup:evil.lnk", "MP-EXC-140"),
        ("Programs:Startup\\evil.lnk", "MP-EXC-140"),
        ("Documents:WindowsPowerShell\\Microsoft.PowerShell_profile.ps1", "MP-EXC-146"),
        ("Desktop:~metaprofiles-1-2.tmp", "MP-EXC-105"),
    ] {
        assert_eq!(code(&all, path).as_deref(), Some(expected), "{path}");
    }
    assert_eq!(code(&all, "Profile:AppData\\Local\\Google\\Chrome\\User Data\\Default\\Bookmarks"), None);

    let named = rules(&[subset("s", &[], &[folder("RoamingAppData", "Microsoft\\Protect")])]);
    assert_eq!(code(&named, "RoamingAppData:Microsoft\\Protect\\S-1\\k"), None);
    let hive = "RoamingAppData:Microsoft\\Protect\\ntuser.dat";
    assert_eq!(code(&named, hive).as_deref(), Some("MP-EXC-100"), "hives never");
}
