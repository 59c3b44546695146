//! Who is what, and in which teams: for admins.

use crate::{
    app::State,
    extract::{Id, Json, Who},
    hub::Passing,
    problem::Refusal,
    store::Assigned,
};
use axum::{extract, http::StatusCode};
use deskhand_domain::{AccountId, Scope, Team, TeamId, text};
use deskhand_policy::{Action, Resource};
use deskhand_protocol::{
    problem::{Code, Problem},
    rest::{AccountPatch, Member, NewTeam, Page, RoleInfo},
};

/// Everybody who signs in, by name.
#[utoipa::path(get, path = "/v1/accounts", responses(
    (status = 200, body = Page<Member>), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<axum::Json<Page<Member>>, Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let items = state.store.members().await?;
    Ok(axum::Json(Page { items, next: None }))
}

/// Gives an account another role or other teams. `version` is the one its author had seen: 409 when
/// somebody else changed the account since, and nothing changes. The last account that may manage
/// others stays one.
#[utoipa::path(patch, path = "/v1/accounts/{account}", request_body = AccountPatch,
    params(("account" = AccountId, Path)),
    responses((status = 200, body = Member), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn assign(
    extract::State(state): extract::State<State>,
    who: Who,
    Id(account): Id<AccountId>,
    Json(body): Json<AccountPatch>,
) -> Result<axum::Json<Member>, Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let policy = state.gate.policy();
    if let Some(role) = body.role
        && !policy.roles().contains_key(&role)
    {
        return Err(Refusal::field("/role", "there is no such role"));
    }
    let may_manage = move |role| {
        let grant = policy.roles().get(&role);
        grant.is_some_and(|grant| grant.scopes.contains(&Scope::AccountsManage))
    };
    let by = who.account.id;
    match state.store.assign(account, body, by, may_manage).await? {
        Assigned::Done(member) => {
            state.hub.say(Passing::Rescoped);
            Ok(axum::Json(member))
        }
        Assigned::Unknown => Err(Refusal::not_found()),
        Assigned::Moved(now) => Err(Refusal::new(
            Code::Conflict,
            format!(
                "somebody else changed this account meanwhile and nothing was changed: look at it again and send version {}",
                now.version
            ),
        )),
    }
}

/// Every role and what it may do.
#[utoipa::path(get, path = "/v1/roles", responses(
    (status = 200, body = Page<RoleInfo>), (status = 403, body = Problem)
))]
pub async fn roles(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<axum::Json<Page<RoleInfo>>, Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let policy = state.gate.policy();
    let items = policy.roles().iter().map(|(role, grant)| RoleInfo {
        role: *role,
        words: grant.words.clone(),
        scopes: grant.scopes.iter().copied().collect(),
        refunds_up_to: grant.refunds_up_to,
    });
    let items = items.collect();
    Ok(axum::Json(Page { items, next: None }))
}

/// Every team.
#[utoipa::path(get, path = "/v1/teams", responses(
    (status = 200, body = Page<Team>), (status = 403, body = Problem)
))]
pub async fn teams(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<axum::Json<Page<Team>>, Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let items = state.store.teams().as_ref().clone();
    Ok(axum::Json(Page { items, next: None }))
}

/// Makes a team.
#[utoipa::path(post, path = "/v1/teams", request_body = NewTeam, responses(
    (status = 201, body = Team), (status = 403, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)
))]
pub async fn add_team(
    extract::State(state): extract::State<State>,
    who: Who,
    Json(body): Json<NewTeam>,
) -> Result<(StatusCode, axum::Json<Team>), Refusal> {
    who.may(Action::AccountsManage, &Resource::Shop)?;
    let name = text::line(&body.name).map_err(|error| Refusal::text("/name", error))?;
    if name.chars().count() > 60 {
        return Err(Refusal::field("/name", "has at most 60 characters"));
    }
    let team = Team {
        id: TeamId(state.clock.id()),
        name,
    };
    state.store.add_team(team.clone(), who.account.id).await?;
    state.hub.say(Passing::Rescoped);
    Ok((StatusCode::CREATED, axum::Json(team)))
}
