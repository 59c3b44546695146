//! Reads rows; a cell that cannot be read names its table, column and row.

use super::StoreError;
use crate::clock::moment;
use deskhand_domain::Instant;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IntoDeserializer, value},
};
use sqlx::{Row as _, any::AnyRow};
use std::str::FromStr;

/// A row being read.
pub struct Cells<'r> {
    row: &'r AnyRow,
    table: &'static str,
}

impl<'r> Cells<'r> {
    /// Starts reading a row of a table.
    pub fn new(table: &'static str, row: &'r AnyRow) -> Self {
        Self { row, table }
    }

    /// A text.
    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| self.bad(column))
    }

    /// A text or nothing.
    pub fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.row.try_get(column).map_err(|_| self.bad(column))
    }

    /// A number.
    pub fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| self.bad(column))
    }

    /// A number or nothing.
    pub fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(|_| self.bad(column))
    }

    /// A moment.
    pub fn at(&self, column: &'static str) -> Result<Instant, StoreError> {
        moment(self.int(column)?).ok_or_else(|| self.bad(column))
    }

    /// A moment or nothing.
    pub fn maybe_at(&self, column: &'static str) -> Result<Option<Instant>, StoreError> {
        Ok(self.maybe_int(column)?.and_then(moment))
    }

    /// An id, or anything else that is written as text.
    pub fn parse<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| self.bad(column))
    }

    /// The same, or nothing.
    pub fn maybe_parse<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.maybe_text(column)?
            .map(|text| text.parse().map_err(|_| self.bad(column)))
            .transpose()
    }

    /// An enum, written as the word it has in bodies.
    pub fn word<T: for<'de> Deserialize<'de>>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        self.maybe_word(column)?.ok_or_else(|| self.bad(column))
    }

    /// The same, or nothing.
    pub fn maybe_word<T: for<'de> Deserialize<'de>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.maybe_text(column)?
            .map(|text| {
                let word: value::StrDeserializer<'_, value::Error> =
                    text.as_str().into_deserializer();
                T::deserialize(word).map_err(|_| self.bad(column))
            })
            .transpose()
    }

    /// A document.
    pub fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| self.bad(column))
    }

    /// The error that names a cell.
    pub fn bad(&self, column: &'static str) -> StoreError {
        StoreError::Inconsistent {
            table: self.table,
            column,
            id: self.row.try_get("id").unwrap_or_default(),
        }
    }
}
