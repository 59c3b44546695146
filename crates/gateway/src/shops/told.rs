//! What a shop told by webhook: each order that it names is read from the shop, once for all
//! letters about it.

use super::Shop;
use crate::{
    intake,
    store::{Letter, Reading, Store, StoreError},
};
use deskhand_connectors::commerce::{CommerceError, Denied, ShopId};
use std::collections::BTreeMap;

/// How many letters are looked at together.
const BATCH: usize = 64;

impl Shop {
    /// Reads the orders that the shop told of and that are due.
    pub(super) async fn read_told(&self, store: &Store) -> Result<(), StoreError> {
        let source = format!("/hooks/{}", self.source());
        loop {
            let letters = store.due_letters_of(&source, BATCH).await?;
            let all = letters.len() < BATCH;
            if !letters.is_empty() {
                let settled = self.settle(store, letters).await?;
                store.apply_letters(settled).await?;
            }
            if all {
                return Ok(());
            }
        }
    }

    async fn settle(
        &self,
        store: &Store,
        letters: Vec<Letter>,
    ) -> Result<Vec<(Letter, Reading)>, StoreError> {
        let mut settled = Vec::with_capacity(letters.len());
        let mut orders: BTreeMap<ShopId, Vec<Letter>> = BTreeMap::new();
        for letter in letters {
            match intake::read(&letter) {
                Reading::Order(id) => orders.entry(id).or_default().push(letter),
                reading => settled.push((letter, reading)),
            }
        }
        let mut answers = true;
        for (id, letters) in orders {
            let reading = match answers {
                true => self.reading(store, id).await?,
                // Whoever does not answer is not asked for the others.
                false => Reading::Order(id),
            };
            answers &= !matches!(reading, Reading::Order(_));
            settled.extend(letters.into_iter().map(|letter| (letter, reading.clone())));
        }
        Ok(settled)
    }

    /// What becomes of the letters about an order.
    async fn reading(&self, store: &Store, id: ShopId) -> Result<Reading, StoreError> {
        let error = match self.read_again(store, &id).await? {
            Ok(taken) if taken.clashes.is_empty() => return Ok(Reading::Taken(id)),
            Ok(_) => {
                let why = "another order has its number".to_owned();
                return Ok(Reading::Unreadable(why));
            }
            Err(error) => error,
        };
        tracing::warn!(source = self.source(), %error, "an order that was told of cannot be read");
        Ok(match error {
            CommerceError::Later { .. }
            | CommerceError::Refused(Denied::Credentials | Denied::Permission) => {
                Reading::Order(id)
            }
            CommerceError::Refused(Denied::Said(code)) if code == super::NOT_FOUND => {
                Reading::Nothing("the shop has no such order".to_owned())
            }
            error => Reading::Unreadable(error.to_string()),
        })
    }
}
