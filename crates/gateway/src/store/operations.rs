//! Operations: the same id is carried out once and answered with the same bytes ever after.

use super::{
    Doing as _, Store, StoreError, Tx,
    cells::Cells,
    sql::{self, Cell},
};
use crate::clock::millis;
use deskhand_domain::{Compared, Instant, Macro, MacroId, Message, OpId, TeamId};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody asked for.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Made by who asked.
    pub id: OpId,
    /// Whose tickets exist for who asked.
    pub teams: BTreeSet<TeamId>,
    /// Who asked.
    pub actor: String,
    /// SHA-256 of what was asked for, without what its author had seen.
    pub request: String,
    /// SHA-256 of all of it: an author who has seen more tries the same once more.
    pub attempt: String,
}

/// What it led to: an answer, the same however often it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: String,
}

impl Done {
    /// An answer with a body.
    pub fn new(status: u16, body: &impl Serialize) -> Result<Self, StoreError> {
        let body = serde_json::to_string(body)
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))
            .doing("write the answer")?;
        Ok(Self { status, body })
    }
}

/// Why somebody who was slower is refused: what they are told of those who were faster.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// The conversation went on.
    ThreadMoved(Vec<Message>),
    /// The values were changed.
    FieldsMoved(Vec<Compared>),
}

impl Verdict {
    fn of(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::ThreadMoved { missed } => Some(Self::ThreadMoved(missed.clone())),
            StoreError::FieldsMoved { moved } => Some(Self::FieldsMoved(moved.clone())),
            _ => None,
        }
    }
}

impl From<Verdict> for StoreError {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::ThreadMoved(missed) => Self::ThreadMoved { missed },
            Verdict::FieldsMoved(moved) => Self::FieldsMoved { moved },
        }
    }
}

/// The answer; `None` when what it is about does not exist.
pub type Outcome = Option<Done>;

impl Store {
    /// How often a stored answer went out.
    pub async fn uses(&self, id: MacroId) -> Result<i64, StoreError> {
        let found: Option<(i64,)> = sqlx::query_as("select uses from macro_uses where macro = $1")
            .bind(id.to_string())
            .fetch_optional(self.read())
            .await
            .doing("read how often a stored answer went out")?;
        Ok(found.map_or(0, |(uses,)| uses))
    }

    /// Carries an operation out unless it was before; its effect and its answer are stored in the
    /// same transaction. So is a refusal because somebody else was faster: the same request is
    /// refused ever after; it is looked at anew once its author has seen more.
    pub async fn once<W>(&self, operation: Operation, work: W) -> Result<Outcome, StoreError>
    where
        W: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<Outcome, StoreError>>
            + Send
            + 'static,
    {
        let asked = operation.clone();
        let carried_out = self.write(move |tx| {
            Box::pin(async move {
                tx.limit_to(operation.teams.clone());
                if let Some(done) = tx.done(&operation).await? {
                    return Ok(Some(done));
                }
                if let Some(verdict) = tx.verdict(&operation).await? {
                    return Err(verdict.into());
                }
                let outcome = work(tx).await?;
                if let Some(done) = &outcome {
                    tx.remember(&operation, done).await?;
                }
                Ok(outcome)
            })
        });
        match carried_out.await {
            Err(error) => match Verdict::of(&error) {
                Some(verdict) => self.refuse(asked, verdict).await,
                None => Err(error),
            },
            done => done,
        }
    }

    /// Refuses for good, before anybody is told: unless another copy of the request was carried out
    /// in between, whose answer is this one's then.
    async fn refuse(&self, operation: Operation, verdict: Verdict) -> Result<Outcome, StoreError> {
        let answer = self.write(move |tx| {
            Box::pin(async move {
                if let Some(done) = tx.done(&operation).await? {
                    return Ok(Ok(done));
                }
                if let Some(before) = tx.verdict(&operation).await? {
                    return Ok(Err(before));
                }
                tx.refuse(&operation, &verdict).await?;
                Ok(Err(verdict))
            })
        });
        Ok(Some(answer.await??))
    }
}

impl Store {
    /// Forgets operations that were carried out before a moment, and replies that were taken back
    /// before it. Answers how many operations.
    pub async fn forget_before(&self, moment: Instant) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let gone = self
                .write(move |tx| Box::pin(tx.forget_some(millis(moment))))
                .await?;
            forgotten += gone;
            if gone == 0 {
                return Ok(forgotten);
            }
        }
    }
}

impl Tx {
    /// Some at a time, so that nobody waits long for their turn.
    async fn forget_some(&mut self, before: i64) -> Result<u64, StoreError> {
        sqlx::query("delete from held_replies where undone_at < $1")
            .bind(before)
            .execute(&mut *self.inner)
            .await
            .doing("forget replies that were taken back")?;
        sqlx::query("delete from refused_operations where created_at < $1")
            .bind(before)
            .execute(&mut *self.inner)
            .await
            .doing("forget old refusals")?;
        let gone = sqlx::query(
            "delete from operations where id in
             (select id from operations where created_at < $1 order by created_at limit 500)",
        )
        .bind(before)
        .execute(&mut *self.inner)
        .await
        .doing("forget old operations")?;
        Ok(gone.rows_affected())
    }

    /// Counts that a stored answer went out, or that it was taken back.
    pub(super) async fn count_use(&mut self, id: MacroId, more: i64) -> Result<(), StoreError> {
        if more > 0 && self.get::<Macro>(id.0).await?.is_none() {
            return Err(StoreError::Wrong {
                pointer: "/macro_id".to_owned(),
                detail: "there is no such stored answer".to_owned(),
            });
        }
        sqlx::query(
            "insert into macro_uses (macro, uses) values ($1, $2)
             on conflict (macro) do update set uses = macro_uses.uses + excluded.uses",
        )
        .bind(id.to_string())
        .bind(more)
        .execute(&mut *self.inner)
        .await
        .doing("count the use of a stored answer")?;
        Ok(())
    }

    async fn done(&mut self, operation: &Operation) -> Result<Option<Done>, StoreError> {
        let row =
            sqlx::query("select id, actor, request, status, body from operations where id = $1")
                .bind(operation.id.to_string())
                .fetch_optional(&mut *self.inner)
                .await
                .doing("look for the operation")?;
        let Some(row) = row else { return Ok(None) };
        let cells = Cells::new("operations", &row);
        if cells.text("actor")? != operation.actor || cells.text("request")? != operation.request {
            return Err(StoreError::Conflict);
        }
        let status = u16::try_from(cells.int("status")?).map_err(|_| cells.bad("status"))?;
        Ok(Some(Done {
            status,
            body: cells.text("body")?,
        }))
    }

    /// Why this very request was refused before.
    async fn verdict(&mut self, operation: &Operation) -> Result<Option<Verdict>, StoreError> {
        let row = sqlx::query(
            "select id, verdict from refused_operations where id = $1 and attempt = $2",
        )
        .bind(operation.id.to_string())
        .bind(&operation.attempt)
        .fetch_optional(&mut *self.inner)
        .await
        .doing("look whether it was refused")?;
        row.map(|row| Cells::new("refused_operations", &row).json("verdict"))
            .transpose()
    }

    async fn refuse(&mut self, operation: &Operation, verdict: &Verdict) -> Result<(), StoreError> {
        let columns = ["id", "attempt", "verdict", "created_at"];
        let row = vec![
            Cell::text(operation.id),
            Cell::text(&operation.attempt),
            Cell::json(verdict),
            Cell::at(self.now),
        ];
        sql::insert(&mut self.inner, "refused_operations", &columns, vec![row])
            .await
            .doing("remember that it was refused")
    }

    async fn remember(&mut self, operation: &Operation, done: &Done) -> Result<(), StoreError> {
        let columns = ["id", "actor", "request", "status", "body", "created_at"];
        let row = vec![
            Cell::text(operation.id),
            Cell::text(&operation.actor),
            Cell::text(&operation.request),
            Cell::int(done.status),
            Cell::text(&done.body),
            Cell::at(self.now),
        ];
        sql::upsert(&mut self.inner, "operations", "id", &columns, vec![row])
            .await
            .doing("remember the operation")
    }
}
