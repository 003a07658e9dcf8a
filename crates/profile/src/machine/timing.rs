use std::time::Duration;

/// The bounds on every wait of a user's sessions, and what else the plan says about their course.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Whether logons wait: the import then begins with the logon script's request, or after [`Timing::grace`].
    pub synchronous: bool,
    /// After the session's event, how long to wait for the logon script.
    pub grace: Duration,
    /// After which a logon script is told to go on, whatever is still being done.
    pub logon: Duration,
    /// After which a logoff script is told to go on.
    pub logoff: Duration,
    /// Between two looks for a hive that is not loaded yet.
    pub hive_poll: Duration,
    /// How often to look for the hive before giving up.
    pub hive_polls: u32,
    /// The age up to which a session that is found without a marker still gets its import.
    pub young: Duration,
    /// From the first change to the checkpoint; `None` for no checkpoints by time.
    pub checkpoint: Option<Duration>,
    /// Between two tries to merge late what could not be had at logon; `None` for none.
    pub late_merge: Option<Duration>,
    /// Whether a session whose settings cannot be had at its logon is to be logged off again.
    pub refuses: bool,
    /// Whether a session that is connected again gets what others have stored meanwhile.
    pub merge_newer: bool,
    /// After a logoff script's export, how long to wait for the session to end before it counts as going on.
    pub session_end: Duration,
    /// Between two looks whether a session that logs off is gone.
    pub gone_poll: Duration,
    /// How often to look before a session that logs off counts as gone.
    pub gone_polls: u32,
    /// How long a new logon waits for the hold on the former load of the hive.
    pub release: Duration,
    /// After which a job that has not ended counts as hanging, and everything goes on without it.
    pub job: Duration,
    /// For the last checkpoint and upload when the service is stopped.
    pub stop: Duration,
    /// The same when the machine shuts down.
    pub preshutdown: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            synchronous: true,
            grace: Duration::from_secs(30),
            logon: Duration::from_secs(20),
            logoff: Duration::from_secs(30),
            hive_poll: Duration::from_millis(500),
            hive_polls: 20,
            young: Duration::from_secs(120),
            checkpoint: Some(Duration::from_secs(15 * 60)),
            late_merge: Some(Duration::from_secs(60)),
            refuses: false,
            merge_newer: false,
            session_end: Duration::from_secs(60),
            gone_poll: Duration::from_secs(1),
            gone_polls: 60,
            release: Duration::from_secs(10),
            job: Duration::from_secs(5 * 60),
            stop: Duration::from_secs(15),
            preshutdown: Duration::from_secs(60),
        }
    }
}
