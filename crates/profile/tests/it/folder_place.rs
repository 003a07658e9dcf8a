use mp_profile::{FolderPlace, KNOWN_FOLDERS, expand_variables, known_folder};
use mp_registry::{Key, Name, Value};
use proptest::prelude::*;

const PROFILE: &str = r"C:\Users\ada";

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn place(folder: &str, values: &[Value]) -> FolderPlace {
    let mut key = Key::new("User Shell Folders");
    key.replace_values(values.to_vec());
    FolderPlace::of(known_folder(folder).unwrap(), &key, &units(PROFILE))
}

fn inside(path: &str) -> FolderPlace {
    FolderPlace::Inside(path.split('\\').filter(|part| !part.is_empty()).map(Name::from).collect())
}

#[test]
fn without_a_choice_folders_are_where_they_are_by_default() {
    for folder in KNOWN_FOLDERS {
        assert_eq!(place(folder.name, &[]), inside(folder.default_place), "{}", folder.name);
    }
    for none in [
        Value::dword("Desktop", 7),
        Value::sz("Desktop", ""),
        Value::new("Desktop", mp_registry::ValueType::SZ, [7]),
    ] {
        assert_eq!(place("Desktop", &[none]), inside("Desktop"));
    }
}

#[test]
fn the_user_may_have_them_elsewhere_in_the_profile() {
    let at = |text: &str| place("Desktop", &[Value::expand_sz("Desktop", text)]);
    assert_eq!(at(r"%userprofile%\My Things\Desktop"), inside(r"My Things\Desktop"));
    assert_eq!(at(r"c:\USERS\Ada\Desk\"), inside("Desk"));
    let roaming = [Value::sz("AppData", r"%USERPROFILE%\Application Data")];
    assert_eq!(
        place("QuickLaunch", &roaming),
        inside(r"Application Data\Microsoft\Internet Explorer\Quick Launch"),
        "it has no value of its own"
    );
    assert_eq!(place("Startup", &roaming), inside(known_folder("Startup").unwrap().default_place));
}

#[test]
fn what_is_not_plainly_in_the_profile_is_outside() {
    for text in [
        r"\\server\share\ada\Desktop",
        r"C:\Users\adam\Desktop",
        r"C:\Users",
        r"%USERPROFILE%x",
        r"%USERPROFILE%\..\bob\Desktop",
        r"%USERPROFILE%\a:b",
        r"%HOMESHARE%\Desktop",
        r"D:\%USERPROFILE%",
    ] {
        let outside = FolderPlace::Outside(text.to_owned());
        assert_eq!(place("Desktop", &[Value::expand_sz("Desktop", text)]), outside);
        let roaming = [Value::expand_sz("AppData", text)];
        assert_eq!(place("UserPinned", &roaming), outside, "with the folder it lies in");
    }
}

/// The attack of a desktop that is where Windows starts programs from: by its name nothing of it would be left out.
#[test]
fn a_folder_that_was_moved_onto_what_is_left_out_is_left_alone() {
    let startup = known_folder("Startup").unwrap().default_place;
    for text in [
        format!(r"%USERPROFILE%\{startup}"),
        format!(r"%USERPROFILE%\{}", startup.to_ascii_uppercase()),
        r"%USERPROFILE%\AppData\Roaming\Microsoft\Protect".to_owned(),
        r"%USERPROFILE%\AppData".to_owned(),
        "%USERPROFILE%".to_owned(),
        r"C:\Users\ada\".to_owned(),
    ] {
        let outside = FolderPlace::Outside(text.clone());
        assert_eq!(place("Desktop", &[Value::expand_sz("Desktop", &text)]), outside);
        assert_eq!(place("UserPinned", &[Value::expand_sz("AppData", &text)]), outside);
    }
}

#[test]
fn places_are_shown_without_control_characters_and_not_without_end() {
    let at = |text: &str| place("Desktop", &[Value::sz("Desktop", text)]);
    assert_eq!(at("D:\\\u{1b}[2J\n"), FolderPlace::Outside(r"D:\\u{1B}[2J\u{A}".into()));
    let FolderPlace::Outside(shown) = at(&"x".repeat(30_000)) else { panic!("it is outside") };
    assert_eq!(shown.chars().count(), 401);
}

#[test]
fn variables_are_replaced_once() {
    let known = |name: &[u16]| (name == units("A")).then(|| units("%A%"));
    let expand =
        |text: &str| expand_variables(&units(text), known).map(|units| String::from_utf16(&units).unwrap());
    assert_eq!(expand("x%A%y%A%").as_deref(), Some("x%A%y%A%"));
    assert_eq!(expand("100%").as_deref(), Some("100%"));
    assert_eq!(expand("%A%%").as_deref(), Some("%A%%"));
    assert_eq!(expand("%B%"), None);
    assert_eq!(expand("%%"), None);
}

proptest! {
    #[test]
    fn no_text_leads_out_of_the_profile(text in "(%USERPROFILE%|C:\\\\Users\\\\ada|.)?[\\\\./:%a ]{0,12}") {
        if let FolderPlace::Inside(names) = place("Desktop", &[Value::expand_sz("Desktop", &text)]) {
            for name in names {
                let name = name.to_text().unwrap();
                prop_assert!(!name.is_empty() && name != "." && name != ".." && !name.contains(['\\', '/', ':']), "{name}");
            }
        }
    }
}
