//! Somebody who can write to the database changes the audit trail in every way that came to mind;
//! `audit verify` finds all of it. DESKHAND_TAMPERS says how often, DESKHAND_SEED from where on.

use chrono::{DateTime, TimeDelta};
use deskhand_domain::{AccountId, CustomerId};
use deskhand_gateway::{
    Clock,
    audit::{
        chain::{BEGINNING, Stored, hex, unhex},
        heads::{self, Heads},
        key::AuditKey,
        verify::{Against, Finding, verify},
    },
    store::{Entry, Location, Store},
    tasks::Tasks,
    testing::{id, postgres::Postgres, small_shop},
    via::Via,
};
use deskhand_protocol::audit::{Action, Actor, ThingKind};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sqlx::{AnyConnection, Connection as _, Row as _, any::AnyRow};
use std::{sync::Arc, time::Duration};

/// How many entries the trail has.
const ENTRIES: i64 = 60;
/// After how many there is a head.
const BETWEEN_HEADS: i64 = 25;
const COLUMNS: [&str; 13] = [
    "position",
    "id",
    "at",
    "actor_kind",
    "actor",
    "action",
    "thing_kind",
    "thing",
    "customer",
    "peer",
    "request",
    "details",
    "hash",
];

/// An entry with its hash.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    entry: Stored,
    hash: String,
}

/// A trail to be tampered with, and what its gateway keeps beside.
struct Log {
    lines: Vec<Line>,
    /// What the key had signed when the trail had so many entries.
    seals: Vec<String>,
    against: Against,
    /// Up to where the newest head has seen the trail.
    seen: i64,
    dice: StdRng,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tamper_of_a_file_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gateway.db");
    let log = Log::write(&Location::File(file.clone()), folder.path()).await;
    let url = format!("sqlite://{}?mode=rw", file.display());
    let guards = [
        "drop trigger audit_is_not_changed",
        "drop trigger audit_is_not_deleted",
        "drop trigger audit_is_not_replaced",
    ];
    tamper_often(log, &url, &guards, times(500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tamper_of_a_postgresql_database_is_found() {
    let server = Postgres::start();
    let folder = tempfile::tempdir().expect("a folder");
    let url = server.create("tampered");
    let log = Log::write(&Location::Url(url.clone()), folder.path()).await;
    let guards = ["drop trigger audit_is_not_changed on audit"];
    tamper_often(log, &url, &guards, times(150)).await;
}

fn times(unless_told: u64) -> u64 {
    let told = std::env::var("DESKHAND_TAMPERS").ok();
    told.map_or(unless_told, |told| told.parse().expect("a number"))
}

async fn tamper_often(mut log: Log, url: &str, guards: &[&'static str], times: u64) {
    let seed = std::env::var("DESKHAND_SEED").ok();
    let seed = seed.map_or(1, |seed| seed.parse().expect("a number"));
    let mut connection = AnyConnection::connect(url).await.expect("a connection");
    for guard in guards {
        sqlx::query(*guard)
            .execute(&mut connection)
            .await
            .expect("no guard");
    }
    let clean = verify(&mut connection, &log.against)
        .await
        .expect("a report");
    assert_eq!((clean.entries, clean.findings), (ENTRIES + 2, vec![]));
    let mut spent = Duration::ZERO;
    for seed in seed..seed + times {
        log.dice = StdRng::seed_from_u64(seed);
        sqlx::query("begin")
            .execute(&mut connection)
            .await
            .expect("begun");
        let what = log.tamper(&mut connection).await;
        let began = tokio::time::Instant::now();
        let report = verify(&mut connection, &log.against).await;
        spent += began.elapsed();
        sqlx::query("rollback")
            .execute(&mut connection)
            .await
            .expect("undone");
        let found = report.map_or(1, |report| report.findings.len());
        assert!(found > 0, "seed {seed}: {what} was not found");
    }
    let again = verify(&mut connection, &log.against)
        .await
        .expect("a report");
    assert_eq!(again.findings, [], "what was undone is not found");
    let read = times * u64::try_from(log.lines.len()).expect("a number");
    println!(
        "{times} tampers, all found; {:.0} entries verified in a second in this build",
        read as f64 / spent.as_secs_f64()
    );
}

impl Log {
    /// Writes a trail with everything that entries can hold, and a head now and then.
    async fn write(at: &Location, folder: &std::path::Path) -> Self {
        let clock = Clock::fixed(DateTime::from_timestamp(1_795_000_000, 0).expect("a moment"));
        let key = AuditKey::read_or_make(&folder.join("audit.key")).expect("a key");
        let key = Arc::new(key);
        let store = Store::open_with(at, clock.clone(), Tasks::default(), Some(key.clone()));
        let store = store.await.expect("a store");
        let seed = small_shop(clock.now(), 3, "no hash".to_owned());
        store.seed(seed).await.expect("a shop");
        let file = folder.join("heads.ndjson");
        let heads = Heads::new(file.clone(), key.clone(), clock.clone());
        let mut seals = vec![String::new(); 3];
        let mut seen = 0;
        for number in 1..=ENTRIES {
            clock.advance(TimeDelta::seconds(90));
            write(&store, number).await;
            let trail = store.trail().await.expect("the head");
            seals.push(trail.seal.clone());
            if number % BETWEEN_HEADS == 0 {
                seen = heads
                    .sign(&store)
                    .await
                    .expect("a head")
                    .expect("a new one")
                    .position;
            }
        }
        store.close().await;
        let kept = std::fs::read_to_string(&file).expect("heads");
        let mut log = Self {
            lines: Vec::new(),
            seals,
            against: Against {
                key: Some(key.public()),
                heads: heads::read(&kept),
            },
            seen,
            dice: StdRng::seed_from_u64(0),
        };
        log.lines = lines(at).await;
        log
    }

    /// Changes the trail, and answers how.
    async fn tamper(&mut self, to: &mut AnyConnection) -> String {
        match self.dice.random_range(0..12) {
            0..3 => self.alter(to).await,
            3 => self.swap(to).await,
            4 => self.remove(to).await,
            5 => self.cut(to).await,
            6 => self.roll_back(to).await,
            7 => self.insert(to).await,
            8 => self.append(to).await,
            9 => self.write_anew(to).await,
            10 => self.misplace(to).await,
            _ => self.miscount(to).await,
        }
    }

    fn any(&mut self) -> usize {
        self.dice.random_range(0..self.lines.len())
    }

    /// One value of one entry is another, and its hash may fit.
    async fn alter(&mut self, to: &mut AnyConnection) -> String {
        let at = self.any();
        let mut line = self.lines[at].clone();
        let position = line.entry.position;
        let column = self.change(&mut line);
        let fits = self.dice.random_bool(0.5) && column != "hash";
        if fits {
            line.hash = hex(&line.entry.hash(&self.before(at)));
        }
        delete(to, position).await;
        put(to, &line).await;
        if fits && at + 1 == self.lines.len() && self.dice.random_bool(0.5) {
            count(to, position, &line.hash).await;
        }
        format!("{column} of entry {position} altered, fitting: {fits}")
    }

    /// Makes one value another.
    fn change(&mut self, line: &mut Line) -> &'static str {
        let column = COLUMNS[self.dice.random_range(1..COLUMNS.len())];
        let dice = &mut self.dice;
        let entry = &mut line.entry;
        match column {
            "at" => entry.at += dice.random_range(1..5_000),
            "id" => typo(dice, &mut entry.id),
            "actor_kind" => typo(dice, &mut entry.actor_kind),
            "action" => typo(dice, &mut entry.action),
            "details" => typo(dice, &mut entry.details),
            "hash" => typo(dice, &mut line.hash),
            "actor" => maybe(dice, &mut entry.actor),
            "thing_kind" => maybe(dice, &mut entry.thing_kind),
            "thing" => maybe(dice, &mut entry.thing),
            "customer" => maybe(dice, &mut entry.customer),
            "peer" => maybe(dice, &mut entry.peer),
            _ => maybe(dice, &mut entry.request),
        }
        column
    }

    /// Two entries stand in each other's place, with or without each other's hash.
    async fn swap(&mut self, to: &mut AnyConnection) -> String {
        let one = self.any();
        let other = (one + self.dice.random_range(1..self.lines.len())) % self.lines.len();
        let mut lines = [self.lines[one].clone(), self.lines[other].clone()];
        let places = [lines[0].entry.position, lines[1].entry.position];
        let hashes = self.dice.random_bool(0.5);
        for (line, place) in lines.iter_mut().zip([places[1], places[0]]) {
            delete(to, line.entry.position).await;
            line.entry.position = place;
        }
        if hashes {
            let [one, other] = &mut lines;
            std::mem::swap(&mut one.hash, &mut other.hash);
        }
        for line in &lines {
            put(to, line).await;
        }
        format!("entries {places:?} swapped, hashes kept in place: {hashes}")
    }

    /// Entries in the middle are gone; what follows may have moved up and been hashed anew.
    async fn remove(&mut self, to: &mut AnyConnection) -> String {
        let from = self.dice.random_range(0..self.lines.len() - 1);
        let many = self
            .dice
            .random_range(1..=5)
            .min(self.lines.len() - 1 - from);
        let closed = self.dice.random_bool(0.5);
        let mut rest = self.lines[from + many..].to_vec();
        for line in &self.lines[from..] {
            delete(to, line.entry.position).await;
        }
        if closed {
            for line in &mut rest {
                line.entry.position -= i64::try_from(many).expect("few");
            }
            self.chain(from, &mut rest);
        }
        for line in &rest {
            put(to, line).await;
        }
        if closed {
            let end = rest.last().expect("an entry");
            count(to, end.entry.position, &end.hash).await;
        }
        format!("{many} entries from index {from} removed, gap closed: {closed}")
    }

    /// The newest entries are gone, and the counter may say so.
    async fn cut(&mut self, to: &mut AnyConnection) -> String {
        let kept = self.dice.random_range(1..self.lines.len());
        let counted = self.dice.random_bool(0.5);
        self.keep(to, kept).await;
        if counted {
            let end = &self.lines[kept - 1];
            count(to, end.entry.position, &end.hash).await;
        }
        format!("cut to {kept} entries, counted: {counted}")
    }

    /// The same with the signature that the gateway had made when there were no more: only heads
    /// that were kept tell.
    async fn roll_back(&mut self, to: &mut AnyConnection) -> String {
        let kept = self.dice.random_range(3..self.seen);
        let index = usize::try_from(kept).expect("a place");
        self.keep(to, index).await;
        count(to, kept, &self.lines[index - 1].hash).await;
        seal(to, &self.seals[index]).await;
        format!("rolled back to {kept} entries")
    }

    /// An entry that was never written stands in the middle, and all fits but the signatures.
    async fn insert(&mut self, to: &mut AnyConnection) -> String {
        let at = self.any();
        let mut rest = self.lines[at..].to_vec();
        for line in &rest {
            delete(to, line.entry.position).await;
        }
        let mut forged = rest[0].clone();
        forged.entry.id = format!("forged {}", self.dice.random::<u64>());
        for line in &mut rest {
            line.entry.position += 1;
        }
        rest.insert(0, forged);
        self.chain(at, &mut rest);
        for line in &rest {
            put(to, line).await;
        }
        let end = rest.last().expect("an entry");
        count(to, end.entry.position, &end.hash).await;
        format!("an entry inserted at index {at}")
    }

    /// An entry that was never written stands at the end, and all fits but the signature.
    async fn append(&mut self, to: &mut AnyConnection) -> String {
        let at = self.any();
        let mut forged = self.lines[at].clone();
        let end = self.lines.last().expect("an entry");
        forged.entry.position = end.entry.position + 1;
        forged.entry.id = format!("forged {}", self.dice.random::<u64>());
        let mut forged = vec![forged];
        self.chain(self.lines.len(), &mut forged);
        put(to, &forged[0]).await;
        let counted = self.dice.random_bool(0.7);
        if counted {
            count(to, forged[0].entry.position, &forged[0].hash).await;
        }
        if counted && self.dice.random_bool(0.3) {
            seal(to, "").await;
        }
        format!("an entry appended, counted: {counted}")
    }

    /// From one entry on everything is another, and all fits but the signatures.
    async fn write_anew(&mut self, to: &mut AnyConnection) -> String {
        let at = self.any();
        let mut rest = self.lines[at..].to_vec();
        for line in &rest {
            delete(to, line.entry.position).await;
        }
        while self.change(&mut rest[0]) == "hash" {}
        self.chain(at, &mut rest);
        for line in &rest {
            put(to, line).await;
        }
        let end = rest.last().expect("an entry");
        count(to, end.entry.position, &end.hash).await;
        format!("written anew from index {at} on")
    }

    /// A copy of an entry stands where none can be.
    async fn misplace(&mut self, to: &mut AnyConnection) -> String {
        let at = self.any();
        let mut line = self.lines[at].clone();
        let places = [i64::MIN, -7, 0, 500, i64::MAX];
        line.entry.position = places[self.dice.random_range(0..places.len())];
        line.entry.id = format!("copy {}", self.dice.random::<u64>());
        put(to, &line).await;
        format!("an entry put to place {}", line.entry.position)
    }

    /// What is counted is another, and the entries are as they were.
    async fn miscount(&mut self, to: &mut AnyConnection) -> String {
        let end = self.lines.last().expect("an entry").clone();
        let position = end.entry.position;
        match self.dice.random_range(0..4) {
            0 => count(to, position + self.dice.random_range(1..9), &end.hash).await,
            1 => count(to, position - self.dice.random_range(1..9), &end.hash).await,
            2 => {
                let mut hash = end.hash;
                typo(&mut self.dice, &mut hash);
                count(to, position, &hash).await;
            }
            _ => {
                let mut signature = self.seals[self.lines.len()].clone();
                typo(&mut self.dice, &mut signature);
                seal(to, &signature).await;
            }
        }
        "counted wrong".to_owned()
    }

    /// The hash before an entry.
    fn before(&self, at: usize) -> [u8; 32] {
        let before = at.checked_sub(1).map(|before| &self.lines[before].hash);
        before.map_or(BEGINNING, |hash| unhex(hash).expect("a hash"))
    }

    /// Hashes lines that begin at an index.
    fn chain(&self, at: usize, lines: &mut [Line]) {
        let mut before = self.before(at);
        for line in lines {
            before = line.entry.hash(&before);
            line.hash = hex(&before);
        }
    }

    async fn keep(&self, to: &mut AnyConnection, many: usize) {
        for line in &self.lines[many..] {
            delete(to, line.entry.position).await;
        }
    }
}

/// One entry of the trail, with every part now and then.
async fn write(store: &Store, number: i64) {
    let seldom = |every: i64| number % every == 0;
    let place = u64::try_from(number).expect("a number");
    let actor = match number % 4 {
        0 => Actor::Account(AccountId(id(1, 1))),
        1 => Actor::Customer(CustomerId(id(2, place))),
        2 => Actor::Machine(id(10, place)),
        _ => Actor::System,
    };
    let mut entry = Entry::new(actor, Action::TicketChanged).with("number", number);
    if !seldom(3) {
        entry = entry.to(ThingKind::Ticket, id(5, place));
    }
    if seldom(2) {
        entry = entry.of(CustomerId(id(2, place)));
    }
    let via = Via::new(
        (!seldom(5)).then(|| format!("192.0.2.{number}")),
        (!seldom(7)).then(|| format!("request {number}")),
    );
    via.during(store.record(entry)).await.expect("an entry");
}

async fn lines(at: &Location) -> Vec<Line> {
    let url = match at {
        Location::File(file) => format!("sqlite://{}?mode=rw", file.display()),
        Location::Url(url) => url.clone(),
    };
    let mut connection = AnyConnection::connect(&url).await.expect("a connection");
    let rows = sqlx::query("select * from audit order by position")
        .fetch_all(&mut connection)
        .await;
    let line = |row: &AnyRow| {
        let text = |column: &str| row.get::<String, _>(column);
        let maybe = |column: &str| row.get::<Option<String>, _>(column);
        Line {
            entry: Stored {
                position: row.get("position"),
                id: text("id"),
                at: row.get("at"),
                actor_kind: text("actor_kind"),
                actor: maybe("actor"),
                action: text("action"),
                thing_kind: maybe("thing_kind"),
                thing: maybe("thing"),
                customer: maybe("customer"),
                peer: maybe("peer"),
                request: maybe("request"),
                details: text("details"),
            },
            hash: text("hash"),
        }
    };
    rows.expect("the trail").iter().map(line).collect()
}

async fn delete(from: &mut AnyConnection, position: i64) {
    let delete = sqlx::query("delete from audit where position = $1").bind(position);
    delete.execute(from).await.expect("gone");
}

async fn put(to: &mut AnyConnection, line: &Line) {
    let entry = line.entry.clone();
    sqlx::query(
        "insert into audit (position, id, at, actor_kind, actor, action, thing_kind, thing,
         customer, peer, request, details, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(entry.position)
    .bind(entry.id)
    .bind(entry.at)
    .bind(entry.actor_kind)
    .bind(entry.actor)
    .bind(entry.action)
    .bind(entry.thing_kind)
    .bind(entry.thing)
    .bind(entry.customer)
    .bind(entry.peer)
    .bind(entry.request)
    .bind(entry.details)
    .bind(line.hash.clone())
    .execute(to)
    .await
    .expect("put");
}

async fn count(to: &mut AnyConnection, position: i64, hash: &str) {
    sqlx::query("update feed_head set audit_position = $1, audit_hash = $2")
        .bind(position)
        .bind(hash.to_owned())
        .execute(to)
        .await
        .expect("counted");
}

async fn seal(to: &mut AnyConnection, seal: &str) {
    let update = sqlx::query("update feed_head set audit_seal = $1").bind(seal.to_owned());
    update.execute(to).await.expect("sealed");
}

/// Makes one character another, adds one, or takes one away.
fn typo(dice: &mut StdRng, text: &mut String) {
    let at = dice.random_range(0..=text.len());
    if at == text.len() {
        text.push('x');
    } else if dice.random_bool(0.2) {
        text.remove(at);
    } else {
        let other = if &text[at..=at] == "0" { "1" } else { "0" };
        text.replace_range(at..=at, other);
    }
}

/// Makes a value that may be absent another one.
fn maybe(dice: &mut StdRng, text: &mut Option<String>) {
    match text {
        Some(_) if dice.random_bool(0.2) => *text = None,
        Some(text) => typo(dice, text),
        None => *text = Some(String::new()),
    }
}

#[tokio::test]
async fn a_forged_end_is_told_by_the_gateway_that_goes_on_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gateway.db");
    let at = Location::File(file.clone());
    let log = Log::write(&at, folder.path()).await;
    let end = log.lines.last().expect("an entry");
    let mut forged = end.clone();
    forged.entry.position += 1;
    forged.entry.id = "forged".to_owned();
    forged.hash = hex(&forged.entry.hash(&unhex(&end.hash).expect("a hash")));
    let url = format!("sqlite://{}?mode=rw", file.display());
    let mut connection = AnyConnection::connect(&url).await.expect("a connection");
    put(&mut connection, &forged).await;
    count(&mut connection, forged.entry.position, &forged.hash).await;

    let key = AuditKey::read_or_make(&folder.path().join("audit.key")).expect("a key");
    let (clock, tasks) = (Clock::default(), Tasks::default());
    let store = Store::open_with(&at, clock, tasks, Some(Arc::new(key))).await;
    let store = store.expect("a store");
    for _ in 0..2 {
        let entry = Entry::new(Actor::System, Action::SignedOut);
        store.record(entry).await.expect("an entry");
    }
    store.close().await;
    let report = verify(&mut connection, &log.against)
        .await
        .expect("a report");
    assert_eq!(report.entries, ENTRIES + 2 + 1 + 3);
    let noticed = forged.entry.position + 1;
    assert_eq!(report.findings, [Finding::Noticed(noticed)], "told once");
}
