//! Tickets that sleep until something happens to a parcel.

use super::{Doing as _, StoreError, Tx, entity, sql::Cell};
use crate::audit::told::ticket_changed;
use deskhand_domain::{Order, Shipment, Ticket, TicketStatus};
use deskhand_protocol::audit::Actor;

/// More sleeping tickets than anybody has about one order.
const ALL: usize = 100;

/// Whether somebody who waits for this parcel would want to know.
pub(super) fn has_moved(before: Option<&Shipment>, after: &Shipment) -> bool {
    before.is_none_or(|before| (before.status, before.detail) != (after.status, after.detail))
}

impl Tx {
    /// Opens the sleeping tickets about an order, and those of its customer about no order.
    pub(super) async fn wake_about(&mut self, order: &Order) -> Result<(), StoreError> {
        let rows = entity::select::<Ticket>()
            .and("customer = ?", vec![Cell::text(order.customer)])
            .and("status = 'snoozed'", Vec::new())
            .and(
                "order_id is null or order_id = ?",
                vec![Cell::text(order.id)],
            )
            .rows(&mut *self.inner, "id", ALL)
            .await
            .doing("look who sleeps until something happens")?;
        for before in entity::read_all::<Ticket>(&rows)? {
            let mut after = before.clone();
            after.status = TicketStatus::Open;
            after.snoozed_until = None;
            after.updated_at = self.now.max(before.updated_at);
            self.audit(ticket_changed(Actor::System, &before, &after));
            self.put(&[after]).await?;
        }
        Ok(())
    }
}
