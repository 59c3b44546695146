//! Accounts that sign in.

use super::{Doing as _, Store, StoreError, cells::Cells, entity::Row as _};
use deskhand_domain::Account;

impl Store {
    /// The account of an address and the hash of its password.
    pub async fn credentials(&self, email: &str) -> Result<Option<(Account, String)>, StoreError> {
        let row = sqlx::query(
            "select id, name, email, role, teams, password from accounts where email_key = $1",
        )
        .bind(email.to_lowercase())
        .fetch_optional(self.read())
        .await
        .doing("look for the account")?;
        row.map(|row| {
            let cells = Cells::new(Account::TABLE, &row);
            Ok((Account::read(&cells)?, cells.text("password")?))
        })
        .transpose()
    }
}
