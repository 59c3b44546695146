//! `deskhand-gateway inbox`.

use crate::arguments::{InboxCommand, Place};
use deskhand_gateway::{
    StartError, inbox as carry_out,
    intake::{Inbox, InboxOutcome},
    store::{Letter, LetterFilter},
};

/// Does what the command says.
pub async fn inbox(command: InboxCommand) -> Result<(), StartError> {
    let (place, what, whole) = match command {
        InboxCommand::List {
            place,
            state,
            tracking,
            limit,
        } => {
            let filter = LetterFilter {
                state,
                subject: tracking,
                limit: Some(limit),
            };
            (place, Inbox::List { filter }, false)
        }
        InboxCommand::Show { place, id } => (place, Inbox::Show { id }, true),
        InboxCommand::Replay { place, id, .. } => (place, Inbox::Replay { id }, false),
        InboxCommand::Drop { place, id } => (place, Inbox::Drop { id }, false),
    };
    match run(&place, what).await? {
        InboxOutcome::Letters { letters } if whole => {
            for letter in letters {
                println!("{}\n{}", line(&letter), letter.payload);
            }
        }
        InboxOutcome::Letters { letters } => {
            for letter in &letters {
                println!("{}", line(letter));
            }
            println!("{} letters", letters.len());
        }
        InboxOutcome::Changed { count } => println!("{count} letters"),
        InboxOutcome::NoLetter => return Err(StartError::NoLetter),
    }
    Ok(())
}

async fn run(place: &Place, what: Inbox) -> Result<InboxOutcome, StartError> {
    carry_out(&place.read()?, what).await
}

/// What may be told of a letter without showing what stands in it.
fn line(letter: &Letter) -> String {
    let state = serde_json::to_string(&letter.state).unwrap_or_default();
    let words = [
        letter.id.to_string(),
        letter.received_at.to_rfc3339(),
        state.trim_matches('"').to_owned(),
        letter.source.clone(),
        letter.kind.clone(),
        letter.subject.clone().unwrap_or_default(),
        letter.reason.clone().unwrap_or_default(),
    ];
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join("  ")
}
