//! Who asks: somebody who is signed in, or a program with a key.

use super::bearer;
use crate::{
    app::State,
    gate, keys,
    passwords::digest,
    problem::Refusal,
    sight::Sight,
    store::{KeyHolder, SignedIn, Standing},
    via::Via,
};
use axum::{extract::FromRequestParts, http::request::Parts};
use deskhand_domain::{Account, AccountId, DeviceId, Instant, TeamId, Ticket, TicketId};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::problem::Code;
use std::sync::Arc;

/// Who asks.
pub struct Who {
    /// The account.
    pub account: Account,
    /// When the access token or the key ends.
    pub expires_at: Instant,
    /// What they may do and see.
    pub standing: Arc<gate::Standing>,
}

impl Who {
    /// Refuses in the words of the rule, unless they may.
    pub fn may(&self, action: Action, resource: &Resource) -> Result<(), Refusal> {
        self.standing.may(action, resource)
    }

    /// What they see.
    pub fn sight(&self) -> &Sight {
        self.standing.sight()
    }

    /// A ticket that they see; any other does not exist for them.
    pub async fn ticket(&self, state: &State, id: TicketId) -> Result<Ticket, Refusal> {
        let found = state.store.get::<Ticket>(id.0).await?;
        let teams = self.sight().teams();
        let seen = found.filter(|ticket| teams.contains(&ticket.team));
        match seen {
            Some(ticket) => Ok(ticket),
            // Who sees no tickets at all is told so, and nothing of this one.
            None => {
                self.must_see_tickets()?;
                Err(Refusal::not_found())
            }
        }
    }

    /// Refuses whoever sees no tickets of anybody.
    pub fn must_see_tickets(&self) -> Result<(), Refusal> {
        if self.sight().teams().is_empty() {
            let team = TeamId::MAIN;
            self.may(Action::TicketRead, &Resource::Ticket { team })?;
        }
        Ok(())
    }

    fn signed_in(state: &State, session: SignedIn) -> Self {
        let teams = state.store.teams();
        Self {
            standing: state.gate.standing(&session.account, None, &teams),
            account: session.account,
            expires_at: session.expires_at,
        }
    }

    fn program(state: &State, key: KeyHolder) -> Self {
        let teams = state.store.teams();
        Self {
            standing: state.gate.standing(&key.account, Some(&key.scopes), &teams),
            account: key.account,
            expires_at: key.expires_at,
        }
    }
}

impl FromRequestParts<State> for Who {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or_else(Refusal::signed_out)?;
        if keys::is_key(token) {
            let holder = program(parts, state, token).await?;
            return Ok(Self::program(state, holder));
        }
        Ok(person(parts, state, token).await?.who)
    }
}

/// Counts a request of an account, or refuses it.
fn count(parts: &Parts, state: &State, account: AccountId) -> Result<(), Refusal> {
    state.throttles.rates.account(
        account,
        (&parts.method, parts.uri.path()),
        &parts.extensions,
        state.clock.now(),
    )
}

/// The program that a key belongs to; its request is counted.
async fn program(parts: &Parts, state: &State, key: &str) -> Result<KeyHolder, Refusal> {
    let holder = state.store.key(&digest(key)).await?;
    let holder = holder.ok_or_else(unknown_key)?;
    Via::by_key(holder.key);
    count(parts, state, holder.account.id)?;
    Ok(holder)
}

async fn person(parts: &Parts, state: &State, token: &str) -> Result<Person, Refusal> {
    let standing = state.store.session(&digest(token)).await?;
    if let Standing::Open(session) = &standing {
        count(parts, state, session.account.id)?;
    }
    Person::of(state, standing)
}

/// Somebody who is signed in on a device. A program's key is nobody's session.
pub struct Person {
    /// Who.
    pub who: Who,
    /// The device.
    pub device: DeviceId,
}

impl Person {
    fn of(state: &State, standing: Standing) -> Result<Self, Refusal> {
        match standing {
            Standing::Open(session) => Ok(Self {
                device: session.device,
                who: Who::signed_in(state, session),
            }),
            Standing::Revoked => Err(Refusal::revoked()),
            Standing::Ended => Err(Refusal::signed_out()),
        }
    }
}

impl FromRequestParts<State> for Person {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or_else(Refusal::signed_out)?;
        if keys::is_key(token) {
            program(parts, state, token).await?;
            return Err(Refusal::new(
                Code::Forbidden,
                "a key is no session: this is for people who are signed in",
            ));
        }
        person(parts, state, token).await
    }
}

/// Who shows a ticket for the live socket. It is spent by that.
pub struct TicketHolder(pub Person);

impl FromRequestParts<State> for TicketHolder {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let unknown = || {
            Refusal::new(
                Code::SignedOut,
                "this is no ticket, or it is spent or too old: ask for one at /v1/live/ticket",
            )
        };
        let ticket = bearer(&parts.headers).ok_or_else(unknown)?;
        let device = state.store.take_ticket(&digest(ticket)).await?;
        let standing = state.store.device(device.ok_or_else(unknown)?).await?;
        Person::of(state, standing).map(Self)
    }
}

fn unknown_key() -> Refusal {
    Refusal::new(
        Code::SignedOut,
        "this key is not known, or it was revoked, has ended or its account is locked: ask your \
         admin for another one",
    )
}
