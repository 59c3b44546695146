//! The web-chat channel: what the customer's page and the gateway say to each other.
//!
//! `POST /chat/api/conversations` opens a conversation and answers with the visitor's token, which
//! the page keeps. With it in `Authorization: Bearer`: `GET /chat/api/conversation`,
//! `POST /chat/api/messages`. On the socket `/chat/live` the first frame carries the token, so that
//! it never stands in an address.

use chrono::{DateTime, Utc};
use deskhand_domain::{Delivery, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// `POST /chat/api/conversations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenConversation {
    /// The customer's name.
    pub name: String,
    /// The customer's e-mail address.
    pub email: String,
    /// The first message.
    pub text: String,
    /// Made by the page; the same id opens one conversation however often it is sent.
    pub id: Uuid,
    /// BCP 47 language of the page.
    #[serde(default)]
    pub language: Option<String>,
}

/// What the page may know of its conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Conversation {
    /// The token of this visitor; only in the answer to the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub token: Option<String>,
    /// The shop's name.
    pub shop: String,
    /// The customer's name as given.
    pub name: String,
    /// Public messages, oldest first.
    pub messages: Vec<ChatMessage>,
}

/// `POST /chat/api/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSend {
    /// Made by the page; the same id is stored once.
    pub id: Uuid,
    /// The text.
    pub text: String,
}

/// A public message as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ChatMessage {
    /// Its id.
    pub id: MessageId,
    /// `true` when the customer wrote it.
    pub mine: bool,
    /// The agent's first name, or the shop's name.
    pub from: String,
    /// The plain text.
    pub text: String,
    /// When.
    pub sent_at: DateTime<Utc>,
    /// Whether an agent has had it open (on the customer's own messages).
    pub seen: bool,
    /// How far an agent's message has come.
    pub delivery: Option<Delivery>,
}

/// What the gateway sends to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChatServerFrame {
    /// The conversation as it is, after the token was accepted.
    Conversation {
        /// All of it.
        conversation: Conversation,
    },
    /// A message is new or has changed.
    Message {
        /// The message.
        message: ChatMessage,
    },
    /// An agent is writing, or has stopped.
    Typing {
        /// The agent's first name.
        from: String,
        /// Whether they write.
        typing: bool,
    },
    /// The gateway lives.
    Heartbeat,
}

/// What the page sends to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChatClientFrame {
    /// Who I am; the first frame.
    Hello {
        /// The visitor's token.
        token: String,
    },
    /// The customer is writing, or has stopped.
    Typing {
        /// Whether they write.
        typing: bool,
    },
    /// Messages up to this one were on the screen.
    Read {
        /// The newest of them.
        upto: MessageId,
    },
}
