//! The two statements that are put together from parts: many-row upserts and lists with filters.
//! Names of tables and columns are constants of this program; every value is a placeholder.

use crate::clock::millis;
use deskhand_domain::Instant;
use serde::Serialize;
use sqlx::{Any, AssertSqlSafe, any::AnyArguments, any::AnyRow, query::Query};

/// A value for a placeholder.
#[derive(Clone, Debug)]
pub enum Cell {
    /// A text or its absence.
    Text(Option<String>),
    /// A number or its absence.
    Int(Option<i64>),
}

impl Cell {
    /// Anything that shows itself as text.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(Some(value.to_string()))
    }

    /// The same, if there is one.
    pub fn maybe(value: Option<impl ToString>) -> Self {
        Self::Text(value.map(|value| value.to_string()))
    }

    /// A number.
    pub fn int(value: impl Into<i64>) -> Self {
        Self::Int(Some(value.into()))
    }

    /// A moment.
    pub fn at(value: Instant) -> Self {
        Self::Int(Some(millis(value)))
    }

    /// A moment, if there is one.
    pub fn maybe_at(value: Option<Instant>) -> Self {
        Self::Int(value.map(millis))
    }

    /// An enum as the word it has in bodies.
    pub fn word(value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(word)) => Self::Text(Some(word)),
            _ => Self::Text(None),
        }
    }

    /// A document.
    pub fn json(value: &impl Serialize) -> Self {
        Self::Text(serde_json::to_string(value).ok())
    }
}

/// What a statement is made of.
pub type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

/// Binds cells in order.
pub fn bind<'q>(mut query: AnyQuery<'q>, cells: Vec<Cell>) -> AnyQuery<'q> {
    for cell in cells {
        query = match cell {
            Cell::Text(text) => query.bind(text),
            Cell::Int(number) => query.bind(number),
        };
    }
    query
}

/// Inserts rows that are new.
pub async fn insert(
    connection: &mut sqlx::AnyConnection,
    table: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Cell>>,
) -> Result<(), sqlx::Error> {
    insert_with(connection, table, columns, rows, "").await?;
    Ok(())
}

/// Inserts those rows whose key does not exist, and answers how many.
pub async fn insert_new(
    connection: &mut sqlx::AnyConnection,
    table: &'static str,
    key: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Cell>>,
) -> Result<u64, sqlx::Error> {
    let otherwise = format!(" on conflict ({key}) do nothing");
    insert_with(connection, table, columns, rows, &otherwise).await
}

/// Inserts rows, or replaces the columns of those whose key exists.
pub async fn upsert(
    connection: &mut sqlx::AnyConnection,
    table: &'static str,
    key: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Cell>>,
) -> Result<(), sqlx::Error> {
    let keys: Vec<&str> = key.split(", ").collect();
    let updates: Vec<String> = columns
        .iter()
        .filter(|column| !keys.contains(column))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let otherwise = format!(" on conflict ({key}) do update set {}", updates.join(", "));
    insert_with(connection, table, columns, rows, &otherwise).await?;
    Ok(())
}

async fn insert_with(
    connection: &mut sqlx::AnyConnection,
    table: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Cell>>,
    otherwise: &str,
) -> Result<u64, sqlx::Error> {
    let mut inserted = 0;
    for part in rows.chunks((16_000 / columns.len()).clamp(1, 200)) {
        let mut sql = format!("insert into {table} ({}) values ", columns.join(", "));
        let mut next = 1;
        for index in 0..part.len() {
            if index > 0 {
                sql.push_str(", ");
            }
            sql.push_str(&placeholders(&mut next, columns.len()));
        }
        sql.push_str(otherwise);
        let cells = part.iter().flatten().cloned().collect();
        inserted += bind(sqlx::query(AssertSqlSafe(sql)), cells)
            .execute(&mut *connection)
            .await?
            .rows_affected();
    }
    Ok(inserted)
}

/// `($1, $2, $3)`, counting on.
pub fn placeholders(next: &mut usize, count: usize) -> String {
    let names: Vec<String> = (0..count)
        .map(|_| {
            let name = format!("${next}");
            *next += 1;
            name
        })
        .collect();
    format!("({})", names.join(", "))
}

/// A `select` whose conditions depend on what was asked for.
pub struct Select {
    sql: String,
    cells: Vec<Cell>,
    next: usize,
}

impl Select {
    /// Starts with everything up to `where`, and one condition that always holds.
    pub fn new(start: &str) -> Self {
        Self {
            sql: format!("{start} where 1 = 1"),
            cells: Vec::new(),
            next: 1,
        }
    }

    /// Adds `and (condition)`; each `?` in it takes the next of the cells.
    pub fn and(mut self, condition: &'static str, cells: Vec<Cell>) -> Self {
        self.sql.push_str(" and (");
        for c in condition.chars() {
            if c == '?' {
                self.sql.push_str(&format!("${}", self.next));
                self.next += 1;
            } else {
                self.sql.push(c);
            }
        }
        self.sql.push(')');
        self.cells.extend(cells);
        self
    }

    /// Adds the condition only when there is a value.
    pub fn and_if(self, condition: &'static str, cell: Option<Cell>) -> Self {
        match cell {
            Some(cell) => self.and(condition, vec![cell]),
            None => self,
        }
    }

    /// Adds `and column in (…)`.
    pub fn and_in(mut self, column: &'static str, cells: Vec<Cell>) -> Self {
        let list = placeholders(&mut self.next, cells.len());
        self.sql.push_str(&format!(" and {column} in {list}"));
        self.cells.extend(cells);
        self
    }

    /// Adds the order and the limit, and reads the rows.
    pub async fn rows<'e>(
        mut self,
        executor: impl sqlx::Executor<'e, Database = Any>,
        order: &'static str,
        limit: usize,
    ) -> Result<Vec<AnyRow>, sqlx::Error> {
        self.sql
            .push_str(&format!(" order by {order} limit {limit}"));
        bind(sqlx::query(AssertSqlSafe(self.sql)), self.cells)
            .fetch_all(executor)
            .await
    }
}
