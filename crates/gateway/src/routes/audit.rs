//! `/v1/audit`: the trail, read a page at a time and exported whole.

use crate::{
    app::State,
    audit::command::{self, Check, Format},
    extract::{Paging, Query, Who},
    feed::write_cursor,
    problem::Refusal,
    store::{AuditFilter, Entry, OrderFilter, Store, StoreError},
};
use axum::{
    Json,
    body::Body,
    extract,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use deskhand_domain::CustomerId;
use deskhand_policy::{Action as Wanted, Resource};
use deskhand_protocol::{
    audit::{Action, AuditCheck, AuditEntry, AuditHead, AuditPage},
    problem::{Code, Problem},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

/// How many entries one export holds at most.
const EXPORT: usize = 1_000_000;
/// How many are read at once while it is sent.
const AT_ONCE: usize = 500;
/// How many customers or orders may have the same address or number.
const SAME: usize = 50;
/// How many findings of a check are named.
const NAMED: usize = 100;
/// How many heads are shown.
const NEWEST: usize = 50;

/// A check reads everything there is: whoever asks meanwhile waits for their turn.
static ONE_CHECK: Mutex<()> = Mutex::const_new(());

/// Which entries.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// From this moment on.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    until: Option<DateTime<Utc>>,
    /// Of this account, machine key or customer.
    actor: Option<Uuid>,
    /// That concern this customer: by id, or by e-mail address or order number, word for word.
    customer: Option<String>,
    /// That tell of this.
    action: Option<Action>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 200; 50 unless told.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Which entries are exported.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// From this moment on.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    until: Option<DateTime<Utc>>,
    /// Of this account, machine key or customer.
    actor: Option<Uuid>,
    /// That concern this customer: by id, or by e-mail address or order number, word for word.
    customer: Option<String>,
    /// That tell of this.
    action: Option<Action>,
    /// One JSON object a line unless told.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
    /// Behind this position: the last one of the export before.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// How many, 1 to 1,000,000; all up to that number unless told.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    limit: Option<String>,
}

/// A place in the trail, read from its end.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Place {
    before: i64,
}

/// The audit trail, newest first.
#[utoipa::path(get, path = "/v1/audit", params(Filter), responses(
    (status = 200, body = AuditPage), (status = 403, body = Problem)
))]
pub async fn list(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Filter>,
) -> Result<Json<AuditPage>, Refusal> {
    who.may(Wanted::AuditRead, &Resource::Shop)?;
    let paging = Paging {
        cursor: query.cursor,
        limit: query.limit,
    };
    let (cursor, limit) = paging.read::<Place>()?;
    let filter = AuditFilter {
        from: query.from,
        until: query.until,
        actor: query.actor,
        customers: concerned(&state, &who, query.customer.as_deref()).await?,
        action: query.action,
    };
    let before = cursor.map(|place| place.before);
    let mut entries = state.store.audit_before(&filter, before, limit + 1).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more);
    let next = last.map(|last| {
        write_cursor(&Place {
            before: last.position,
        })
    });
    Ok(Json(AuditPage { entries, next }))
}

/// The audit trail, oldest first, up to this export, which is told in the trail as well: one JSON
/// object a line, or CSV. An export of everything can be checked: each hash follows from the one
/// before.
#[utoipa::path(get, path = "/v1/audit/export", params(Export), responses(
    (status = 200, content(
        (AuditEntry = "application/x-ndjson"), (String = "text/csv; charset=utf-8")
    )),
    (status = 403, body = Problem)
))]
pub async fn export(
    extract::State(state): extract::State<State>,
    who: Who,
    Query(query): Query<Export>,
) -> Result<Response, Refusal> {
    who.may(Wanted::AuditRead, &Resource::Shop)?;
    who.may(Wanted::ExportRead, &Resource::Shop)?;
    let after = number(query.after.as_deref(), "after", 0, i64::MAX)?;
    let limit = number(query.limit.as_deref(), "limit", 1, EXPORT)?.unwrap_or(EXPORT);
    let filter = AuditFilter {
        from: query.from,
        until: query.until,
        actor: query.actor,
        customers: concerned(&state, &who, query.customer.as_deref()).await?,
        action: query.action,
    };
    let told = filter.tell(Entry::new(who.account.id, Action::AuditExported));
    state.store.record(told.with("limit", limit)).await?;
    let end = state.store.trail().await?.position;
    let rest = Rest {
        store: state.store,
        filter,
        format: query.format,
        begun: false,
        after: after.unwrap_or_default(),
        end,
        left: limit,
    };
    let lines = Body::from_stream(stream::try_unfold(rest, Rest::next));
    let mut response = lines.into_response();
    let (kind, place) = match query.format {
        Format::Ndjson => (
            "application/x-ndjson",
            "attachment; filename=\"audit.ndjson\"",
        ),
        Format::Csv => (
            "text/csv; charset=utf-8",
            "attachment; filename=\"audit.csv\"",
        ),
    };
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, place),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// Reads the whole audit trail again and names what is not as it was written. One check at a time.
#[utoipa::path(get, path = "/v1/audit/check", responses(
    (status = 200, body = AuditCheck), (status = 403, body = Problem)
))]
pub async fn check(
    extract::State(state): extract::State<State>,
    who: Who,
) -> Result<Json<AuditCheck>, Refusal> {
    who.may(Wanted::AuditRead, &Resource::Shop)?;
    let _turn = ONE_CHECK.lock().await;
    let at = state.clock.now();
    let checked = command::check(&state.config, Check::default())
        .await
        .map_err(|error| {
            tracing::error!(%error, "the audit trail cannot be checked");
            Refusal::internal()
        })?;
    let findings = checked.report.findings.iter().take(NAMED);
    let heads = checked.heads.into_iter().rev().flatten().take(NEWEST);
    Ok(Json(AuditCheck {
        at,
        entries: checked.report.entries,
        findings: findings.map(ToString::to_string).collect(),
        key: checked.key.map(|key| key.to_hex()),
        heads: heads
            .map(|head| AuditHead {
                number: head.number,
                at: head.at,
                position: head.position,
                hash: head.hash,
            })
            .collect(),
    }))
}

/// The customers that are meant. An address or a number that finds somebody is one that is known, so
/// it takes the right to see it; nobody learns by an empty list what they may not see.
async fn concerned(
    state: &State,
    who: &Who,
    words: Option<&str>,
) -> Result<Option<Vec<CustomerId>>, Refusal> {
    let Some(words) = words.map(str::trim) else {
        return Ok(None);
    };
    if let Ok(id) = words.parse() {
        return Ok(Some(vec![CustomerId(id)]));
    }
    let found = if words.contains('@') {
        who.may(Wanted::CustomerContact, &Resource::Customer)?;
        let found = state.store.customers(Some(words.to_owned()), None, SAME);
        let (customers, _) = found.await?;
        customers.iter().map(|customer| customer.id).collect()
    } else {
        who.may(Wanted::OrderRead, &Resource::Order)?;
        let number = OrderFilter {
            customer: None,
            number: Some(words.to_owned()),
        };
        let (orders, _) = state.store.orders(number, None, SAME).await?;
        orders.iter().map(|order| order.customer).collect()
    };
    Ok(Some(found))
}

/// A number of a parameter.
fn number<N>(text: Option<&str>, name: &str, least: N, most: N) -> Result<Option<N>, Refusal>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    text.map(|text| {
        text.parse()
            .ok()
            .filter(|number| *number >= least && *number <= most)
            .ok_or_else(|| {
                Refusal::new(
                    Code::Invalid,
                    format!("{name} is a number from {least} to {most}"),
                )
            })
    })
    .transpose()
}

/// What an export has not sent yet.
struct Rest {
    store: Store,
    filter: AuditFilter,
    format: Format,
    begun: bool,
    after: i64,
    end: i64,
    left: usize,
}

impl Rest {
    /// Some lines and what is left after them.
    async fn next(mut self) -> Result<Option<(String, Self)>, StoreError> {
        let (after, end) = (self.after, self.end);
        let mut lines = String::new();
        if !std::mem::replace(&mut self.begun, true) {
            lines.push_str(self.format.beginning());
        }
        let wanted = self.left.min(AT_ONCE);
        if wanted > 0 {
            let entries = self.store.audit_between(&self.filter, after, end, wanted);
            let entries = entries.await?;
            self.after = entries.last().map_or(end, |last| last.position);
            self.left -= entries.len();
            for entry in &entries {
                lines.push_str(&self.format.line(entry));
            }
        }
        Ok((!lines.is_empty()).then_some((lines, self)))
    }
}
