//! What the web chat writes and reads: conversations of visitors who only claim to be a customer.

use super::{
    Doing as _, Store, StoreError, Tx,
    cells::Cells,
    entity,
    sql::{self, Cell},
    tickets::first_name,
};
use crate::audit::told;
use deskhand_domain::{
    Account, AccountId, Author, Channel, Currency, Customer, CustomerId, Delivery, Instant, Intent,
    Message, MessageId, MessageKind, Money, Mood, Order, OrderId, Priority, Source, Ticket,
    TicketId, TicketStatus, customer::Risk, order_number, sla, text, ticket::Identity,
};
use deskhand_drafting::{intent, language};
use deskhand_protocol::{
    audit::Action,
    chat::{ChatMessage, Conversation, OpenConversation},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Whose page a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The conversation's id, made by the page.
    pub conversation: Uuid,
    /// Its ticket.
    pub ticket: TicketId,
    /// The customer the ticket is of.
    pub customer: CustomerId,
    /// The name as given.
    pub name: String,
    /// The ticket it began in when that was merged, and since when it goes on in this one. Its page
    /// shows what was said in its own conversation, and what is said since: a name in a chat is
    /// only claimed, so what else the ticket holds is not for whoever claims it.
    pub moved: Option<(TicketId, Instant)>,
}

/// A conversation that was opened, and what the token is good for.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Whose page it is.
    pub visitor: Visitor,
    /// Whether it was opened just now.
    pub new: bool,
}

impl Store {
    /// Opens a conversation, or finds it when the page asks again, and lets the token in.
    pub async fn open_conversation(
        &self,
        open: OpenConversation,
        request: String,
        token_hash: String,
    ) -> Result<Opened, StoreError> {
        let shop = self.history().shop;
        let prefix = shop
            .as_ref()
            .map_or(String::new(), |shop| shop.order_prefix.clone());
        let currency = shop.map_or(Currency::EUR, |shop| shop.currency);
        let ids = [self.clock().id(), self.clock().id()];
        self.write(move |tx| {
            Box::pin(async move {
                let known = tx.conversation(open.id, &request).await?;
                let opened = match known {
                    Some(visitor) => Opened {
                        visitor,
                        new: false,
                    },
                    None => {
                        let customer = tx.customer_for(&open, ids[0], currency).await?;
                        let visitor = tx.new_chat(&open, customer, ids[1], &prefix).await?;
                        tx.add_conversation(&visitor, &request).await?;
                        Opened { visitor, new: true }
                    }
                };
                tx.let_in(token_hash, opened.visitor.conversation).await?;
                Ok(opened)
            })
        })
        .await
    }

    /// Whose page the token belongs to.
    pub async fn visitor(&self, token_hash: &str) -> Result<Option<Visitor>, StoreError> {
        let row = sqlx::query(
            "select c.id, c.ticket, c.customer, c.name, c.moved_from, c.moved_at
             from visitors v join conversations c on c.id = v.conversation
             where v.token_hash = $1",
        )
        .bind(token_hash)
        .fetch_optional(self.read())
        .await
        .doing("look for the visitor")?;
        row.map(|row| visitor(&Cells::new("conversations", &row)))
            .transpose()
    }

    /// Adds what the customer wrote; the same id is stored once.
    pub async fn customer_writes(
        &self,
        visitor: &Visitor,
        id: MessageId,
        text: String,
    ) -> Result<Option<Message>, StoreError> {
        let (ticket, customer) = (visitor.ticket, visitor.customer);
        let prefix = self
            .history()
            .shop
            .map_or(String::new(), |shop| shop.order_prefix);
        self.write(move |tx| {
            Box::pin(async move {
                let Some(mut ticket) = tx.going_on(ticket).await? else {
                    return Ok(None);
                };
                if let Some(known) = tx.get::<Message>(id.0).await? {
                    return if known.ticket == ticket.id && known.text == text {
                        Ok(Some(known))
                    } else {
                        Err(StoreError::Conflict)
                    };
                }
                let sent_at = tx.moment_after(ticket.id).await?;
                tx.understand(&mut ticket, &text, &prefix).await?;
                let message = from_customer(id, ticket.id, customer, text, sent_at);
                waits(&mut ticket, &message);
                tx.audit(told::message_received(
                    Action::MessageReceived,
                    &message,
                    &ticket,
                ));
                tx.put(&[ticket]).await?;
                tx.put(std::slice::from_ref(&message)).await?;
                Ok(Some(message))
            })
        })
        .await
    }

    /// What the page may know of its conversation.
    pub async fn conversation(&self, of: &Visitor) -> Result<Conversation, StoreError> {
        let messages = self.messages_for(of).await?;
        let ticket = self.get::<Ticket>(of.ticket.0).await?;
        let seen_at = ticket.and_then(|ticket| ticket.seen_at);
        Ok(Conversation {
            token: None,
            shop: self.shop_name(),
            name: of.name.clone(),
            messages: self.as_seen_by_customer(messages, seen_at).await?,
        })
    }

    /// Messages as the customer sees them: first names only.
    pub async fn as_seen_by_customer(
        &self,
        messages: Vec<Message>,
        seen_at: Option<Instant>,
    ) -> Result<Vec<ChatMessage>, StoreError> {
        let authors: Vec<Uuid> = messages.iter().filter_map(author).map(|id| id.0).collect();
        let names: BTreeMap<AccountId, String> = self
            .load::<Account>(&authors)
            .await?
            .into_iter()
            .map(|account| (account.id, first_name(&account.name).to_owned()))
            .collect();
        let shop = self.shop_name();
        Ok(messages
            .into_iter()
            .filter(|message| message.kind == MessageKind::Public && !is_held(message))
            .map(|message| ChatMessage {
                id: message.id,
                mine: matches!(message.author, Author::Customer(_)),
                from: author(&message)
                    .and_then(|id| names.get(&id).cloned())
                    .unwrap_or_else(|| shop.clone()),
                seen: seen_at.is_some_and(|seen| seen >= message.sent_at),
                text: message.text,
                sent_at: message.sent_at,
                delivery: message.delivery,
            })
            .collect())
    }

    /// The shop's name, or the product's while there is no shop.
    pub fn shop_name(&self) -> String {
        self.history()
            .shop
            .map_or_else(|| "Deskhand".to_owned(), |shop| shop.name)
    }

    /// The newest public messages of a ticket, oldest first.
    pub async fn public_messages(&self, ticket: TicketId) -> Result<Vec<Message>, StoreError> {
        let rows = entity::select::<Message>()
            .and("ticket = ?", vec![Cell::text(ticket)])
            .and("kind = ?", vec![Cell::word(MessageKind::Public)])
            .rows(self.read(), "sent_at desc, id desc", 500)
            .await
            .doing("read the conversation")?;
        let mut messages = entity::read_all::<Message>(&rows)?;
        messages.reverse();
        Ok(messages)
    }

    /// The newest messages that a visitor's page shows, oldest first: what went over the chat in
    /// the visitor's own conversation, and what goes over it since that was merged.
    pub async fn messages_for(&self, of: &Visitor) -> Result<Vec<Message>, StoreError> {
        let select = entity::select::<Message>()
            .and("ticket = ?", vec![Cell::text(of.ticket)])
            .and("kind = ?", vec![Cell::word(MessageKind::Public)])
            .and("channel = ?", vec![Cell::word(Channel::WebChat)]);
        let select = match of.moved {
            None => select.and("moved_from is null", vec![]),
            Some((from, at)) => select.and(
                "moved_from = ? or (moved_from is null and sent_at >= ?)",
                vec![Cell::text(from), Cell::at(at)],
            ),
        };
        let rows = select
            .rows(self.read(), "sent_at desc, id desc", 500)
            .await
            .doing("read the conversation")?;
        let mut messages = entity::read_all::<Message>(&rows)?;
        messages.reverse();
        Ok(messages)
    }

    /// What the shop wrote has come as far as `delivery`, up to a message or all of it.
    pub async fn delivered(
        &self,
        to: &Visitor,
        upto: Option<MessageId>,
        delivery: Delivery,
    ) -> Result<(), StoreError> {
        let behind = behind(self.messages_for(to).await?, upto, delivery);
        if behind.is_empty() {
            return Ok(());
        }
        self.write(move |tx| {
            Box::pin(async move {
                let ids: Vec<Uuid> = behind.iter().map(|message| message.id.0).collect();
                let now = entity::by_ids::<Message, _>(&mut *tx.inner, &ids).await?;
                let moved: Vec<Message> = now
                    .into_iter()
                    .filter(|message| is_behind(message, delivery))
                    .map(|message| Message {
                        delivery: Some(delivery),
                        ..message
                    })
                    .collect();
                tx.put(&moved).await
            })
        })
        .await
    }
}

impl Tx {
    async fn conversation(
        &mut self,
        id: Uuid,
        request: &str,
    ) -> Result<Option<Visitor>, StoreError> {
        let row = sqlx::query(
            "select id, request, ticket, customer, name, moved_from, moved_at
             from conversations where id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look for the conversation")?;
        let Some(row) = row else { return Ok(None) };
        let cells = Cells::new("conversations", &row);
        if cells.text("request")? != request {
            return Err(StoreError::Conflict);
        }
        visitor(&cells).map(Some)
    }

    async fn customer_for(
        &mut self,
        open: &OpenConversation,
        id: Uuid,
        currency: Currency,
    ) -> Result<Customer, StoreError> {
        let rows = entity::select::<Customer>()
            .and("email_key = ?", vec![Cell::text(open.email.to_lowercase())])
            .rows(&mut *self.inner, "id", 1)
            .await
            .doing("look for the customer")?;
        if let Some(customer) = entity::read_all::<Customer>(&rows)?.pop() {
            return Ok(customer);
        }
        let customer = Customer {
            id: CustomerId(id),
            name: open.name.clone(),
            email: open.email.clone(),
            phone: None,
            city: None,
            country: None,
            language: open.language.clone().unwrap_or_else(|| "en".to_owned()),
            since: self.now,
            order_count: 0,
            spent: Money::zero(currency),
            refund_count: 0,
            risk: Risk::Low,
            source: Source {
                name: "Web chat".to_owned(),
                fetched_at: self.now,
            },
        };
        self.put(std::slice::from_ref(&customer)).await?;
        Ok(customer)
    }

    async fn new_chat(
        &mut self,
        open: &OpenConversation,
        customer: Customer,
        id: Uuid,
        prefix: &str,
    ) -> Result<Visitor, StoreError> {
        let message = from_customer(
            MessageId(open.id),
            TicketId(id),
            customer.id,
            open.text.clone(),
            self.now,
        );
        let mut ticket = Ticket {
            id: TicketId(id),
            number: self.next_ticket_number().await?,
            channel: Channel::WebChat,
            subject: subject(&open.text),
            customer: customer.id,
            identity: Identity::Claimed,
            order: None,
            team: deskhand_domain::TeamId::MAIN,
            assignee: None,
            status: TicketStatus::Open,
            priority: Priority::Normal,
            tags: Vec::new(),
            intent: Intent::Other,
            mood: Mood::Neutral,
            language: open.language.clone().unwrap_or(customer.language),
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
        self.understand(&mut ticket, &open.text, prefix).await?;
        waits(&mut ticket, &message);
        self.audit(told::message_received(
            Action::ConversationOpened,
            &message,
            &ticket,
        ));
        self.put(&[ticket]).await?;
        self.put(&[message]).await?;
        Ok(Visitor {
            conversation: open.id,
            ticket: TicketId(id),
            customer: customer.id,
            name: open.name.clone(),
            moved: None,
        })
    }

    /// Notes what the text says and the ticket does not know yet: intent, language, order.
    async fn understand(
        &mut self,
        ticket: &mut Ticket,
        text: &str,
        prefix: &str,
    ) -> Result<(), StoreError> {
        if matches!(ticket.intent, Intent::Other) {
            ticket.intent = intent::guess(text);
        }
        if let Some(language) = language::detect(text) {
            ticket.language = language.to_owned();
        }
        if ticket.order.is_none() {
            ticket.order = self.order_of(ticket.customer, text, prefix).await?;
        }
        Ok(())
    }

    /// The order a text names, when it is the customer's own: of the account, or of another one
    /// with the same address.
    async fn order_of(
        &mut self,
        customer: CustomerId,
        text: &str,
        prefix: &str,
    ) -> Result<Option<OrderId>, StoreError> {
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let same_address = "customer in (select b.id from customers a join customers b
             on b.email_key = a.email_key and a.email_key <> '' where a.id = ?)";
        let rows = entity::select::<Order>()
            .and(same_address, vec![Cell::text(customer)])
            .rows(&mut *self.inner, "placed_at desc", 200)
            .await
            .doing("look for the order")?;
        let orders = entity::read_all::<Order>(&rows)?;
        let numbers = order_number::find(text, prefix);
        let named = orders.iter().find(|order| {
            numbers.contains(&order.number) || order_number::names(text, &order.number)
        });
        Ok(named.map(|order| order.id))
    }

    async fn add_conversation(&mut self, of: &Visitor, request: &str) -> Result<(), StoreError> {
        let columns = ["id", "request", "ticket", "customer", "name", "created_at"];
        let row = vec![
            Cell::text(of.conversation),
            Cell::text(request),
            Cell::text(of.ticket),
            Cell::text(of.customer),
            Cell::text(&of.name),
            Cell::at(self.now),
        ];
        sql::upsert(&mut self.inner, "conversations", "id", &columns, vec![row])
            .await
            .doing("store the conversation")
    }

    async fn let_in(&mut self, token_hash: String, conversation: Uuid) -> Result<(), StoreError> {
        let columns = ["token_hash", "conversation", "created_at"];
        let row = vec![
            Cell::text(token_hash),
            Cell::text(conversation),
            Cell::at(self.now),
        ];
        sql::upsert(
            &mut self.inner,
            "visitors",
            "token_hash",
            &columns,
            vec![row],
        )
        .await
        .doing("let the visitor in")
    }
}

fn visitor(cells: &Cells<'_>) -> Result<Visitor, StoreError> {
    Ok(Visitor {
        conversation: cells.parse("id")?,
        ticket: cells.parse("ticket")?,
        customer: cells.parse("customer")?,
        name: cells.text("name")?,
        moved: cells
            .maybe_parse("moved_from")?
            .zip(cells.maybe_at("moved_at")?),
    })
}

fn from_customer(
    id: MessageId,
    ticket: TicketId,
    customer: CustomerId,
    text: String,
    now: Instant,
) -> Message {
    Message {
        id,
        ticket,
        kind: MessageKind::Public,
        author: Author::Customer(customer),
        channel: Channel::WebChat,
        text,
        sent_at: now,
        delivery: None,
        attachments: Vec::new(),
        held_until: None,
    }
}

/// The customer wrote and waits: the ticket is open again, and an answer is due.
fn waits(ticket: &mut Ticket, message: &Message) {
    let since = ticket.waiting_since.unwrap_or(message.sent_at);
    ticket.status = TicketStatus::Open;
    ticket.snoozed_until = None;
    ticket.channel = message.channel;
    ticket.waiting_since = Some(since);
    ticket.due_at = Some(sla::due_at(since, ticket.channel, ticket.priority));
    ticket.last_message_at = message.sent_at.max(ticket.last_message_at);
    ticket.updated_at = message.sent_at.max(ticket.updated_at);
    ticket.snippet = text::snippet(&message.text);
}

/// A trivial subject: the start of the first line.
fn subject(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

fn author(message: &Message) -> Option<AccountId> {
    match message.author {
        Author::Account(id) => Some(id),
        Author::Customer(_) | Author::System => None,
    }
}

/// Messages of the shop, up to one of them or all, that have not come as far.
fn behind(messages: Vec<Message>, upto: Option<MessageId>, delivery: Delivery) -> Vec<Message> {
    let last = match upto {
        None => messages.len(),
        Some(id) => messages
            .iter()
            .position(|message| message.id == id)
            .map_or(0, |index| index + 1),
    };
    messages
        .into_iter()
        .take(last)
        .filter(|message| is_behind(message, delivery))
        .collect()
}

fn is_behind(message: &Message, delivery: Delivery) -> bool {
    message
        .delivery
        .is_some_and(|now| now < delivery && !matches!(now, Delivery::Failed | Delivery::Held))
}

/// Whether its author may still take it back, so that the customer must not see it.
fn is_held(message: &Message) -> bool {
    message.delivery == Some(Delivery::Held)
}
