//! Lists for administrators who are held to groups. Where few machines have the sessions, these are found by their machines;
//! where many have them, a page is soon full by looking at one after another. A database that has to choose by itself sorts
//! all of them, or looks for none in vain.

use mp_profile::GroupName;

use super::{Database, search::among, select::Select};
use crate::domain::{Key, name_key};

/// Most machines whose sessions are found by an index.
const MOST_MACHINES: usize = 20;

impl Database {
    /// Adds to a list of sessions that they were on a machine in one of these groups. False when there is none.
    pub(super) async fn hold_sessions(
        &self,
        select: &mut Select,
        groups: &[GroupName],
    ) -> Result<bool, sqlx::Error> {
        match self.machines_with_sessions(groups).await? {
            Some(machines) if machines.is_empty() => return Ok(false),
            Some(machines) => among(select, &[("machine_id", machines)]),
            // No index is for this.
            None => select.within("COALESCE(machine_id, '')", Some(groups)),
        }
        Ok(true)
    }

    /// Adds to a list of users that they have a session on a machine in one of these groups. False when there is none.
    pub(super) async fn hold_users(
        &self,
        select: &mut Select,
        groups: &[GroupName],
    ) -> Result<bool, sqlx::Error> {
        match self.machines_with_sessions(groups).await? {
            Some(machines) if machines.is_empty() => return Ok(false),
            Some(machines) => {
                let places = vec!["?"; machines.len()].join(", ");
                let condition =
                    format!("sid IN (SELECT h.sid FROM user_sessions h WHERE h.machine_id IN ({places}))");
                select.filter(&condition, machines.into_iter().map(Key::Text));
            }
            None => {
                // The offset keeps the database from joining all users with all sessions first.
                let condition = format!(
                    "EXISTS (SELECT 1 FROM user_sessions h JOIN machines m ON m.id = h.machine_id \
                     JOIN agent_server_groups g ON g.id = m.group_id \
                     WHERE h.sid = users.sid AND g.name_key IN ({}) LIMIT 1 OFFSET 0)",
                    vec!["?"; groups.len()].join(", ")
                );
                select.filter(&condition, keys(groups));
            }
        }
        Ok(true)
    }

    /// The machines in these groups that have sessions; `None` if they are many.
    pub(super) async fn machines_with_sessions(
        &self,
        groups: &[GroupName],
    ) -> Result<Option<Vec<String>>, sqlx::Error> {
        if groups.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut select =
            Select::new("SELECT m.id FROM machines m JOIN agent_server_groups g ON g.id = m.group_id");
        let places = vec!["?"; groups.len()].join(", ");
        select.filter(&format!("g.name_key IN ({places})"), keys(groups));
        select.filter("EXISTS (SELECT 1 FROM user_sessions h WHERE h.machine_id = m.id)", []);
        self.few(select, "id", MOST_MACHINES).await
    }
}

fn keys(groups: &[GroupName]) -> impl Iterator<Item = Key> {
    groups.iter().map(|group| Key::Text(name_key(group.as_str())))
}
