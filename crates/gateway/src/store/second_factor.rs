//! Codes of an authenticator app (RFC 6238), and those for the day it is lost.

use super::{
    Doing as _, Entry, Store, StoreError, Tx,
    cells::Cells,
    sql::{self, Cell},
};
use crate::clock::millis;
use deskhand_domain::{Account, AccountId, Instant};
use deskhand_protocol::audit::{Action, Actor, ThingKind};

/// How many codes may be tried for one challenge.
const TRIES: i64 = 5;

/// What an account shares with an authenticator app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// In base 32.
    pub secret: String,
    /// Whether a first code showed that the app has it.
    pub confirmed: bool,
}

/// Somebody who showed the right password.
pub struct NewChallenge {
    /// SHA-256 of what they have to show with the code, in hex.
    pub hash: String,
    /// Who.
    pub account: AccountId,
    /// The name of the device.
    pub device: String,
    /// Until when.
    pub expires_at: Instant,
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was the first: the app is in use from now on.
    First,
    /// It was taken.
    Next,
    /// It, or a later one, was taken before.
    Spent,
}

impl Store {
    /// What an account shares with an app, if it has one.
    pub async fn factor(&self, account: AccountId) -> Result<Option<Factor>, StoreError> {
        let row = sqlx::query("select secret, confirmed_at from second_factors where account = $1")
            .bind(account.to_string())
            .fetch_optional(self.read())
            .await
            .doing("look for the second factor")?;
        row.map(|row| {
            let cells = Cells::new("second_factors", &row);
            Ok(Factor {
                secret: cells.text("secret")?,
                confirmed: cells.maybe_int("confirmed_at")?.is_some(),
            })
        })
        .transpose()
    }

    /// Begins to share a secret with an app, or goes on with one that was not confirmed yet.
    pub async fn begin_factor(
        &self,
        account: AccountId,
        secret: String,
    ) -> Result<Factor, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let row = sqlx::query(
                    "insert into second_factors (account, secret, created_at)
                     values ($1, $2, $3)
                     on conflict (account) do update set created_at = excluded.created_at
                     returning secret, confirmed_at",
                )
                .bind(account.to_string())
                .bind(secret)
                .bind(millis(tx.now))
                .fetch_one(&mut *tx.inner)
                .await
                .doing("begin a second factor")?;
                let cells = Cells::new("second_factors", &row);
                Ok(Factor {
                    secret: cells.text("secret")?,
                    confirmed: cells.maybe_int("confirmed_at")?.is_some(),
                })
            })
        })
        .await
    }

    /// Takes the code of a time step, once and none before it. With the first one come the hashes
    /// of the recovery codes.
    pub async fn take_step(
        &self,
        account: AccountId,
        step: u64,
        recovery: Vec<String>,
    ) -> Result<Taken, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.take_step(account, step, recovery).await }))
            .await
    }

    /// Takes a recovery code, once. Whether there was such a one.
    pub async fn take_recovery(
        &self,
        account: AccountId,
        hash: String,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query(
                    "update recovery_codes set used_at = $1
                     where hash = $2 and account = $3 and used_at is null",
                )
                .bind(millis(tx.now))
                .bind(hash)
                .bind(account.to_string())
                .execute(&mut *tx.inner)
                .await
                .doing("take a recovery code")?;
                let taken = done.rows_affected() > 0;
                if taken {
                    tx.audit(Entry::new(account, Action::RecoveryCodeUsed));
                }
                Ok(taken)
            })
        })
        .await
    }

    /// How many recovery codes are left.
    pub async fn recovery_left(&self, account: AccountId) -> Result<u32, StoreError> {
        let (left,): (i64,) = sqlx::query_as(
            "select count(*) from recovery_codes where account = $1 and used_at is null",
        )
        .bind(account.to_string())
        .fetch_one(self.read())
        .await
        .doing("count the recovery codes")?;
        Ok(u32::try_from(left).unwrap_or_default())
    }

    /// Forgets the app and the recovery codes. Whether there were any.
    pub async fn remove_factor(&self, account: AccountId, by: Actor) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.forget_codes(account).await?;
                let done = sqlx::query("delete from second_factors where account = $1")
                    .bind(account.to_string())
                    .execute(&mut *tx.inner)
                    .await
                    .doing("remove a second factor")?;
                let there = done.rows_affected() > 0;
                if there {
                    let entry = Entry::new(by, Action::SecondFactorRemoved);
                    tx.audit(entry.to(ThingKind::Account, account));
                }
                Ok(there)
            })
        })
        .await
    }

    /// Remembers that somebody showed the right password.
    pub async fn add_challenge(&self, new: NewChallenge) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("delete from challenges where expires_at < $1")
                    .bind(millis(tx.now))
                    .execute(&mut *tx.inner)
                    .await
                    .doing("forget old challenges")?;
                let columns = ["hash", "account", "device", "expires_at"];
                let row = vec![
                    Cell::text(new.hash),
                    Cell::text(new.account),
                    Cell::text(new.device),
                    Cell::at(new.expires_at),
                ];
                sql::upsert(&mut tx.inner, "challenges", "hash", &columns, vec![row])
                    .await
                    .doing("store a challenge")
            })
        })
        .await
    }

    /// Whose challenge it is and the name of the device, while it may be tried. Counts the try.
    pub async fn try_challenge(&self, hash: &str) -> Result<Option<(Account, String)>, StoreError> {
        let hash = hash.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let row = sqlx::query(
                    "update challenges set tries = tries + 1
                     where hash = $1 and expires_at > $2 and tries < $3
                     returning account, device",
                )
                .bind(hash)
                .bind(millis(tx.now))
                .bind(TRIES)
                .fetch_optional(&mut *tx.inner)
                .await
                .doing("look for the challenge")?;
                let Some(row) = row else { return Ok(None) };
                let cells = Cells::new("challenges", &row);
                let device = cells.text("device")?;
                let account: AccountId = cells.parse("account")?;
                let account = tx.get::<Account>(account.0).await?;
                Ok(account.map(|account| (account, device)))
            })
        })
        .await
    }

    /// The challenge was met.
    pub async fn end_challenge(&self, hash: &str) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("delete from challenges where hash = $1")
                    .bind(hash)
                    .execute(&mut *tx.inner)
                    .await
                    .map(|_| ())
                    .doing("end a challenge")
            })
        })
        .await
    }
}

impl Tx {
    async fn take_step(
        &mut self,
        account: AccountId,
        step: u64,
        recovery: Vec<String>,
    ) -> Result<Taken, StoreError> {
        let row = sqlx::query("select confirmed_at from second_factors where account = $1")
            .bind(account.to_string())
            .fetch_optional(&mut *self.inner)
            .await
            .doing("look for the second factor")?;
        let Some(row) = row else {
            return Ok(Taken::Spent);
        };
        let first = Cells::new("second_factors", &row)
            .maybe_int("confirmed_at")?
            .is_none();
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let done = sqlx::query(
            "update second_factors set last_step = $1, confirmed_at = coalesce(confirmed_at, $2)
             where account = $3 and last_step < $4",
        )
        .bind(step)
        .bind(millis(self.now))
        .bind(account.to_string())
        .bind(step)
        .execute(&mut *self.inner)
        .await
        .doing("take a code")?;
        if done.rows_affected() == 0 {
            return Ok(Taken::Spent);
        }
        if !first {
            return Ok(Taken::Next);
        }
        self.forget_codes(account).await?;
        let rows: Vec<Vec<Cell>> = recovery
            .into_iter()
            .map(|hash| vec![Cell::text(hash), Cell::text(account), Cell::at(self.now)])
            .collect();
        let columns = ["hash", "account", "created_at"];
        sql::upsert(&mut self.inner, "recovery_codes", "hash", &columns, rows)
            .await
            .doing("store the recovery codes")?;
        self.audit(Entry::new(account, Action::SecondFactorSet));
        Ok(Taken::First)
    }

    async fn forget_codes(&mut self, account: AccountId) -> Result<(), StoreError> {
        sqlx::query("delete from recovery_codes where account = $1")
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await
            .map(|_| ())
            .doing("forget recovery codes")
    }
}
