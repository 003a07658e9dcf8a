use std::{ffi::c_void, ptr};

use windows_sys::{
    Win32::{
        Foundation::{HWND, LPARAM, LRESULT, WPARAM},
        UI::{
            Shell::{SHCNE_ASSOCCHANGED, SHCNF_FLAGS, SHCNF_IDLIST, SHChangeNotify},
            WindowsAndMessaging::{
                HWND_BROADCAST, SEND_MESSAGE_TIMEOUT_FLAGS, SMTO_ABORTIFHUNG, SPI_SETCURSORS,
                SPI_SETDESKWALLPAPER, SPI_SETDOUBLECLICKTIME, SPI_SETKEYBOARDDELAY, SPI_SETKEYBOARDSPEED,
                SPI_SETMOUSEBUTTONSWAP, SPI_SETMOUSESPEED, SPIF_SENDCHANGE, SYSTEM_PARAMETERS_INFO_ACTION,
                SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS, SendMessageTimeoutW, SystemParametersInfoW,
                WM_SETTINGCHANGE,
            },
        },
    },
    core::BOOL,
};

use crate::{RefreshTopic, SettingsKey, on_call::SystemLibrary, wide::wide};

type ChangeNotify = unsafe extern "system" fn(i32, SHCNF_FLAGS, *const c_void, *const c_void);
type SendMessageTimeout = unsafe extern "system" fn(
    HWND,
    u32,
    WPARAM,
    LPARAM,
    SEND_MESSAGE_TIMEOUT_FLAGS,
    u32,
    *mut usize,
) -> LRESULT;
type SystemParametersInfo = unsafe extern "system" fn(
    SYSTEM_PARAMETERS_INFO_ACTION,
    u32,
    *mut c_void,
    SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS,
) -> BOOL;

// The compiler compares the types with the declarations; constants that nobody uses import nothing.
const _: ChangeNotify = SHChangeNotify;
const _: SendMessageTimeout = SendMessageTimeoutW;
const _: SystemParametersInfo = SystemParametersInfoW;

/// How long one window may take to answer; hung ones are not waited for.
const PATIENCE_MS: u32 = 2000;

/// Tells the programs of the session in which this runs that settings have changed, as the user who runs it.
///
/// The values are in the user's registry already; the system only reads them again (`SPIF_UPDATEINIFILE` is left out).
pub fn refresh_here(topics: &[RefreshTopic]) {
    for topic in topics {
        match topic {
            RefreshTopic::Associations | RefreshTopic::Folders => associations_changed(),
            RefreshTopic::Environment => settings_changed("Environment"),
            RefreshTopic::Policy => settings_changed("Policy"),
            RefreshTopic::International => settings_changed("intl"),
            RefreshTopic::Colors => settings_changed("ImmersiveColorSet"),
            RefreshTopic::WindowMetrics => settings_changed("WindowMetrics"),
            RefreshTopic::Wallpaper => wallpaper_changed(),
            RefreshTopic::Mouse => mouse_changed(),
            RefreshTopic::Keyboard => keyboard_changed(),
            RefreshTopic::Cursors => set_parameter(SPI_SETCURSORS, 0, None),
            RefreshTopic::Other => settings_changed(""),
        }
    }
}

fn associations_changed() {
    // SAFETY: the type is that of this function, as was compared above.
    let notify = unsafe { SystemLibrary::SHELL.function::<ChangeNotify>(c"SHChangeNotify") };
    let Ok(notify) = notify else { return };
    let event = SHCNE_ASSOCCHANGED.cast_signed();
    // SAFETY: this event has no items.
    unsafe { notify(event, SHCNF_IDLIST, ptr::null(), ptr::null()) };
}

fn settings_changed(area: &str) {
    // SAFETY: the type is that of this function, as was compared above.
    let send = unsafe { SystemLibrary::SCREEN.function::<SendMessageTimeout>(c"SendMessageTimeoutW") };
    let Ok(send) = send else { return };
    let (area, mut answer) = (wide(area), 0);
    // SAFETY: the text ends with a NUL; for this message the system passes it to other processes itself.
    unsafe {
        send(
            HWND_BROADCAST,
            WM_SETTINGCHANGE,
            0,
            area.as_ptr().expose_provenance().cast_signed(),
            SMTO_ABORTIFHUNG,
            PATIENCE_MS,
            &raw mut answer,
        );
    }
}

fn wallpaper_changed() {
    if let Some(picture) = text(r"Control Panel\Desktop", "Wallpaper") {
        set_parameter(SPI_SETDESKWALLPAPER, 0, Some(&mut wide(picture)));
    }
}

fn mouse_changed() {
    let key = r"Control Panel\Mouse";
    if let Some(swapped) = number(key, "SwapMouseButtons") {
        set_parameter(SPI_SETMOUSEBUTTONSWAP, swapped, None);
    }
    if let Some(time) = number(key, "DoubleClickSpeed") {
        set_parameter(SPI_SETDOUBLECLICKTIME, time, None);
    }
    if let Some(speed) = number(key, "MouseSensitivity").and_then(|speed| usize::try_from(speed).ok()) {
        // SAFETY: this action takes the number in place of the pointer, and no memory from it.
        unsafe { set_parameter_at(SPI_SETMOUSESPEED, 0, ptr::without_provenance_mut(speed)) };
    }
}

fn keyboard_changed() {
    let key = r"Control Panel\Keyboard";
    for (name, action) in [("KeyboardSpeed", SPI_SETKEYBOARDSPEED), ("KeyboardDelay", SPI_SETKEYBOARDDELAY)] {
        if let Some(number) = number(key, name) {
            set_parameter(action, number, None);
        }
    }
}

fn set_parameter(action: SYSTEM_PARAMETERS_INFO_ACTION, number: u32, text: Option<&mut Vec<u16>>) {
    let place = text.map_or(ptr::null_mut(), |text| text.as_mut_ptr().cast());
    // SAFETY: the actions above take a number, or a text that ends with a NUL.
    unsafe { set_parameter_at(action, number, place) };
}

/// # Safety
/// The action takes what is at the place, or the place as a number.
unsafe fn set_parameter_at(action: SYSTEM_PARAMETERS_INFO_ACTION, number: u32, place: *mut c_void) {
    // SAFETY: the type is that of this function, as was compared above.
    let set = unsafe { SystemLibrary::SCREEN.function::<SystemParametersInfo>(c"SystemParametersInfoW") };
    let Ok(set) = set else { return };
    // SAFETY: the caller vouches for it.
    unsafe { set(action, number, place, SPIF_SENDCHANGE) };
}

/// These settings are texts with a number.
fn number(key: &str, name: &str) -> Option<u32> {
    text(key, name)?.trim().parse().ok()
}

fn text(key: &str, name: &str) -> Option<String> {
    Some(SettingsKey::open_of_current_user(key).ok()??.string(name)?.to_string_lossy().into_owned())
}
