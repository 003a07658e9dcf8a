use std::{
    io,
    sync::{OnceLock, mpsc::Sender},
};

use windows_sys::{
    Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, SetConsoleCtrlHandler},
    core::BOOL,
};

use super::Control;

static SENDER: OnceLock<Sender<Control>> = OnceLock::new();

/// Has Ctrl-C, Ctrl-Break and the closing of the console window sent as [`Control::Stop`], for a service that runs in the
/// foreground.
///
/// # Errors
/// When the system refuses, or it was called before.
pub fn stop_on_ctrl_c(sender: Sender<Control>) -> io::Result<()> {
    SENDER.set(sender).map_err(|_| io::Error::other("Ctrl-C is forwarded already"))?;
    // SAFETY: the handler is a function of the program's.
    if unsafe { SetConsoleCtrlHandler(Some(on_event), 1) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

extern "system" fn on_event(event: u32) -> BOOL {
    if !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT | CTRL_CLOSE_EVENT) {
        return 0;
    }
    match SENDER.get().map(|sender| sender.send(Control::Stop)) {
        Some(Ok(())) => 1,
        _ => 0,
    }
}
