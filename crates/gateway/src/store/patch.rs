//! Changes of a ticket, compared with what their author had seen.

use super::{Doing as _, StoreError, Tx, cells::Cells};
use crate::{audit::told, clock::millis};
use deskhand_domain::{AccountId, Compared, Instant, TeamId, Ticket, TicketId, TicketStatus, sla};
use deskhand_protocol::{rest::TicketPatch, sync::Kind};

impl Tx {
    /// Changes what the patch names; `None` when there is no such ticket. Nothing changes when
    /// somebody else set one of the values since its author looked.
    pub async fn patch_ticket(
        &mut self,
        id: TicketId,
        patch: TicketPatch,
        by: AccountId,
    ) -> Result<Option<Ticket>, StoreError> {
        let Some(mut ticket) = self.ticket(id).await? else {
            return Ok(None);
        };
        if let Some(into) = ticket.merged_into {
            let into = match self.ticket(into).await? {
                Some(into) => format!("ticket {}", into.number),
                None => "a ticket of another team".to_owned(),
            };
            return Err(StoreError::Refused(format!(
                "ticket {} became part of {into}, and nothing was changed: change that one",
                ticket.number,
            )));
        }
        self.check_fields("", &patch.fields).await?;
        let moved = moved(&ticket, &patch);
        if !moved.is_empty() {
            return Err(StoreError::FieldsMoved { moved });
        }
        let before = ticket.clone();
        if let Some(team) = patch.team {
            self.give_to(&mut ticket, team).await?;
        }
        change(&mut ticket, patch);
        ticket.updated_at = self.now.max(ticket.updated_at);
        self.audit(told::ticket_changed(by, &before, &ticket));
        self.put(std::slice::from_ref(&ticket)).await?;
        Ok(Some(ticket))
    }
}

impl Tx {
    /// Gives a ticket to another team: its messages go with it, and whoever saw them is told that
    /// they are gone.
    async fn give_to(&mut self, ticket: &mut Ticket, team: TeamId) -> Result<(), StoreError> {
        if ticket.team == team {
            return Ok(());
        }
        if !self.knows_team(team).await? {
            return Err(StoreError::Wrong {
                pointer: "/team".to_owned(),
                detail: "there is no such team".to_owned(),
            });
        }
        let rows = sqlx::query("select id from messages where ticket = $1")
            .bind(ticket.id.to_string())
            .fetch_all(&mut *self.inner)
            .await
            .doing("find the messages of a ticket")?;
        for row in &rows {
            let id = Cells::new("messages", row).parse("id")?;
            self.touched.insert((Kind::Message, id));
        }
        ticket.team = team;
        self.moved = true;
        Ok(())
    }
}

/// Carries a patch out.
pub(super) fn change(ticket: &mut Ticket, patch: TicketPatch) {
    if let Some(status) = patch.status {
        ticket.status = status;
        ticket.snoozed_until = patch
            .snoozed_until
            .filter(|_| status == TicketStatus::Snoozed);
        if status == TicketStatus::Closed {
            ticket.waiting_since = None;
            ticket.due_at = None;
        }
    }
    if let Some(priority) = patch.priority {
        ticket.priority = priority;
        ticket.due_at = ticket
            .waiting_since
            .map(|since| sla::due_at(since, ticket.channel, priority));
    }
    ticket.assignee = patch.assignee.unwrap_or(ticket.assignee);
    ticket.escalated = patch.escalated.unwrap_or(ticket.escalated);
    ticket.tags.extend(patch.add_tags);
    ticket.tags.retain(|tag| !patch.remove_tags.contains(tag));
    ticket.tags.sort();
    ticket.tags.dedup();
    for (key, value) in patch.fields {
        match value {
            Some(value) => ticket.fields.insert(key, value),
            None => ticket.fields.remove(&key),
        };
    }
}

/// The values as they are now that somebody else set since the author of the patch looked: they are
/// neither what the author had seen nor what the author wants.
pub(super) fn moved(ticket: &Ticket, patch: &TicketPatch) -> Vec<Compared> {
    patch
        .was
        .iter()
        .filter_map(|was| {
            let wanted = wanted(patch, was)?;
            let now = now(ticket, was);
            (!same(&now, was) && !same(&now, &wanted)).then_some(now)
        })
        .collect()
}

/// What the patch makes of a value; `None` when it leaves it alone.
fn wanted(patch: &TicketPatch, of: &Compared) -> Option<Compared> {
    match of {
        Compared::Status(_) => patch.status.map(Compared::Status),
        Compared::Priority(_) => patch.priority.map(Compared::Priority),
        Compared::Assignee(_) => patch.assignee.map(Compared::Assignee),
        Compared::SnoozedUntil(_) => patch.status.map(|status| {
            let until = patch.snoozed_until;
            Compared::SnoozedUntil(until.filter(|_| status == TicketStatus::Snoozed))
        }),
        Compared::Field { key, .. } => patch.fields.get(key).map(|value| Compared::Field {
            key: key.clone(),
            value: value.clone(),
        }),
    }
}

fn now(ticket: &Ticket, of: &Compared) -> Compared {
    match of {
        Compared::Status(_) => Compared::Status(ticket.status),
        Compared::Priority(_) => Compared::Priority(ticket.priority),
        Compared::Assignee(_) => Compared::Assignee(ticket.assignee),
        Compared::SnoozedUntil(_) => Compared::SnoozedUntil(ticket.snoozed_until),
        Compared::Field { key, .. } => Compared::Field {
            key: key.clone(),
            value: ticket.fields.get(key).cloned(),
        },
    }
}

/// Whether two are the same in what the database keeps: a moment is whole milliseconds there.
fn same(a: &Compared, b: &Compared) -> bool {
    let kept = |at: &Option<Instant>| at.map(millis);
    match (a, b) {
        (Compared::SnoozedUntil(a), Compared::SnoozedUntil(b)) => kept(a) == kept(b),
        _ => a == b,
    }
}
