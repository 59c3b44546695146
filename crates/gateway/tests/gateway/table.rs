//! Every route × role × teams × state, against the policy. A route that is not in the table fails.

use crate::kit::{Shop, request};
use axum::http::StatusCode;
use deskhand_domain::{
    Account, AccountId, DeviceId, Role, Team, TeamId, Ticket, TicketId, TicketStatus,
};
use deskhand_gateway::{
    passwords::digest,
    routes,
    store::{NewDevice, NewPair},
    testing::id,
};
use deskhand_policy::{Action, Policy, Resource, Source, Subject};
use deskhand_protocol::rest::TicketPatch;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a route asks the policy.
#[derive(Clone, Copy)]
enum Needs {
    /// Nothing: everybody may, also without a token.
    Nothing,
    /// A session, whatever its role.
    Session,
    /// All of these.
    All(&'static [(Action, Resource)]),
    /// To see some team's tickets.
    Tickets,
    /// To see the ticket, and this.
    Ticket(Action),
    /// A visitor's token: a colleague's is none.
    Visitor,
}

use Action as A;
use Needs::{All, Nothing, Session, Visitor};

const CUSTOMER: Resource = Resource::Customer;
const ORDER: Resource = Resource::Order;
const SHOP: Resource = Resource::Shop;
const MANAGE: Needs = All(&[(A::AccountsManage, SHOP)]);
const KNOWLEDGE: Needs = All(&[(A::KnowledgeRead, SHOP)]);
const CUSTOMERS: Needs = All(&[(A::CustomerRead, CUSTOMER)]);
const ORDERS: Needs = All(&[(A::OrderRead, ORDER)]);

/// Method, route, what stands behind `?`, the body, and what is asked. `{ticket}` takes every state.
fn table() -> Vec<(&'static str, &'static str, &'static str, Value, Needs)> {
    let (none, own) = (Value::Null, Needs::Ticket);
    vec![
        ("get", "/healthz", "", none.clone(), Nothing),
        ("get", "/readyz", "", none.clone(), Nothing),
        ("get", "/v1/hello", "", none.clone(), Nothing),
        ("get", "/v1/openapi.json", "", none.clone(), Nothing),
        ("post", "/v1/sessions", "", json!({}), Nothing),
        (
            "post",
            "/v1/sessions/refresh",
            "",
            json!({"refresh_token": "none"}),
            Nothing,
        ),
        ("post", "/v1/sessions/totp", "", json!({}), Nothing),
        ("post", "/v1/sessions/oidc/begin", "", json!({}), Nothing),
        ("post", "/v1/sessions/oidc", "", json!({}), Nothing),
        ("get", "/v1/keys", "", none.clone(), MANAGE),
        (
            "post",
            "/v1/keys",
            "",
            json!({"name": "Warehouse", "scopes": ["orders:read"]}),
            MANAGE,
        ),
        ("delete", "/v1/keys/{machine_key}", "", none.clone(), MANAGE),
        ("get", "/v1/devices", "", none.clone(), Session),
        ("delete", "/v1/devices/{device}", "", none.clone(), Session),
        ("get", "/v1/totp", "", none.clone(), Session),
        ("post", "/v1/totp", "", none.clone(), Session),
        ("post", "/v1/totp/confirm", "", json!({}), Session),
        ("post", "/v1/totp/remove", "", json!({}), Session),
        ("post", "/v1/password", "", json!({}), Session),
        ("get", "/v1/session", "", none.clone(), Session),
        ("delete", "/v1/session", "", none.clone(), Session),
        ("get", "/v1/tickets", "", none.clone(), Needs::Tickets),
        (
            "get",
            "/v1/tickets",
            "?status=closed",
            none.clone(),
            Needs::Tickets,
        ),
        (
            "get",
            "/v1/tickets/{ticket}",
            "",
            none.clone(),
            own(A::TicketRead),
        ),
        (
            "patch",
            "/v1/tickets/{ticket}",
            "",
            json!({}),
            own(A::TicketWrite),
        ),
        (
            "patch",
            "/v1/tickets/{ticket}",
            "",
            json!({"team": id(10, 77)}),
            own(A::TicketMove),
        ),
        (
            "get",
            "/v1/tickets/{ticket}/messages",
            "",
            none.clone(),
            own(A::TicketRead),
        ),
        (
            "post",
            "/v1/tickets/{ticket}/messages",
            "",
            json!({"kind": "public", "text": "Hello."}),
            own(A::MessageSend),
        ),
        (
            "post",
            "/v1/tickets/{ticket}/messages",
            "",
            json!({"kind": "note", "text": "Look."}),
            own(A::TicketWrite),
        ),
        (
            "delete",
            "/v1/tickets/{ticket}/messages/{message}",
            "",
            none.clone(),
            own(A::MessageSend),
        ),
        (
            "post",
            "/v1/tickets/{ticket}/merge",
            "",
            json!({"into": "{ticket}"}),
            own(A::TicketWrite),
        ),
        ("get", "/v1/fields", "", none.clone(), KNOWLEDGE),
        (
            "put",
            "/v1/fields/{key}",
            "",
            json!({"label": "Size", "kind": {"kind": "text"}}),
            All(&[(A::FieldsDefine, SHOP)]),
        ),
        ("get", "/v1/customers", "", none.clone(), CUSTOMERS),
        (
            "get",
            "/v1/customers",
            "?email=ana3@example.com",
            none.clone(),
            All(&[(A::CustomerRead, CUSTOMER), (A::CustomerContact, CUSTOMER)]),
        ),
        (
            "get",
            "/v1/customers/{customer}",
            "",
            none.clone(),
            CUSTOMERS,
        ),
        (
            "get",
            "/v1/customers/{customer}/orders",
            "",
            none.clone(),
            All(&[(A::CustomerRead, CUSTOMER), (A::OrderRead, ORDER)]),
        ),
        (
            "post",
            "/v1/customers/{customer}/reveal",
            "",
            json!({"reason": "delivery"}),
            All(&[(A::CustomerReveal, CUSTOMER)]),
        ),
        ("get", "/v1/accounts", "", none.clone(), MANAGE),
        (
            "patch",
            "/v1/accounts/{account}",
            "",
            json!({"version": 0}),
            MANAGE,
        ),
        ("get", "/v1/roles", "", none.clone(), MANAGE),
        ("get", "/v1/teams", "", none.clone(), MANAGE),
        (
            "post",
            "/v1/teams",
            "",
            json!({"name": "everybody"}),
            MANAGE,
        ),
        ("get", "/v1/orders", "", none.clone(), ORDERS),
        (
            "get",
            "/v1/orders",
            "?number=HP-20003",
            none.clone(),
            ORDERS,
        ),
        ("get", "/v1/orders/{order}", "", none.clone(), ORDERS),
        (
            "get",
            "/v1/orders/{order}/shipments",
            "",
            none.clone(),
            ORDERS,
        ),
        ("get", "/v1/shipments/{shipment}", "", none.clone(), ORDERS),
        ("get", "/v1/articles", "", none.clone(), KNOWLEDGE),
        ("get", "/v1/macros", "", none.clone(), KNOWLEDGE),
        ("get", "/v1/sync", "", none.clone(), Session),
        (
            "get",
            "/v1/audit",
            "",
            none.clone(),
            All(&[(A::AuditRead, SHOP)]),
        ),
        (
            "get",
            "/v1/audit/export",
            "?limit=5",
            none.clone(),
            All(&[(A::AuditRead, SHOP), (A::ExportRead, SHOP)]),
        ),
        (
            "get",
            "/v1/audit/check",
            "",
            none.clone(),
            All(&[(A::AuditRead, SHOP)]),
        ),
        (
            "post",
            "/v1/events",
            "",
            json!({}),
            All(&[(A::EventsWrite, SHOP)]),
        ),
        // It asks for a proof that only the service can give, not for an account.
        ("post", "/hooks/{service}", "", json!({}), Visitor),
        ("post", "/v1/live/ticket", "", none.clone(), Session),
        // It takes a ticket: a token is none.
        ("get", "/v1/live", "", none.clone(), Visitor),
        ("post", "/chat/api/conversations", "", json!({}), Nothing),
        ("get", "/chat/api/conversation", "", none.clone(), Visitor),
        (
            "post",
            "/chat/api/messages",
            "",
            json!({"id": id(9, 9), "text": "Hello."}),
            Visitor,
        ),
        ("get", "/chat/live", "", none, Nothing),
    ]
}

#[test]
fn every_route_is_in_the_table() {
    let written: BTreeSet<(&str, &str)> = table().iter().map(|row| (row.0, row.1)).collect();
    let routed: BTreeSet<(&str, &str)> = routes::all().listed.into_iter().collect();
    assert_eq!(
        written, routed,
        "say in the table what each route asks the policy"
    );
}

pub const TRADE: TeamId = TeamId(Uuid::from_u128(0x0190_000a_0000_7000_8000_0000_0000_0001));

/// The roles of this shop beside the built-in ones, and a rule of its own.
pub fn own_policy() -> Policy {
    let roles = "[seasonal]\nscopes = [\"tickets:read\", \"tickets:write\", \"messages:send\", \
        \"customers:read\", \"orders:read\"]\n[looker]\nscopes = [\"customers:read\", \
        \"customers:reveal\"]\n[parcels]\nscopes = [\"orders:read\"]\n";
    let rules = format!(
        "@id(\"own.trade\")\n@words(\"only regular colleagues write to traders\")\n\
         forbid (principal, action == Action::\"message.send\", resource)\n\
         when {{ principal.role == \"seasonal\" && resource.team == Team::\"{TRADE}\" }};\n"
    );
    let own = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    Policy::read(&[own("roles.toml", roles), own("own.cedar", &rules)]).expect("a policy")
}

/// Somebody of a role in some teams, with a session.
pub struct Somebody {
    pub account: Account,
    pub token: String,
}

/// One for each role, also of the shop's own and of one that was deleted, in each choice of teams.
pub async fn everybody(shop: &Shop) -> Vec<Somebody> {
    let own = ["seasonal", "looker", "parcels", "deleted"];
    let own = own.map(|name| name.parse::<Role>().expect("a role"));
    let roles = Role::BUILT_IN.into_iter().chain(own);
    let choices: [&[TeamId]; 4] = [&[], &[TeamId::MAIN], &[TRADE], &[TeamId::MAIN, TRADE]];
    let mut found = Vec::new();
    for (role, number) in roles.zip(1_u64..) {
        for (teams, choice) in choices.into_iter().zip(0_u64..) {
            let account = Account {
                id: AccountId(id(1, number * 10 + choice)),
                name: format!("Somebody {number} {choice}"),
                email: format!("somebody{number}.{choice}@hollowpine.example"),
                role,
                teams: teams.to_vec(),
            };
            let stored = account.clone();
            let write = shop
                .state
                .store
                .write(move |tx| Box::pin(async move { tx.add_account(&stored, "none").await }));
            write.await.expect("an account");
            let token = sign_in(shop, account.id, "table").await;
            found.push(Somebody { account, token });
        }
    }
    found
}

pub async fn sign_in(shop: &Shop, account: AccountId, device: &str) -> String {
    let token = format!("{device}-{account}");
    let device = NewDevice {
        id: DeviceId(shop.state.clock.id()),
        account,
        name: device.to_owned(),
    };
    let until = shop.state.clock.now() + chrono::TimeDelta::hours(1);
    let pair = NewPair {
        access: digest(&token),
        access_until: until,
        refresh: digest(format!("refresh {token} {}", device.id)),
        refresh_until: until,
    };
    let opened = shop.state.store.open_session(device, pair).await;
    opened.expect("a session");
    token
}

/// A team beside the main one.
pub async fn with_trade(shop: &Shop) {
    shop.state.gate.replace(own_policy());
    let team = Team {
        id: TRADE,
        name: "Trade".to_owned(),
    };
    let by = AccountId(id(1, 3));
    shop.state.store.add_team(team, by).await.expect("a team");
}

/// A ticket of each state in each team.
async fn tickets(shop: &Shop) -> Vec<(TicketId, TeamId)> {
    let states = [
        TicketStatus::Open,
        TicketStatus::Pending,
        TicketStatus::Snoozed,
        TicketStatus::Closed,
    ];
    let mut found = Vec::new();
    for team in [TeamId::MAIN, TRADE] {
        for status in states {
            let number = u64::try_from(found.len()).expect("few") + 1;
            let ticket = TicketId(id(5, number));
            let patch = TicketPatch {
                status: Some(status),
                team: Some(team),
                ..TicketPatch::default()
            };
            let by = AccountId(id(1, 3));
            let write = shop
                .state
                .store
                .write(move |tx| Box::pin(async move { tx.patch_ticket(ticket, patch, by).await }));
            write.await.expect("a write");
            found.push((ticket, team));
        }
        // And one that became part of another.
        let number = u64::try_from(found.len()).expect("few") + 1;
        let (ticket, into) = (TicketId(id(5, number)), TicketId(id(5, number + 10)));
        let write = shop.state.store.write(move |tx| {
            Box::pin(async move {
                for of in [ticket, into] {
                    let mut known = tx.get::<Ticket>(of.0).await?.expect("a ticket");
                    known.team = team;
                    known.customer = deskhand_domain::CustomerId(id(2, number));
                    tx.put(&[known]).await?;
                }
                tx.merge(
                    ticket,
                    into,
                    AccountId(id(1, 3)),
                    [id(9, number), id(9, number + 50)],
                )
                .await
            })
        });
        write.await.expect("merged");
        found.push((ticket, team));
    }
    found
}

/// What the policy says of a route; `None` where it does not exist for whoever asks.
fn expected(
    policy: &Policy,
    who: &Subject,
    needs: Needs,
    team: TeamId,
) -> Option<Result<(), String>> {
    let says = |action, resource| {
        let decision = policy.decide(who, action, &resource);
        if decision.allowed {
            Ok(())
        } else {
            Err(decision.words)
        }
    };
    let sees = |team| policy.may(who, A::TicketRead, &Resource::Ticket { team });
    let any = [TeamId::MAIN, TRADE].into_iter().any(sees);
    let blind = || says(A::TicketRead, Resource::Ticket { team: TeamId::MAIN });
    Some(match needs {
        Nothing | Session | Visitor => Ok(()),
        All(all) => all
            .iter()
            .try_for_each(|(action, resource)| says(*action, *resource)),
        Needs::Tickets if any => Ok(()),
        Needs::Tickets => blind(),
        Needs::Ticket(_) if !any => blind(),
        Needs::Ticket(_) if !sees(team) => return None,
        Needs::Ticket(A::TicketMove) => says(A::TicketWrite, Resource::Ticket { team })
            .and_then(|()| says(A::TicketMove, Resource::Ticket { team })),
        Needs::Ticket(action) => says(action, Resource::Ticket { team }),
    })
}

#[tokio::test]
async fn every_route_asks_the_policy_for_every_role_team_and_state() {
    let shop = Shop::open_with(|config| config.hooks.aftership = Some("proof".into())).await;
    with_trade(&shop).await;
    let (people, tickets) = (everybody(&shop).await, tickets(&shop).await);
    let policy = own_policy();
    let (mut cells, mut denied, mut hidden) = (0, 0, 0);
    for somebody in &people {
        let Account {
            id: me,
            role,
            teams,
            ..
        } = &somebody.account;
        let subject = policy.subject(*me, *role, teams, None);
        let clear = policy.may(&subject, A::CustomerContact, &CUSTOMER);
        for (method, route, query, body, needs) in table() {
            let about: &[(TicketId, TeamId)] = match needs {
                Needs::Ticket(_) => &tickets,
                _ => &tickets[..1],
            };
            for (ticket, team) in about {
                let named = route
                    .replace("{ticket}", &ticket.to_string())
                    .replace("{message}", &id(6, 999).to_string())
                    .replace("{customer}", &id(2, 3).to_string())
                    .replace("{order}", &id(3, 3).to_string())
                    .replace("{shipment}", &id(4, 3).to_string())
                    .replace("{account}", &id(1, 1).to_string())
                    .replace("{service}", "aftership")
                    .replace("{machine_key}", &id(9, 999).to_string())
                    .replace("{key}", "size");
                let body = (!body.is_null())
                    .then(|| body.to_string().replace("{ticket}", &ticket.to_string()));
                let own = format!("{method} {route}") == "delete /v1/session";
                let token = if own {
                    sign_in(&shop, *me, "gone").await
                } else {
                    somebody.token.clone()
                };
                let method = method.to_uppercase();
                let path = format!("{named}{query}");
                let answer = shop
                    .ask(request(&method, &path, &token, body.clone()))
                    .await;
                let cell = format!(
                    "{method} {path} {body:?} as {role} of {teams:?}: {}",
                    answer.body
                );
                cells += 1;
                let wanted = expected(&policy, &subject, needs, *team);
                match (needs, wanted) {
                    (Visitor, _) => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{cell}"),
                    (_, None) => {
                        hidden += 1;
                        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{cell}");
                    }
                    (_, Some(Err(words))) => {
                        denied += 1;
                        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{cell}");
                        assert_eq!(answer.problem().detail, words, "{cell}");
                    }
                    (_, Some(Ok(()))) => {
                        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{cell}");
                        assert!(!answer.status.is_server_error(), "{cell}");
                        // To take back what is not there is the one thing that is not found.
                        assert!(
                            answer.status != StatusCode::NOT_FOUND || method == "DELETE",
                            "{cell}"
                        );
                        let shows =
                            answer.body.contains("@example.com") || answer.body.contains("Rua Um");
                        assert!(!shows || clear || route.ends_with("/reveal"), "{cell}");
                    }
                }
                if !matches!(needs, Nothing) && me.0 == id(1, 11) {
                    let nobody = shop.ask(request(&method, &path, "", body)).await;
                    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{cell}");
                }
            }
        }
    }
    println!("{cells} cells, {denied} denied, {hidden} hidden");
    assert!(
        cells > 4_000 && denied > 1_000 && hidden > 300,
        "{cells} {denied} {hidden}"
    );
    // What was denied is in the trail, with the rule and without a word of anybody's.
    let trail = shop
        .state
        .store
        .audit_after(0, 100_000)
        .await
        .expect("the trail");
    let told: Vec<_> = trail
        .iter()
        .filter(|entry| entry.action == deskhand_protocol::audit::Action::Denied)
        .collect();
    assert_eq!(told.len(), denied, "one entry for each");
    assert!(told.iter().all(|entry| entry.details["wanted"].is_string()));
}
