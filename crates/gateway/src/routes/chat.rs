//! What the customer's chat page asks for.

use crate::{
    app::State,
    extract::{Json, Peer},
    passwords::{self, digest},
    problem::Refusal,
    store::Visitor,
};
use axum::{
    extract,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use deskhand_domain::{Message, MessageId, text};
use deskhand_protocol::{
    chat::{ChatMessage, ChatSend, Conversation, OpenConversation},
    problem::Problem,
};

/// Opens a conversation, or finds the one of the same id.
#[utoipa::path(post, path = "/chat/api/conversations", request_body = OpenConversation, responses(
    (status = 201, body = Conversation), (status = 200, body = Conversation),
    (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)
))]
pub async fn open(
    extract::State(state): extract::State<State>,
    Peer(peer): Peer,
    Json(mut body): Json<OpenConversation>,
) -> Result<Response, Refusal> {
    body.name = text::line(&body.name).map_err(|error| Refusal::text("/name", error))?;
    body.email = text::email(&body.email).map_err(|error| Refusal::text("/email", error))?;
    body.text = text::message(&body.text).map_err(|error| Refusal::text("/text", error))?;
    body.language = body.language.as_deref().and_then(language);
    let now = state.clock.now();
    state
        .throttles
        .open
        .take(&peer, now)
        .map_err(Refusal::busy)?;
    let request = digest(serde_json::to_string(&body).unwrap_or_default());
    let token = passwords::token();
    let opened = state
        .store
        .open_conversation(body, request, digest(&token))
        .await?;
    let conversation = Conversation {
        token: Some(token),
        ..state.store.conversation(&opened.visitor).await?
    };
    let status = if opened.new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, axum::Json(conversation)).into_response())
}

/// The conversation as the customer may see it.
#[utoipa::path(get, path = "/chat/api/conversation", responses(
    (status = 200, body = Conversation), (status = 401, body = Problem)
))]
pub async fn conversation(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
) -> Result<axum::Json<Conversation>, Refusal> {
    Ok(axum::Json(state.store.conversation(&visitor).await?))
}

/// The customer writes.
#[utoipa::path(post, path = "/chat/api/messages", request_body = ChatSend, responses(
    (status = 201, body = ChatMessage), (status = 401, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)
))]
pub async fn write(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Json(body): Json<ChatSend>,
) -> Result<Response, Refusal> {
    let text = text::message(&body.text).map_err(|error| Refusal::text("/text", error))?;
    let name = visitor.conversation.to_string();
    let now = state.clock.now();
    state
        .throttles
        .chat
        .take(&name, now)
        .map_err(Refusal::busy)?;
    let message = state
        .store
        .customer_writes(&visitor, MessageId(body.id), text)
        .await?
        .ok_or_else(Refusal::not_found)?;
    let message = as_written(&state, message).await?;
    Ok((StatusCode::CREATED, axum::Json(message)).into_response())
}

async fn as_written(state: &State, message: Message) -> Result<ChatMessage, Refusal> {
    let seen = state.store.as_seen_by_customer(vec![message], None).await?;
    seen.into_iter().next().ok_or_else(Refusal::not_found)
}

/// A language tag (BCP 47) as pages send it, or nothing.
fn language(tag: &str) -> Option<String> {
    let fine =
        (2..=35).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let main = tag.split('-').next().unwrap_or_default();
    (fine && (2..=3).contains(&main.len())).then(|| main.to_ascii_lowercase())
}
