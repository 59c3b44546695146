//! What a helpdesk for shops talks about: tickets, messages, customers, orders, parcels, money.
//!
//! Plain data and pure rules.
//! This crate never opens a file or a socket, never awaits and never reads a clock: time arrives
//! as an argument. The gateway takes its decisions with the same code with which the window
//! previews them.

pub mod account;
pub mod apply;
pub mod calendar;
pub mod customer;
pub mod facts;
pub mod field;
pub mod ids;
pub mod knowledge;
pub mod macros;
pub mod mask;
pub mod message;
pub mod money;
pub mod notices;
pub mod order;
pub mod order_number;
pub mod product;
pub mod shipment;
pub mod shop;
pub mod sla;
pub mod text;
pub mod ticket;
pub mod wismo;

pub use account::{Account, Role, Scope, Team};
pub use apply::Operation;
pub use customer::Customer;
pub use field::{Compared, Field, FieldChanges, FieldKind, FieldValue, Fields};
pub use ids::{
    AccountId, ArticleId, CustomerId, DeviceId, FieldId, KeyId, MacroId, MessageId, OpId, OrderId,
    ProductId, ShipmentId, TeamId, TicketId,
};
pub use knowledge::{Article, Macro, MacroChanges};
pub use message::{Author, Delivery, Message, MessageKind};
pub use money::{Currency, Money};
pub use notices::{Notice, NoticeKind};
pub use order::Order;
pub use product::{Product, Variant};
pub use shipment::Shipment;
pub use shop::{Shop, Source};
pub use ticket::{Channel, Intent, Mood, Priority, Ticket, TicketStatus};

/// A moment, always in UTC.
pub type Instant = chrono::DateTime<chrono::Utc>;
