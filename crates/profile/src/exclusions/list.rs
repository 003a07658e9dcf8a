use super::{
    Excluded::{self, File, Folder, Key, Value},
    Exclusion, Lift,
};

const fn named(code: &'static str, excluded: Excluded, reason: &'static str) -> Exclusion {
    Exclusion { code, excluded, lift: Lift::Named, reason }
}

const fn autorun(code: &'static str, excluded: Excluded, reason: &'static str) -> Exclusion {
    Exclusion { code, excluded, lift: Lift::Allowed, reason }
}

const fn never(code: &'static str, excluded: Excluded, reason: &'static str) -> Exclusion {
    Exclusion { code, excluded, lift: Lift::Never, reason }
}

const POLICY: &str = "Policies belong to Group Policy and to the plan's templates, which write them anew at each logon; users \
     may only read them (Microsoft, \"Registry-based policy\").";
const AUTORUN: &str = "It starts a program at logon or at another program's start; a data set must not spread that from one \
     session host to others (MITRE ATT&CK T1547, T1546).";
const HIJACK: &str = "It redirects what system programs start for this user (COM or verb hijack, MITRE ATT&CK T1546.015, T1548.002).";
const SYSTEM_ROOT: &str =
    "Scheduled tasks of Windows start programs by it, some of them elevated (MITRE ATT&CK T1548.002).";
const POWERSHELL: &str = "PowerShell runs it at each start (MITRE ATT&CK T1546.013).";
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

/// [`TEMPORARY_FILES`] as a mask.
const LEFT_BEHIND: &str = "~metaprofiles-*.tmp";

/// All built-in exclusions, in the order of their codes. A code is never used again for something else.
#[rustfmt::skip]
pub const EXCLUSIONS: &[Exclusion] = &[
    never("MP-EXC-001", Key("Software\\MetaProfiles"), "It is this product's own note about the running session."),
    never("MP-EXC-002", Key("Software\\Policies"), POLICY),
    never("MP-EXC-003", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Policies"), POLICY),
    never("MP-EXC-004", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Group Policy*"), "Group Policy keeps its own state and the user's script list here."),
    autorun("MP-EXC-010", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Run"), AUTORUN),
    autorun("MP-EXC-011", Key("Software\\Microsoft\\Windows\\CurrentVersion\\RunOnce*"), AUTORUN),
    autorun("MP-EXC-012", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Load"), AUTORUN),
    autorun("MP-EXC-013", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Run"), AUTORUN),
    autorun("MP-EXC-014", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Shell"), AUTORUN),
    autorun("MP-EXC-015", Value("Environment", "UserInitMprLogonScript"), AUTORUN),
    autorun("MP-EXC-016", Value("Control Panel\\Desktop", "SCRNSAVE.EXE"), AUTORUN),
    autorun("MP-EXC-017", Value("Software\\Microsoft\\Command Processor", "AutoRun"), AUTORUN),
    autorun("MP-EXC-018", Key("Software\\Microsoft\\Office\\*\\Addins"), OFFICE),
    autorun("MP-EXC-019", Key("Software\\Microsoft\\Office\\*\\*\\Addins"), OFFICE),
    named("MP-EXC-020", Key("Software\\Classes"), "It is a link to another hive, which starts empty with a mandatory profile; name the class keys that are to be kept."),
    autorun("MP-EXC-021", Key("Software\\Classes\\CLSID"), HIJACK),
    autorun("MP-EXC-022", Key("Software\\Classes\\*\\shell\\*\\command"), HIJACK),
    autorun("MP-EXC-023", Key("Software\\Classes\\ms-settings"), HIJACK),
    autorun("MP-EXC-024", Key("Software\\Classes\\Wow6432Node\\CLSID"), HIJACK),
    autorun("MP-EXC-025", Key("Software\\Classes\\*\\*\\shell\\*\\command"), HIJACK),
    autorun("MP-EXC-026", Key("Software\\Classes\\*\\shell\\*\\ddeexec"), HIJACK),
    autorun("MP-EXC-027", Key("Software\\Classes\\TypeLib"), HIJACK),
    autorun("MP-EXC-028", Key("Software\\Classes\\PROTOCOLS"), HIJACK),
    autorun("MP-EXC-029", Key("Software\\Microsoft\\Windows\\CurrentVersion\\App Paths"), HIJACK),
    named("MP-EXC-030", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\FileExts\\*\\UserChoice*"), USER_CHOICE),
    named("MP-EXC-031", Key("Software\\Microsoft\\Windows\\Shell\\Associations\\UrlAssociations\\*\\UserChoice*"), USER_CHOICE),
    named("MP-EXC-032", Key("Software\\Microsoft\\Windows\\CurrentVersion\\CloudStore"), OPAQUE),
    named("MP-EXC-033", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\StartPage*"), OPAQUE),
    named("MP-EXC-040", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders"), PLACES),
    named("MP-EXC-041", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders"), PLACES),
    named("MP-EXC-042", Key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\SessionInfo"), SESSION),
    named("MP-EXC-043", Key("Volatile Environment"), SESSION),
    named("MP-EXC-050", Key("Software\\Microsoft\\Windows NT\\CurrentVersion\\Devices"), PRINTERS),
    named("MP-EXC-051", Key("Software\\Microsoft\\Windows NT\\CurrentVersion\\PrinterPorts"), PRINTERS),
    named("MP-EXC-052", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows", "Device"), PRINTERS),
    autorun("MP-EXC-060", Value("Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon", "Userinit"), AUTORUN),
    autorun("MP-EXC-061", Value("Environment", "COR_PROFILER*"), "It has every .NET program load a library (MITRE ATT&CK T1574.012)."),
    autorun("MP-EXC-062", Value("Environment", "CORECLR_PROFILER*"), "It has every .NET program load a library (MITRE ATT&CK T1574.012)."),
    autorun("MP-EXC-063", Value("Environment", "windir"), SYSTEM_ROOT),
    autorun("MP-EXC-064", Value("Environment", "SystemRoot"), SYSTEM_ROOT),
    autorun("MP-EXC-065", Value("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders", "*Startup"), AUTORUN),
    autorun("MP-EXC-066", Value("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Shell Folders", "*Startup"), AUTORUN),
    autorun("MP-EXC-067", Key("Software\\Microsoft\\Windows\\CurrentVersion\\ShellServiceObjectDelayLoad"), AUTORUN),
    autorun("MP-EXC-068", Key("Software\\Microsoft\\CTF\\LangBarAddin"), "Every program with text input loads the libraries named in it (Sysinternals Autoruns)."),
    autorun("MP-EXC-069", Key("Control Panel\\Cpls"), "The Control Panel loads the libraries named in it (MITRE ATT&CK T1218.002)."),
    autorun("MP-EXC-070", Key("Software\\Microsoft\\Office test"), OFFICE),
    autorun("MP-EXC-071", Value("Software\\Microsoft\\Office\\*\\Excel\\Options", "OPEN*"), OFFICE),
    autorun("MP-EXC-072", Key("Software\\Microsoft\\Office\\*\\Outlook\\WebView"), OFFICE),
    never("MP-EXC-100", File("ntuser.dat*"), HIVE),
    never("MP-EXC-101", File("ntuser.man*"), HIVE),
    never("MP-EXC-102", File("ntuser.pol"), "Group Policy keeps in it what it wrote into this load of the hive."),
    never("MP-EXC-103", File("ntuser.ini"), "Windows keeps this profile's own settings in it."),
    never("MP-EXC-104", File("UsrClass.dat*"), HIVE),
    never("MP-EXC-105", File(LEFT_BEHIND), "An import that was cut off left it behind; the next one removes it."),
    named("MP-EXC-110", Folder("AppData\\Local\\Temp"), CACHE),
    named("MP-EXC-111", Folder("AppData\\Local\\Microsoft\\Windows\\INetCache"), CACHE),
    named("MP-EXC-112", Folder("AppData\\Local\\Microsoft\\Windows\\Temporary Internet Files"), CACHE),
    named("MP-EXC-113", File("*.ost"), "It is Outlook's copy of a mailbox, which Outlook makes anew from the server."),
    named("MP-EXC-114", Folder("AppData\\Local\\TileDataLayer"), OPAQUE),
    named("MP-EXC-120", Folder("AppData\\Local\\Google\\Chrome\\User Data\\*\\*Cache*"), BROWSER),
    named("MP-EXC-121", Folder("AppData\\Local\\Google\\Chrome\\User Data\\*\\Service Worker\\*"), BROWSER),
    named("MP-EXC-122", Folder("AppData\\Local\\Microsoft\\Edge\\User Data\\*\\*Cache*"), BROWSER),
    named("MP-EXC-123", Folder("AppData\\Local\\Microsoft\\Edge\\User Data\\*\\Service Worker\\*"), BROWSER),
    named("MP-EXC-124", Folder("AppData\\Local\\Mozilla\\Firefox\\Profiles\\*\\*cache*"), BROWSER),
    named("MP-EXC-130", Folder("AppData\\Roaming\\Microsoft\\Protect"), DPAPI),
    named("MP-EXC-131", Folder("AppData\\Roaming\\Microsoft\\Credentials"), DPAPI),
    named("MP-EXC-132", Folder("AppData\\Local\\Microsoft\\Credentials"), DPAPI),
    named("MP-EXC-133", Folder("AppData\\Roaming\\Microsoft\\Vault"), DPAPI),
    named("MP-EXC-134", Folder("AppData\\Local\\Microsoft\\Vault"), DPAPI),
    named("MP-EXC-135", Folder("AppData\\Roaming\\Microsoft\\Crypto"), DPAPI),
    named("MP-EXC-136", Folder("AppData\\Local\\Microsoft\\Crypto"), DPAPI),
    named("MP-EXC-137", Folder("AppData\\Roaming\\Microsoft\\SystemCertificates\\My"), DPAPI),
    autorun("MP-EXC-140", Folder("AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"), AUTORUN),
    autorun("MP-EXC-141", Folder("AppData\\Roaming\\Microsoft\\Word\\STARTUP"), OFFICE),
    autorun("MP-EXC-142", Folder("AppData\\Roaming\\Microsoft\\Excel\\XLSTART"), OFFICE),
    autorun("MP-EXC-143", Folder("AppData\\Roaming\\Microsoft\\AddIns"), OFFICE),
    autorun("MP-EXC-144", File("VbaProject.OTM"), OFFICE),
    autorun("MP-EXC-145", File("profile.ps1"), POWERSHELL),
    autorun("MP-EXC-146", File("Microsoft.*_profile.ps1"), POWERSHELL),
];

#[cfg(test)]
mod tests {
    use super::{EXCLUSIONS, LEFT_BEHIND};
    use crate::TEMPORARY_FILES;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(EXCLUSIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn what_an_import_leaves_behind_is_excluded() {
        let (start, end) = TEMPORARY_FILES;
        assert_eq!(LEFT_BEHIND, format!("{start}*{end}"));
    }
}
