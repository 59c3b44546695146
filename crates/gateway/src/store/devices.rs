//! The list of the devices on which somebody is signed in, and tickets for the live socket.

use super::{
    Doing as _, Entry, Store, StoreError,
    cells::Cells,
    sql::{self, Cell},
};
use crate::clock::millis;
use deskhand_domain::{AccountId, DeviceId, Instant};
use deskhand_protocol::{
    audit::{Action, ThingKind},
    rest::Device,
};

impl Store {
    /// The devices on which somebody is signed in, the one in use last first. `current` is the one
    /// that asks.
    pub async fn devices(
        &self,
        account: AccountId,
        current: Option<DeviceId>,
    ) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(
            "select id, name, created_at, seen_at from devices
             where account = $1 and ended_at is null and revoked_at is null and expires_at > $2
             order by seen_at desc, id desc",
        )
        .bind(account.to_string())
        .bind(millis(self.clock().now()))
        .fetch_all(self.read())
        .await
        .doing("list the devices")?;
        rows.iter()
            .map(|row| {
                let cells = Cells::new("devices", row);
                let id = cells.parse("id")?;
                Ok(Device {
                    id,
                    name: cells.text("name")?,
                    first_seen: cells.at("created_at")?,
                    last_seen: cells.at("seen_at")?,
                    current: current == Some(id),
                })
            })
            .collect()
    }

    /// Signs one of an account's devices out from elsewhere: its desktop destroys what it keeps.
    /// Whether it was signed in.
    pub async fn revoke_device(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let done = sqlx::query(
                    "update devices set revoked_at = $1
                     where id = $2 and account = $3 and revoked_at is null and ended_at is null",
                )
                .bind(millis(tx.now))
                .bind(device.to_string())
                .bind(account.to_string())
                .execute(&mut *tx.inner)
                .await
                .doing("sign a device out")?;
                let there = done.rows_affected() > 0;
                if there {
                    tx.sessions_changed();
                    let entry = Entry::new(account, Action::DeviceSignedOut);
                    tx.audit(entry.to(ThingKind::Device, device));
                }
                Ok(there)
            })
        })
        .await
    }

    /// Stores a ticket for the live socket.
    pub async fn add_ticket(
        &self,
        device: DeviceId,
        hash: String,
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                sqlx::query("delete from tokens where kind = 'ticket' and expires_at < $1")
                    .bind(millis(tx.now))
                    .execute(&mut *tx.inner)
                    .await
                    .doing("forget old tickets")?;
                let columns = ["hash", "device", "kind", "created_at", "expires_at"];
                let row = vec![
                    Cell::text(hash),
                    Cell::text(device),
                    Cell::text("ticket"),
                    Cell::at(tx.now),
                    Cell::at(expires_at),
                ];
                sql::upsert(&mut tx.inner, "tokens", "hash", &columns, vec![row])
                    .await
                    .doing("store a ticket")
            })
        })
        .await
    }

    /// Takes a ticket: the first to show it has it, and nobody after. Whose device it is.
    pub async fn take_ticket(&self, hash: &str) -> Result<Option<DeviceId>, StoreError> {
        let hash = hash.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let row = sqlx::query(
                    "delete from tokens where hash = $1 and kind = 'ticket'
                     returning device, expires_at",
                )
                .bind(hash)
                .fetch_optional(&mut *tx.inner)
                .await
                .doing("take a ticket")?;
                let Some(row) = row else { return Ok(None) };
                let cells = Cells::new("tokens", &row);
                let in_time = cells.at("expires_at")? > tx.now;
                let device = cells.parse("device")?;
                Ok(in_time.then_some(device))
            })
        })
        .await
    }
}
