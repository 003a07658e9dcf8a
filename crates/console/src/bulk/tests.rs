#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail where it stands")]

use mp_protocol::session_report::{Fate, Item, Items, Outcome, SessionEvent};

use super::*;
use crate::{WallClock, repository::SCHEMA};

const MACHINE: &str = "0123456789abcdef0123456789abcdef";

fn report(number: u64, session: u64, sid: u64, event: SessionEvent, outcome: Outcome) -> SentReport {
    let overridden = Item {
        fate: Fate::Overridden,
        code: "MP-PRF-206".to_owned(),
        scope: None,
        place: r"Software\A".to_owned(),
        reason: String::new(),
        bytes: None,
    };
    SentReport {
        id: format!("{number:032x}"),
        session: format!("session {session}"),
        event,
        sid: format!("S-1-5-21-1-2-3-{}", 1000 + sid).parse().unwrap(),
        profile: "mandatory".to_owned(),
        mode: None,
        started: 1_000_000 + number * 1_000,
        duration: 10 + number,
        plan_revision: 1,
        outcome,
        data_sets: Vec::new(),
        steps: Vec::new(),
        items: Items { list: (0..number % 3).map(|_| overridden.clone()).collect(), more: 0 },
        problems: Vec::new(),
    }
}

/// Sessions of two users, one of them with several; one waits in the spool for a time, one has no logon.
fn sessions() -> Vec<ReportedSession> {
    use Outcome::{Failed, Merged, Spooled, Stored};
    use SessionEvent::{Logoff, Logon, Upload};
    let session = |reports: Vec<SentReport>| ReportedSession { host: "RDSH1".to_owned(), reports };
    vec![
        session(vec![
            report(1, 1, 1, Logon, Merged),
            report(2, 1, 1, Logoff, Spooled),
            report(3, 1, 1, Upload, Stored),
        ]),
        session(vec![report(8, 2, 1, Logoff, Failed)]),
        session(vec![report(4, 3, 2, Logon, Merged), report(7, 3, 2, Logoff, Stored)]),
        session(vec![report(5, 4, 1, Logon, Merged)]),
    ]
}

async fn database(folder: &std::path::Path, name: &str) -> Database {
    let database = Database::open_file(&folder.join(name)).await.unwrap();
    database.migrate(SCHEMA).await.unwrap();
    let mut fill = database.begin_add().await.unwrap();
    let machine = [
        ("id", text(MACHINE)),
        ("role", text("agent")),
        ("name", text("RDSH1")),
        ("name_key", text("rdsh1")),
        ("state", text("active")),
        ("enrolled_at", Cell::Number(1)),
        ("version", Cell::Number(1)),
    ];
    assert!(fill.insert(table("machines", machine)).await.unwrap());
    fill.commit().await.unwrap();
    database
}

/// All rows that reports and names lead to, without the identities of sessions, which are random, in an order.
async fn rows(database: &Database) -> Vec<String> {
    let mut rows = Vec::new();
    database
        .dump(|TableRow { table, row }| {
            let mut row = row.clone();
            let random: &[&str] = match table.as_str() {
                "user_sessions" => &["id"],
                "session_reports" => &["session_id"],
                "users" => &["last_session"],
                "directory_names" => &[],
                _ => return Ok(()),
            };
            row.retain(|column, _| !random.contains(&column.as_str()));
            rows.push(format!("{table} {row:?}"));
            Ok(())
        })
        .await
        .unwrap();
    rows.sort();
    rows
}

#[test]
fn a_filled_database_is_as_if_the_agents_had_sent_it_all() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), WallClock::system());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (sent, filled) = (database(folder.path(), "sent").await, database(folder.path(), "filled").await);
        let named = UserName { name: r"CORP\Anna".to_owned(), display_name: "Anna Ä.".to_owned() };
        let sid: Sid = "S-1-5-21-1-2-3-1001".parse().unwrap();
        let now = clock.now();
        for session in sessions() {
            for report in session.reports {
                let machine = MACHINE.parse().unwrap();
                sent.keep_reports(now, &machine, &session.host, &[timed(report)]).await.unwrap();
            }
        }
        sent.keep_names(&[(sid.clone(), Some(named.clone()))], now).await.unwrap();
        let named = NamedUser { sid, name: named.name, display_name: named.display_name };
        add(&filled, now, sessions().into_iter(), [named].into_iter()).await.unwrap();
        let (sent, filled) = (rows(&sent).await, rows(&filled).await);
        assert_eq!(sent, filled);
        assert_eq!(filled.len(), 4 + 7 + 2 + 1);
    });
}
