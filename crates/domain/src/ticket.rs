//! Tickets: a conversation with a customer, and who looks after it.

use crate::{
    field::Fields,
    ids::{AccountId, CustomerId, OrderId, TeamId, TicketId},
    money::Money,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;

/// A conversation with a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// The number people say, counted up by the gateway.
    pub number: u32,
    /// Where the customer wrote last.
    pub channel: Channel,
    /// What it is about, in one line.
    pub subject: String,
    /// Who wrote.
    pub customer: CustomerId,
    /// Whether the gateway knows that this is the customer, or only that somebody says so.
    pub identity: Identity,
    /// The order it is about, if known.
    pub order: Option<OrderId>,
    /// Whose it is: only that team sees it.
    #[serde(default)]
    #[ts(optional, as = "Option<TeamId>")]
    pub team: TeamId,
    /// Who looks after it.
    pub assignee: Option<AccountId>,
    /// Where it is in its life.
    pub status: TicketStatus,
    /// How urgent.
    pub priority: Priority,
    /// Free words, sorted.
    pub tags: Vec<String>,
    /// What the customer wants.
    pub intent: Intent,
    /// How the customer sounds.
    pub mood: Mood,
    /// BCP 47 language of the customer's messages.
    pub language: String,
    /// The amount the case is about.
    pub at_stake: Option<Money>,
    /// Handed to a supervisor.
    pub escalated: bool,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When anything last changed.
    pub updated_at: DateTime<Utc>,
    /// When the newest public message was written.
    pub last_message_at: DateTime<Utc>,
    /// The start of the newest public message.
    pub snippet: String,
    /// Since when the customer waits for an answer; `None` when nobody waits.
    pub waiting_since: Option<DateTime<Utc>>,
    /// When the answer is due; `None` when nobody waits.
    pub due_at: Option<DateTime<Utc>>,
    /// When an agent last had it open.
    pub seen_at: Option<DateTime<Utc>>,
    /// Until when it sleeps, when snoozed.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Agents named in a note who have not looked yet.
    pub mentions: Vec<AccountId>,
    /// The values of the shop's own fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: Fields,
    /// The ticket that this one became part of; its messages are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub merged_into: Option<TicketId>,
}

impl Ticket {
    /// Whether the customer wrote something that no agent has had open yet.
    pub fn is_unread(&self) -> bool {
        match (self.waiting_since, self.seen_at) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some(seen)) => seen < self.last_message_at,
        }
    }

    /// Whether the ticket still needs somebody.
    pub fn is_open(&self) -> bool {
        matches!(self.status, TicketStatus::Open | TicketStatus::Pending)
    }
}

/// Whether a name belongs to the person who writes under it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The channel vouches for it: a mail address that passed its checks, a phone number.
    Verified,
    /// Somebody typed it into a form.
    Claimed,
}

/// Where a customer writes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// The chat page of the gateway.
    WebChat,
    /// WhatsApp.
    Whatsapp,
}

/// Where a ticket is in its life.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Somebody of the shop has to act.
    Open,
    /// The customer or a third party has to act.
    Pending,
    /// Sleeps until a moment.
    Snoozed,
    /// Finished; a new message of the customer opens it again.
    Closed,
}

/// How urgent a ticket is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In turn.
    Normal,
    /// Before others.
    High,
    /// Now.
    Urgent,
}

/// What a customer wants.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Where is my order?
    WhereIsIt,
    /// It says delivered and is not here.
    NotReceived,
    /// Money back.
    Refund,
    /// Send something back.
    Return,
    /// Another size or colour.
    Exchange,
    /// Arrived broken, or broke.
    Damaged,
    /// Something else arrived.
    WrongItem,
    /// Something was not in the box.
    MissingItem,
    /// Send it elsewhere.
    AddressChange,
    /// Do not send it.
    Cancel,
    /// About a product.
    ProductQuestion,
    /// An invoice.
    Invoice,
    /// Paying, codes, gift cards.
    Payment,
    /// Duties and customs papers.
    Customs,
    /// A claim under warranty.
    Warranty,
    /// Unhappy in general.
    Complaint,
    /// Says thanks.
    Thanks,
    /// Not known.
    Other,
}

/// How a customer sounds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// Happy.
    Pleased,
    /// Nothing stands out.
    Neutral,
    /// Worried.
    Worried,
    /// Angry.
    Angry,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(waiting: Option<i64>, seen: Option<i64>, last: i64) -> Ticket {
        let at = |second| DateTime::<Utc>::from_timestamp(second, 0).expect("a moment");
        Ticket {
            id: TicketId(uuid::Uuid::nil()),
            number: 1,
            channel: Channel::WebChat,
            subject: "Tent".into(),
            customer: CustomerId(uuid::Uuid::nil()),
            identity: Identity::Claimed,
            order: None,
            team: TeamId::MAIN,
            assignee: None,
            status: TicketStatus::Open,
            priority: Priority::Normal,
            tags: vec![],
            intent: Intent::Other,
            mood: Mood::Neutral,
            language: "en".into(),
            at_stake: None,
            escalated: false,
            created_at: at(0),
            updated_at: at(last),
            last_message_at: at(last),
            snippet: String::new(),
            waiting_since: waiting.map(at),
            due_at: None,
            seen_at: seen.map(at),
            snoozed_until: None,
            mentions: vec![],
            fields: Fields::new(),
            merged_into: None,
        }
    }

    #[test]
    fn unread_means_the_customer_wrote_after_the_last_look() {
        assert!(!ticket(None, None, 10).is_unread(), "nobody waits");
        assert!(ticket(Some(5), None, 10).is_unread(), "never opened");
        assert!(
            ticket(Some(5), Some(7), 10).is_unread(),
            "opened before the newest message"
        );
        assert!(!ticket(Some(5), Some(10), 10).is_unread(), "opened since");
    }
}
