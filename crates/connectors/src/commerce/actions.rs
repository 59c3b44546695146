//! What a connector can do: written into `docs/CONNECTORS.md` by `make gen`.

use serde::Serialize;

/// Something that may be asked of a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Action {
    /// Read one order, whole.
    ReadOrder,
    /// Its parcels, with what is in each and its number.
    Parcels,
    /// Find customers by e-mail.
    CustomersByEmail,
    /// Find customers by phone number.
    CustomersByPhone,
    /// The orders of a customer.
    OrdersByCustomer,
    /// Find an order by its number.
    OrdersByNumber,
    /// Find an order by a tracking number.
    OrdersByTracking,
    /// What changed since.
    Changes,
    /// Be told of changes by webhook.
    Webhooks,
    /// Cancel an order or lines of it.
    Cancel,
    /// Give money back.
    Refund,
    /// Send goods again.
    Reship,
    /// Change where it goes.
    EditAddress,
    /// Add a note to the order.
    Note,
}

impl Action {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 14] = [
        Self::ReadOrder,
        Self::Parcels,
        Self::CustomersByEmail,
        Self::CustomersByPhone,
        Self::OrdersByCustomer,
        Self::OrdersByNumber,
        Self::OrdersByTracking,
        Self::Changes,
        Self::Webhooks,
        Self::Cancel,
        Self::Refund,
        Self::Reship,
        Self::EditAddress,
        Self::Note,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ReadOrder => "read an order with lines, payments, refunds",
            Self::Parcels => "its parcels with lines and numbers",
            Self::CustomersByEmail => "find customers by e-mail",
            Self::CustomersByPhone => "find customers by phone",
            Self::OrdersByCustomer => "orders of a customer",
            Self::OrdersByNumber => "find orders by number",
            Self::OrdersByTracking => "find orders by tracking number",
            Self::Changes => "changes since a cursor",
            Self::Webhooks => "tells of changes by webhook",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Reship => "reship",
            Self::EditAddress => "edit the address",
            Self::Note => "note on the order",
        }
    }
}

/// Whether a connector does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Support {
    /// It does.
    Yes,
    /// It does, with a restriction.
    Within(&'static str),
    /// It does not, and why.
    No(&'static str),
}

/// What a connector can do.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities(pub fn(Action) -> Support);

impl Capabilities {
    /// Whether it does this.
    pub fn of(self, action: Action) -> Support {
        (self.0)(action)
    }

    /// Whether it may be asked at all.
    pub fn allow(self, action: Action) -> bool {
        !matches!(self.of(action), Support::No(_))
    }
}

/// Why no connector changes anything in a shop yet.
pub(crate) const ONLY_READS: Support = Support::No("Deskhand only reads so far");
