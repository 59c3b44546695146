//! What Hollowpine wants to know of a ticket beside what every shop wants to know.

use crate::rng::Rng;
use chrono::{DateTime, Days, TimeDelta, Utc};
use deskhand_domain::{Field, FieldKind, FieldValue, Ticket, TicketStatus, ticket::Intent};

/// The shop's own fields.
pub(crate) fn all(now: DateTime<Utc>) -> Vec<Field> {
    let mut rng = Rng::new("fields");
    let resolution = FieldKind::Choice {
        options: [
            "Answered",
            "Sent again",
            "Money back",
            "Repaired",
            "Goodwill",
        ]
        .map(str::to_owned)
        .into(),
    };
    [
        ("resolution", "Resolution", resolution),
        ("carrier_claim", "Carrier claim", FieldKind::Text),
        ("photo_received", "Photo received", FieldKind::YesNo),
        ("promised_by", "Promised by", FieldKind::Day),
    ]
    .into_iter()
    .zip(0..)
    .map(|((key, label, kind), place)| Field {
        id: rng.id(now - TimeDelta::days(420)),
        key: key.into(),
        label: label.into(),
        kind,
        place,
    })
    .collect()
}

/// Gives tickets the values that agents would have noted.
pub(crate) fn fill(tickets: &mut [Ticket]) {
    let text = |word: String| FieldValue::Text(word);
    for ticket in tickets {
        let every = |count: u32| ticket.number.is_multiple_of(count);
        let mut values = Vec::new();
        if ticket.status == TicketStatus::Closed {
            let resolution = match ticket.intent {
                Intent::Refund | Intent::Return | Intent::Cancel => "Money back",
                Intent::NotReceived | Intent::MissingItem | Intent::WrongItem => "Sent again",
                Intent::Damaged | Intent::Warranty if every(2) => "Repaired",
                Intent::Complaint => "Goodwill",
                _ => "Answered",
            };
            values.push(("resolution", text(resolution.into())));
        }
        if matches!(ticket.intent, Intent::Damaged | Intent::Warranty) {
            values.push(("photo_received", FieldValue::YesNo(!every(3))));
        }
        if ticket.intent == Intent::NotReceived && every(2) {
            let claim = format!("C-{}", 700_000 + ticket.number);
            values.push(("carrier_claim", text(claim)));
        }
        let day = ticket.created_at.date_naive() + Days::new(4);
        if matches!(ticket.intent, Intent::WhereIsIt | Intent::Exchange) && every(4) {
            values.push(("promised_by", text(day.to_string())));
        }
        let values = values.into_iter();
        ticket
            .fields
            .extend(values.map(|(key, value)| (key.to_owned(), value)));
    }
}
