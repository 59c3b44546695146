//! Who a provider says that somebody is, and sign-ins that go on in a browser.

use super::{
    Doing as _, Entry, Store, StoreError,
    cells::Cells,
    entity::Row as _,
    sql::{self, Cell},
};
use crate::clock::millis;
use deskhand_domain::{Account, AccountId, Instant, Role, TeamId};
use deskhand_protocol::audit::{Action, Actor, ThingKind};

/// A sign-in that goes on in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSignIn {
    /// SHA-256 of what the desktop knows, in hex.
    pub hash: String,
    /// What comes back with the code.
    pub state: String,
    /// What stands in the ID token.
    pub nonce: String,
    /// What shows that the code was asked for here.
    pub verifier: String,
    /// Where the code comes back to.
    pub redirect: String,
    /// The name of the device.
    pub device: String,
    /// Until when it may end.
    pub expires_at: Instant,
}

/// Somebody as a provider knows them.
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for them.
    pub subject: String,
    /// The address, if it has verified it.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The role that their groups give.
    pub role: Role,
    /// Whether somebody new gets an account.
    pub create: bool,
}

impl Store {
    /// Remembers a sign-in that goes on in a browser.
    pub async fn begin_in_browser(&self, new: BrowserSignIn) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("delete from browser_sign_ins where expires_at < $1")
                    .bind(millis(tx.now))
                    .execute(&mut *tx.inner)
                    .await
                    .doing("forget old sign-ins")?;
                let columns = [
                    "hash",
                    "state",
                    "nonce",
                    "verifier",
                    "redirect",
                    "device",
                    "expires_at",
                ];
                let row = vec![
                    Cell::text(new.hash),
                    Cell::text(new.state),
                    Cell::text(new.nonce),
                    Cell::text(new.verifier),
                    Cell::text(new.redirect),
                    Cell::text(new.device),
                    Cell::at(new.expires_at),
                ];
                sql::upsert(
                    &mut tx.inner,
                    "browser_sign_ins",
                    "hash",
                    &columns,
                    vec![row],
                )
                .await
                .doing("remember a sign-in")
            })
        })
        .await
    }

    /// Takes such a sign-in, once.
    pub async fn end_in_browser(&self, hash: &str) -> Result<Option<BrowserSignIn>, StoreError> {
        let hash = hash.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let row = sqlx::query(
                    "delete from browser_sign_ins where hash = $1
                     returning hash, state, nonce, verifier, redirect, device, expires_at",
                )
                .bind(hash)
                .fetch_optional(&mut *tx.inner)
                .await
                .doing("take a sign-in")?;
                let Some(row) = row else { return Ok(None) };
                let cells = Cells::new("browser_sign_ins", &row);
                let found = BrowserSignIn {
                    hash: cells.text("hash")?,
                    state: cells.text("state")?,
                    nonce: cells.text("nonce")?,
                    verifier: cells.text("verifier")?,
                    redirect: cells.text("redirect")?,
                    device: cells.text("device")?,
                    expires_at: cells.at("expires_at")?,
                };
                Ok((found.expires_at > tx.now).then_some(found))
            })
        })
        .await
    }

    /// The account of somebody whom a provider knows: the one they have, the one of their verified
    /// address, or a new one if that may be.
    pub async fn account_of(&self, who: Identity) -> Result<Option<Account>, StoreError> {
        let new = AccountId(self.clock().id());
        self.write(move |tx| {
            Box::pin(async move {
                let row = sqlx::query(
                    "select account from identities where issuer = $1 and subject = $2",
                )
                .bind(&who.issuer)
                .bind(&who.subject)
                .fetch_optional(&mut *tx.inner)
                .await
                .doing("look for somebody's account")?;
                if let Some(row) = row {
                    let id: AccountId = Cells::new("identities", &row).parse("account")?;
                    return tx.get::<Account>(id.0).await;
                }
                let Some(email) = who.email else {
                    return Ok(None);
                };
                let row = sqlx::query(
                    "select id, name, email, role, teams, machine from accounts where email_key = $1",
                )
                .bind(email.to_lowercase())
                .fetch_optional(&mut *tx.inner)
                .await
                .doing("look for the account of an address")?;
                let account = match row {
                    Some(row) => {
                        let cells = Cells::new(Account::TABLE, &row);
                        if cells.int("machine")? != 0 {
                            return Ok(None);
                        }
                        Account::read(&cells)?
                    }
                    None if who.create => {
                        let account = Account {
                            id: new,
                            name: who.name.unwrap_or_else(|| email.clone()),
                            email,
                            role: who.role,
                            teams: vec![TeamId::MAIN],
                        };
                        // No password opens it.
                        tx.add_account(&account, "").await?;
                        let entry = Entry::new(Actor::System, Action::AccountMade);
                        tx.audit(entry.to(ThingKind::Account, account.id));
                        account
                    }
                    None => return Ok(None),
                };
                let columns = ["issuer", "subject", "account", "created_at"];
                let row = vec![
                    Cell::text(who.issuer),
                    Cell::text(who.subject),
                    Cell::text(account.id),
                    Cell::at(tx.now),
                ];
                sql::upsert(
                    &mut tx.inner,
                    "identities",
                    "issuer, subject",
                    &columns,
                    vec![row],
                )
                .await
                .doing("remember who somebody is")?;
                let entry = Entry::new(Actor::System, Action::IdentityLinked);
                tx.audit(entry.to(ThingKind::Account, account.id));
                Ok(Some(account))
            })
        })
        .await
    }
}
