use mp_agent::{
    group_policy::{self, ScriptEntry},
    pipe_protocol::{MAX_ANSWER, MAX_REQUEST, PipeAnswer, PipeRequest},
};

/// Lines of the pipe: reading never panics, nothing overlong is taken, and what was read is written so that it reads the
/// same. The same bytes as `scripts.ini` and `gpt.ini`: our entries come and go, and the files come back as they were.
///
/// # Panics
/// When that is not so.
pub fn pipe(data: &[u8]) {
    if let Ok(request) = PipeRequest::decode(data) {
        assert!(data.len() <= MAX_REQUEST, "an overlong request was taken");
        assert_eq!(PipeRequest::decode(&request.encode()).ok(), Some(request), "reads as something else");
    }
    if let Ok(answer) = PipeAnswer::decode(data) {
        assert!(data.len() <= MAX_ANSWER, "an overlong answer was taken");
        // Numbers and escapes of a status may become longer; a service never sends such an answer.
        if let Ok(again) = PipeAnswer::decode(&answer.encode()) {
            assert_eq!(again, answer, "reads as something else");
        }
    }
    policies(data);
}

fn policies(data: &[u8]) {
    let (text, encoding) = group_policy::decode(data);
    assert_eq!(group_policy::decode(&group_policy::encode(&text, encoding)).0, text, "the file changed");
    let command = r"C:\mp\metaprofiles-agent.exe";
    let entry = ScriptEntry { command: command.to_owned(), parameters: "logon".to_owned() };
    let settled = group_policy::remove_script(&text, "Logon", command);
    let with = group_policy::add_script(&settled, "Logon", &entry);
    assert!(group_policy::has_scripts(&with), "the script is not there");
    let again = group_policy::add_script(&with, "Logon", &entry);
    assert_eq!(again, with, "a second time changed something");
    let gpt = group_policy::with_user_scripts(&text, true, true);
    assert_eq!(
        group_policy::with_user_scripts(&gpt, true, false),
        gpt,
        "nothing changed, and yet the file did"
    );
}
