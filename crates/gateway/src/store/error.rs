//! What can go wrong in the store.

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// A row holds something that no version of this program wrote.
    #[error("table {table}, column {column}, row {id} cannot be read")]
    Inconsistent {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        id: String,
    },
    /// The id was used for something else.
    #[error("the id was used for something else")]
    Conflict,
    /// The conversation went on since the author of a reply looked.
    #[error("somebody wrote meanwhile")]
    ThreadMoved {
        /// What was written, oldest first.
        missed: Vec<deskhand_domain::Message>,
    },
    /// Somebody changed the same values since the author of a change looked.
    #[error("somebody changed the same meanwhile")]
    FieldsMoved {
        /// The values as they are now.
        moved: Vec<deskhand_domain::Compared>,
    },
    /// A value of the body is wrong.
    #[error("{pointer} {detail}")]
    Wrong {
        /// JSON pointer to it.
        pointer: String,
        /// What is wrong with it.
        detail: String,
    },
    /// It cannot be done as things are; the words say why and what to do.
    #[error("{0}")]
    Refused(String),
    /// The cursor belongs to another history.
    #[error("the cursor belongs to another history")]
    OtherEpoch,
    /// The work was interrupted by a panic.
    #[error("the work was interrupted")]
    Interrupted,
}

impl StoreError {
    /// Whether the disk has no room left.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Database { source, .. } if crate::start::words::is_full(source))
    }

    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database { source, .. } => {
                matches!(
                    source,
                    sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)
                ) || self.is_full()
            }
            _ => false,
        }
    }
}

/// Names what was being done when the driver failed.
pub trait Doing<T> {
    /// Names it.
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| match &source {
            sqlx::Error::Database(error) if error.is_unique_violation() => StoreError::Conflict,
            _ => StoreError::Database { doing, source },
        })
    }
}
