//! What somebody is at the shop, when that changes.

use super::{Doing as _, Store, StoreError};
use deskhand_domain::{Account, AccountId, Role};
use deskhand_protocol::sync::Kind;

impl Store {
    /// Gives an account another role; `None` when there is no such account. Its desktops learn of
    /// it at the next heartbeat and delete what they may no longer see.
    pub async fn set_role(
        &self,
        account: AccountId,
        role: Role,
    ) -> Result<Option<Account>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let Some(mut known) = tx.get::<Account>(account.0).await? else {
                    return Ok(None);
                };
                known.role = role;
                sqlx::query("update accounts set role = $1 where id = $2")
                    .bind(role.as_str())
                    .bind(account.to_string())
                    .execute(&mut *tx.inner)
                    .await
                    .doing("change a role")?;
                tx.touched.insert((Kind::Account, account.0));
                Ok(Some(known))
            })
        })
        .await
    }
}
