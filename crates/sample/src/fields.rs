//! What Hollowpine wants to know of a ticket beside what every shop wants to know.

use crate::rng::Rng;
use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Field, FieldKind};

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
