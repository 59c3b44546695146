//! Ids: UUIDv7, one type per thing, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A person or program that signs in.
    AccountId;
    /// An article of the knowledge base.
    ArticleId;
    /// A customer of the shop.
    CustomerId;
    /// A sign-in on a device: what is listed, and can be ended from elsewhere.
    DeviceId;
    /// A field that the shop has defined.
    FieldId;
    /// A key of a program.
    KeyId;
    /// A stored answer that an agent may insert.
    MacroId;
    /// A message or note in a ticket.
    MessageId;
    /// An operation: one change that somebody asked for, made on the asking machine.
    OpId;
    /// An order of the shop.
    OrderId;
    /// A product of the shop.
    ProductId;
    /// A parcel.
    ShipmentId;
    /// Colleagues who look after the same tickets.
    TeamId;
    /// A conversation with a customer.
    TicketId;
}

impl TeamId {
    /// The team that every shop has. Whoever is not told otherwise belongs to it.
    pub const MAIN: Self = Self(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
}

impl Default for TeamId {
    fn default() -> Self {
        Self::MAIN
    }
}
