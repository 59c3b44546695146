// Written by `make gen` from crates/protocol. Do not edit.

/**
 * What the page sends to the gateway.
 */
export type ChatClientFrame = { "type": "hello", 
/**
 * The visitor's token.
 */
token: string, } | { "type": "typing", 
/**
 * Whether they write.
 */
typing: boolean, } | { "type": "read", 
/**
 * The newest of them.
 */
upto: MessageId, };

/**
 * A public message as the customer sees it.
 */
export type ChatMessage = { 
/**
 * Its id.
 */
id: MessageId, 
/**
 * `true` when the customer wrote it.
 */
mine: boolean, 
/**
 * The agent's first name, or the shop's name.
 */
from: string, 
/**
 * The plain text.
 */
text: string, 
/**
 * When.
 */
sent_at: string, 
/**
 * Whether an agent has had it open (on the customer's own messages).
 */
seen: boolean, 
/**
 * How far an agent's message has come.
 */
delivery: Delivery | null, };

/**
 * `POST /chat/api/messages`.
 */
export type ChatSend = { 
/**
 * Made by the page; the same id is stored once.
 */
id: string, 
/**
 * The text.
 */
text: string, };

/**
 * What the gateway sends to the page.
 */
export type ChatServerFrame = { "type": "conversation", 
/**
 * All of it.
 */
conversation: Conversation, } | { "type": "message", 
/**
 * The message.
 */
message: ChatMessage, } | { "type": "typing", 
/**
 * The agent's first name.
 */
from: string, 
/**
 * Whether they write.
 */
typing: boolean, } | { "type": "heartbeat" };

/**
 * What the page may know of its conversation.
 */
export type Conversation = { 
/**
 * The token of this visitor; only in the answer to the opening.
 */
token?: string, 
/**
 * The shop's name.
 */
shop: string, 
/**
 * The customer's name as given.
 */
name: string, 
/**
 * Public messages, oldest first.
 */
messages: Array<ChatMessage>, };

/**
 * How far a message to the customer has come.
 */
export type Delivery = "held" | "sent" | "delivered" | "read" | "failed";

/**
 * A message or note in a ticket.
 */
export type MessageId = string;

/**
 * `POST /chat/api/conversations`.
 */
export type OpenConversation = { 
/**
 * The customer's name.
 */
name: string, 
/**
 * The customer's e-mail address.
 */
email: string, 
/**
 * The first message.
 */
text: string, 
/**
 * Made by the page; the same id opens one conversation however often it is sent.
 */
id: string, 
/**
 * BCP 47 language of the page.
 */
language: string | null, };

