//! The lines between helper and service, and how often a user may send one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use mp_agent::pipe_protocol::{
    MAX_ANSWER, MAX_MESSAGE, MAX_REQUEST, PipeAnswer, PipeCommand, PipeRequest, PipeResult, RateLimit,
};
use serde_json::json;

fn refused(bytes: &[u8]) -> String {
    PipeRequest::decode(bytes).unwrap_err().to_string()
}

#[test]
fn the_documented_request_is_read_and_written() {
    let line = b"{\"version\":1,\"command\":\"logon\"}\n";
    let request = PipeRequest::decode(line).unwrap();
    assert_eq!(request, PipeRequest::new(PipeCommand::Logon));
    assert_eq!(request.encode(), line);
    for command in [PipeCommand::Logoff, PipeCommand::Refresh, PipeCommand::Status] {
        assert_eq!(PipeRequest::decode(&PipeRequest::new(command).encode()).unwrap().command, command);
    }
}

#[test]
fn a_later_helper_may_say_more_but_never_who_it_is() {
    let line = b"{\"version\":1,\"command\":\"logoff\",\"sid\":\"S-1-5-21-1-2-3-500\"}\n";
    assert_eq!(PipeRequest::decode(line).unwrap(), PipeRequest::new(PipeCommand::Logoff));
}

#[test]
fn what_is_no_request_is_refused_with_its_reason() {
    assert!(refused(b"").contains("not one line"));
    assert!(refused(b"{\"version\":1,\"command\":\"logon\"}").contains("not one line"));
    assert!(refused(b"{\"version\":1,\n\"command\":\"logon\"}\n").contains("not one line"));
    assert!(refused(b"logon\n").contains("not understood"));
    assert!(refused(b"{\"version\":1,\"command\":\"format\"}\n").contains("not understood"));
    assert!(refused(b"{\"version\":2,\"command\":\"logon\"}\n").contains("version 2"));
    let mut long = vec![b' '; MAX_REQUEST];
    long.push(b'\n');
    assert!(refused(&long).contains("at most 1024"));
    // The limit is on the request with its newline.
    let mut longest = PipeRequest::new(PipeCommand::Status).encode();
    longest.splice(0..0, vec![b' '; MAX_REQUEST - longest.len()]);
    assert_eq!(longest.len(), MAX_REQUEST);
    PipeRequest::decode(&longest).unwrap();
}

#[test]
fn answers_fit_whatever_they_are_about() {
    let answer = PipeAnswer::new(PipeResult::Incomplete, "ä".repeat(MAX_MESSAGE));
    assert_eq!(answer.message.len(), MAX_MESSAGE);
    assert_eq!(PipeAnswer::decode(&answer.encode()).unwrap(), answer);
    let status = json!({ "sessions": ["S-1-5-21-1-2-3-1001"] });
    let answer = PipeAnswer::new(PipeResult::Done, "").with_status(status.clone());
    assert_eq!(PipeAnswer::decode(&answer.encode()).unwrap().status, Some(status));
    let answer = PipeAnswer::new(PipeResult::Done, "").with_status(json!("x".repeat(MAX_ANSWER)));
    assert!(answer.encode().len() <= MAX_ANSWER);
    assert!(answer.status.is_none() && answer.message.contains("too long"));
}

#[test]
fn one_user_who_asks_too_often_does_not_keep_others_out() {
    let mut rate = RateLimit::default();
    let at = |seconds: u64| Duration::from_secs(100 + seconds);
    let allowed = (0..100).filter(|_| rate.allows("eve", at(0))).count();
    assert_eq!(allowed, 20);
    assert!(rate.allows("ada", at(0)));
    assert!(!rate.allows("eve", at(0)));
    assert!(rate.allows("eve", at(1)) && !rate.allows("eve", at(1)));
    let later = (0..100).filter(|_| rate.allows("eve", at(3600))).count();
    assert_eq!(later, 20);
    // However many users there are, what is remembered is bounded, and a user who just asked is not forgotten.
    for number in 0..4_500 {
        rate.allows(&format!("user {number}"), at(3601));
    }
    assert!((0..100).filter(|_| rate.allows("user 4499", at(3601))).count() < 20);
}
