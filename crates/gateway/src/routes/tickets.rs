//! Tickets and their messages.

use super::{listed, paging, reply};
use crate::{
    app::State,
    extract::{Id, Json, Op, Paging, Query, Two, Who},
    passwords::digest,
    problem::Refusal,
    store::{Done, FIELDS, Operation, TicketFilter, Undo},
};
use axum::{extract, http::StatusCode, response::Response};
use chrono::Datelike as _;
use deskhand_domain::{
    Account, AccountId, Channel, CustomerId, FieldChanges, FieldValue, Message, MessageId,
    MessageKind, OpId, Ticket, TicketId, TicketStatus,
    text::{self, TextError},
};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    problem::{Code, Problem},
    rest::{MessageAdded, NewMessage, Page, TicketPatch},
};
use serde::{Deserialize, Serialize};

/// Which tickets.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    status: Option<TicketStatus>,
    channel: Option<Channel>,
    assignee: Option<AccountId>,
    customer: Option<CustomerId>,
    cursor: Option<String>,
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Tickets, newest message first.
#[utoipa::path(get, path = "/v1/tickets", params(Filter), responses(
    (status = 200, body = Page<Ticket>), (status = 401, body = Problem), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Filter>,
) -> Result<axum::Json<Page<Ticket>>, Refusal> {
    who.must_see_tickets()?;
    let (cursor, limit) = paging(&Paging {
        cursor: query.cursor,
        limit: query.limit,
    })?;
    let filter = TicketFilter {
        teams: who.sight().teams().clone(),
        status: query.status,
        channel: query.channel,
        assignee: query.assignee,
        customer: query.customer,
    };
    Ok(listed(state.store.tickets(filter, cursor, limit).await?))
}

/// One ticket.
#[utoipa::path(get, path = "/v1/tickets/{ticket}", params(("ticket" = TicketId, Path)), responses(
    (status = 200, body = Ticket), (status = 404, body = Problem)
))]
pub async fn one(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(ticket): Id<TicketId>,
) -> Result<axum::Json<Ticket>, Refusal> {
    Ok(axum::Json(who.ticket(&state, ticket).await?))
}

/// Changes what the body names. When somebody else set one of the values in `was` since, to
/// something that the body does not want anyway, 409 `fields_moved` with the values as they are
/// now; nothing changes, and the same id goes through with those as `was`. A ticket that was merged
/// changes no more: 409 names the one that goes on.
#[utoipa::path(patch, path = "/v1/tickets/{ticket}", request_body = TicketPatch,
    params(("ticket" = TicketId, Path), ("idempotency-key" = OpId, Header)),
    responses((status = 200, body = Ticket), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn change(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(ticket): Id<TicketId>,
    Op(op): Op,
    Json(mut patch): Json<TicketPatch>,
) -> Result<Response, Refusal> {
    let team = who.ticket(&state, ticket).await?.team;
    who.may(Action::TicketWrite, &Resource::Ticket { team })?;
    if patch.team.is_some_and(|to| to != team) {
        who.may(Action::TicketMove, &Resource::Ticket { team })?;
    }
    check(&state, "", &mut patch).await?;
    // What the author had seen is no part of what is asked for: a refused change goes through
    // under the same id once its author has seen more.
    let asked = TicketPatch {
        was: Vec::new(),
        ..patch.clone()
    };
    let operation = operation(op, &who, "patch", ticket, (&asked, &patch));
    let by = who.account.id;
    let done = state.store.once(operation, move |tx| {
        Box::pin(async move {
            let changed = tx.patch_ticket(ticket, patch, by).await?;
            changed.map(|ticket| Done::new(200, &ticket)).transpose()
        })
    });
    done.await?.map(reply).ok_or_else(Refusal::not_found)
}

/// Looks over a patch that stands at a place in the body.
async fn check(state: &State, at: &str, patch: &mut TicketPatch) -> Result<(), Refusal> {
    tidy(at, patch)?;
    if let Some(Some(assignee)) = patch.assignee
        && state.store.get::<Account>(assignee.0).await?.is_none()
    {
        return Err(Refusal::field(
            format!("{at}/assignee"),
            "there is no such account",
        ));
    }
    Ok(())
}

/// What can be said of a patch without the store; makes its texts those that are stored.
pub(crate) fn tidy(at: &str, patch: &mut TicketPatch) -> Result<(), Refusal> {
    clean_tags(&format!("{at}/add_tags"), &mut patch.add_tags)?;
    clean_tags(&format!("{at}/remove_tags"), &mut patch.remove_tags)?;
    clean_fields(at, &mut patch.fields)?;
    if patch.snoozed_until.is_some() && patch.status != Some(TicketStatus::Snoozed) {
        return Err(Refusal::field(
            format!("{at}/snoozed_until"),
            "goes with status snoozed",
        ));
    }
    // Other programs read years of four digits only.
    if patch
        .snoozed_until
        .is_some_and(|until| !(2000..=9000).contains(&until.year()))
    {
        return Err(Refusal::field(
            format!("{at}/snoozed_until"),
            "is no year to wake up in: write a time such as 2027-01-31T09:00:00Z",
        ));
    }
    Ok(())
}

/// The messages of a ticket, oldest first.
#[utoipa::path(get, path = "/v1/tickets/{ticket}/messages", params(("ticket" = TicketId, Path), Paging),
    responses((status = 200, body = Page<Message>), (status = 404, body = Problem)))]
pub async fn messages(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(ticket): Id<TicketId>,
    Query(query): Query<Paging>,
) -> Result<axum::Json<Page<Message>>, Refusal> {
    let ticket = who.ticket(&state, ticket).await?.id;
    let (cursor, limit) = paging(&query)?;
    Ok(listed(state.store.messages(ticket, cursor, limit).await?))
}

/// Writes to the customer, or a note among colleagues. The message's id is the operation's.
/// When somebody else wrote publicly after `seen`, 409 `thread_moved` with what was missed; nothing
/// is stored, and the same id goes through with a newer `seen`. By mail and WhatsApp the message is
/// held for a moment (`held_until`), during which its author may delete it. What is written in a
/// ticket that was merged is written in the one that goes on; its author must have seen that one.
/// `changes` are carried out with the message or not at all.
#[utoipa::path(post, path = "/v1/tickets/{ticket}/messages", request_body = NewMessage,
    params(("ticket" = TicketId, Path), ("idempotency-key" = OpId, Header)),
    responses((status = 201, body = MessageAdded), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn write(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(ticket): Id<TicketId>,
    Op(op): Op,
    Json(mut body): Json<NewMessage>,
) -> Result<Response, Refusal> {
    let team = who.ticket(&state, ticket).await?.team;
    let action = match body.kind {
        MessageKind::Public => Action::MessageSend,
        MessageKind::Note => Action::TicketWrite,
    };
    who.may(action, &Resource::Ticket { team })?;
    body.text = text::message(&body.text).map_err(|error| Refusal::text("/text", error))?;
    if let Some(changes) = &mut body.changes {
        who.may(Action::TicketWrite, &Resource::Ticket { team })?;
        if changes.team.is_some() {
            let words = "a ticket goes to another team by itself, not with a message";
            return Err(Refusal::field("/changes/team", words));
        }
        check(&state, "/changes", changes).await?;
    }
    // What the author had seen is no part of what is asked for: a refused reply goes through under
    // the same id once its author has seen more.
    let asked = NewMessage {
        seen: None,
        changes: body.changes.clone().map(|changes| TicketPatch {
            was: Vec::new(),
            ..changes
        }),
        ..body.clone()
    };
    let (operation, author) = (
        operation(op, &who, "message", ticket, (&asked, &body)),
        who.account.id,
    );
    let done = state.store.once(operation, move |tx| {
        Box::pin(async move {
            let added = tx
                .add_message(MessageId(op.0), ticket, author, body)
                .await?;
            let answer = added.map(|(message, ticket)| MessageAdded { message, ticket });
            answer.map(|added| Done::new(201, &added)).transpose()
        })
    });
    done.await?.map(reply).ok_or_else(Refusal::not_found)
}

/// Takes a reply back while the gateway holds it. Only its author may; to ask again changes nothing,
/// so no operation's id is needed.
#[utoipa::path(delete, path = "/v1/tickets/{ticket}/messages/{message}",
    params(("ticket" = TicketId, Path), ("message" = MessageId, Path)),
    responses((status = 204, description = "It is gone and the ticket is as before"),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn undo(
    extract::State(state): extract::State<State>,
    who: Who,
    Two(ticket, message): Two<TicketId, MessageId>,
) -> Result<StatusCode, Refusal> {
    let team = who.ticket(&state, ticket).await?.team;
    who.may(Action::MessageSend, &Resource::Ticket { team })?;
    match state.store.undo(ticket, message, who.account.id).await? {
        Undo::Done => Ok(StatusCode::NO_CONTENT),
        Undo::Unknown => Err(Refusal::not_found()),
        Undo::NotYours => Err(Refusal::new(
            Code::Forbidden,
            "somebody else wrote it: only its author may take it back",
        )),
        Undo::TooLate => Err(Refusal::new(
            Code::TooLate,
            "it is on its way to the customer and cannot be taken back: write another message",
        )),
    }
}

/// An operation: what is asked for, and the same with what its author had seen.
pub(super) fn operation<T: Serialize>(
    id: OpId,
    who: &Who,
    what: &str,
    ticket: TicketId,
    (asked, with_seen): (&T, &T),
) -> Operation {
    let hash = |body: &T| {
        let body = serde_json::to_string(body).unwrap_or_default();
        digest(format!("{what} {ticket} {body}"))
    };
    Operation {
        id,
        teams: who.sight().teams().clone(),
        actor: who.account.id.to_string(),
        request: hash(asked),
        attempt: hash(with_seen),
    }
}

fn clean_tags(pointer: &str, tags: &mut [String]) -> Result<(), Refusal> {
    if tags.len() > 50 {
        return Err(Refusal::field(pointer, "at most 50 tags at once"));
    }
    for tag in tags {
        // A letter may have more of them in lower case, and a line has a limit.
        *tag = text::line(&tag.to_lowercase()).map_err(|error| Refusal::text(pointer, error))?;
    }
    Ok(())
}

/// Texts of fields as they are stored: one line without spaces around it; nothing is no value.
fn clean_fields(at: &str, fields: &mut FieldChanges) -> Result<(), Refusal> {
    if fields.len() > FIELDS {
        let words = format!("at most {FIELDS} fields at once");
        return Err(Refusal::field(format!("{at}/fields"), words));
    }
    for value in fields.values_mut() {
        if let Some(FieldValue::Text(text)) = value {
            *value = match text::message(text) {
                Ok(line) => Some(FieldValue::Text(line.replace(['\n', '\t'], " "))),
                Err(TextError::Empty) => None,
                // Its field says how long it may be.
                Err(_) => continue,
            };
        }
    }
    Ok(())
}
