//! The calls of the window.

use crate::{
    audit,
    client::Client,
    diagnosis, link, outbox, preview, search,
    shop::{cache_failed, lock},
    ticket_ops, undo, views,
};
use deskhand_domain::{
    Account, OpId,
    text::{self, TextError},
};
use deskhand_protocol::{
    audit::{AuditCheck, AuditExported, AuditPage, AuditQuery},
    calls::{CallCode, CallError, Calls},
    live::ClientFrame,
    rest::{
        ChangePassword, Device, Enrolment, RecoveryCodes, Reveal, Revealed, TotpCode, TotpState,
    },
    view::{
        AboutOrder, AboutStep, AddNote, Boot, ConnectionView, DeviceRef, GatewayAddress,
        GatewayProbe, Link, MacroView, MergeInto, Nothing, OpRef, OpenSample, Opened, OrderAnswer,
        OutboxAction, OutboxItem, Passphrase, Password, RevealAsk, SaveDraft, SearchQuery,
        SearchResults, SendReply, SignedIn, StepNote, TakenBack, TicketChange, TicketPage,
        TicketQuery, TicketRef, TicketView, TypingNow, UndoSend, Verdict, ViewCounts, Wish,
    },
};

impl Calls for Client {
    async fn boot(&self, _: Nothing) -> Result<Boot, CallError> {
        Ok(self.boot_shop().await)
    }

    async fn probe_gateway(&self, typed: GatewayAddress) -> Result<GatewayProbe, CallError> {
        self.probe(typed).await
    }

    async fn sign_in(&self, with: Password) -> Result<SignedIn, CallError> {
        self.sign_in_with(with).await
    }

    async fn sign_in_in_browser(
        &self,
        with: deskhand_protocol::view::BrowserSignIn,
    ) -> Result<SignedIn, CallError> {
        self.sign_in_with_browser(with).await
    }

    async fn cancel_browser_sign_in(&self, _: Nothing) -> Result<Nothing, CallError> {
        self.leave_browser();
        Ok(Nothing {})
    }

    async fn open_sample(&self, who: OpenSample) -> Result<SignedIn, CallError> {
        self.sign_in_to_sample(who).await
    }

    async fn sign_out(&self, _: Nothing) -> Result<Nothing, CallError> {
        self.sign_out_here().await
    }

    async fn totp(&self, _: Nothing) -> Result<TotpState, CallError> {
        Ok(self.shop()?.gateway.totp().await?)
    }

    async fn begin_totp(&self, _: Nothing) -> Result<Enrolment, CallError> {
        Ok(self.shop()?.gateway.begin_totp().await?)
    }

    async fn confirm_totp(&self, code: TotpCode) -> Result<RecoveryCodes, CallError> {
        Ok(self.shop()?.gateway.confirm_totp(&code).await?)
    }

    async fn remove_totp(&self, code: TotpCode) -> Result<Nothing, CallError> {
        self.shop()?.gateway.remove_totp(&code).await?;
        Ok(Nothing {})
    }

    async fn change_password(&self, change: ChangePassword) -> Result<Nothing, CallError> {
        match self.shop()?.gateway.change_password(&change).await {
            Ok(()) => Ok(Nothing {}),
            Err(error) if error.is_invalid() => {
                let why = error.first_field().unwrap_or_default();
                Err(CallError::new(CallCode::WeakPassword, why))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn devices(&self, _: Nothing) -> Result<Vec<Device>, CallError> {
        Ok(self.shop()?.gateway.devices().await?)
    }

    async fn sign_out_device(&self, which: DeviceRef) -> Result<Nothing, CallError> {
        self.shop()?.gateway.sign_out_device(which.device).await?;
        Ok(Nothing {})
    }

    async fn connection(&self, _: Nothing) -> Result<ConnectionView, CallError> {
        Ok(lock(&self.shop()?.connection).clone())
    }

    async fn connect_now(&self, _: Nothing) -> Result<Nothing, CallError> {
        let shop = self.shop()?;
        shop.writer.hurry().await.map_err(cache_failed)?;
        shop.wake_feed.notify_one();
        shop.wake_outbox.notify_one();
        Ok(Nothing {})
    }

    async fn views(&self, _: Nothing) -> Result<ViewCounts, CallError> {
        self.noting(views::counts(&*self.shop()?).await)
    }

    async fn tickets(&self, query: TicketQuery) -> Result<TicketPage, CallError> {
        self.noting(views::tickets(&*self.shop()?, query).await)
    }

    async fn ticket(&self, which: TicketRef) -> Result<TicketView, CallError> {
        self.noting(views::ticket(&*self.shop()?, which).await)
    }

    async fn open_ticket(&self, opened: Opened) -> Result<Nothing, CallError> {
        let shop = self.shop()?;
        *lock(&shop.on_screen) = opened.ticket;
        shop.wake_opened.notify_waiters();
        let frame = ClientFrame::Reading {
            ticket: opened.ticket,
        };
        // What does not fit is dropped: after a reconnect the ticket on the screen is said again.
        if shop.frames.try_send(frame).is_err() {
            tracing::debug!("nobody learns which ticket is open");
        }
        Ok(Nothing {})
    }

    async fn typing(&self, now: TypingNow) -> Result<Nothing, CallError> {
        let shop = self.shop()?;
        let frame = ClientFrame::Typing {
            ticket: now.ticket,
            typing: now.typing,
        };
        if shop.is_live() && shop.frames.try_send(frame).is_err() {
            tracing::debug!("nobody learns who is writing");
        }
        Ok(Nothing {})
    }

    async fn send_reply(&self, reply: SendReply) -> Result<OpId, CallError> {
        let action = OutboxAction::Reply {
            text: checked(&reply.text)?,
            seen: reply.seen,
            close: reply.close,
            macro_id: reply.macro_id,
            changes: reply.changes,
        };
        outbox::enqueue(&*self.shop()?, reply.ticket, action).await
    }

    async fn add_note(&self, note: AddNote) -> Result<OpId, CallError> {
        let action = OutboxAction::Note {
            text: checked(&note.text)?,
        };
        outbox::enqueue(&*self.shop()?, note.ticket, action).await
    }

    async fn change_ticket(&self, change: TicketChange) -> Result<OpId, CallError> {
        ticket_ops::change(&*self.shop()?, change).await
    }

    async fn outbox(&self, _: Nothing) -> Result<Vec<OutboxItem>, CallError> {
        let shop = self.shop()?;
        let rows = shop.reader.outbox().await.map_err(cache_failed)?;
        Ok(rows
            .into_iter()
            .map(|row| outbox::item(&shop, row))
            .collect())
    }

    async fn retry_op(&self, which: OpRef) -> Result<Nothing, CallError> {
        undo::retry(&*self.shop()?, which.op).await
    }

    async fn discard_op(&self, which: OpRef) -> Result<Nothing, CallError> {
        let shop = self.shop()?;
        undo::take_back(&shop, which.op).await.map(|_| Nothing {})
    }

    async fn send_held(&self, which: OpRef) -> Result<Nothing, CallError> {
        undo::send_held(&*self.shop()?, which.op).await
    }

    async fn take_back(&self, which: OpRef) -> Result<TakenBack, CallError> {
        undo::take_back(&*self.shop()?, which.op).await
    }

    async fn may(&self, wish: Wish) -> Result<Verdict, CallError> {
        preview::may(&*self.shop()?, wish).await
    }

    async fn undo_send(&self, which: UndoSend) -> Result<TakenBack, CallError> {
        undo::undo_send(&*self.shop()?, which).await
    }

    async fn save_draft(&self, begun: SaveDraft) -> Result<Nothing, CallError> {
        ticket_ops::save_draft(&*self.shop()?, begun).await
    }

    async fn macros(&self, which: TicketRef) -> Result<Vec<MacroView>, CallError> {
        self.noting(ticket_ops::macros(&*self.shop()?, which).await)
    }

    async fn order_answer(&self, about: AboutOrder) -> Result<OrderAnswer, CallError> {
        self.noting(diagnosis::answer(&*self.shop()?, about).await)
    }

    async fn order_step(&self, about: AboutStep) -> Result<StepNote, CallError> {
        self.noting(diagnosis::step(&*self.shop()?, about).await)
    }

    async fn merge_tickets(&self, which: MergeInto) -> Result<OpId, CallError> {
        ticket_ops::merge(&*self.shop()?, which).await
    }

    async fn unlock(&self, with: Passphrase) -> Result<SignedIn, CallError> {
        self.unlock_here(with).await
    }

    async fn forget_copy(&self, _: Nothing) -> Result<Nothing, CallError> {
        self.forget_copy_here().await
    }

    async fn open_link(&self, link: Link) -> Result<Nothing, CallError> {
        let address = link::outside(&link.address)?;
        self.inner
            .host
            .open_outside(&address)
            .map_err(|why| CallError::new(CallCode::NoBrowser, why))?;
        Ok(Nothing {})
    }

    async fn search(&self, query: SearchQuery) -> Result<SearchResults, CallError> {
        self.noting(search::search(&*self.shop()?, &query).await)
    }

    async fn reveal(&self, ask: RevealAsk) -> Result<Revealed, CallError> {
        let shop = self.shop()?;
        let ticket = shop
            .reader
            .ticket(ask.ticket)
            .await
            .map_err(cache_failed)?
            .ok_or_else(|| CallError::new(CallCode::NotFound, "the ticket is not here"))?;
        let reveal = Reveal {
            reason: ask.reason,
            ticket: Some(ask.ticket),
        };
        Ok(shop.gateway.reveal(ticket.customer, &reveal).await?)
    }

    async fn colleagues(&self, _: Nothing) -> Result<Vec<Account>, CallError> {
        let shop = self.shop()?;
        shop.reader.accounts().await.map_err(cache_failed)
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, CallError> {
        let shop = self.shop()?;
        Ok(shop.gateway.audit(&query).await?)
    }

    async fn check_audit(&self, _: Nothing) -> Result<AuditCheck, CallError> {
        Ok(self.shop()?.gateway.audit_check().await?)
    }

    async fn export_audit(&self, query: AuditQuery) -> Result<AuditExported, CallError> {
        let folder = self.inner.host.files();
        let folder = folder.unwrap_or_else(|| self.inner.data_dir.join("files"));
        audit::export(&*self.shop()?, &query, &folder).await
    }
}

impl Client {
    /// Notes damage that reading found, so that the file is put aside: now or at the next start.
    fn noting<T>(&self, read: Result<T, CallError>) -> Result<T, CallError> {
        if read
            .as_ref()
            .is_err_and(|error| error.code == CallCode::CacheDamaged)
        {
            self.inner.note_damage();
        }
        read
    }
}

/// The text as it is stored, or why it cannot be.
fn checked(raw: &str) -> Result<String, CallError> {
    text::message(raw).map_err(|error| {
        let code = match error {
            TextError::Empty | TextError::NotAnAddress => CallCode::TextEmpty,
            TextError::TooLong { .. } => CallCode::TextTooLong,
        };
        CallError::new(code, format!("the text {error}"))
    })
}
