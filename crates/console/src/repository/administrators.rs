use sqlx::any::AnyRow;

use super::{Database, Write, column, json, select::Select};
use crate::{
    domain::{Access, AccountOrigin, Order, Page, Paging, Refusal, Role, Sort, UnixMillis, name_key},
    secret::new_id,
};

/// An administrator's account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Argon2id in the PHC text form.
    pub(crate) password_hash: String,
    pub(crate) access: Access,
    /// The password was set by somebody else, and is good for changing it alone.
    pub(crate) must_change_password: bool,
    pub(crate) disabled: bool,
    pub(crate) locked_until: UnixMillis,
    pub(crate) created_at: UnixMillis,
    pub(crate) version: i64,
    pub(crate) origin: AccountOrigin,
    /// What the place that it comes from knows it by; empty for local ones.
    pub(crate) external_id: String,
    /// The secret of the authenticator, sealed; empty without a second factor.
    pub(crate) second_factor: String,
    /// The same of one that no first code has come of yet.
    pub(crate) pending_second_factor: String,
}

impl Account {
    /// A local account as it is made at a time, in a revision of the farm.
    pub(crate) fn new(
        name: &str,
        password_hash: String,
        access: Access,
        (created_at, version): (UnixMillis, i64),
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: new_id()?,
            name: name.to_owned(),
            password_hash,
            access,
            must_change_password: false,
            disabled: false,
            locked_until: UnixMillis(0),
            created_at,
            version,
            origin: AccountOrigin::Local,
            external_id: String::new(),
            second_factor: String::new(),
            pending_second_factor: String::new(),
        })
    }
}

/// The columns of an account `a`, from which [`read`] makes it.
macro_rules! account_columns {
    () => {
        "a.id, a.name, a.password_hash, a.role, a.scope, a.must_change_password, a.disabled, a.locked_until, \
         a.created_at, a.version, a.origin, a.external_id, a.second_factor, a.second_factor_pending"
    };
}
pub(super) use account_columns;

const SELECT: &str = concat!("SELECT ", account_columns!(), " FROM administrators a");

/// What the list of administrators can be in the order of.
pub(crate) const ACCOUNT_ORDERS: &[Order] = &[
    Order { name: "name", column: "a.name_key", sort: Sort::Text },
    Order { name: "created", column: "a.created_at", sort: Sort::Number },
];

pub(super) fn read(row: &AnyRow) -> Result<Account, sqlx::Error> {
    Ok(Account {
        id: column(row, "id")?,
        name: column(row, "name")?,
        password_hash: column(row, "password_hash")?,
        access: Access { role: Role::of_word(&column::<String>(row, "role")?), groups: json(row, "scope")? },
        must_change_password: column::<i64>(row, "must_change_password")? != 0,
        disabled: column::<i64>(row, "disabled")? != 0,
        locked_until: UnixMillis(column(row, "locked_until")?),
        created_at: UnixMillis(column(row, "created_at")?),
        version: column(row, "version")?,
        origin: AccountOrigin::of_word(&column::<String>(row, "origin")?),
        external_id: column(row, "external_id")?,
        second_factor: column(row, "second_factor")?,
        pending_second_factor: column(row, "second_factor_pending")?,
    })
}

/// The groups of a role as they are stored.
pub(super) fn scope(access: &Access) -> Result<String, Refusal> {
    serde_json::to_string(&access.groups).map_err(Refusal::internal)
}

impl Database {
    pub(crate) async fn has_accounts(&self) -> Result<bool, Refusal> {
        let row = sqlx::query("SELECT id FROM administrators LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }

    pub(crate) async fn account(&self, name: &str) -> Result<Option<Account>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE a.name_key = $1"));
        let row = sqlx::query(statement).bind(name_key(name)).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    pub(crate) async fn accounts(
        &self,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<Account>, Refusal> {
        let mut select = Select::new(SELECT);
        if let Some(text) = search {
            select.contains(&["a.name_key"], text);
        }
        Ok(select.page(&self.pool, paging, ("a.id", Sort::Text), read).await?)
    }

    /// Counts a failed sign-in; at so many in a row the account is locked until a time.
    pub(crate) async fn note_failure(
        &self,
        account: &Account,
        most: i64,
        until: UnixMillis,
    ) -> Result<(), Refusal> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(
            "UPDATE administrators SET locked_until = CASE WHEN failures + 1 >= $1 THEN $2 ELSE locked_until END, \
             failures = CASE WHEN failures + 1 >= $1 THEN 0 ELSE failures + 1 END WHERE id = $3",
        )
        .bind(most)
        .bind(until.0)
        .bind(&account.id)
        .execute(&mut **transaction.connection())
        .await?;
        Ok(transaction.commit().await?)
    }
}

impl Write<'_> {
    pub(crate) async fn has_accounts(&mut self) -> Result<bool, Refusal> {
        let row = sqlx::query("SELECT id FROM administrators LIMIT 1")
            .fetch_optional(&mut **self.transaction.connection())
            .await?;
        Ok(row.is_some())
    }

    /// An account as it is within this change.
    pub(crate) async fn account(&mut self, name: &str) -> Result<Option<Account>, Refusal> {
        let statement = sqlx::AssertSqlSafe(format!("{SELECT} WHERE a.name_key = $1"));
        let row = sqlx::query(statement)
            .bind(name_key(name))
            .fetch_optional(&mut **self.transaction.connection())
            .await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// How many may do everything, are not disabled, and need nobody but the console to sign in, but for one.
    pub(crate) async fn other_administrators(&mut self, but: &str) -> Result<i64, Refusal> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS others FROM administrators WHERE role = 'administrator' AND disabled = 0 \
             AND origin = 'local' AND id <> $1",
        )
        .bind(but)
        .fetch_one(&mut **self.transaction.connection())
        .await?;
        Ok(column(&row, "others")?)
    }

    pub(crate) async fn insert_account(&mut self, account: &Account) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO administrators (id, name, name_key, password_hash, created_at, role, scope, \
             must_change_password, version, origin, external_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&account.id)
        .bind(&account.name)
        .bind(name_key(&account.name))
        .bind(&account.password_hash)
        .bind(self.now.0)
        .bind(account.access.role.word())
        .bind(scope(&account.access)?)
        .bind(i64::from(account.must_change_password))
        .bind(self.revision)
        .bind(account.origin.word())
        .bind(&account.external_id)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Writes name, role, groups and whether the account is disabled. Who is disabled has no session any more.
    pub(crate) async fn update_account(&mut self, account: &Account) -> Result<(), Refusal> {
        sqlx::query(
            "UPDATE administrators SET role = $1, scope = $2, disabled = $3, version = $4, name = $5, name_key = $6 WHERE id = $7",
        )
        .bind(account.access.role.word())
        .bind(scope(&account.access)?)
        .bind(i64::from(account.disabled))
        .bind(self.revision)
        .bind(&account.name)
        .bind(name_key(&account.name))
        .bind(&account.id)
        .execute(&mut **self.transaction.connection())
        .await?;
        if account.disabled {
            self.end_sessions(account, "").await?;
        }
        Ok(())
    }

    /// Lets somebody try again who has failed too often.
    pub(crate) async fn unlock_account(&mut self, account: &Account) -> Result<(), Refusal> {
        sqlx::query("UPDATE administrators SET failures = 0, locked_until = 0, version = $1 WHERE id = $2")
            .bind(self.revision)
            .bind(&account.id)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }

    /// Removes an account with its sessions and tokens.
    pub(crate) async fn remove_account(&mut self, account: &Account) -> Result<(), Refusal> {
        sqlx::query("DELETE FROM administrators WHERE id = $1")
            .bind(&account.id)
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }

    /// Sets a password, unlocks the account, and ends all its sessions but one.
    pub(crate) async fn set_password(
        &mut self,
        account: &Account,
        password_hash: &str,
        must_change: bool,
        but_session: &str,
    ) -> Result<(), Refusal> {
        sqlx::query(
            "UPDATE administrators SET password_hash = $1, must_change_password = $2, failures = 0, locked_until = 0, \
             version = $3 WHERE id = $4",
        )
        .bind(password_hash)
        .bind(i64::from(must_change))
        .bind(self.revision)
        .bind(&account.id)
        .execute(&mut **self.transaction.connection())
        .await?;
        self.end_sessions(account, but_session).await
    }
}
