//! Sessions that begin though their settings could not be had.

use super::{Load, SessionMachine, Wants, action::Action};

impl SessionMachine {
    /// Sessions begin without their settings. Scripts were answered so; the users of the others are told by the service.
    pub(super) fn miss_settings(&mut self) {
        let refuses = self.timing.refuses;
        for (session, told) in self.sessions.newcomers() {
            if refuses {
                self.sessions.refuse(session);
            }
            if !told {
                self.act(if refuses { Action::Refuse(session) } else { Action::TellMissing(session) });
            }
        }
        if refuses && self.sessions.all_refused() {
            self.load = Load::LeftAlone;
            self.wants = Wants { look: self.wants.look, upload: self.wants.upload, ..Wants::default() };
        }
    }
}
