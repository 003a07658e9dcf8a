//! What is left out of every data set unless an administrator names it, and what is left out always.
//!
//! A data subset that merely includes `Software` must not carry policies, autoruns or machine-bound state from host to host:
//! a user owns the profile, so what is written there at logon must not become a way to start programs everywhere.

/// What an exclusion is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Excluded {
    /// A key with all below it; path below `HKEY_CURRENT_USER`, `*` and `?` within one name.
    Key(&'static str),
    /// One value of a key.
    Value(&'static str, &'static str),
    /// A folder with all below it; path below the profile folder at its default place.
    Folder(&'static str),
    /// Files of this name, wherever they are.
    File(&'static str),
}

/// One built-in exclusion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// Stable code: `MP-EXC-001`.
    pub code: &'static str,
    /// What it is about.
    pub excluded: Excluded,
    /// Whether no rule can lift it. Others are lifted by an include rule that spells the place out, at least as deep.
    pub absolute: bool,
    /// Why, in one sentence for the administrator.
    pub reason: &'static str,
}

const fn of(code: &'static str, excluded: Excluded, reason: &'static str) -> Exclusion {
    Exclusion { code, excluded, absolute: false, reason }
}

const fn never(code: &'static str, excluded: Excluded, reason: &'static str) -> Exclusion {
    Exclusion { code, excluded, absolute: true, reason }
}

use Excluded::{File, Folder, Key, Value};

const POLICY: &str = "Policies belong to Group Policy and to the plan's templates, which write them anew at each logon; users \
     may only read them (Microsoft, \"Registry-based policy\").";
const AUTORUN: &str = "It starts a program at logon or at another program's start; a data set must not spread that from one \
     session host to others (MITRE ATT&CK T1547, T1546).";
const HIJACK: &str = "It redirects what system programs start for this user (COM or verb hijack, MITRE ATT&CK T1546.015, T1548.002).";
const USER_CHOICE: &str = "Windows binds it by a hash to the key's write time, and UCPD.sys may refuse writers; use the policy \
     DefaultAssociationsConfiguration.";
const OPAQUE: &str = "Its layout belongs to one build of Windows and is not portable between session hosts.";
const PLACES: &str =
    "It says where this machine keeps the user's folders; folder redirection and Windows write it.";
const SESSION: &str = "It describes the running session and is volatile.";
const PRINTERS: &str = "It lists the printers of this session; the spooler writes it.";
const DPAPI: &str = "Data Protection keys and what they protect are useful only together and before their first use; name the \
     folders in a data subset of a synchronous plan (Microsoft, \"Windows Data Protection\").";
const CACHE: &str = "It is a cache or scratch space that its program can make anew.";
const BROWSER: &str = "It is a browser's cache, large and made anew by the browser.";
const OFFICE: &str = "Office loads code from it at start (MITRE ATT&CK T1137).";
const HIVE: &str = "It is the registry hive itself or its log; the registry travels value by value.";

/// All built-in exclusions, in the order of their codes. A code is never used again for something else.
#[rustfmt::skip]
pub const EXCLUSIONS: &[Exclusion] = &[
    never("MP-EXC-001", Key("Software\\MetaProfiles"), "It is this product's own note about the running session."),
    never("MP-EXC-002", Key("Software\\Policies"), POLICY),
    never("MP-EXC-003", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Policies"), POLICY),
    never("MP-EXC-004", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Group Policy*"), "Group Policy keeps its own state and the user's script list here."),
    of("MP-EXC-010", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Run"), AUTORUN),
    of("MP-EXC-011", Key("Software\\Microsoft\\Windows\\CurrentVersion\\RunOnce*"), AUTORUN),
    of("MP-EXC-012", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Load"), AUTORUN),
    of("MP-EXC-013", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Run"), AUTORUN),
    of("MP-EXC-014", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Shell"), AUTORUN),
    of("MP-EXC-015", Value("Environment", "UserInitMprLogonScript"), AUTORUN),
    of("MP-EXC-016", Value("Control Panel\\Desktop", "SCRNSAVE.EXE"), AUTORUN),
    of("MP-EXC-017", Value("Software\\Microsoft\\Command Processor", "AutoRun"), AUTORUN),
    of("MP-EXC-018", Key("Software\\Microsoft\\Office\\*\\Addins"), OFFICE),
    of("MP-EXC-020", Key("Software\\Classes"), "It is a link to another hive, which starts empty with a mandatory profile; name the class keys that are to be kept."),
    of("MP-EXC-021", Key("Software\\Classes\\CLSID"), HIJACK),
    of("MP-EXC-022", Key("Software\\Classes\\*\\shell\\*\\command"), HIJACK),
    of("MP-EXC-023", Key("Software\\Classes\\ms-settings"), HIJACK),
    of("MP-EXC-024", Key("Software\\Classes\\Wow6432Node\\CLSID"), HIJACK),
    of("MP-EXC-030", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\FileExts\\*\\UserChoice*"), USER_CHOICE),
    of("MP-EXC-031", Key("Software\\Microsoft\\Windows\\Shell\\Associations\\UrlAssociations\\*\\UserChoice*"), USER_CHOICE),
    of("MP-EXC-032", Key("Software\\Microsoft\\Windows\\CurrentVersion\\CloudStore"), OPAQUE),
    of("MP-EXC-033", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\StartPage*"), OPAQUE),
    of("MP-EXC-040", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders"), PLACES),
    of("MP-EXC-041", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders"), PLACES),
    of("MP-EXC-042", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\SessionInfo"), SESSION),
    of("MP-EXC-043", Key("Volatile Environment"), SESSION),
    of("MP-EXC-050", Key("Software\\Microsoft\\Windows NT\\CurrentVersion\\Devices"), PRINTERS),
    of("MP-EXC-051", Key("Software\\Microsoft\\Windows NT\\CurrentVersion\\PrinterPorts"), PRINTERS),
    of("MP-EXC-052", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Device"), PRINTERS),
    never("MP-EXC-100", File("ntuser.dat*"), HIVE),
    never("MP-EXC-101", File("ntuser.man*"), HIVE),
    never("MP-EXC-102", File("ntuser.pol"), "Group Policy keeps in it what it wrote into this load of the hive."),
    never("MP-EXC-103", File("ntuser.ini"), "Windows keeps this profile's own settings in it."),
    never("MP-EXC-104", File("UsrClass.dat*"), HIVE),
    of("MP-EXC-110", Folder("AppData\\Local\\Temp"), CACHE),
    of("MP-EXC-111", Folder("AppData\\Local\\Microsoft\\Windows\\INetCache"), CACHE),
    of("MP-EXC-112", Folder("AppData\\Local\\Microsoft\\Windows\\Temporary Internet Files"), CACHE),
    of("MP-EXC-113", File("*.ost"), "It is Outlook's copy of a mailbox, which Outlook makes anew from the server."),
    of("MP-EXC-120", Folder("AppData\\Local\\Google\\Chrome\\User Data\\*\\*Cache*"), BROWSER),
    of("MP-EXC-121", Folder("AppData\\Local\\Google\\Chrome\\User Data\\*\\Service Worker\\*"), BROWSER),
    of("MP-EXC-122", Folder("AppData\\Local\\Microsoft\\Edge\\User Data\\*\\*Cache*"), BROWSER),
    of("MP-EXC-123", Folder("AppData\\Local\\Microsoft\\Edge\\User Data\\*\\Service Worker\\*"), BROWSER),
    of("MP-EXC-124", Folder("AppData\\Local\\Mozilla\\Firefox\\Profiles\\*\\*cache*"), BROWSER),
    of("MP-EXC-130", Folder("AppData\\Roaming\\Microsoft\\Protect"), DPAPI),
    of("MP-EXC-131", Folder("AppData\\Roaming\\Microsoft\\Credentials"), DPAPI),
    of("MP-EXC-132", Folder("AppData\\Local\\Microsoft\\Credentials"), DPAPI),
    of("MP-EXC-133", Folder("AppData\\Roaming\\Microsoft\\Vault"), DPAPI),
    of("MP-EXC-134", Folder("AppData\\Local\\Microsoft\\Vault"), DPAPI),
    of("MP-EXC-135", Folder("AppData\\Roaming\\Microsoft\\Crypto"), DPAPI),
    of("MP-EXC-136", Folder("AppData\\Local\\Microsoft\\Crypto"), DPAPI),
    of("MP-EXC-137", Folder("AppData\\Roaming\\Microsoft\\SystemCertificates\\My"), DPAPI),
    of("MP-EXC-140", Folder("AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"), AUTORUN),
    of("MP-EXC-141", Folder("AppData\\Roaming\\Microsoft\\Word\\STARTUP"), OFFICE),
    of("MP-EXC-142", Folder("AppData\\Roaming\\Microsoft\\Excel\\XLSTART"), OFFICE),
    of("MP-EXC-143", Folder("AppData\\Roaming\\Microsoft\\AddIns"), OFFICE),
];

#[cfg(test)]
mod tests {
    use super::EXCLUSIONS;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(EXCLUSIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
