//! Keys of programs, kept only as their hashes, and the machine accounts that they stand for.

use super::{
    Doing as _, Entry, Store, StoreError, Tx,
    cells::Cells,
    entity::Row as _,
    sql::{self, Cell},
};
use crate::{
    clock::millis,
    keys::{NewKey, Whose},
};
use chrono::TimeDelta;
use deskhand_domain::{Account, AccountId, Instant, KeyId, Role, Scope, TeamId};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    rest::MachineKey,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// How many keys are known by heart.
const BY_HEART: usize = 10_000;
/// How often the use of a key is noted.
const NOTED: TimeDelta = TimeDelta::hours(1);
/// How many keys are listed at most.
const LISTED: i64 = 10_000;

/// Whose a key is and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// The machine account.
    pub account: Account,
    /// The key.
    pub key: KeyId,
    /// What it allows at most.
    pub scopes: BTreeSet<Scope>,
    /// When it ends.
    pub expires_at: Instant,
}

/// What became of a new key.
#[derive(Debug)]
pub enum Made {
    /// It works.
    Done(MachineKey),
    /// There is no such machine account.
    NoMachine,
}

/// Keys that are known by heart as long as nobody may do less than before.
#[derive(Default)]
pub(super) struct KnownKeys {
    by_hash: Mutex<BTreeMap<String, Known>>,
}

struct Known {
    version: i64,
    until: Instant,
    holder: KeyHolder,
}

impl KnownKeys {
    fn get(&self, hash: &str, version: i64, now: Instant) -> Option<KeyHolder> {
        let keys = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        let known = keys.get(hash)?;
        (known.version == version && known.until > now).then(|| known.holder.clone())
    }

    fn put(&self, hash: &str, known: Known) {
        let mut keys = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= BY_HEART {
            keys.clear();
        }
        keys.insert(hash.to_owned(), known);
    }

    pub(super) fn forget(&self) {
        let keys = self.by_hash.lock();
        keys.unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Store {
    /// Whose a key is, while it works. Its use is noted once an hour.
    pub async fn key(&self, hash: &str) -> Result<Option<KeyHolder>, StoreError> {
        let now = self.clock().now();
        let version = *self.session_changes().borrow();
        if let Some(holder) = self.inner.keys.get(hash, version, now) {
            return Ok(Some(holder));
        }
        let row = sqlx::query(
            "select a.id, a.name, a.email, a.role, a.teams, k.id as key, k.scopes, k.expires_at,
                k.used_at
             from machine_keys k join accounts a on a.id = k.account
             where k.hash = $1 and k.revoked_at is null and a.locked_at is null and a.machine = 1",
        )
        .bind(hash)
        .fetch_optional(self.read())
        .await
        .doing("look for the key")?;
        let Some(row) = row else { return Ok(None) };
        let cells = Cells::new("machine_keys", &row);
        let holder = KeyHolder {
            account: Account::read(&cells)?,
            key: cells.parse("key")?,
            scopes: cells.json("scopes")?,
            expires_at: cells.at("expires_at")?,
        };
        if holder.expires_at <= now {
            return Ok(None);
        }
        let used = cells.maybe_at("used_at")?;
        if used.is_none_or(|used| used + NOTED <= now) {
            self.note_use_of_key(holder.key).await?;
        }
        let known = Known {
            version,
            until: holder.expires_at.min(now + NOTED),
            holder: holder.clone(),
        };
        self.inner.keys.put(hash, known);
        Ok(Some(holder))
    }

    async fn note_use_of_key(&self, key: KeyId) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("update machine_keys set used_at = $1 where id = $2")
                    .bind(millis(tx.now))
                    .bind(key.to_string())
                    .execute(&mut *tx.inner)
                    .await
                    .map(|_| ())
                    .doing("note that a key is used")
            })
        })
        .await
    }

    /// Every key, the newest first, revoked ones too.
    pub async fn keys(&self) -> Result<Vec<MachineKey>, StoreError> {
        let rows = sqlx::query(
            "select id, account, name, prefix, scopes, created_at, expires_at, used_at, revoked_at
             from machine_keys order by created_at desc, id desc limit $1",
        )
        .bind(LISTED)
        .fetch_all(self.read())
        .await
        .doing("list the keys")?;
        rows.iter()
            .map(|row| shown(&Cells::new("machine_keys", row)))
            .collect()
    }

    /// Stores a key, and the machine account that is made with it.
    pub async fn make_key(&self, new: NewKey, by: Actor) -> Result<Made, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.make_key(new, by).await }))
            .await
    }

    /// Revokes a key, named by its id or its beginning. `None` when no key that works is named so.
    pub async fn revoke_key(
        &self,
        name: &str,
        by: Actor,
    ) -> Result<Option<MachineKey>, StoreError> {
        let name = name.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let row = sqlx::query(
                    "update machine_keys set revoked_at = $1
                     where (id = $2 or prefix = $3) and revoked_at is null
                     returning id, account, name, prefix, scopes, created_at, expires_at, used_at,
                        revoked_at",
                )
                .bind(millis(tx.now))
                .bind(name.clone())
                .bind(name)
                .fetch_optional(&mut *tx.inner)
                .await
                .doing("revoke a key")?;
                let Some(row) = row else { return Ok(None) };
                let key = shown(&Cells::new("machine_keys", &row))?;
                tx.sessions_changed();
                let entry = Entry::new(by, Action::KeyRevoked).to(ThingKind::Key, key.id);
                tx.audit(entry.with("account", key.account));
                Ok(Some(key))
            })
        })
        .await
    }
}

impl Tx {
    async fn make_key(&mut self, new: NewKey, by: Actor) -> Result<Made, StoreError> {
        let account = match new.account {
            Whose::New(account) => {
                self.add_machine(account, &new.name).await?;
                let made = Entry::new(by, Action::AccountMade);
                self.audit(made.to(ThingKind::Account, account));
                account
            }
            Whose::Known(account) => {
                let known = sqlx::query("select id from accounts where id = $1 and machine = 1")
                    .bind(account.to_string())
                    .fetch_optional(&mut *self.inner)
                    .await
                    .doing("look for the machine account")?;
                if known.is_none() {
                    return Ok(Made::NoMachine);
                }
                account
            }
        };
        let columns = [
            "id",
            "hash",
            "account",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
        ];
        let row = vec![
            Cell::text(new.id),
            Cell::text(new.hash),
            Cell::text(account),
            Cell::text(&new.name),
            Cell::text(&new.prefix),
            Cell::json(&new.scopes),
            Cell::at(self.now),
            Cell::at(new.expires_at),
        ];
        sql::insert(&mut self.inner, "machine_keys", &columns, vec![row])
            .await
            .doing("store a key")?;
        let entry = Entry::new(by, Action::KeyMade).to(ThingKind::Key, new.id);
        self.audit(
            entry
                .with("account", account)
                .with("scopes", &new.scopes)
                .with("until", new.expires_at),
        );
        Ok(Made::Done(MachineKey {
            id: new.id,
            account,
            name: new.name,
            prefix: new.prefix,
            scopes: new.scopes.into_iter().collect(),
            created_at: self.now,
            expires_at: new.expires_at,
            used_at: None,
            revoked_at: None,
        }))
    }

    /// An account that nobody signs in to. Its address is of the domain that never exists
    /// (RFC 2606).
    async fn add_machine(&mut self, id: AccountId, name: &str) -> Result<(), StoreError> {
        let account = Account {
            id,
            name: name.to_owned(),
            email: format!("{}@machine.invalid", id.0.simple()),
            role: Role::Service,
            teams: vec![TeamId::MAIN],
        };
        self.add_account(&account, "").await?;
        sqlx::query("update accounts set machine = 1 where id = $1")
            .bind(id.to_string())
            .execute(&mut *self.inner)
            .await
            .map(|_| ())
            .doing("make a machine account")
    }
}

fn shown(cells: &Cells<'_>) -> Result<MachineKey, StoreError> {
    Ok(MachineKey {
        id: cells.parse("id")?,
        account: cells.parse("account")?,
        name: cells.text("name")?,
        prefix: cells.text("prefix")?,
        scopes: cells.json("scopes")?,
        created_at: cells.at("created_at")?,
        expires_at: cells.at("expires_at")?,
        used_at: cells.maybe_at("used_at")?,
        revoked_at: cells.maybe_at("revoked_at")?,
    })
}
