//! Teams, what somebody is at the shop, and whose tickets they see.

use super::{Doing as _, Entry, Store, StoreError, Tx, cells::Cells, entity::Row as _, sql::Cell};
use deskhand_domain::{Account, AccountId, Role, Team, TeamId, Ticket, TicketId};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    rest::{AccountPatch, Member},
    sync::Kind,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

/// The accounts that may be listed at once: a shop has fewer.
const ACCOUNTS: usize = 10_000;

/// How many tickets' teams are remembered.
const OWNERS: usize = 10_000;

/// Whose tickets are that somebody has open.
#[derive(Default)]
pub(super) struct Owners {
    generation: u64,
    known: BTreeMap<TicketId, TeamId>,
}

/// What became of a change of an account.
pub enum Assigned {
    /// It is so now.
    Done(Member),
    /// There is no such account.
    Unknown,
    /// Somebody else changed it meanwhile.
    Moved(Member),
}

impl Store {
    /// Every team, as memory has them.
    pub fn teams(&self) -> Arc<Vec<Team>> {
        let teams = self.inner.teams.read();
        Arc::clone(&teams.unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the teams; called at the start, after a reseed, and when there is another one.
    pub(super) async fn read_teams(&self) -> Result<(), StoreError> {
        let rows = sqlx::query("select id, name from teams order by id")
            .fetch_all(&self.inner.write)
            .await
            .doing("read the teams")?;
        let teams = rows
            .iter()
            .map(|row| {
                let cells = Cells::new("teams", row);
                Ok(Team {
                    id: cells.parse("id")?,
                    name: cells.text("name")?,
                })
            })
            .collect::<Result<Vec<Team>, StoreError>>()?;
        *self
            .inner
            .teams
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(teams);
        Ok(())
    }

    /// Makes a team.
    pub async fn add_team(&self, team: Team, by: AccountId) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let taken = sqlx::query("select id from teams where name_key = $1")
                    .bind(team.name.to_lowercase())
                    .fetch_optional(&mut *tx.inner)
                    .await
                    .doing("look for a team of that name")?;
                if taken.is_some() {
                    let words = "there is a team of that name: choose another one";
                    return Err(StoreError::Refused(words.to_owned()));
                }
                tx.audit(Entry::new(by, Action::TeamMade).to(ThingKind::Team, team.id));
                tx.put_team(&team).await
            })
        })
        .await?;
        self.read_teams().await
    }

    /// Everybody who signs in.
    pub async fn members(&self) -> Result<Vec<Member>, StoreError> {
        let rows =
            super::sql::Select::new("select id, name, email, role, teams, version from accounts")
                .rows(self.read(), "name, id", ACCOUNTS)
                .await
                .doing("list the accounts")?;
        rows.iter()
            .map(|row| member(&Cells::new(Account::TABLE, row)))
            .collect()
    }

    /// Gives an account another role or other teams, unless somebody else changed it since `version`.
    pub async fn assign(
        &self,
        account: AccountId,
        patch: AccountPatch,
        by: AccountId,
        may_manage: impl Fn(Role) -> bool + Send + Sync + 'static,
    ) -> Result<Assigned, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let Some(known) = tx.member(account).await? else {
                    return Ok(Assigned::Unknown);
                };
                if known.version != patch.version {
                    return Ok(Assigned::Moved(known));
                }
                let before = known.account;
                let mut after = before.clone();
                after.role = patch.role.unwrap_or(after.role);
                if let Some(mut teams) = patch.teams {
                    teams.sort_unstable();
                    teams.dedup();
                    after.teams = teams;
                }
                if may_manage(before.role) && !may_manage(after.role) {
                    tx.keep_somebody(account, &may_manage).await?;
                }
                tx.store_assignment(&before, &after, Actor::Account(by))
                    .await?;
                Ok(tx
                    .member(account)
                    .await?
                    .map_or(Assigned::Unknown, Assigned::Done))
            })
        })
        .await
    }

    /// Gives an account another role; `None` when there is no such account.
    pub async fn set_role(
        &self,
        account: AccountId,
        role: Role,
        by: Actor,
    ) -> Result<Option<Account>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let Some(before) = tx.get::<Account>(account.0).await? else {
                    return Ok(None);
                };
                let after = Account {
                    role,
                    ..before.clone()
                };
                tx.store_assignment(&before, &after, by).await?;
                Ok(Some(after))
            })
        })
        .await
    }

    /// Whose a ticket is. Asked for every word of presence, so it is remembered.
    pub async fn team_of(&self, ticket: TicketId) -> Result<Option<TeamId>, StoreError> {
        let owners = || {
            self.inner
                .owners
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let asked = {
            let owners = owners();
            if let Some(team) = owners.known.get(&ticket) {
                return Ok(Some(*team));
            }
            owners.generation
        };
        let found = self.read_team_of(ticket).await?;
        let mut owners = owners();
        // What moved since it was read is not remembered as it was.
        if let (Some(team), true) = (found, owners.generation == asked) {
            if owners.known.len() >= OWNERS {
                owners.known.clear();
            }
            owners.known.insert(ticket, team);
        }
        Ok(found)
    }

    /// Some tickets went to other teams.
    pub(super) fn forget_owners(&self) {
        let mut owners = self
            .inner
            .owners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        owners.generation += 1;
        owners.known.clear();
    }

    async fn read_team_of(&self, ticket: TicketId) -> Result<Option<TeamId>, StoreError> {
        let row = sqlx::query("select id, team from tickets where id = $1")
            .bind(ticket.to_string())
            .fetch_optional(self.read())
            .await
            .doing("look whose a ticket is")?;
        row.map(|row| Cells::new("tickets", &row).parse("team"))
            .transpose()
    }
}

impl Tx {
    /// From now on tickets of other teams do not exist for this transaction.
    pub fn limit_to(&mut self, teams: BTreeSet<TeamId>) {
        self.only = Some(teams);
    }

    /// A ticket, unless it is of a team that this transaction may not see.
    pub(super) async fn ticket(&mut self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        let found = self.get::<Ticket>(id.0).await?;
        let only = self.only.as_ref();
        Ok(found.filter(|ticket| only.is_none_or(|teams| teams.contains(&ticket.team))))
    }

    pub(super) async fn knows_team(&mut self, team: TeamId) -> Result<bool, StoreError> {
        let known = sqlx::query("select id from teams where id = $1")
            .bind(team.to_string())
            .fetch_optional(&mut *self.inner)
            .await
            .doing("look for a team")?;
        Ok(known.is_some())
    }

    /// Stores a team.
    pub(super) async fn put_team(&mut self, team: &Team) -> Result<(), StoreError> {
        let row = vec![
            Cell::text(team.id),
            Cell::text(&team.name),
            Cell::text(team.name.to_lowercase()),
        ];
        let columns = ["id", "name", "name_key"];
        super::sql::upsert(&mut self.inner, "teams", "id", &columns, vec![row])
            .await
            .doing("store a team")
    }

    async fn member(&mut self, id: AccountId) -> Result<Option<Member>, StoreError> {
        let row =
            sqlx::query("select id, name, email, role, teams, version from accounts where id = $1")
                .bind(id.to_string())
                .fetch_optional(&mut *self.inner)
                .await
                .doing("look for the account")?;
        row.map(|row| member(&Cells::new(Account::TABLE, &row)))
            .transpose()
    }

    /// Refuses when nobody else could give anybody a role any more.
    async fn keep_somebody(
        &mut self,
        but: AccountId,
        may_manage: &(impl Fn(Role) -> bool + Sync),
    ) -> Result<(), StoreError> {
        let rows = super::entity::select::<Account>()
            .rows(&mut *self.inner, "id", ACCOUNTS)
            .await
            .doing("look for another admin")?;
        let others = super::entity::read_all::<Account>(&rows)?;
        let another = others
            .iter()
            .any(|other| other.id != but && may_manage(other.role));
        if another {
            return Ok(());
        }
        let words = "nobody could manage accounts any more: make somebody else an admin first";
        Err(StoreError::Refused(words.to_owned()))
    }

    async fn store_assignment(
        &mut self,
        before: &Account,
        after: &Account,
        by: Actor,
    ) -> Result<(), StoreError> {
        for team in &after.teams {
            if !self.knows_team(*team).await? {
                return Err(StoreError::Wrong {
                    pointer: "/teams".to_owned(),
                    detail: "there is no such team".to_owned(),
                });
            }
        }
        let teams = serde_json::to_string(&after.teams).unwrap_or_default();
        sqlx::query(
            "update accounts set role = $1, teams = $2, version = version + 1 where id = $3",
        )
        .bind(after.role.to_string())
        .bind(teams)
        .bind(after.id.to_string())
        .execute(&mut *self.inner)
        .await
        .doing("change what an account may do")?;
        self.touched.insert((Kind::Account, after.id.0));
        let entry = |action| Entry::new(by, action).to(ThingKind::Account, after.id);
        if before.role != after.role {
            let entry = entry(Action::RoleChanged);
            self.audit(entry.with("from", before.role).with("to", after.role));
        }
        if before.teams != after.teams {
            let entry = entry(Action::TeamsChanged);
            self.audit(entry.with("from", &before.teams).with("to", &after.teams));
        }
        Ok(())
    }
}

fn member(cells: &Cells<'_>) -> Result<Member, StoreError> {
    Ok(Member {
        account: Account::read(cells)?,
        version: cells.int("version")?,
    })
}
