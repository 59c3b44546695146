//! What others tell: webhooks of services, and CloudEvents of anybody with the right to.

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
use deskhand_connectors::webhooks::{self, Disbelief};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    events::{CloudEvent, EventsTaken, PARCEL_TRACKED},
    problem::{Code, Problem},
};

/// A webhook of a service that asks carriers. It is kept when its proof is right, and read later.
#[utoipa::path(post, path = "/hooks/{service}",
    params(("service" = String, Path, description = "easypost, aftership, shippo or 17track")),
    request_body(content = serde_json::Value, description = "As the service sends it."),
    responses(
        (status = 202, body = EventsTaken), (status = 401, body = Problem),
        (status = 404, body = Problem)
    ))]
pub async fn hook(
    extract::State(state): extract::State<State>,
    Id(Service(vendor)): Id<Service>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<(StatusCode, Json<EventsTaken>), Refusal> {
    let secret = state.config.hooks.secret(vendor);
    let secret = secret.ok_or_else(Refusal::not_found)?;
    let proof = headers.get(webhooks::header(vendor));
    let proof = proof.and_then(|proof| proof.to_str().ok());
    webhooks::check(vendor, secret.reveal(), proof, &body, state.clock.now()).map_err(|why| {
        tracing::warn!(service = intake::path(vendor), %why, "a webhook is not believed");
        disbelieved(why)
    })?;
    let event = intake::event(vendor, &body);
    let payload = String::from_utf8(body.into())
        .ok()
        .filter(|text| !text.contains('\0'));
    let payload = payload.ok_or_else(|| Refusal::field("", "is no text in UTF-8"))?;
    let source = intake::source(vendor);
    let letter = letter(&state.clock, &source, event, String::new(), payload);
    taken(&state, vec![letter]).await
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
