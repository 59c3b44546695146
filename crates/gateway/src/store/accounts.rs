//! Accounts that sign in.

use super::{Doing as _, Entry, Store, StoreError, cells::Cells, entity::Row as _};
use crate::clock::millis;
use deskhand_domain::{Account, AccountId, DeviceId};
use deskhand_protocol::audit::{Action, Actor, ThingKind};

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

    /// Whether an admin locked the account.
    pub async fn is_locked(&self, account: AccountId) -> Result<bool, StoreError> {
        let row = sqlx::query("select 1 from accounts where id = $1 and locked_at is not null")
            .bind(account.to_string())
            .fetch_optional(self.read())
            .await
            .doing("look whether the account is locked")?;
        Ok(row.is_some())
    }

    /// Locks an account and ends its sessions, or lets it in again.
    pub async fn set_locked(
        &self,
        account: AccountId,
        locked: bool,
        by: Actor,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("update accounts set locked_at = $1 where id = $2")
                    .bind(locked.then(|| millis(tx.now)))
                    .bind(account.to_string())
                    .execute(&mut *tx.inner)
                    .await
                    .doing("lock an account")?;
                let action = if locked {
                    tx.end_devices(account, None).await?;
                    Action::AccountLocked
                } else {
                    Action::AccountUnlocked
                };
                tx.audit(Entry::new(by, action).to(ThingKind::Account, account));
                Ok(())
            })
        })
        .await
    }

    /// Sets another password and signs every device out but the one where it was done.
    pub async fn set_password(
        &self,
        account: AccountId,
        hash: String,
        but: Option<DeviceId>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("update accounts set password = $1 where id = $2")
                    .bind(hash)
                    .bind(account.to_string())
                    .execute(&mut *tx.inner)
                    .await
                    .doing("change a password")?;
                tx.end_devices(account, but).await?;
                tx.audit(Entry::new(account, Action::PasswordChanged));
                Ok(())
            })
        })
        .await
    }
}
