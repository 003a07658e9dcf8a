use mp_profile::GroupName;
use sqlx::{
    Any, AssertSqlSafe, Executor,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use super::column;
use crate::domain::{Key, Page, Paging, Sort, name_key};

/// A statement that reads a list: what is asked for alone is in it, so that the index for it is used.
pub(super) struct Select {
    head: &'static str,
    conditions: Vec<String>,
    arguments: Vec<Key>,
}

impl Select {
    /// `head` are the columns and tables, and ends before WHERE.
    pub(super) fn new(head: &'static str) -> Self {
        Self { head, conditions: Vec::new(), arguments: Vec::new() }
    }

    /// The same, where `head` holds the placeholders `$1` and so on of these arguments.
    pub(super) fn with(head: &'static str, arguments: Vec<Key>) -> Self {
        Self { head, conditions: Vec::new(), arguments }
    }

    /// Adds a condition, in which each `?` stands for the next argument.
    pub(super) fn filter(&mut self, condition: &str, arguments: impl IntoIterator<Item = Key>) {
        let mut text = String::new();
        let mut arguments = arguments.into_iter();
        for part in condition.split_inclusive('?') {
            match (part.strip_suffix('?'), arguments.next()) {
                (Some(part), Some(argument)) => {
                    self.arguments.push(argument);
                    text.push_str(&format!("{part}${}", self.arguments.len()));
                }
                _ => text.push_str(part),
            }
        }
        self.conditions.push(text);
    }

    /// Adds that one of the columns, whose letters are small, contains a text in any case.
    pub(super) fn contains(&mut self, columns: &[&str], text: &str) {
        let escaped: String = text
            .to_lowercase()
            .chars()
            .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
            .collect();
        let any: Vec<String> = columns.iter().map(|column| format!("{column} LIKE ? ESCAPE '\\'")).collect();
        let pattern = Key::Text(format!("%{escaped}%"));
        self.filter(&format!("({})", any.join(" OR ")), columns.iter().map(|_| pattern.clone()));
    }

    /// Adds that a machine is in one of these groups, if any are named.
    pub(super) fn within(&mut self, machine: &str, groups: Option<&[GroupName]>) {
        if let Some(groups) = groups {
            let condition = format!(
                "{machine} IN (SELECT w.id FROM machines w JOIN agent_server_groups v ON v.id = w.group_id \
                 WHERE v.name_key IN ({}))",
                vec!["?"; groups.len()].join(", ")
            );
            self.filter(&condition, groups.iter().map(|group| Key::Text(name_key(group.as_str()))));
        }
    }

    /// Reads all rows; `tail` is what stands after WHERE.
    pub(super) async fn rows<'c>(
        self,
        executor: impl Executor<'c, Database = Any>,
        tail: &str,
    ) -> Result<Vec<AnyRow>, sqlx::Error> {
        let statement = format!("{}{} {tail}", self.head, self.conditions());
        self.bind(sqlx::query(AssertSqlSafe(statement))).fetch_all(executor).await
    }

    fn conditions(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }

    /// Reads one page. `id` is the unique column that decides between equals.
    pub(super) async fn page<'c, T>(
        mut self,
        executor: impl Executor<'c, Database = Any>,
        paging: &Paging,
        (id, sort): (&'static str, Sort),
        read: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Page<T>, sqlx::Error> {
        let column_name = paging.order.column;
        let (compare, direction) = if paging.descending { ("<", "DESC") } else { (">", "ASC") };
        if let Some((key, last)) = &paging.after {
            if column_name == id {
                self.filter(&format!("{id} {compare} ?"), [last.clone()]);
            } else {
                // The first half lets an index be entered at the right place.
                self.filter(
                    &format!(
                        "{column_name} {compare}= ? AND ({column_name} {compare} ? OR {id} {compare} ?)"
                    ),
                    [key.clone(), key.clone(), last.clone()],
                );
            }
        }
        let order = match column_name == id {
            true => format!("{id} {direction}"),
            false => format!("{column_name} {direction}, {id} {direction}"),
        };
        let (columns, tables) = self.head.split_once(" FROM ").unwrap_or((self.head, ""));
        let conditions = self.conditions();
        let limit = i64::from(paging.limit);
        let statement = format!(
            "{columns}, {column_name} AS page_key, {id} AS page_id FROM {tables}{conditions} ORDER BY {order} LIMIT {}",
            limit + 1
        );
        let rows = self.bind(sqlx::query(AssertSqlSafe(statement))).fetch_all(executor).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = match rows.get(limit.saturating_sub(1)).filter(|_| rows.len() > limit) {
            Some(last) => {
                Some(paging.cursor(key(last, "page_key", paging.order.sort)?, key(last, "page_id", sort)?))
            }
            None => None,
        };
        let items = rows.iter().take(limit).map(read).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// How many rows there are.
    pub(super) async fn count<'c>(
        self,
        executor: impl Executor<'c, Database = Any>,
    ) -> Result<i64, sqlx::Error> {
        let (_, tables) = self.head.split_once(" FROM ").unwrap_or(("", self.head));
        let conditions = match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        };
        let statement = format!("SELECT COUNT(*) AS rows_found FROM {tables}{conditions}");
        let row = self.bind(sqlx::query(AssertSqlSafe(statement))).fetch_one(executor).await?;
        column(&row, "rows_found")
    }

    fn bind<'q>(self, query: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        self.arguments.into_iter().fold(query, |query, argument| match argument {
            Key::Number(number) => query.bind(number),
            Key::Text(text) => query.bind(text),
        })
    }
}

fn key(row: &AnyRow, name: &str, sort: Sort) -> Result<Key, sqlx::Error> {
    Ok(match sort {
        Sort::Number => Key::Number(column(row, name)?),
        Sort::Text => Key::Text(column(row, name)?),
    })
}
