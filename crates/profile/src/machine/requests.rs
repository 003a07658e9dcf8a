//! Requests that wait for their answer. Each is answered once: by what it waits for, or by its timer.

use std::collections::BTreeMap;

use super::{
    Load, SessionMachine, State,
    action::{Action, Answer, Timer},
    event::{Request, RequestNumber},
};
use crate::SessionId;

/// The requests of a user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Requests {
    /// Numbers grow, so a request that comes twice is known by it.
    highest: Option<RequestNumber>,
    pending: BTreeMap<RequestNumber, Pending>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pending {
    session: SessionId,
    request: Request,
    /// Whether the work it waits for has begun since it came.
    served: bool,
}

impl Requests {
    pub(super) fn is_new(&self, number: RequestNumber) -> bool {
        self.highest.is_none_or(|highest| number > highest)
    }

    pub(super) fn take(&mut self, number: RequestNumber, session: SessionId, request: Request) {
        self.highest = Some(number);
        self.pending.insert(number, Pending { session, request, served: false });
    }

    /// From now on the pending requests of this kind are served by the work that begins.
    pub(super) fn serve(&mut self, request: Request) {
        for pending in self.pending.values_mut().filter(|pending| pending.request == request) {
            pending.served = true;
        }
    }

    /// Whether a request of this kind waits for work to begin.
    pub(super) fn waits(&self, request: Request) -> bool {
        self.pending.values().any(|pending| pending.request == request && !pending.served)
    }

    pub(super) fn any(&self, request: Request) -> bool {
        self.pending.values().any(|pending| pending.request == request)
    }

    /// Whether a logoff script waits in this session.
    pub(super) fn leaves(&self, session: SessionId) -> bool {
        self.pending.values().any(|pending| pending.request == Request::Logoff && pending.session == session)
    }

    fn numbers(&self, which: impl Fn(Request, bool) -> bool) -> Vec<RequestNumber> {
        let those = self.pending.iter().filter(|(_, pending)| which(pending.request, pending.served));
        those.map(|(number, _)| *number).collect()
    }
}

impl SessionMachine {
    /// Answers a request, unless it was answered.
    pub(super) fn answer(&mut self, number: RequestNumber, answer: Answer) {
        if let Some(pending) = self.requests.pending.remove(&number) {
            if (pending.request, answer) == (Request::Logon, Answer::NotMerged) {
                self.sessions.note_told(pending.session);
            }
            self.disarm(Timer::Request(number));
            self.act(Action::Answer { request: number, answer });
        }
    }

    /// Answers all requests of a kind whose work has begun.
    pub(super) fn answer_served(&mut self, request: Request, answer: Answer) {
        for number in self.requests.numbers(|kind, served| kind == request && served) {
            self.answer(number, answer);
        }
    }

    /// Answers all requests of a kind.
    pub(super) fn answer_all(&mut self, request: Request, answer: Answer) {
        for number in self.requests.numbers(|kind, _| kind == request) {
            self.answer(number, answer);
        }
    }

    /// Answers the logoff scripts for which no export has begun and none will.
    pub(super) fn answer_unserved_logoffs(&mut self) {
        let answer = self.standing();
        for number in self.requests.numbers(|kind, served| kind == Request::Logoff && !served) {
            self.answer(number, answer);
        }
    }

    pub(super) fn answer_everything(&mut self, answer: Answer) {
        for number in self.requests.numbers(|_, _| true) {
            self.answer(number, answer);
        }
    }

    /// What a logon script is told of this load.
    pub(super) fn standing(&self) -> Answer {
        match self.load {
            _ if self.state == State::Stopping => Answer::Stopping,
            Load::Merged | Load::Begun => Answer::Merged,
            Load::NotMerged | Load::Unmerged => Answer::NotMerged,
            Load::LeftAlone | Load::Captured => Answer::LeftAlone,
            Load::Unknown | Load::Fresh => Answer::Continue,
        }
    }

    /// What a logoff script is told when its export is done.
    pub(super) fn exported(&self) -> Answer {
        if self.stored { Answer::Stored } else { Answer::Spooled }
    }
}
