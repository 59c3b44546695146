//! What others tell: webhooks of services and shops, and CloudEvents of anybody with the right to.

use crate::{
    app::State,
    extract::{Events, Id, Raw, Who},
    intake::{self, Service, letter},
    problem::Refusal,
    store::Letter,
};
use axum::{
    Json, extract,
    extract::{FromRequest as _, Request},
    http::{HeaderMap, StatusCode},
};
use deskhand_connectors::webhooks::{self, Disbelief, Sender};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    events::{CloudEvent, EventsTaken, PARCEL_TRACKED},
    problem::{Code, Problem},
};

/// A webhook of a service that asks carriers, or of a shop. It is kept when its proof is right, and
/// read later; a shop is asked for the order at once.
#[utoipa::path(post, path = "/hooks/{service}",
    params(("service" = String, Path,
        description = "easypost, aftership, shippo, 17track, vendure or shopify")),
    request_body(content = serde_json::Value, description = "As it is sent."),
    responses(
        (status = 202, body = EventsTaken), (status = 401, body = Problem),
        (status = 404, body = Problem)
    ))]
pub async fn hook(
    extract::State(state): extract::State<State>,
    Id(Service(sender)): Id<Service>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<(StatusCode, Json<EventsTaken>), Refusal> {
    let secret = state.config.hooks.secret(sender);
    let secret = secret.ok_or_else(Refusal::not_found)?;
    let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (proof, now) = (told(webhooks::header(sender)), state.clock.now());
    let is_true = webhooks::check(sender, secret.reveal(), proof, &body, now);
    let at = told("x-shopify-triggered-at").filter(|_| sender == Sender::Shopify);
    let in_time = at.map_or(Ok(()), |at| webhooks::is_told_in_time(at, now));
    is_true.and(in_time).map_err(|why| {
        tracing::warn!(service = intake::path(sender), %why, "a webhook is not believed");
        disbelieved(why)
    })?;
    let (event, kind) = (intake::event(sender, &body), intake::kind(sender, &headers));
    let payload = String::from_utf8(body.into())
        .ok()
        .filter(|text| !text.contains('\0'));
    let payload = payload.ok_or_else(|| Refusal::field("", "is no text in UTF-8"))?;
    let letter = letter(&state.clock, &intake::source(sender), event, kind, payload);
    let taken = taken(&state, vec![letter]).await?;
    if taken.1.accepted > 0 {
        state.shops.wake(intake::path(sender));
    }
    Ok(taken)
}

fn disbelieved(why: Disbelief) -> Refusal {
    Refusal::new(Code::SignedOut, why.to_string())
}

/// Events of another program, in the HTTP binding of CloudEvents 1.0: structured, as a batch, or
/// binary. They are kept and applied in a moment; the same `source` and `id` are kept once. A batch
/// is kept whole or, with a mistake in it, not at all.
#[utoipa::path(post, path = "/v1/events",
    request_body(content(
        (CloudEvent = "application/cloudevents+json"),
        (Vec<CloudEvent> = "application/cloudevents-batch+json"),
    )),
    responses((status = 202, body = EventsTaken), (status = 403, body = Problem)))]
pub async fn tell(
    extract::State(state): extract::State<State>,
    who: Who,
    request: Request,
) -> Result<(StatusCode, Json<EventsTaken>), Refusal> {
    who.may(Action::EventsWrite, &Resource::Shop)?;
    let Events(events) = Events::from_request(request, &state).await?;
    let one = events.len() == 1;
    let mut letters = Vec::new();
    for (index, event) in events.into_iter().enumerate() {
        if event.kind == PARCEL_TRACKED {
            let place = if one {
                String::new()
            } else {
                format!("/{index}")
            };
            intake::track(event.data.clone())
                .map_err(|(at, words)| Refusal::field(format!("{place}/data{at}"), words))?;
        }
        let payload = serde_json::to_string(&event).map_err(|_| Refusal::internal())?;
        // PostgreSQL keeps no NUL, and JSON writes it as this.
        if payload.contains("\\u0000") {
            return Err(Refusal::field("", "holds a NUL"));
        }
        let CloudEvent {
            id, source, kind, ..
        } = event;
        letters.push(letter(&state.clock, &source, id, kind, payload));
    }
    taken(&state, letters).await
}

async fn taken(
    state: &State,
    letters: Vec<Letter>,
) -> Result<(StatusCode, Json<EventsTaken>), Refusal> {
    let told = letters.len();
    let accepted = state.store.keep_letters(letters).await?;
    let taken = EventsTaken {
        accepted,
        duplicates: told - accepted,
    };
    Ok((StatusCode::ACCEPTED, Json(taken)))
}
