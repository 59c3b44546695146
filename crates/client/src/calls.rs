//! The calls of the window.

use crate::client::Client;
use deskhand_domain::OpId;
use deskhand_protocol::{
    calls::{CallCode, CallError, Calls},
    view::{
        AddNote, Boot, ConnectionView, GatewayAddress, GatewayProbe, Nothing, OpRef, OpenSample,
        Opened, OutboxItem, Password, SendReply, SignedIn, TicketChange, TicketPage, TicketQuery,
        TicketRef, TicketView, TypingNow, ViewCounts,
    },
};

fn not_yet<T>() -> Result<T, CallError> {
    Err(CallError::new(CallCode::SignedOut, "nobody is signed in"))
}

impl Calls for Client {
    async fn boot(&self, _: Nothing) -> Result<Boot, CallError> {
        Ok(Boot::SignIn {
            address: None,
            email: None,
            sample: self.inner.host.has_sample(),
            problem: None,
        })
    }
    async fn probe_gateway(&self, _: GatewayAddress) -> Result<GatewayProbe, CallError> {
        not_yet()
    }
    async fn sign_in(&self, _: Password) -> Result<SignedIn, CallError> {
        not_yet()
    }
    async fn open_sample(&self, _: OpenSample) -> Result<SignedIn, CallError> {
        not_yet()
    }
    async fn sign_out(&self, _: Nothing) -> Result<Nothing, CallError> {
        not_yet()
    }
    async fn connection(&self, _: Nothing) -> Result<ConnectionView, CallError> {
        not_yet()
    }
    async fn connect_now(&self, _: Nothing) -> Result<Nothing, CallError> {
        not_yet()
    }
    async fn views(&self, _: Nothing) -> Result<ViewCounts, CallError> {
        not_yet()
    }
    async fn tickets(&self, _: TicketQuery) -> Result<TicketPage, CallError> {
        not_yet()
    }
    async fn ticket(&self, _: TicketRef) -> Result<TicketView, CallError> {
        not_yet()
    }
    async fn open_ticket(&self, _: Opened) -> Result<Nothing, CallError> {
        not_yet()
    }
    async fn typing(&self, _: TypingNow) -> Result<Nothing, CallError> {
        not_yet()
    }
    async fn send_reply(&self, _: SendReply) -> Result<OpId, CallError> {
        not_yet()
    }
    async fn add_note(&self, _: AddNote) -> Result<OpId, CallError> {
        not_yet()
    }
    async fn change_ticket(&self, _: TicketChange) -> Result<OpId, CallError> {
        not_yet()
    }
    async fn outbox(&self, _: Nothing) -> Result<Vec<OutboxItem>, CallError> {
        not_yet()
    }
    async fn retry_op(&self, _: OpRef) -> Result<Nothing, CallError> {
        not_yet()
    }
    async fn discard_op(&self, _: OpRef) -> Result<Nothing, CallError> {
        not_yet()
    }
}
