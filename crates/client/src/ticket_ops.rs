//! What the window asks for of a ticket: changes that know what their author saw, merging, stored
//! answers, drafts.

use crate::{
    outbox,
    overlay::Overlay,
    shop::{Shop, cache_failed},
};
use chrono::Local;
use deskhand_cache::CacheError;
use deskhand_domain::{
    Compared, OpId, Shipment, Ticket, TicketId, TicketStatus,
    macros::{Around, fill},
};
use deskhand_protocol::{
    calls::{CallCode, CallError},
    rest::TicketPatch,
    view::{
        Draft, Event, MacroView, MergeInto, Nothing, OutboxAction, SaveDraft, TicketChange,
        TicketRef,
    },
};

/// Queues a change. When the window did not say what its agent saw, that is what the ticket is
/// here, with everything that waits.
pub(crate) async fn change(shop: &Shop, change: TicketChange) -> Result<OpId, CallError> {
    let TicketChange { ticket, mut patch } = change;
    let seen = seen(shop, ticket).await.map_err(cache_failed)?;
    if let Some(seen) = &seen {
        not_merged(seen)?;
        if patch.was.is_empty() {
            patch.was = was(seen, &patch);
        }
    }
    outbox::enqueue(shop, ticket, OutboxAction::Change { patch }).await
}

/// Queues that a ticket becomes part of another one, unless the gateway would refuse it anyway.
pub(crate) async fn merge(shop: &Shop, which: MergeInto) -> Result<OpId, CallError> {
    let find = async |ticket| {
        let found = seen(shop, ticket).await.map_err(cache_failed)?;
        found.ok_or_else(|| CallError::new(CallCode::NotFound, "the ticket is not here"))
    };
    let (ticket, into) = (find(which.ticket).await?, find(which.into).await?);
    let cannot = |words: &str| Err(CallError::new(CallCode::CannotMerge, words));
    if ticket.id == into.id {
        return cannot("a ticket cannot become part of itself");
    }
    if ticket.customer != into.customer {
        return cannot("the tickets are of different customers, who must not read each other's");
    }
    if ticket.merged_into.is_some() || into.merged_into.is_some() {
        return cannot("one of the tickets is part of another one already");
    }
    let action = OutboxAction::Merge {
        into: into.id,
        number: into.number,
    };
    let op = outbox::enqueue(shop, ticket.id, action).await?;
    outbox::tell(shop, into.id);
    Ok(op)
}

/// The stored answers, filled in; those in the ticket's language first, then by name.
pub(crate) async fn macros(shop: &Shop, which: TicketRef) -> Result<Vec<MacroView>, CallError> {
    let not_here = || CallError::new(CallCode::NotFound, "the ticket is not here");
    let found = filled(shop, which.ticket).await.map_err(cache_failed)?;
    found.ok_or_else(not_here)
}

async fn filled(shop: &Shop, id: TicketId) -> Result<Option<Vec<MacroView>>, CacheError> {
    let reader = &shop.reader;
    let Some(ticket) = reader.ticket(id).await? else {
        return Ok(None);
    };
    let customer = reader.customer(ticket.customer).await?;
    let order = match ticket.order {
        Some(order) => reader.order(order).await?,
        None => None,
    };
    let parcels = match &order {
        Some(order) => reader.shipments(order.id).await?,
        None => Vec::new(),
    };
    let mut stored = reader.macros().await?;
    let around = Around {
        ticket: &ticket,
        customer: customer.as_ref(),
        order: order.as_ref(),
        parcel: newest(&parcels),
        agent: &shop.signed.account,
        shop: &shop.signed.shop,
        day: &|at| at.with_timezone(&Local).date_naive(),
    };
    let other = |language: &str| main(language) != main(&ticket.language);
    stored.sort_by(|a, b| {
        (other(&a.language), &a.name, a.id).cmp(&(other(&b.language), &b.name, b.id))
    });
    let views = stored.into_iter().map(|stored| {
        let (text, gaps) = fill(&stored.text, &stored.language, &around);
        MacroView {
            id: stored.id,
            name: stored.name,
            language: stored.language,
            text,
            gaps,
            changes: stored.changes,
        }
    });
    Ok(Some(views.collect()))
}

/// Stores what was begun.
pub(crate) async fn save_draft(shop: &Shop, begun: SaveDraft) -> Result<Nothing, CallError> {
    let draft = Draft {
        reply: begun.reply,
        note: begun.note,
        saved_at: shop.now(),
    };
    let before = shop.reader.draft(begun.ticket).await;
    let before = before.map_err(cache_failed)?.is_some();
    let saved = shop.writer.save_draft(begun.ticket, &draft).await;
    saved.map_err(cache_failed)?;
    if before == (draft.reply.is_empty() && draft.note.is_empty()) {
        // Rows show whether there is one.
        shop.emit(Event::Lists);
    }
    Ok(Nothing {})
}

/// The ticket as the agent sees it.
async fn seen(shop: &Shop, id: TicketId) -> Result<Option<Ticket>, CacheError> {
    let waiting = shop.reader.outbox_of(id).await?;
    let Some(mut ticket) = shop.reader.ticket(id).await? else {
        return Ok(None);
    };
    Overlay::new(&waiting).lay_over(&mut ticket);
    Ok(Some(ticket))
}

fn not_merged(ticket: &Ticket) -> Result<(), CallError> {
    if ticket.merged_into.is_none() {
        return Ok(());
    }
    let words = "the ticket is part of another one: change that one";
    Err(CallError::new(CallCode::CannotMerge, words))
}

/// What a ticket was in what a patch changes. Tags and handing over need no comparison: adding and
/// removing words commutes, and handed over is handed over.
fn was(ticket: &Ticket, patch: &TicketPatch) -> Vec<Compared> {
    let mut was = Vec::new();
    if patch.status.is_some() {
        was.push(Compared::Status(ticket.status));
    }
    if patch.status == Some(TicketStatus::Snoozed) {
        was.push(Compared::SnoozedUntil(ticket.snoozed_until));
    }
    if patch.priority.is_some() {
        was.push(Compared::Priority(ticket.priority));
    }
    if patch.assignee.is_some() {
        was.push(Compared::Assignee(ticket.assignee));
    }
    for key in patch.fields.keys() {
        was.push(Compared::Field {
            key: key.clone(),
            value: ticket.fields.get(key).cloned(),
        });
    }
    was
}

fn newest(parcels: &[Shipment]) -> Option<&Shipment> {
    parcels
        .iter()
        .max_by_key(|parcel| (parcel.created_at, parcel.position))
}

fn main(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}
