//! Entries as lines of CSV (RFC 4180), for a spreadsheet.

use deskhand_protocol::audit::AuditEntry;

/// The first line: what stands in which column.
pub const HEADER: &str = "position,id,at,actor_kind,actor,action,thing_kind,thing,customer,peer,\
                          request_id,details,hash\r\n";

/// One entry.
pub fn line(entry: &AuditEntry) -> String {
    let (actor_kind, actor) = entry.actor.parts();
    let (thing_kind, thing) = entry
        .thing
        .as_ref()
        .map(|thing| (word(&thing.kind), thing.id.clone()))
        .unwrap_or_default();
    let cells = [
        entry.position.to_string(),
        entry.id.to_string(),
        entry
            .at
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        actor_kind.to_owned(),
        actor.map(|id| id.to_string()).unwrap_or_default(),
        word(&entry.action),
        thing_kind,
        thing,
        entry.customer.map(|id| id.to_string()).unwrap_or_default(),
        entry.peer.clone().unwrap_or_default(),
        entry.request_id.clone().unwrap_or_default(),
        entry.details.to_string(),
        entry.hash.clone(),
    ];
    cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
}

fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A cell, in quotes where it needs them. Spreadsheets calculate what begins like a formula, so an
/// apostrophe stands before it.
fn quoted(cell: &str) -> String {
    let calculates = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if calculates {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskhand_protocol::audit::{Action, Actor, Thing, ThingKind};
    use uuid::Uuid;

    #[test]
    fn cells_are_quoted_and_nothing_is_calculated() {
        for (cell, written) in [
            ("", ""),
            ("plain words", "plain words"),
            ("one,two", "\"one,two\""),
            ("a \"word\"", "\"a \"\"word\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-2", "'-2"),
            ("@sum(a1)", "'@sum(a1)"),
            ("\t=1", "'\t=1"),
            ("=cmd,\"x\"", "\"'=cmd,\"\"x\"\"\""),
            ("1-2", "1-2"),
        ] {
            assert_eq!(quoted(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn an_entry_has_a_cell_for_each_column() {
        let entry = AuditEntry {
            position: 7,
            id: Uuid::nil(),
            at: chrono::DateTime::UNIX_EPOCH,
            actor: Actor::Machine(Uuid::max()),
            action: Action::TicketChanged,
            thing: Some(Thing {
                kind: ThingKind::Field,
                id: "=remark".into(),
            }),
            customer: None,
            peer: Some("2001:db8::1".into()),
            request_id: None,
            details: serde_json::json!({ "status": ["open", "closed"] }),
            hash: "00".into(),
        };
        assert_eq!(
            line(&entry),
            "7,00000000-0000-0000-0000-000000000000,1970-01-01T00:00:00.000Z,machine,\
             ffffffff-ffff-ffff-ffff-ffffffffffff,ticket_changed,field,'=remark,,2001:db8::1,,\
             \"{\"\"status\"\":[\"\"open\"\",\"\"closed\"\"]}\",00\r\n"
        );
        assert_eq!(HEADER.split(',').count(), 13);
    }
}
