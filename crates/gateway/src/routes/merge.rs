//! `POST /v1/tickets/{ticket}/merge`.

use super::{reply, tickets::operation};
use crate::{
    app::State,
    extract::{Id, Json, Op, Who},
    problem::Refusal,
    store::Done,
};
use axum::{extract, response::Response};
use deskhand_domain::{OpId, TicketId};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    problem::Problem,
    rest::{MergeTicket, Merged},
};

/// Makes a ticket part of another one of the same customer: its messages and its conversation in
/// the web chat go there, and it is closed. Tags are united, the earliest waiting counts, and a
/// note in both says what happened. Replies and notes that name it later are written in the one
/// that goes on. 409 when the customers differ or one of the two was merged already.
#[utoipa::path(post, path = "/v1/tickets/{ticket}/merge", request_body = MergeTicket,
    params(("ticket" = TicketId, Path), ("idempotency-key" = OpId, Header)),
    responses((status = 200, body = Merged), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn merge(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(ticket): Id<TicketId>,
    Op(op): Op,
    Json(body): Json<MergeTicket>,
) -> Result<Response, Refusal> {
    for id in [ticket, body.into] {
        // Who may not see the one it goes into is told nothing of it.
        let Ok(found) = who.ticket(&state, id).await else {
            who.must_see_tickets()?;
            if id == ticket {
                return Err(Refusal::not_found());
            }
            return Err(Refusal::field("/into", "there is no such ticket"));
        };
        let team = found.team;
        who.may(Action::TicketWrite, &Resource::Ticket { team })?;
    }
    let (operation, by) = (
        operation(op, &who, "merge", ticket, (&body, &body)),
        who.account.id,
    );
    let notes = [state.clock.id(), state.clock.id()];
    let done = state.store.once(operation, move |tx| {
        Box::pin(async move {
            let merged = tx.merge(ticket, body.into, by, notes).await?;
            merged.map(|merged| Done::new(200, &merged)).transpose()
        })
    });
    done.await?.map(reply).ok_or_else(Refusal::not_found)
}
