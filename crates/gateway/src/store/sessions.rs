//! Devices that are signed in, and their tokens, which are kept only as their hashes.
//!
//! An access token is sent with every request and lives for minutes; a refresh token is exchanged
//! for a new pair. Who exchanged one and did not hear the answer may do it again as long as neither
//! of the new tokens was used. After that, the old one in anybody's hands means that two hold it:
//! the device is signed out.

use super::{
    Doing as _, Entry, Store, StoreError, Tx,
    cells::Cells,
    entity::Row as _,
    sql::{self, Cell},
};
use crate::clock::millis;
use chrono::TimeDelta;
use deskhand_domain::{Account, AccountId, DeviceId, Instant};
use deskhand_protocol::audit::{Action, Actor, ThingKind};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::watch;

/// How long an ended device is remembered: a desktop that was away may still be told that it was
/// revoked.
const REMEMBERED: TimeDelta = TimeDelta::days(60);
/// How many tokens are known by heart.
const BY_HEART: usize = 20_000;

/// A device to be signed in.
pub struct NewDevice {
    /// Its id.
    pub id: DeviceId,
    /// Who signs in.
    pub account: AccountId,
    /// Its name as given.
    pub name: String,
}

/// The hashes of two new tokens.
#[derive(Clone, Debug)]
pub struct NewPair {
    /// SHA-256 of the access token, in hex.
    pub access: String,
    /// When it ends.
    pub access_until: Instant,
    /// SHA-256 of the refresh token, in hex.
    pub refresh: String,
    /// When it ends, and with it the device, unless it is exchanged before.
    pub refresh_until: Instant,
}

/// Who a token belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The device.
    pub device: DeviceId,
    /// When the token ends.
    pub expires_at: Instant,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq)]
pub enum Refreshed {
    /// The new pair is in force.
    Done(SignedIn),
    /// The device was ended from elsewhere.
    Revoked,
    /// It was exchanged before, and what came of it is in use: the device is signed out now.
    Reused(AccountId),
    /// It is of no device that is signed in.
    Unknown,
}

/// How a device stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Signed in.
    Open(SignedIn),
    /// Signed out, or not used for too long.
    Ended,
    /// Ended from elsewhere.
    Revoked,
}

/// Who tokens belong to, known by heart as long as nobody may do less than before.
pub(super) struct Known {
    version: watch::Sender<i64>,
    tokens: Mutex<BTreeMap<String, (i64, SignedIn)>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            version: watch::Sender::new(0),
            tokens: Mutex::default(),
        }
    }
}

impl Known {
    fn get(&self, name: &str, now: Instant) -> Option<SignedIn> {
        let version = *self.version.borrow();
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (as_of, who) = tokens.get(name)?;
        (*as_of == version && who.expires_at > now).then(|| who.clone())
    }

    /// Remembers what was read when the version was this one.
    fn put(&self, name: String, version: i64, who: SignedIn) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= BY_HEART {
            tokens.clear();
        }
        tokens.insert(name, (version, who));
    }

    /// The sessions are at this version now.
    pub(super) fn moved(&self, version: i64) {
        self.version.send_if_modified(|known| {
            let newer = version > *known;
            *known = version.max(*known);
            newer
        });
    }
}

/// The columns of [`SignedIn`] and what decides whether it holds.
macro_rules! holder {
    ($rest:literal) => {
        concat!(
            "select a.id, a.name, a.email, a.role, a.teams, d.id as device, d.ended_at, d.revoked_at,
                d.expires_at as device_until, ",
            $rest
        )
    };
}

/// What a row of [`holder!`] says at a moment.
fn standing(cells: &Cells<'_>, now: Instant) -> Result<Standing, StoreError> {
    let expires_at = cells.at("expires_at")?;
    if cells.maybe_int("revoked_at")?.is_some() {
        return Ok(Standing::Revoked);
    }
    let ended = cells.maybe_int("ended_at")?.is_some();
    if ended || expires_at <= now || cells.at("device_until")? <= now {
        return Ok(Standing::Ended);
    }
    Ok(Standing::Open(SignedIn {
        account: Account::read(cells)?,
        device: cells.parse("device")?,
        expires_at,
    }))
}

impl Store {
    /// Says when somebody may do less than before: who serves them looks again.
    pub fn session_changes(&self) -> watch::Receiver<i64> {
        self.known().version.subscribe()
    }

    /// Forgets what is known by heart; for tests of what that is worth.
    pub fn forget_known(&self) {
        let known = &self.known().tokens;
        known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.inner.keys.forget();
    }

    /// Reads how far the changes of sessions are.
    pub async fn look_at_sessions(&self) -> Result<(), StoreError> {
        let (version,): (i64,) = sqlx::query_as("select version from session_changes")
            .fetch_one(self.read())
            .await
            .doing("look at the sessions")?;
        self.known().moved(version);
        Ok(())
    }

    /// Signs a device in, and forgets those that ended long ago.
    pub async fn open_session(&self, new: NewDevice, pair: NewPair) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.forget_sessions().await?;
                let now = Cell::at(tx.now);
                let columns = [
                    "id",
                    "account",
                    "name",
                    "created_at",
                    "seen_at",
                    "expires_at",
                ];
                let row = vec![
                    Cell::text(new.id),
                    Cell::text(new.account),
                    Cell::text(new.name),
                    now.clone(),
                    now,
                    Cell::at(pair.refresh_until),
                ];
                sql::upsert(&mut tx.inner, "devices", "id", &columns, vec![row])
                    .await
                    .doing("sign a device in")?;
                tx.add_pair(new.id, None, pair).await?;
                let signed_in = Entry::new(new.account, Action::SignedIn);
                tx.audit(signed_in.with("device", new.id));
                Ok(())
            })
        })
        .await
    }

    /// Who an access token belongs to, while it lasts. Its first use is noted: from then on the
    /// refresh token that it came of may not be used again.
    pub async fn session(&self, hash: &str) -> Result<Standing, StoreError> {
        let now = self.clock().now();
        if let Some(who) = self.known().get(hash, now) {
            return Ok(Standing::Open(who));
        }
        let version = *self.known().version.borrow();
        let row = sqlx::query(holder!(
            "t.expires_at, t.used_at
             from tokens t join devices d on d.id = t.device join accounts a on a.id = d.account
             where t.hash = $1 and t.kind = 'access'"
        ))
        .bind(hash)
        .fetch_optional(self.read())
        .await
        .doing("look for the session")?;
        let Some(row) = row else {
            return Ok(Standing::Ended);
        };
        let cells = Cells::new("tokens", &row);
        let found = standing(&cells, now)?;
        if let Standing::Open(who) = &found {
            if cells.maybe_int("used_at")?.is_none() {
                self.note_use(hash).await?;
            }
            self.known().put(hash.to_owned(), version, who.clone());
        }
        Ok(found)
    }

    async fn note_use(&self, hash: &str) -> Result<(), StoreError> {
        let hash = hash.to_owned();
        self.write(move |tx| Box::pin(async move { tx.note_use(&hash).await }))
            .await
    }

    /// How a device stands, whatever token it showed.
    pub async fn device(&self, device: DeviceId) -> Result<Standing, StoreError> {
        let now = self.clock().now();
        let name = device.to_string();
        if let Some(who) = self.known().get(&name, now) {
            return Ok(Standing::Open(who));
        }
        let version = *self.known().version.borrow();
        let row = sqlx::query(holder!(
            "d.expires_at from devices d join accounts a on a.id = d.account where d.id = $1"
        ))
        .bind(&name)
        .fetch_optional(self.read())
        .await
        .doing("look at the device")?;
        let Some(row) = row else {
            return Ok(Standing::Ended);
        };
        let found = standing(&Cells::new("devices", &row), now)?;
        if let Standing::Open(who) = &found {
            self.known().put(name, version, who.clone());
        }
        Ok(found)
    }

    /// Exchanges a refresh token for a new pair.
    pub async fn refresh(&self, old: &str, pair: NewPair) -> Result<Refreshed, StoreError> {
        let old = old.to_owned();
        self.write(move |tx| Box::pin(async move { tx.refresh(old, pair).await }))
            .await
    }

    /// Revokes every device of an account, those that ran out too: their desktops destroy what
    /// they keep. Answers which.
    pub async fn revoke_sessions(
        &self,
        account: AccountId,
        by: Actor,
    ) -> Result<Vec<DeviceId>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let rows = sqlx::query(
                    "update devices set revoked_at = $1
                     where account = $2 and revoked_at is null and ended_at is null returning id",
                )
                .bind(millis(tx.now))
                .bind(account.to_string())
                .fetch_all(&mut *tx.inner)
                .await
                .doing("revoke the sessions")?;
                tx.sessions_changed();
                tx.audit(
                    Entry::new(by, Action::SessionsRevoked)
                        .to(ThingKind::Account, account)
                        .with("sessions", rows.len()),
                );
                rows.iter()
                    .map(|row| Cells::new("devices", row).parse("id"))
                    .collect()
            })
        })
        .await
    }

    /// Signs a device out. Whether it was signed in.
    pub async fn close_session(&self, device: DeviceId) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let ended = tx.end_device(device).await?;
                if let Some(account) = ended {
                    tx.audit(Entry::new(account, Action::SignedOut).with("device", device));
                }
                Ok(ended.is_some())
            })
        })
        .await
    }
}

impl Tx {
    /// Says that somebody may do less than before.
    pub fn sessions_changed(&mut self) {
        self.sessions_changed = true;
    }

    /// Moves the version when something changed; answers it.
    pub(super) async fn session_version(&mut self) -> Result<Option<i64>, StoreError> {
        if !self.sessions_changed {
            return Ok(None);
        }
        let (version,): (i64,) = sqlx::query_as(
            "update session_changes set version = version + 1 where one = 1 returning version",
        )
        .fetch_one(&mut *self.inner)
        .await
        .doing("say that sessions changed")?;
        Ok(Some(version))
    }

    async fn note_use(&mut self, hash: &str) -> Result<(), StoreError> {
        sqlx::query("update tokens set used_at = $1 where hash = $2 and used_at is null")
            .bind(millis(self.now))
            .bind(hash)
            .execute(&mut *self.inner)
            .await
            .map(|_| ())
            .doing("note that a token is used")
    }

    async fn add_pair(
        &mut self,
        device: DeviceId,
        parent: Option<&str>,
        pair: NewPair,
    ) -> Result<(), StoreError> {
        let columns = [
            "hash",
            "device",
            "kind",
            "parent",
            "created_at",
            "expires_at",
        ];
        let now = self.now;
        let row = |hash: String, kind: &str, until| {
            vec![
                Cell::text(hash),
                Cell::text(device),
                Cell::text(kind),
                Cell::maybe(parent),
                Cell::at(now),
                Cell::at(until),
            ]
        };
        let rows = vec![
            row(pair.access, "access", pair.access_until),
            row(pair.refresh, "refresh", pair.refresh_until),
        ];
        sql::upsert(&mut self.inner, "tokens", "hash", &columns, rows)
            .await
            .doing("store the tokens")
    }

    async fn refresh(&mut self, old: String, pair: NewPair) -> Result<Refreshed, StoreError> {
        let row = sqlx::query(holder!(
            "d.expires_at, t.expires_at as token_until, t.used_at
             from tokens t join devices d on d.id = t.device join accounts a on a.id = d.account
             where t.hash = $1 and t.kind = 'refresh'"
        ))
        .bind(&old)
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look for the refresh token")?;
        let Some(row) = row else {
            return Ok(Refreshed::Unknown);
        };
        let cells = Cells::new("tokens", &row);
        let who = match standing(&cells, self.now)? {
            Standing::Open(who) => who,
            Standing::Revoked => return Ok(Refreshed::Revoked),
            Standing::Ended => return Ok(Refreshed::Unknown),
        };
        if cells.maybe_int("used_at")?.is_none() {
            if cells.at("token_until")? <= self.now {
                return Ok(Refreshed::Unknown);
            }
        } else if !self.take_unused_back(&old).await? {
            self.end_device(who.device).await?;
            self.audit(
                Entry::new(Actor::Nobody, Action::TokenReused)
                    .to(ThingKind::Account, who.account.id)
                    .with("device", who.device),
            );
            return Ok(Refreshed::Reused(who.account.id));
        }
        self.note_use(&old).await?;
        sqlx::query("update devices set seen_at = $1, expires_at = $2 where id = $3")
            .bind(millis(self.now))
            .bind(millis(pair.refresh_until))
            .bind(who.device.to_string())
            .execute(&mut *self.inner)
            .await
            .doing("note that a device was seen")?;
        let expires_at = pair.access_until;
        self.add_pair(who.device, Some(&old), pair).await?;
        Ok(Refreshed::Done(SignedIn { expires_at, ..who }))
    }

    /// Takes back what a refresh token was exchanged for, if none of it was used: the answer was
    /// lost. Whether it could.
    async fn take_unused_back(&mut self, parent: &str) -> Result<bool, StoreError> {
        let used = sqlx::query("select 1 from tokens where parent = $1 and used_at is not null")
            .bind(parent)
            .fetch_optional(&mut *self.inner)
            .await
            .doing("look whether the new tokens are used")?;
        if used.is_some() {
            return Ok(false);
        }
        sqlx::query("delete from tokens where parent = $1")
            .bind(parent)
            .execute(&mut *self.inner)
            .await
            .doing("take new tokens back")?;
        Ok(true)
    }

    /// Signs a device out. Whose it was, if it was signed in.
    async fn end_device(&mut self, device: DeviceId) -> Result<Option<AccountId>, StoreError> {
        let row = sqlx::query(
            "update devices set ended_at = $1
             where id = $2 and ended_at is null and revoked_at is null returning account",
        )
        .bind(millis(self.now))
        .bind(device.to_string())
        .fetch_optional(&mut *self.inner)
        .await
        .doing("end the session")?;
        self.sessions_changed();
        row.map(|row| Cells::new("devices", &row).parse("account"))
            .transpose()
    }

    /// Signs every device of an account out, but one.
    pub(super) async fn end_devices(
        &mut self,
        account: AccountId,
        but: Option<DeviceId>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update devices set ended_at = $1
             where account = $2 and id <> $3 and ended_at is null and revoked_at is null",
        )
        .bind(millis(self.now))
        .bind(account.to_string())
        .bind(but.map(|device| device.to_string()).unwrap_or_default())
        .execute(&mut *self.inner)
        .await
        .doing("end the sessions")?;
        self.sessions_changed();
        Ok(())
    }

    /// Forgets access tokens that ended and devices that ended long ago.
    async fn forget_sessions(&mut self) -> Result<(), StoreError> {
        let ended = millis(self.now - REMEMBERED);
        for (sql, before) in [
            ("delete from devices where expires_at < $1", ended),
            (
                "delete from tokens where kind = 'access' and expires_at < $1",
                millis(self.now),
            ),
            (
                "delete from tokens where kind = 'refresh' and expires_at < $1",
                ended,
            ),
        ] {
            sqlx::query(sql)
                .bind(before)
                .execute(&mut *self.inner)
                .await
                .doing("forget old sessions")?;
        }
        Ok(())
    }
}
