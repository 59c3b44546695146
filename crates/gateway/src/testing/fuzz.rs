//! What anybody may send, read as the gateway reads it. Each function takes any bytes, never panics
//! over what is refused, and checks what must hold of what is accepted.
//!
//! `fuzz/` drives them with libFuzzer, `tests/gateway/fuzz.rs` with mutations of the same beginnings.

use crate::{
    extract::{Paging, read_json},
    feed::{LiveCursor, read_cursor, write_cursor},
    routes::tickets::tidy,
    store::{ListCursor, SyncCursor},
};
use axum::http::Uri;
use deskhand_domain::text;
use deskhand_protocol::{
    chat::{ChatClientFrame, ChatSend, OpenConversation},
    live::ClientFrame,
    rest::{
        AccountPatch, DefineField, MergeTicket, NewMessage, NewTeam, Refresh, Reveal, SignIn,
        TicketPatch,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A way of reading, by its name.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static str]);

/// All of them, each with something valid to begin with.
pub const TARGETS: [Target; 3] = [
    (
        "frames",
        frames,
        &[
            r#"{"type":"follow","cursor":"eyJlcG9jaCI6ImEiLCJzY29wZSI6ImIiLCJ1cHRvIjo3fQ"}"#,
            r#"{"type":"typing","ticket":"01900000-0005-7000-8000-000000000001","typing":true}"#,
            r#"{"type":"reading","ticket":null}"#,
            r#"{"type":"hello","token":"0123456789abcdef"}"#,
            r#"{"type":"read","upto":"01900000-0006-7000-8000-000000000001"}"#,
        ],
    ),
    (
        "cursors",
        cursors,
        &[
            "eyJlcG9jaCI6ImEiLCJzY29wZSI6ImIiLCJ1cHRvIjo3fQ",
            "eyJhdCI6MTc5NTAwMDAwMCwiaWQiOiIwMTkwMDAwMC0wMDA1LTcwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ",
            "limit=200&cursor=eyJhdCI6MCwiaWQiOiIwMTkwMDAwMC0wMDA1LTcwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ",
            "cursor=%C3%A4+%00",
        ],
    ),
    (
        "operations",
        operations,
        &[
            r#"{"kind":"public","text":"Zu\u0308rich\r\n 👩‍🔧","seen":null,"then":"closed","changes":{"add_tags":["A"," b "],"fields":{"size":"x\ty"}}}"#,
            r#"{"status":"snoozed","snoozed_until":"2027-01-31T09:00:00Z","assignee":null,"was":[]}"#,
            r#"{"into":"01900000-0005-7000-8000-000000000001"}"#,
            r#"{"name":"Ana","email":"ana@Example.com","text":"Where is it?","id":"01900000-0006-7000-8000-000000000001","language":"de"}"#,
            r#"{"id":"01900000-0006-7000-8000-000000000001","text":"a\u0000\u202eb"}"#,
            r#"{"label":"Size","kind":{"type":"choice","options":["S","M"]},"place":1}"#,
            r#"{"version":1,"role":"agent","teams":[]}"#,
        ],
    ),
];

/// Frames of desktops and of chat pages.
pub fn frames(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read::<ClientFrame>(text);
        read::<ChatClientFrame>(text);
    }
}

/// Cursors, and queries that hold one.
pub fn cursors(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    comes_back::<LiveCursor>(text);
    comes_back::<SyncCursor>(text);
    comes_back::<ListCursor>(text);
    if let Ok(uri) = format!("/v1/tickets?{text}").parse::<Uri>()
        && let Ok(paging) = axum::extract::Query::<Paging>::try_from_uri(&uri)
        && let Ok((_, limit)) = paging.0.read::<ListCursor>()
    {
        assert!((1..=200).contains(&limit), "a page of {limit}");
    }
}

/// Bodies of what changes something, with the texts in them.
pub fn operations(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(mut message) = read::<NewMessage>(text) {
        settles(&message.text, text::message);
        if let Some(changes) = &mut message.changes {
            stays_tidy("/changes", changes);
        }
    }
    if let Some(mut patch) = read::<TicketPatch>(text) {
        stays_tidy("", &mut patch);
    }
    if let Some(body) = read::<OpenConversation>(text) {
        settles(&body.name, text::line);
        settles(&body.email, text::email);
        settles(&body.text, text::message);
    }
    if let Some(body) = read::<ChatSend>(text) {
        settles(&body.text, text::message);
    }
    if let Some(body) = read::<DefineField>(text) {
        settles(&body.label, text::line);
    }
    read::<MergeTicket>(text);
    read::<AccountPatch>(text);
    read::<NewTeam>(text);
    read::<Reveal>(text);
    read::<SignIn>(text);
    read::<Refresh>(text);
}

/// What is accepted is the same when it is written and read again.
fn read<T: DeserializeOwned + Serialize>(text: &str) -> Option<T> {
    let value: T = read_json(text).ok()?;
    let written = serde_json::to_string(&value).expect("what was read can be written");
    let Ok(again) = read_json::<T>(&written) else {
        panic!("what was written cannot be read: {written}");
    };
    let twice = serde_json::to_string(&again).expect("what was read can be written");
    assert_eq!(written, twice, "of {text}");
    Some(value)
}

/// A cursor that is taken is one that the gateway could have written.
fn comes_back<T: DeserializeOwned + Serialize + PartialEq + Debug>(text: &str) {
    if let Some(cursor) = read_cursor::<T>(text) {
        assert_eq!(read_cursor(&write_cursor(&cursor)), Some(cursor), "{text}");
    }
}

/// What is stored of a text stays as it is when it is stored again.
fn settles<E: Debug + PartialEq>(raw: &str, check: fn(&str) -> Result<String, E>) {
    if let Ok(stored) = check(raw) {
        assert_eq!(check(&stored).as_ref(), Ok(&stored), "of {raw:?}");
    }
}

fn stays_tidy(at: &str, patch: &mut TicketPatch) {
    if tidy(at, patch).is_ok() {
        let once = patch.clone();
        assert!(tidy(at, patch).is_ok(), "{once:?} is refused");
        assert_eq!(*patch, once);
    }
}
