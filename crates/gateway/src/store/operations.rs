//! Operations: the same id is carried out once and answered with the same bytes ever after.

use super::{
    Doing as _, Store, StoreError, Tx,
    cells::Cells,
    sql::{self, Cell},
};
use deskhand_domain::OpId;
use futures_util::future::BoxFuture;
use serde::Serialize;

/// What somebody asked for.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Made by who asked.
    pub id: OpId,
    /// Who asked.
    pub actor: String,
    /// SHA-256 of what was asked for.
    pub request: String,
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

/// The answer; `None` when what it is about does not exist.
pub type Outcome = Option<Done>;

impl Store {
    /// Carries an operation out unless it was before; its effect and its answer are stored in the
    /// same transaction.
    pub async fn once<W>(&self, operation: Operation, work: W) -> Result<Outcome, StoreError>
    where
        W: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<Outcome, StoreError>>
            + Send
            + 'static,
    {
        self.write(move |tx| {
            Box::pin(async move {
                if let Some(done) = tx.done(&operation).await? {
                    return Ok(Some(done));
                }
                let outcome = work(tx).await?;
                if let Some(done) = &outcome {
                    tx.remember(&operation, done).await?;
                }
                Ok(outcome)
            })
        })
        .await
    }
}

impl Tx {
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
