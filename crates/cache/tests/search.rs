//! What is looked for is found: by number, by address, by word, by condition.

#[path = "fixture/records.rs"]
mod records;

use chrono::TimeDelta;
use deskhand_cache::{Cache, Key, Progress, Reader, Slice, Viewer, Writer};
use deskhand_domain::{
    AccountId, Author, Channel, Currency, Customer, CustomerId, Intent, Message, MessageKind,
    Money, Order, OrderId, Shipment, Source, Ticket, TicketId, TicketStatus,
    customer::Risk,
    order::{Address, FulfilmentStatus, PaymentStatus},
    shipment::TrackingStatus,
};
use deskhand_protocol::{
    sync::{Change, Gone, Kind, Record},
    view::{Found, SearchHit, SearchQuery, SearchResults, Unclear, UnclearKind},
};
use proptest::{prelude::*, test_runner::Config};
use records::{CUSTOMER as ANN, blank_message, blank_ticket, now};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

const ME: AccountId = AccountId(Uuid::from_u128(77));
const ORDER: OrderId = OrderId(Uuid::from_u128(6));
const SLICE: Duration = Duration::from_millis(5);

fn source() -> Source {
    Source {
        name: "Shop".into(),
        fetched_at: now(),
    }
}

fn customer(id: CustomerId, name: &str, email: &str) -> Customer {
    Customer {
        id,
        name: name.into(),
        email: email.into(),
        phone: Some("+4915123456789".into()),
        city: Some("Lübeck".into()),
        country: Some("DE".into()),
        language: "de".into(),
        since: now() - TimeDelta::days(400),
        order_count: 1,
        spent: Money::new(0, Currency::EUR),
        refund_count: 0,
        risk: Risk::Low,
        source: source(),
    }
}

fn order() -> Order {
    let nothing = Money::new(0, Currency::EUR);
    Order {
        id: ORDER,
        number: "HP-20418".into(),
        customer: ANN,
        placed_at: now() - TimeDelta::days(3),
        lines: vec![],
        subtotal: nothing,
        discounts: vec![],
        shipping: nothing,
        shipping_method: "Standard".into(),
        tax: nothing,
        tax_included: true,
        total: nothing,
        payments: vec![],
        payment_status: PaymentStatus::Paid,
        fulfilment_status: FulfilmentStatus::Shipped,
        ship_to: Address {
            name: "Ann Lee".into(),
            street: "Way 1".into(),
            postal_code: "1".into(),
            city: "Lübeck".into(),
            country: "DE".into(),
        },
        ship_by: None,
        refunds: vec![],
        returns: vec![],
        source: source(),
    }
}

fn parcel() -> Shipment {
    Shipment {
        id: Uuid::from_u128(8).into(),
        order: ORDER,
        position: 1,
        carrier: "UPS".into(),
        tracking_number: "1Z999AA10123456784".into(),
        lines: vec![],
        status: TrackingStatus::InTransit,
        detail: None,
        created_at: now() - TimeDelta::days(2),
        promised_at: None,
        delivered_at: None,
        pickup_until: None,
        notices: vec![],
        scans: vec![],
        source: source(),
    }
}

fn ticket(number: u32) -> Ticket {
    let at = now() + TimeDelta::minutes(i64::from(number % 100_000));
    Ticket {
        subject: "Where is my tent?".into(),
        intent: Intent::WhereIsIt,
        ..blank_ticket(of(number), number, at)
    }
}

fn of(number: u32) -> TicketId {
    Uuid::from_u128(u128::from(number) << 32).into()
}

fn message(id: u32, ticket: u32, text: &str) -> Message {
    let sent_at = now() + TimeDelta::seconds(id.into());
    let id = Uuid::from_u128((1 << 96) + u128::from(id));
    Message {
        text: text.into(),
        ..blank_message(id.into(), of(ticket), sent_at)
    }
}

struct World {
    _folder: tempfile::TempDir,
    writer: Writer,
    reader: Reader,
    position: i64,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cache.db");
        let (writer, reader) = Cache::open(&path, &Key::random()).await.expect("a cache");
        let mut world = Self {
            _folder: folder,
            writer,
            reader,
            position: 0,
        };
        world.begin("one").await;
        world
    }

    async fn begin(&mut self, epoch: &str) {
        let progress = Progress::Begin {
            epoch,
            live: "live",
            next: None,
            total: 9,
        };
        let begun = self.writer.apply(&[], progress, now()).await;
        begun.expect("begun");
    }

    async fn bring(&mut self, records: Vec<Record>) {
        let changes: Vec<Change> = records
            .into_iter()
            .map(|record| {
                self.position += 1;
                Change {
                    position: self.position,
                    record,
                }
            })
            .collect();
        let progress = Progress::Live {
            cursor: "c",
            upto: self.position,
        };
        let applied = self.writer.apply(&changes, progress, now()).await;
        applied.expect("applied");
    }

    async fn index(&self) {
        while self.writer.index_slice(SLICE).await.expect("indexed") != Slice::Nothing {}
    }

    async fn ask(&self, text: &str) -> SearchResults {
        let query = SearchQuery {
            text: text.into(),
            limit: 50,
        };
        let viewer = Viewer {
            me: ME,
            currency: Currency::EUR,
            now: now(),
        };
        let found = self.reader.search(&query, &viewer).await;
        found.unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
    }

    async fn hits(&self, text: &str) -> Vec<SearchHit> {
        self.ask(text).await.hits
    }

    async fn titles(&self, text: &str) -> Vec<(Found, String)> {
        let hits = self.hits(text).await;
        hits.into_iter().map(|hit| (hit.found, hit.title)).collect()
    }
}

/// Ann, her order, its parcel and two tickets; Bob and one.
async fn shop() -> World {
    let mut world = World::new().await;
    let bob = CustomerId(Uuid::from_u128(9));
    let mut about = ticket(48_213);
    about.order = Some(ORDER);
    about.tags = vec!["late parcel".into(), "vip".into()];
    let mut old = ticket(48_100);
    old.status = TicketStatus::Closed;
    old.subject = "Rückgabe".into();
    let mut his = ticket(48_300);
    his.customer = bob;
    his.channel = Channel::WebChat;
    his.assignee = Some(ME);
    his.subject = "Stove".into();
    let mut note = message(3, 48_213, "Carrier says it left the depot");
    note.kind = MessageKind::Note;
    note.author = Author::Account(ME);
    let mut pictures = message(4, 48_300, "The stove leaks, see the Crème pictures");
    pictures.author = Author::Customer(bob);
    pictures.attachments = vec!["leak.jpg".into()];
    world
        .bring(vec![
            Record::Customer(customer(ANN, "Ann Lee", "ann@example.com")),
            Record::Customer(Customer {
                phone: None,
                ..customer(bob, "Bob Étienne", "bob.e@shop.example")
            }),
            Record::Order(order()),
            Record::Shipment(parcel()),
            Record::Ticket(about),
            Record::Ticket(old),
            Record::Ticket(his),
            Record::Message(message(1, 48_213, "Where is my tent? It has not arrived.")),
            Record::Message(message(2, 48_100, "Ich möchte das Zelt zurückgeben 東京都")),
            Record::Message(note),
            Record::Message(pictures),
        ])
        .await;
    world.index().await;
    world
}

#[tokio::test]
async fn numbers_and_addresses_are_found_however_they_are_written() {
    let world = shop().await;
    let first = async |text: &str| {
        let hits = world.hits(text).await;
        let hit = hits.into_iter().next();
        let hit = hit.unwrap_or_else(|| panic!("nothing for {text:?}"));
        (hit.found, hit.ticket, hit.exact)
    };
    let about = Some(of(48_213));
    for text in [
        "HP-20418",
        "20418",
        "hp20418",
        "hp 20418",
        "#20418",
        "is HP–20418 here?",
    ] {
        assert_eq!(first(text).await, (Found::Order, about, true), "{text}");
    }
    assert_eq!(first("HP-204").await, (Found::Order, about, false), "half");
    for text in [
        "1Z999AA10123456784",
        "1z 999 aa1 01 2345 6784",
        "1Z-999-AA1-0123456784",
    ] {
        assert_eq!(first(text).await, (Found::Parcel, about, true), "{text}");
    }
    for text in ["#48213", "48213"] {
        assert_eq!(first(text).await, (Found::Ticket, about, true), "{text}");
    }
    let hers = (Found::Customer, about);
    for (text, exact) in [
        ("ann@example.com", true),
        ("<Ann@Example.com>", true),
        ("ann@exa", false),
        ("ann", false),
        ("+49 151 23456789", true),
        ("0151 23456789", false),
    ] {
        assert_eq!(first(text).await, (hers.0, hers.1, exact), "{text}");
    }
    let titles = world.titles("@shop.example").await;
    assert_eq!(titles[0], (Found::Customer, "Bob Étienne".into()));
}

#[tokio::test]
async fn words_are_found_by_their_beginning_and_without_accents() {
    let world = shop().await;
    for text in ["ze", "ZELT", "zuruck", "moechte OR zelt\"", "京都", "都"] {
        let hits = world.hits(text).await;
        let here = hits.iter().any(|hit| hit.ticket == Some(of(48_100)));
        assert_eq!(here, !text.contains("OR"), "{text}: {hits:?}");
    }
    let hits = world.hits("left depot").await;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].found, Found::Note);
    assert_eq!(hits[0].customer.as_deref(), Some("Ann Lee"));
    assert_eq!(hits[0].title, "Where is my tent?");
    let marked: Vec<&str> = hits[0]
        .snippet
        .iter()
        .filter(|part| part.matched)
        .map(|part| part.text.as_str())
        .collect();
    assert_eq!(marked, ["left", "depot"]);
    assert_eq!(world.hits("\"left the depot\"").await.len(), 1);
    assert_eq!(world.hits("\"left depot\"").await.len(), 0, "not in a row");
    assert_eq!(
        world.hits("tent -arrived").await.len(),
        1,
        "only the subject"
    );
    assert_eq!(world.hits("creme").await.len(), 1);
    assert_eq!(world.hits("leak.jpg").await.len(), 1, "a file's name");
    assert_eq!(world.hits("").await, [], "nothing is asked");
}

#[tokio::test]
async fn operators_narrow_what_is_found() {
    let world = shop().await;
    let numbers = async |text: &str| {
        let mut found: Vec<u32> = Vec::new();
        for hit in world.hits(text).await {
            let number = hit.ticket.map_or(0, |id| (id.0.as_u128() >> 32) as u32);
            if !found.contains(&number) {
                found.push(number);
            }
        }
        found.sort_unstable();
        found
    };
    for (text, expected) in [
        ("is:open", vec![48_213, 48_300]),
        ("is:closed", vec![48_100]),
        ("is:mine", vec![48_300]),
        ("is:unassigned is:open", vec![48_213]),
        ("-is:open", vec![48_100]),
        ("tag:vip", vec![48_213]),
        ("tag:\"Late Parcel\" tent", vec![48_213]),
        ("-tag:vip is:open", vec![48_300]),
        ("channel:chat", vec![48_300]),
        ("from:bob", vec![48_300]),
        ("from:etienne", vec![48_300]),
        ("from:me", vec![48_213]),
        ("from:nobody", vec![]),
        ("to:ann is:closed", vec![48_100]),
        ("customer:\"ann lee\" zelt", vec![48_100]),
        ("customer:ann@example.com tent", vec![48_213]),
        ("order:hp20418", vec![48_213]),
        ("order:20418 tent", vec![48_213]),
        ("order:99999", vec![]),
        ("has:attachment", vec![48_300]),
        ("stove before:2027-01-01", vec![]),
        ("stove after:2027-01-01", vec![48_300]),
        ("20418 is:closed", vec![]),
    ] {
        assert_eq!(numbers(text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn words_may_be_spread_over_a_ticket_and_its_customer() {
    let world = shop().await;
    // The subject has the tent, a note the depot, the customer is Ann, and a tag says vip.
    let spread = [(Found::Ticket, "Where is my tent?".to_owned())];
    assert_eq!(world.titles("tent depot ann vip").await, spread);
    assert_eq!(world.titles("depot vip is:open").await, spread);
    assert_eq!(world.titles("depot vip is:closed").await, []);
    assert_eq!(world.titles("depot vip -ann").await, []);
    assert_eq!(world.titles("depot vip stove").await, []);
    let whole = world.hits("left depot").await;
    assert_eq!(
        whole.len(),
        1,
        "the ticket of a whole hit is not shown once more"
    );
}

#[tokio::test]
async fn ways_to_go_on_are_offered_and_what_is_unclear_is_said() {
    let world = shop().await;
    let offered = async |text: &str| world.ask(text).await.completions;
    assert_eq!(offered("tent ta").await, ["tag:"]);
    assert_eq!(offered("tag:").await, ["tag:\"late parcel\"", "tag:vip"]);
    assert_eq!(offered("tag:v").await, ["tag:vip"]);
    assert_eq!(offered("-is:o").await, ["-is:open"]);
    assert_eq!(offered("").await.len(), 10);
    let answer = world.ask("colour:red").await;
    let unclear = Unclear {
        kind: UnclearKind::NoSuchFilter,
        word: "colour:".into(),
    };
    assert_eq!(answer.unclear, [unclear]);
    assert_eq!(answer.indexed, 100);
}

#[tokio::test]
async fn the_index_follows_every_change() {
    let mut world = shop().await;
    let mut changed = ticket(48_213);
    changed.subject = "Lantern".into();
    changed.tags = vec!["new".into()];
    let edited = message(1, 48_213, "Where is my lantern?");
    world
        .bring(vec![Record::Ticket(changed), Record::Message(edited)])
        .await;
    assert!(world.reader.indexed_percent().await.expect("read") < 100);
    world.index().await;
    assert_eq!(world.hits("tent").await, []);
    assert_eq!(world.hits("tag:vip").await, []);
    assert_eq!(world.hits("lantern").await.len(), 2);

    let gone = Record::Gone(Gone {
        kind: Kind::Message,
        id: message(1, 1, "").id.0,
    });
    world.bring(vec![gone]).await;
    assert_eq!(world.hits("lantern").await.len(), 1, "at once");
    world.begin("two").await;
    for text in ["lantern", "HP-20418", "ann", "is:open"] {
        assert_eq!(world.hits(text).await, [], "{text}");
    }
    world.bring(vec![Record::Ticket(ticket(1))]).await;
    world.index().await;
    assert_eq!(world.hits("tent").await.len(), 1);
}

#[test]
fn any_string_is_a_query() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let world = runtime.block_on(shop());
    let typed = "[-a-zA-Z0-9:\"'* ()^+{}@#.,東京都กินข้าว\u{0}\u{301}]{0,40}";
    proptest!(Config::with_cases(150), |(text in any::<String>(), typed in typed)| {
        runtime.block_on(world.ask(&text));
        runtime.block_on(world.ask(&typed));
    });
}

#[tokio::test]
async fn twenty_thousand_messages_are_searched_while_you_type() {
    let mut world = shop().await;
    let begun = Instant::now();
    for page in 0..20_u32 {
        let messages = (0..1_000).map(|at| {
            let id = 100 + page * 1_000 + at;
            let rare = if id == 12_345 { "xylophone " } else { "" };
            let text = format!(
                "Hello, {rare}my parcel number {id} with the refund of the blue jacket, size {}, \
                 has not arrived yet and nobody tells me where it is. Please answer soon.",
                id % 60
            );
            Record::Message(message(id, 48_213, &text))
        });
        let page = messages.collect();
        world.bring(page).await;
    }
    let applied = begun.elapsed();
    let begun = Instant::now();
    let (mut slices, mut longest, mut over) = (0, Duration::ZERO, 0);
    loop {
        let slice = Instant::now();
        if world.writer.index_slice(SLICE).await.expect("indexed") == Slice::Nothing {
            break;
        }
        slices += 1;
        longest = longest.max(slice.elapsed());
        over += u32::from(slice.elapsed() > SLICE);
    }
    println!(
        "applied in {applied:?}; indexed in {:?}: {slices} slices, the longest {longest:?}, {over} above {SLICE:?}",
        begun.elapsed()
    );
    for (text, at_least) in [
        ("xylophone", 1),
        ("refund", 50),
        ("re", 50),
        ("refund jacket parcel", 50),
        ("HP-20418", 1),
        ("parcel is:mine", 0),
        ("parcel from:ann tag:vip", 50),
    ] {
        let begun = Instant::now();
        let hits = world.hits(text).await;
        println!("{text:30} {:4} hits in {:?}", hits.len(), begun.elapsed());
        assert!(hits.len() >= at_least, "{text}");
    }
    let cut = world.ask("parcel is:mine").await.unclear;
    let cut: Vec<_> = cut.iter().map(|x| (x.kind, x.word.as_str())).collect();
    assert_eq!(cut, [(UnclearKind::TooMany, "20000")]);
    assert!(world.ask("xylophone is:open").await.unclear.is_empty());
}

#[tokio::test]
async fn an_import_that_happened_in_one_second_is_indexed_too() {
    let mut world = World::new().await;
    world.bring(vec![Record::Ticket(ticket(1))]).await;
    let messages = (1..=3_000).map(|id| {
        let mut message = message(id, 1, &format!("imported{id}"));
        message.sent_at = now();
        Record::Message(message)
    });
    let messages = messages.collect();
    world.bring(messages).await;
    let long = Duration::from_millis(500);
    while world.writer.index_slice(long).await.expect("indexed") != Slice::Nothing {}
    for id in [1, 1_500, 3_000] {
        let hits = world.hits(&format!("\"imported{id}\"")).await;
        assert_eq!(hits.len(), 1, "{id}");
    }
}
