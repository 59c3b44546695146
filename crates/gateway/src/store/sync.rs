//! The first copy of a desktop: what is open first, newest first, then everything.
//!
//! The second part walks the whole feed, also what the first part sent: a ticket that is closed or
//! opened meanwhile can then never fall between the two.

use super::{
    Doing as _, Store, StoreError,
    cells::Cells,
    entity,
    feed::{Place, places},
    sql::{Cell, Select},
};
use crate::{clock::millis, sight::Sight};
use deskhand_domain::{TeamId, Ticket, TicketStatus};
use deskhand_protocol::sync::{Change, Kind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many open tickets the first page has.
const FIRST_PAGE: usize = 60;
/// How many open tickets a later page has.
const OPEN_PAGE: usize = 120;
/// How many entities a page of the rest has.
const REST_PAGE: usize = 500;
/// The order of the rest: what is small and needed at once first, history after.
const REST: [Kind; 9] = [
    Kind::Account,
    Kind::Field,
    Kind::Macro,
    Kind::Article,
    Kind::Ticket,
    Kind::Message,
    Kind::Customer,
    Kind::Order,
    Kind::Shipment,
];

/// Where a sync stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncCursor {
    /// Which history.
    pub epoch: String,
    /// The head when the sync began: where the live socket starts.
    pub head: i64,
    /// What comes next.
    pub next: Next,
}

/// What a page of a sync holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Next {
    /// Open tickets before this place.
    Open {
        /// The place of the last one.
        before: Option<(i64, Uuid)>,
    },
    /// Entities of a kind with a smaller id; new ids are larger, so newest first.
    Rest {
        /// The kind.
        kind: Kind,
        /// The last id.
        before: Option<Uuid>,
    },
}

/// A page of a sync.
pub struct Synced {
    /// Entities as they are now.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub next: Option<SyncCursor>,
    /// The head when the sync began.
    pub head: i64,
    /// How many entities there are.
    pub total: u64,
}

impl Store {
    /// The page of a sync that a cursor asks for, as somebody sees it.
    pub async fn sync(
        &self,
        cursor: Option<SyncCursor>,
        sight: &Sight,
    ) -> Result<Synced, StoreError> {
        let cursor = match cursor {
            Some(cursor) => cursor,
            None => self.first_cursor().await?,
        };
        if cursor.epoch != self.history().epoch || !self.reaches(cursor.head).await? {
            return Err(StoreError::OtherEpoch);
        }
        let (places, next) = match cursor.next.clone() {
            Next::Open { before } if sight.may(Kind::Ticket) => {
                self.open_page(before, sight).await?
            }
            Next::Open { .. } => (Vec::new(), rest_after(None, sight)),
            Next::Rest { kind, before } => self.rest_page(kind, before, sight).await?,
        };
        Ok(Synced {
            changes: {
                let placed = self.changes_at(places).await?;
                placed
                    .into_iter()
                    .filter_map(|placed| sight.show(placed))
                    .collect()
            },
            next: next.map(|next| SyncCursor {
                next,
                ..cursor.clone()
            }),
            head: cursor.head,
            total: self.total(sight).await?,
        })
    }

    /// Whether the history has come as far as a position.
    pub async fn reaches(&self, position: i64) -> Result<bool, StoreError> {
        if position <= *self.inner.head.borrow() {
            return Ok(position >= 0);
        }
        // A commit may be a moment old.
        Ok(position <= self.stored_head().await?)
    }

    async fn stored_head(&self) -> Result<i64, StoreError> {
        let (head,): (i64,) = sqlx::query_as("select position from feed_head")
            .fetch_one(self.read())
            .await
            .doing("read the head of the feed")?;
        Ok(head)
    }

    async fn first_cursor(&self) -> Result<SyncCursor, StoreError> {
        Ok(SyncCursor {
            epoch: self.history().epoch,
            head: self.stored_head().await?,
            next: Next::Open { before: None },
        })
    }

    async fn open_page(
        &self,
        before: Option<(i64, Uuid)>,
        sight: &Sight,
    ) -> Result<(Vec<Place>, Option<Next>), StoreError> {
        let limit = if before.is_none() {
            FIRST_PAGE
        } else {
            OPEN_PAGE
        };
        let open = [TicketStatus::Open, TicketStatus::Pending];
        let select =
            entity::select::<Ticket>().and_in("status", open.into_iter().map(Cell::word).collect());
        let select = select.and_in("team", sight.teams().iter().map(Cell::text).collect());
        let select = match before {
            Some((at, id)) => select.and(
                "last_message_at < ? or (last_message_at = ? and id < ?)",
                vec![Cell::int(at), Cell::int(at), Cell::text(id)],
            ),
            None => select,
        };
        let rows = select
            .rows(self.read(), "last_message_at desc, id desc", limit)
            .await
            .doing("read open tickets")?;
        let tickets = entity::read_all::<Ticket>(&rows)?;
        let next = match tickets.last() {
            Some(last) if tickets.len() == limit => Some(Next::Open {
                before: Some((millis(last.last_message_at), last.id.0)),
            }),
            _ => rest_after(None, sight),
        };
        let mut found = Vec::new();
        if before.is_none() && sight.may(Kind::Account) {
            found.extend(
                self.places_of(Kind::Account, "accounts", "id", None)
                    .await?,
            );
        }
        // The first ticket that is opened shows them.
        if before.is_none() && sight.may(Kind::Field) {
            found.extend(self.places_of(Kind::Field, "fields", "id", None).await?);
        }
        found.extend(self.around(&tickets, sight).await?);
        Ok((found, next))
    }

    /// Tickets and everything that is needed to show them.
    async fn around(&self, tickets: &[Ticket], sight: &Sight) -> Result<Vec<Place>, StoreError> {
        let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id.0).collect();
        let mut customers: Vec<Uuid> = tickets.iter().map(|ticket| ticket.customer.0).collect();
        customers.sort();
        customers.dedup();
        let mut found = self
            .places_of(Kind::Ticket, "tickets", "id", Some(&ids))
            .await?;
        found.extend(
            self.places_of(Kind::Message, "messages", "ticket", Some(&ids))
                .await?,
        );
        if sight.may(Kind::Customer) {
            found.extend(
                self.places_of(Kind::Customer, "customers", "id", Some(&customers))
                    .await?,
            );
        }
        if sight.may(Kind::Order) {
            let orders = self
                .places_of(Kind::Order, "orders", "customer", Some(&customers))
                .await?;
            let order_ids: Vec<Uuid> = orders.iter().map(|place| place.id).collect();
            found.extend(orders);
            found.extend(
                self.places_of(Kind::Shipment, "shipments", "order_id", Some(&order_ids))
                    .await?,
            );
        }
        Ok(found)
    }

    /// Where the rows of a table stand in the feed whose column holds one of the ids.
    async fn places_of(
        &self,
        kind: Kind,
        table: &'static str,
        column: &'static str,
        ids: Option<&[Uuid]>,
    ) -> Result<Vec<Place>, StoreError> {
        let start = format!(
            "select f.kind, f.id, f.position, f.team, f.former from feed f join {table} t on t.id = f.id"
        );
        let select = || Select::new(&start).and("f.kind = ?", vec![Cell::text(kind.as_str())]);
        let Some(ids) = ids else {
            let rows = select()
                .rows(self.read(), "f.id", 10_000)
                .await
                .doing("find rows")?;
            return places(&rows);
        };
        let column = match column {
            "id" => "t.id",
            "ticket" => "t.ticket",
            "customer" => "t.customer",
            _ => "t.order_id",
        };
        let mut found = Vec::new();
        for part in ids.chunks(400) {
            let rows = select()
                .and_in(column, part.iter().map(Cell::text).collect())
                .rows(self.read(), "f.id desc", 100_000)
                .await
                .doing("find rows")?;
            found.extend(places(&rows)?);
        }
        Ok(found)
    }

    async fn rest_page(
        &self,
        kind: Kind,
        before: Option<Uuid>,
        sight: &Sight,
    ) -> Result<(Vec<Place>, Option<Next>), StoreError> {
        if !sight.may(kind) {
            return Ok((Vec::new(), rest_after(Some(kind), sight)));
        }
        let rows = Select::new("select kind, id, position, team, former from feed")
            .and("kind = ?", vec![Cell::text(kind.as_str())])
            .and_if("id < ?", before.map(Cell::text))
            .seen(kind, sight)
            .rows(self.read(), "id desc", REST_PAGE)
            .await
            .doing("read the rest")?;
        let found = places(&rows)?;
        let next = match found.last() {
            Some(last) if found.len() == REST_PAGE => Some(Next::Rest {
                kind,
                before: Some(last.id),
            }),
            _ => rest_after(Some(kind), sight),
        };
        Ok((found, next))
    }

    async fn total(&self, sight: &Sight) -> Result<u64, StoreError> {
        let rows = sqlx::query("select kind, team, count(*) as n from feed group by kind, team")
            .fetch_all(self.read())
            .await
            .doing("count the feed")?;
        let mut total = 0;
        for row in &rows {
            let cells = Cells::new("feed", row);
            let team = cells.maybe_parse::<TeamId>("team")?;
            let mine = team.is_none_or(|team| sight.teams().contains(&team));
            if mine && Kind::parse(&cells.text("kind")?).is_some_and(|kind| sight.may(kind)) {
                total += u64::try_from(cells.int("n")?).unwrap_or_default();
            }
        }
        Ok(total)
    }
}

impl Select {
    /// Only rows of the feed whose teams are visible. What went to others is not among them: a new
    /// copy never had it.
    fn seen(self, kind: Kind, sight: &Sight) -> Self {
        match kind {
            Kind::Ticket | Kind::Message => {
                self.and_in("team", sight.teams().iter().map(Cell::text).collect())
            }
            _ => self,
        }
    }
}

/// The first page of the kind that follows.
fn rest_after(kind: Option<Kind>, sight: &Sight) -> Option<Next> {
    let start = kind.map_or(0, |kind| {
        REST.iter()
            .position(|other| *other == kind)
            .map_or(REST.len(), |index| index + 1)
    });
    REST[start..]
        .iter()
        .find(|kind| sight.may(**kind))
        .map(|kind| Next::Rest {
            kind: *kind,
            before: None,
        })
}
