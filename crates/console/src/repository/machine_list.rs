use std::collections::BTreeMap;

use mp_protocol::MachineId;
use sqlx::AssertSqlSafe;

use super::{Database, machines, parsed, select::Select};
use crate::domain::{
    Key, Machine, MachineFilter, MachineState, Order, Page, Paging, Refusal, Sort, name_key,
};

const SELECT: &str = "SELECT m.id, m.role, m.name, m.state, m.enrolled_at, m.last_seen_at, m.version, \
     g.name AS group_name, s.name AS server_name FROM machines m \
     LEFT JOIN agent_server_groups g ON g.id = m.group_id LEFT JOIN storage_servers s ON s.id = m.storage_server_id";

/// What the list of machines can be in the order of.
pub(crate) const MACHINE_ORDERS: &[Order] = &[
    Order { name: "name", column: "m.name_key", sort: Sort::Text },
    Order { name: "enrolled", column: "m.enrolled_at", sort: Sort::Number },
    Order { name: "last-seen", column: "COALESCE(m.last_seen_at, 0)", sort: Sort::Number },
];

impl Database {
    /// Machines that ever joined, with the certificates that they have.
    pub(crate) async fn machines(
        &self,
        filter: &MachineFilter,
        paging: &Paging,
    ) -> Result<Page<Machine>, Refusal> {
        let mut select = Select::new(SELECT);
        select.within("m.id", filter.within.as_deref());
        if let Some(role) = filter.role {
            select.filter("m.role = ?", [Key::Text(role.to_string())]);
        }
        if let Some(state) = filter.state {
            let word = if state == MachineState::Active { "active" } else { "revoked" };
            select.filter("m.state = ?", [Key::Text(word.to_owned())]);
        }
        if let Some(group) = &filter.group {
            select.filter("g.name_key = ?", [Key::Text(name_key(group.as_str()))]);
        }
        if let Some(text) = &filter.search {
            select.contains(&["m.name_key", "m.id"], text);
        }
        let mut transaction = self.begin_read().await?;
        let mut page = select.page(&mut *transaction, paging, ("m.id", Sort::Text), machines::read).await?;
        if !page.items.is_empty() {
            let numbers: Vec<String> = (1..=page.items.len()).map(|number| format!("${number}")).collect();
            let statement = format!(
                "SELECT serial, machine_id, accepted_until, revoked FROM certificates WHERE machine_id IN ({}) \
                 ORDER BY not_before, serial",
                numbers.join(", ")
            );
            let query = sqlx::query(AssertSqlSafe(statement));
            let query = page.items.iter().fold(query, |query, machine| query.bind(machine.id.to_string()));
            let mut certificates = BTreeMap::<MachineId, Vec<_>>::new();
            for row in &query.fetch_all(&mut *transaction).await? {
                certificates.entry(parsed(row, "machine_id")?).or_default().push(machines::certificate(row)?);
            }
            for machine in &mut page.items {
                machine.certificates = certificates.remove(&machine.id).unwrap_or_default();
            }
        }
        transaction.commit().await?;
        Ok(page)
    }
}
