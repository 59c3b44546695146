//! What the shop knows: articles for customers and agents, and stored answers.

use crate::{
    field::Fields,
    ids::{ArticleId, MacroId},
    ticket::{Priority, TicketStatus},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// An article of the knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Article {
    /// Its id.
    pub id: ArticleId,
    /// Its name in addresses, for example `lost-parcels`.
    pub slug: String,
    /// What it is about.
    pub topic: Topic,
    /// BCP 47 language.
    pub language: String,
    /// Its title.
    pub title: String,
    /// Its text in Markdown; sections start with `## `.
    pub body: String,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What an article is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Shipping and parcels.
    Shipping,
    /// Returns and refunds.
    Returns,
    /// Warranty and repair.
    Warranty,
    /// Sizes and fit.
    Sizing,
    /// Payment, invoices, gift cards.
    Payment,
    /// Duties and customs.
    Customs,
    /// Care and use of products.
    Products,
}

/// A stored answer that an agent may insert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Macro {
    /// Its id.
    pub id: MacroId,
    /// Its name in the list.
    pub name: String,
    /// BCP 47 language.
    pub language: String,
    /// The text; `{{customer.first_name}}`, `{{order.number}}` and the like are filled in. May be
    /// empty: then it only changes the ticket.
    pub text: String,
    /// What it changes beside.
    #[serde(default, skip_serializing_if = "MacroChanges::is_nothing")]
    pub changes: MacroChanges,
}

/// What a stored answer changes beside writing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct MacroChanges {
    /// The state the ticket takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub status: Option<TicketStatus>,
    /// Its new urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub priority: Option<Priority>,
    /// Tags it adds.
    pub add_tags: Vec<String>,
    /// Fields it sets.
    pub fields: Fields,
}

impl MacroChanges {
    /// Whether it changes nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
