//! `deskhand-gateway inbox`: looks at what others told, and has it looked at again.

use crate::{
    config::Config,
    errands::{self, Errand, Outcome},
    start::StartError,
    store::{Letter, LetterFilter, Store, StoreError},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is to be done with what was told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "inbox", rename_all = "snake_case")]
pub enum Inbox {
    /// Lists letters, the newest first.
    List {
        /// Which.
        filter: LetterFilter,
    },
    /// Shows one, with what was sent.
    Show {
        /// Which.
        id: Uuid,
    },
    /// Has one looked at again, or all that are dead.
    Replay {
        /// Which.
        id: Option<Uuid>,
    },
    /// Puts one aside.
    Drop {
        /// Which.
        id: Uuid,
    },
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "inbox", rename_all = "snake_case")]
pub enum InboxOutcome {
    /// These are the letters.
    Letters {
        /// The newest first.
        letters: Vec<Letter>,
    },
    /// So many were changed.
    Changed {
        /// How many.
        count: u64,
    },
    /// There is no such letter, or it is not waiting or dead.
    NoLetter,
}

/// Does it in a database that a gateway may be serving.
pub async fn inbox(config: &Config, what: Inbox) -> Result<InboxOutcome, StartError> {
    match errands::run(config, &Errand::Inbox { what }).await? {
        Outcome::Inbox { came } => Ok(came),
        other => Err(other.unlike("the inbox")),
    }
}

/// Does it.
pub async fn carry_out(store: &Store, inbox: &Inbox) -> Result<InboxOutcome, StoreError> {
    Ok(match inbox {
        Inbox::List { filter } => InboxOutcome::Letters {
            letters: store.letters(filter).await?,
        },
        Inbox::Show { id } => match store.letter(*id).await? {
            Some(letter) => InboxOutcome::Letters {
                letters: vec![letter],
            },
            None => InboxOutcome::NoLetter,
        },
        Inbox::Replay { id } => match (store.replay_letters(*id).await?, id) {
            (0, Some(_)) => InboxOutcome::NoLetter,
            (count, _) => InboxOutcome::Changed { count },
        },
        Inbox::Drop { id } => match store.drop_letter(*id).await? {
            true => InboxOutcome::Changed { count: 1 },
            false => InboxOutcome::NoLetter,
        },
    })
}
