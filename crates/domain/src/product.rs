//! Products: what the shop sells.

use crate::{ids::ProductId, money::Money, shop::Source};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A product of the shop, in one or more variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Product {
    /// Its id here.
    pub id: ProductId,
    /// Its name, for example `Skarv 3 tent`.
    pub title: String,
    /// What kind of thing it is, in one word, for example `tent`.
    pub kind: String,
    /// What the shop says about it, in a sentence or two.
    pub description: String,
    /// What can be bought; at least one.
    pub variants: Vec<Variant>,
    /// Where this copy was read.
    pub source: Source,
}

/// One size, colour or volume of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Variant {
    /// Stock-keeping unit, unique in the shop.
    pub sku: String,
    /// The variant in words, for example `moss, M`; empty when there is only one.
    pub title: String,
    /// What one costs in the shop's currency, tax included.
    pub price: Money,
    /// What one weighs, in grams.
    pub grams: u32,
    /// How many are in the warehouse.
    pub stock: u32,
}
