//! When the gateway was reached last: with it a copy knows for how long it was alone.

use crate::{
    error::{CacheError, Doing},
    open::{Reader, Writer},
};
use chrono::{DateTime, Utc};
use sqlx::Row;

/// The last contact with the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When it was, by the gateway's clock.
    pub at: DateTime<Utc>,
    /// The latest moment that was seen here since; it never goes back without a contact.
    pub seen: DateTime<Utc>,
    /// For how many days the copy stays open without another.
    pub days: u16,
}

impl Reader {
    /// The last contact; `None` when none was ever noted.
    pub async fn contact(&self) -> Result<Option<Contact>, CacheError> {
        let row = sqlx::query("select at, seen, days from contact")
            .fetch_optional(&self.pool)
            .await
            .doing("read the last contact")?;
        let moment = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Ok(row.map(|row| Contact {
            at: moment(row.get(0)),
            seen: moment(row.get(1)),
            days: u16::try_from(row.get::<i64, _>(2)).unwrap_or_default(),
        }))
    }
}

impl Writer {
    /// Notes a contact, or how much time was seen since.
    pub async fn set_contact(&self, contact: &Contact) -> Result<(), CacheError> {
        sqlx::query(
            "insert into contact (id, at, seen, days) values (1, ?1, ?2, ?3)
             on conflict (id) do update
             set at = excluded.at, seen = excluded.seen, days = excluded.days",
        )
        .bind(contact.at.timestamp_micros())
        .bind(contact.seen.timestamp_micros())
        .bind(i64::from(contact.days))
        .execute(&mut *self.turn().await?)
        .await
        .doing("note the last contact")?;
        Ok(())
    }
}
