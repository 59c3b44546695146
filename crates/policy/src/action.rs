//! What somebody may want to do, and to what.

use crate::subject::Kind;
use deskhand_domain::{AccountId, Money, TeamId};
use std::{fmt, str::FromStr};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// Something that somebody may want to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {$(
            $(#[$doc])*
            $name,
        )*}

        impl Action {
            /// Every action there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The action as rules name it.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)*}
            }
        }
    };
}

actions! {
    /// Read a ticket and its messages.
    TicketRead = "ticket.read";
    /// Change a ticket, merge it, write a note.
    TicketWrite = "ticket.write";
    /// Give a ticket to another team.
    TicketMove = "ticket.move";
    /// Write to the customer.
    MessageSend = "message.send";
    /// Read a customer.
    CustomerRead = "customer.read";
    /// See e-mail, phone, address and payment details, and find customers by them.
    CustomerContact = "customer.contact";
    /// Look at masked fields on purpose.
    CustomerReveal = "customer.reveal";
    /// Read an order and its parcels.
    OrderRead = "order.read";
    /// Change an order at the shop.
    OrderAct = "order.act";
    /// Ask for a refund.
    RefundRequest = "refund.request";
    /// Give money back.
    RefundExecute = "refund.execute";
    /// Decide on a refund that was asked for.
    RefundApprove = "refund.approve";
    /// Read articles, stored answers and the shop's own fields.
    KnowledgeRead = "knowledge.read";
    /// Read who colleagues are.
    ColleagueRead = "colleague.read";
    /// Define the shop's own fields.
    FieldsDefine = "fields.define";
    /// Tell of what happened elsewhere.
    EventsWrite = "events.write";
    /// Read figures.
    MetricsRead = "metrics.read";
    /// Read the audit log.
    AuditRead = "audit.read";
    /// Take data out as files.
    ExportRead = "export.read";
    /// Give accounts roles and teams.
    AccountsManage = "accounts.manage";
    /// Look at the whole policy.
    PolicyManage = "policy.manage";
}

impl Action {
    /// What it is done to: `Ticket`, `Customer`, `Order`, `Refund` or `Shop`.
    pub fn about(self) -> &'static str {
        match self {
            Self::TicketRead | Self::TicketWrite | Self::TicketMove | Self::MessageSend => "Ticket",
            Self::CustomerRead | Self::CustomerContact | Self::CustomerReveal => "Customer",
            Self::OrderRead | Self::OrderAct => "Order",
            Self::RefundRequest | Self::RefundExecute | Self::RefundApprove => "Refund",
            Self::KnowledgeRead
            | Self::ColleagueRead
            | Self::FieldsDefine
            | Self::EventsWrite
            | Self::MetricsRead
            | Self::AuditRead
            | Self::ExportRead
            | Self::AccountsManage
            | Self::PolicyManage => "Shop",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|action| action.as_str() == text);
        found.copied().ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|action| action.as_str()).collect();
            format!(
                "there is no action {text}: choose one of {}",
                all.join(", ")
            )
        })
    }
}

/// What somebody wants to do something to. Only what rules can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A ticket, or a message in it.
    Ticket {
        /// Whose it is.
        team: TeamId,
    },
    /// A customer.
    Customer,
    /// An order or a parcel of it.
    Order,
    /// Money that would go back.
    Refund {
        /// How much.
        amount: Money,
        /// Who asked for it.
        requested_by: AccountId,
    },
    /// The shop.
    Shop,
}

impl Resource {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Ticket { .. } => Kind::Ticket,
            Self::Customer => Kind::Customer,
            Self::Order => Kind::Order,
            Self::Refund { .. } => Kind::Refund,
            Self::Shop => Kind::Shop,
        }
    }
}
