//! Telling a customer: all that it changes, in one transaction.

use super::{Case, read_case};
use crate::{
    notices::Asking,
    store::{Doing as _, Entry, StoreError, Tx, sql, sql::Cell},
};
use deskhand_domain::{
    Author, Channel, Delivery, Intent, Message, MessageId, MessageKind, Mood, Notice, NoticeKind,
    Order, Priority, Shipment, ShipmentId, Ticket, TicketId, TicketStatus,
    notices::{Decision, Words},
    text,
    ticket::Identity,
};
use deskhand_protocol::audit::{Action, Actor, ThingKind};

impl Tx {
    pub(super) async fn tell(
        &mut self,
        of: ShipmentId,
        asking: &Asking,
    ) -> Result<Option<NoticeKind>, StoreError> {
        let Some(shipment) = self.get::<Shipment>(of.0).await? else {
            return Ok(None);
        };
        let Some(order) = self.get::<Order>(shipment.order.0).await? else {
            return Ok(None);
        };
        let case = read_case(&mut self.inner, shipment, order).await?;
        let weighed = asking.weigh(&case, self.now);
        let Some((diagnosis, Decision::Tell { kind, channel })) = weighed else {
            return Ok(None);
        };
        let words = asking.words(&case, &diagnosis, kind);
        self.write_notice(case, kind, channel, words).await?;
        Ok(Some(kind))
    }

    /// The record, the message in its ticket, the line of the parcel and the entry in the trail.
    async fn write_notice(
        &mut self,
        case: Case,
        kind: NoticeKind,
        channel: Channel,
        words: Words,
    ) -> Result<(), StoreError> {
        let head = self.head;
        let ticket = self.notice_ticket(&case, channel, &words).await?;
        let sent_at = self.moment_after(ticket.id).await?;
        let message = Message {
            id: MessageId(self.clock.id()),
            ticket: ticket.id,
            kind: MessageKind::Public,
            author: Author::System,
            channel,
            text: words.text,
            sent_at,
            delivery: Some(Delivery::Sent),
            held_until: None,
            attachments: Vec::new(),
        };
        let ticket = Ticket {
            last_message_at: sent_at,
            updated_at: sent_at.max(ticket.updated_at),
            snippet: text::snippet(&message.text),
            ..ticket
        };
        let (shipment, order, customer) = (case.shipment.id, case.order.id, case.order.customer);
        let columns = [
            "shipment", "kind", "order_id", "customer", "ticket", "message", "channel", "told_at",
        ];
        let row = vec![
            Cell::text(shipment),
            Cell::word(kind),
            Cell::text(order),
            Cell::text(customer),
            Cell::text(ticket.id),
            Cell::text(message.id),
            Cell::word(channel),
            Cell::at(self.now),
        ];
        self.audit(
            Entry::new(Actor::System, Action::CustomerTold)
                .to(ThingKind::Message, message.id)
                .of(customer)
                .with("ticket", ticket.id)
                .with("shipment", shipment)
                .with("kind", kind)
                .with("channel", channel),
        );
        let notice = Notice {
            kind,
            at: self.now,
            ticket: ticket.id,
        };
        let mut told = case.shipment;
        told.notices.push(notice);
        self.put(&[ticket]).await?;
        self.put(&[message]).await?;
        self.put(&[told]).await?;
        sql::insert(&mut self.inner, "notices", &columns, vec![row])
            .await
            .doing("note what was told")?;
        // A sample shop in which nobody did anything is still one after this.
        let after = self.number().await?;
        sqlx::query("update meta set value = $1 where key = 'sample_head' and value = $2")
            .bind(after.to_string())
            .bind(head.to_string())
            .execute(&mut *self.inner)
            .await
            .doing("note how far the sample shop goes")?;
        Ok(())
    }

    /// The closed ticket in which the customer was told of this order before, or a new closed one:
    /// nobody has to act until the customer answers.
    async fn notice_ticket(
        &mut self,
        case: &Case,
        channel: Channel,
        words: &Words,
    ) -> Result<Ticket, StoreError> {
        let before: Option<(String,)> = sqlx::query_as(
            "select ticket from notices where order_id = $1 order by told_at desc limit 1",
        )
        .bind(case.order.id.to_string())
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look where the customer was told before")?;
        if let Some(id) = before.and_then(|(id,)| id.parse::<TicketId>().ok())
            && let Some(ticket) = self.going_on(id).await?
            && ticket.status == TicketStatus::Closed
            && ticket.channel == channel
        {
            return Ok(ticket);
        }
        let language = case.customer.as_ref().map(|customer| &customer.language);
        let ticket = Ticket {
            id: TicketId(self.clock.id()),
            number: self.next_ticket_number().await?,
            channel,
            subject: words.subject.clone(),
            customer: case.order.customer,
            identity: Identity::Verified,
            order: Some(case.order.id),
            team: deskhand_domain::TeamId::MAIN,
            assignee: None,
            status: TicketStatus::Closed,
            priority: Priority::Normal,
            tags: Vec::new(),
            intent: Intent::WhereIsIt,
            mood: Mood::Neutral,
            language: language.cloned().unwrap_or_else(|| "en".to_owned()),
            at_stake: None,
            escalated: false,
            created_at: self.now,
            updated_at: self.now,
            last_message_at: self.now,
            snippet: String::new(),
            waiting_since: None,
            due_at: None,
            seen_at: None,
            snoozed_until: None,
            mentions: Vec::new(),
            fields: deskhand_domain::Fields::new(),
            merged_into: None,
        };
        // The message that follows belongs to it.
        self.put(std::slice::from_ref(&ticket)).await?;
        Ok(ticket)
    }
}
