//! What somebody is at the shop, when that changes.

use super::{Doing as _, Entry, Store, StoreError};
use deskhand_domain::{Account, AccountId, Role};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    sync::Kind,
};

impl Store {
    /// Gives an account another role; `None` when there is no such account. Its desktops learn of
    /// it at the next heartbeat and delete what they may no longer see.
    pub async fn set_role(
        &self,
        account: AccountId,
        role: Role,
        by: Actor,
    ) -> Result<Option<Account>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let Some(mut known) = tx.get::<Account>(account.0).await? else {
                    return Ok(None);
                };
                let before = std::mem::replace(&mut known.role, role);
                sqlx::query("update accounts set role = $1 where id = $2")
                    .bind(role.as_str())
                    .bind(account.to_string())
                    .execute(&mut *tx.inner)
                    .await
                    .doing("change a role")?;
                tx.touched.insert((Kind::Account, account.0));
                tx.audit(
                    Entry::new(by, Action::RoleChanged)
                        .to(ThingKind::Account, account)
                        .with("from", before)
                        .with("to", role),
                );
                Ok(Some(known))
            })
        })
        .await
    }
}
