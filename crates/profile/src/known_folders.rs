//! The special folders that a data subset may name.
//!
//! Names are the KNOWNFOLDERID constants without `FOLDERID_`; identifiers and default places are those of Microsoft's page
//! "KNOWNFOLDERID" (Knownfolders.h), the value names those below
//! `Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders`, in which the user's own choice is kept.

use mp_dataset::FilePath;
use mp_registry::Name;

/// One special folder of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownFolder {
    /// Canonical name, as data subsets and data sets write it.
    pub name: &'static str,
    /// KNOWNFOLDERID; `{1777F761-68AD-4D8A-87BD-30B759FA33DD}` is `0x1777F761_68AD_4D8A_87BD_30B759FA33DD`.
    pub id: u128,
    /// Where it is by default, below the user's profile folder; components separated by `\`.
    pub default_place: &'static str,
    /// Name of its value below `User Shell Folders`; `None` when it follows from other folders.
    pub shell_value: Option<&'static str>,
}

const fn folder(
    name: &'static str,
    id: u128,
    default_place: &'static str,
    shell_value: Option<&'static str>,
) -> KnownFolder {
    KnownFolder { name, id, default_place, shell_value }
}

/// All of them.
#[rustfmt::skip]
pub const KNOWN_FOLDERS: &[KnownFolder] = &[
    folder("Contacts", 0x56784854_C6CB_462B_8169_88E350ACB882, "Contacts", Some("{56784854-C6CB-462B-8169-88E350ACB882}")),
    folder("Cookies", 0x2B0F765D_C0E9_4171_908E_08A611B84FF6, "AppData\\Local\\Microsoft\\Windows\\INetCookies", Some("Cookies")),
    folder("Desktop", 0xB4BFCC3A_DB2C_424C_B029_7FE99A87C641, "Desktop", Some("Desktop")),
    folder("Documents", 0xFDD39AD0_238F_46AF_ADB4_6C85480369C7, "Documents", Some("Personal")),
    folder("Downloads", 0x374DE290_123F_4565_9164_39C4925E467B, "Downloads", Some("{374DE290-123F-4565-9164-39C4925E467B}")),
    folder("Favorites", 0x1777F761_68AD_4D8A_87BD_30B759FA33DD, "Favorites", Some("Favorites")),
    folder("History", 0xD9DC8A3B_B784_432E_A781_5A1130A75963, "AppData\\Local\\Microsoft\\Windows\\History", Some("History")),
    folder("InternetCache", 0x352481E8_33BE_4251_BA85_6007CAEDCF9D, "AppData\\Local\\Microsoft\\Windows\\INetCache", Some("Cache")),
    folder("Links", 0xBFB9D5E0_C6A9_404C_B2B2_AE6DB6AF4968, "Links", Some("{BFB9D5E0-C6A9-404C-B2B2-AE6DB6AF4968}")),
    folder("LocalAppData", 0xF1B32785_6FBA_4FCF_9D55_7B8E7F157091, "AppData\\Local", Some("Local AppData")),
    folder("LocalAppDataLow", 0xA520A1A4_1780_4FF6_BD18_167343C5AF16, "AppData\\LocalLow", Some("{A520A1A4-1780-4FF6-BD18-167343C5AF16}")),
    folder("Music", 0x4BD8D571_6D19_48D3_BE97_422220080E43, "Music", Some("My Music")),
    folder("NetHood", 0xC5ABBF53_E17F_4121_8900_86626FC2C973, "AppData\\Roaming\\Microsoft\\Windows\\Network Shortcuts", Some("NetHood")),
    folder("Pictures", 0x33E28130_4E1E_4676_835A_98395C3BC3BB, "Pictures", Some("My Pictures")),
    folder("PrintHood", 0x9274BD8D_CFD1_41C3_B35E_B13F55A758F4, "AppData\\Roaming\\Microsoft\\Windows\\Printer Shortcuts", Some("PrintHood")),
    folder("Profile", 0x5E6C858F_0E22_4760_9AFE_EA3317B67173, "", None),
    folder("Programs", 0xA77F5D77_2E2B_44C3_A6A2_ABA601054A51, "AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs", Some("Programs")),
    folder("QuickLaunch", 0x52A4F021_7B75_48A9_9F6B_4B87A210BC8F, "AppData\\Roaming\\Microsoft\\Internet Explorer\\Quick Launch", None),
    folder("Recent", 0xAE50C081_EBD2_438A_8655_8A092E34987A, "AppData\\Roaming\\Microsoft\\Windows\\Recent", Some("Recent")),
    folder("RoamingAppData", 0x3EB685DB_65F9_4CF6_A03A_E3EF65729F3D, "AppData\\Roaming", Some("AppData")),
    folder("SavedGames", 0x4C5C32FF_BB9D_43B0_B5B4_2D72E54EAAA4, "Saved Games", Some("{4C5C32FF-BB9D-43B0-B5B4-2D72E54EAAA4}")),
    folder("SavedSearches", 0x7D1D3A04_DEBB_4115_95CF_2F29DA2920DA, "Searches", Some("{7D1D3A04-DEBB-4115-95CF-2F29DA2920DA}")),
    folder("SendTo", 0x8983036C_27C0_404B_8F08_102D10DCFD74, "AppData\\Roaming\\Microsoft\\Windows\\SendTo", Some("SendTo")),
    folder("StartMenu", 0x625B53C3_AB48_4EC1_BA1F_A1EF4146FC19, "AppData\\Roaming\\Microsoft\\Windows\\Start Menu", Some("Start Menu")),
    folder("Startup", 0xB97D20BB_F46A_4C97_BA10_5E3608430854, "AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup", Some("Startup")),
    folder("Templates", 0xA63293E8_664E_48DB_A079_DF759E0509F7, "AppData\\Roaming\\Microsoft\\Windows\\Templates", Some("Templates")),
    folder("UserPinned", 0x9E3995AB_1F9C_4F13_B827_48B24B6C7174, "AppData\\Roaming\\Microsoft\\Internet Explorer\\Quick Launch\\User Pinned", None),
    folder("Videos", 0x18989B1D_99B5_455B_841C_AB7C74E4DDFC, "Videos", Some("My Video")),
];

/// The folder of that canonical name, without regard to ASCII case.
#[must_use]
pub fn known_folder(name: &str) -> Option<&'static KnownFolder> {
    KNOWN_FOLDERS.iter().find(|folder| folder.name.eq_ignore_ascii_case(name))
}

impl KnownFolder {
    /// The components of [`KnownFolder::default_place`].
    pub fn default_components(&self) -> impl Iterator<Item = Name> + use<> {
        self.default_place.split('\\').filter(|part| !part.is_empty()).map(Name::from)
    }

    /// The place of something below the folder, counted from the profile folder, as if the folder were where it is by
    /// default. So `Startup:a.lnk` and `RoamingAppData:Microsoft\…\Startup\a.lnk` have one place.
    #[must_use]
    pub fn place_of(&self, below: &[Name]) -> Vec<Name> {
        self.default_components().chain(below.iter().cloned()).collect()
    }
}

/// [`KnownFolder::place_of`] for a file's path; `None` when its folder is not a known one.
#[must_use]
pub(crate) fn place(path: &FilePath) -> Option<Vec<Name>> {
    known_folder(&path.folder).map(|folder| folder.place_of(&path.components))
}
