//! Accounts that sign in, and their sessions. A session's token is kept only as its hash.

use super::{
    Doing as _, Entry, Store, StoreError,
    cells::Cells,
    entity::Row as _,
    sql::{self, Cell},
};
use crate::clock::millis;
use chrono::TimeDelta;
use deskhand_domain::{Account, AccountId, Instant};
use deskhand_protocol::audit::{Action, Actor, ThingKind};

/// How long an ended session is remembered: a desktop that was away may still be told that its
/// session was revoked.
const REMEMBERED: TimeDelta = TimeDelta::days(60);

/// A session to be opened.
pub struct NewSession {
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// Whose it is.
    pub account: AccountId,
    /// The device's name as given.
    pub device: String,
    /// When it ends.
    pub expires_at: Instant,
}

/// Who a token belongs to.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// When the session ends.
    pub expires_at: Instant,
}

impl Store {
    /// The account of an address and the hash of its password.
    pub async fn credentials(&self, email: &str) -> Result<Option<(Account, String)>, StoreError> {
        let row = sqlx::query(
            "select id, name, email, role, password from accounts where email_key = $1",
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

    /// Opens a session, and forgets those that ended long ago.
    pub async fn open_session(&self, new: NewSession) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("delete from sessions where expires_at < $1")
                    .bind(millis(tx.now - REMEMBERED))
                    .execute(&mut *tx.inner)
                    .await
                    .doing("forget old sessions")?;
                let now = Cell::at(tx.now);
                let columns = [
                    "token_hash",
                    "account",
                    "device",
                    "created_at",
                    "expires_at",
                ];
                let row = vec![
                    Cell::text(new.token_hash),
                    Cell::text(new.account),
                    Cell::text(new.device),
                    now,
                    Cell::at(new.expires_at),
                ];
                sql::upsert(&mut tx.inner, "sessions", "token_hash", &columns, vec![row])
                    .await
                    .doing("open a session")?;
                tx.audit(Entry::new(new.account, Action::SignedIn));
                Ok(())
            })
        })
        .await
    }

    /// Who the token belongs to, while the session lasts.
    pub async fn session(&self, token_hash: &str) -> Result<Option<SignedIn>, StoreError> {
        let row = sqlx::query(
            "select a.id, a.name, a.email, a.role, s.expires_at
             from sessions s join accounts a on a.id = s.account
             where s.token_hash = $1 and s.expires_at > $2 and s.revoked_at is null",
        )
        .bind(token_hash)
        .bind(millis(self.clock().now()))
        .fetch_optional(self.read())
        .await
        .doing("look for the session")?;
        row.map(|row| {
            let cells = Cells::new("sessions", &row);
            Ok(SignedIn {
                account: Account::read(&cells)?,
                expires_at: cells.at("expires_at")?,
            })
        })
        .transpose()
    }

    /// Whether the session was ended from elsewhere.
    pub async fn is_revoked(&self, token_hash: &str) -> Result<bool, StoreError> {
        let row =
            sqlx::query("select 1 from sessions where token_hash = $1 and revoked_at is not null")
                .bind(token_hash)
                .fetch_optional(self.read())
                .await
                .doing("look whether the session was revoked")?;
        Ok(row.is_some())
    }

    /// Revokes every session of an account, those that ran out too: their desktops destroy what
    /// they keep. Answers the hashes of the tokens.
    pub async fn revoke_sessions(
        &self,
        account: AccountId,
        by: Actor,
    ) -> Result<Vec<String>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "update sessions set revoked_at = $1
                     where account = $2 and revoked_at is null returning token_hash",
                )
                .bind(millis(tx.now))
                .bind(account.to_string())
                .fetch_all(&mut *tx.inner)
                .await
                .doing("revoke the sessions")?;
                tx.audit(
                    Entry::new(by, Action::SessionsRevoked)
                        .to(ThingKind::Account, account)
                        .with("sessions", rows.len()),
                );
                rows.iter()
                    .map(|row| Cells::new("sessions", row).text("token_hash"))
                    .collect()
            })
        })
        .await
    }

    /// Ends a session. Whether there was one.
    pub async fn close_session(&self, token_hash: &str) -> Result<bool, StoreError> {
        let token_hash = token_hash.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let row =
                    sqlx::query("delete from sessions where token_hash = $1 returning account")
                        .bind(token_hash)
                        .fetch_optional(&mut *tx.inner)
                        .await
                        .doing("end the session")?;
                let Some(row) = row else { return Ok(false) };
                let account: AccountId = Cells::new("sessions", &row).parse("account")?;
                tx.audit(Entry::new(account, Action::SignedOut));
                Ok(true)
            })
        })
        .await
    }
}
