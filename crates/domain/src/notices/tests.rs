use super::*;
use crate::{
    CustomerId, Money, Source,
    ids::ShipmentId,
    money::Currency,
    order::{Address, FulfilmentStatus, PaymentStatus},
    shipment::Scan,
    wismo::{World, answer::Told},
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

/// A day of November 2026, or `MM-DD`, with a time in UTC.
fn at(text: &str) -> Instant {
    let (day, time) = text.split_once('/').expect("a day and a time");
    let (month, day) = day.split_once('-').unwrap_or(("11", day));
    let text = format!("2026-{month}-{day}T{time}:00Z");
    text.parse().expect("a moment")
}

fn read<T: DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(word.into()).unwrap_or_else(|error| panic!("{word}: {error}"))
}

fn word(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().expect("a word").to_owned()
}

fn list<T: DeserializeOwned, C: FromIterator<T>>(words: &str) -> C {
    words.split(',').map(read).collect()
}

fn status(word: &str) -> Option<TrackingStatus> {
    use TrackingStatus as S;
    Some(match word {
        "transit" => S::InTransit,
        "van" => S::OutForDelivery,
        "failed" => S::FailedAttempt,
        "pickup" => S::AvailableForPickup,
        "delivered" => S::Delivered,
        "lost" => S::Lost,
        _ => return None,
    })
}

fn source(fetched_at: Instant) -> Source {
    Source {
        name: "Wren".to_owned(),
        fetched_at,
    }
}

fn order(country: &str) -> Order {
    let none = Money::new(0, Currency::EUR);
    Order {
        id: OrderId(uuid::Uuid::from_u128(1)),
        number: "HP-20418".to_owned(),
        customer: CustomerId(uuid::Uuid::from_u128(2)),
        placed_at: at("02-02/10:00"),
        lines: Vec::new(),
        subtotal: none,
        discounts: Vec::new(),
        shipping: none,
        shipping_method: String::new(),
        tax: none,
        tax_included: true,
        total: none,
        payments: Vec::new(),
        payment_status: PaymentStatus::Paid,
        fulfilment_status: FulfilmentStatus::Shipped,
        ship_to: Address {
            name: String::new(),
            street: String::new(),
            postal_code: String::new(),
            city: String::new(),
            country: country.to_owned(),
        },
        ship_by: None,
        refunds: Vec::new(),
        returns: Vec::new(),
        source: source(at("02-02/10:00")),
    }
}

fn parcel(created_at: Instant) -> Shipment {
    Shipment {
        id: ShipmentId(uuid::Uuid::from_u128(3)),
        order: OrderId(uuid::Uuid::from_u128(1)),
        position: 1,
        carrier: "Wren".to_owned(),
        tracking_number: "WR4711".to_owned(),
        lines: Vec::new(),
        status: TrackingStatus::InTransit,
        detail: None,
        created_at,
        promised_at: None,
        delivered_at: None,
        pickup_until: None,
        notices: Vec::new(),
        scans: Vec::new(),
        source: source(created_at),
    }
}

fn scan(at: Instant, status: TrackingStatus) -> Scan {
    Scan {
        at,
        status,
        text: "Scanned".to_owned(),
        place: None,
    }
}

fn world() -> World {
    World::new("Europe/Berlin")
}

/// All that a case says, as it is before anything is said.
struct Case {
    now: Instant,
    order: Order,
    shipment: Shipment,
    rules: Rules,
    told: BTreeSet<NoticeKind>,
    told_at: Vec<Instant>,
    reach: BTreeSet<Channel>,
    objected_at: Option<Instant>,
    talks: Vec<Talk>,
    heard_at: Option<Instant>,
    since: Instant,
}

impl Case {
    fn new(now: Instant, country: &str) -> Self {
        Self {
            now,
            order: order(country),
            shipment: parcel(now - TimeDelta::days(4)),
            rules: Rules::default(),
            told: BTreeSet::new(),
            told_at: Vec::new(),
            reach: BTreeSet::from([Channel::Email]),
            objected_at: None,
            talks: Vec::new(),
            heard_at: Some(now),
            since: at("01-01/00:00"),
        }
    }

    fn talk(&mut self, about: Option<OrderId>, open: bool, answered_at: Option<Instant>) {
        self.talks.push(Talk {
            about,
            open,
            answered_at,
        });
    }

    fn say(&mut self, name: &str, value: &str) {
        let this = Some(self.order.id);
        let other = Some(OrderId(uuid::Uuid::from_u128(9)));
        match name {
            "promised" => self.shipment.promised_at = Some(at(value)),
            "created" => self.shipment.created_at = at(value),
            "record" => self.shipment.status = read(value),
            "told" => self.told = list(value),
            "toldat" => self.told_at = value.split(',').map(at).collect(),
            "heard" => self.heard_at = (value != "never").then(|| at(value)),
            "since" => self.since = at(value),
            "objected" => self.objected_at = Some(at(value)),
            "reach" if value == "none" => self.reach.clear(),
            "reach" => self.reach = list(value),
            "open" if value == "this" => self.talk(this, true, None),
            "open" if value == "other" => self.talk(other, true, None),
            "open" => self.talk(None, true, None),
            "answered" => self.talk(this, false, Some(at(value))),
            "elsewhere" => self.talk(other, false, Some(at(value))),
            "after" => {
                let after = TimeDelta::minutes(value.parse().expect("minutes"));
                self.rules
                    .rules
                    .iter_mut()
                    .for_each(|rule| rule.after = after);
            }
            "channels" => {
                let channels: Vec<Channel> = list(value);
                let all = self.rules.rules.iter_mut();
                all.for_each(|rule| rule.channels.clone_from(&channels));
            }
            "quiet" => self.rules.quiet = value.parse().expect("hours"),
            "rules" => {
                let kinds: BTreeSet<NoticeKind> = list(value);
                self.rules.rules.retain(|rule| kinds.contains(&rule.when));
            }
            name => {
                let status = status(name).unwrap_or_else(|| panic!("{name}"));
                self.shipment.status = status;
                self.shipment.scans.push(scan(at(value), status));
            }
        }
    }

    fn decide(&self) -> Decision {
        let diagnosis = stands(&self.order, &self.shipment, self.now, &world());
        let diagnosis = diagnosis.expect("a diagnosis");
        let began = began(&diagnosis, &self.order, &self.shipment, self.now, &world());
        let situation = Situation {
            diagnosis: &diagnosis,
            began,
            shipment: &self.shipment,
            order: &self.order,
            told: &self.told,
            told_at: &self.told_at,
            reach: &self.reach,
            objected_at: self.objected_at,
            talks: &self.talks,
            heard_at: self.heard_at,
            since: self.since,
            wall: world().shop.zone,
        };
        decide(&situation, self.now, &self.rules)
    }
}

#[test]
fn customers_are_told_when_the_table_says() {
    let (mut count, mut wrong) = (0, Vec::new());
    for line in include_str!("tests/cases.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (case, wanted) = line.split_once(" => ").expect("a case and its outcome");
        let words: Vec<&str> = case.split_whitespace().collect();
        let mut case = Case::new(at(words[0]), words[1]);
        for pair in words[2..].chunks(2) {
            case.say(pair[0], pair[1]);
        }
        let decided = case.decide();
        let channel = wanted.split(' ').count() == 3;
        let decided = match decided {
            Decision::Tell { kind, channel: on } if channel => {
                format!("tell {} {}", word(kind), word(on))
            }
            Decision::Tell { kind, .. } => format!("tell {}", word(kind)),
            Decision::Wait { until, why } => {
                assert!(until > case.now, "{line}");
                let month = wanted.contains('-');
                let form = if month { "%m-%d/%H:%M" } else { "%d/%H:%M" };
                format!("wait {} {}", until.format(form), word(why))
            }
            Decision::Silent(why) => format!("silent {}", word(why)),
        };
        if decided != wanted {
            wrong.push(format!("{line}\n    is {decided}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 80, "{count} cases");
}

fn said(case: &Case, language: &str, rule: &Rule) -> Words {
    let diagnosis = stands(&case.order, &case.shipment, case.now, &world()).expect("it stands");
    let told = Told {
        diagnoses: std::slice::from_ref(&diagnosis),
        order: &case.order,
        shipments: std::slice::from_ref(&case.shipment),
        customer: Some("Ana Sample"),
        agent: "Hollow Pine",
        shop: &world().shop,
    };
    words(&told, rule.when, rule, language)
}

#[test]
fn a_notice_opens_by_itself_in_each_language() {
    let mut case = Case::new(at("20/09:00"), "DE");
    case.say("promised", "19/12:00");
    case.say("transit", "18/10:00");
    let rule = Rule::new(NoticeKind::Late);
    for (language, subject, text) in [
        (
            "en",
            "Your order HP-20418 is late",
            "Hello Ana,\n\nYour order HP-20418 should have been with you by Thursday, 19 November \
             and is late. Its tracking number at Wren is WR4711. We are sorry for the wait. If you \
             have a question, just answer this message.\n\nKind regards\nHollow Pine",
        ),
        (
            "de-AT",
            "Ihre Bestellung HP-20418 ist verspätet",
            "Guten Tag Ana,\n\nIhre Bestellung HP-20418 sollte bis Donnerstag, 19. November bei \
             Ihnen sein und ist verspätet. Die Sendungsnummer bei Wren ist WR4711. Die Wartezeit \
             tut uns leid. Wenn Sie eine Frage haben, antworten Sie einfach auf diese \
             Nachricht.\n\nFreundliche Grüße\nHollow Pine",
        ),
        (
            "fr",
            "Votre commande HP-20418 est en retard",
            "Bonjour Ana,\n\nVotre commande HP-20418 devait être chez vous d’ici le jeudi 19 \
             novembre et est en retard. Son numéro de suivi chez Wren est WR4711. Nous vous prions \
             d’excuser cette attente. Si vous avez une question, répondez simplement à ce \
             message.\n\nCordialement,\nHollow Pine",
        ),
    ] {
        let words = said(&case, language, &rule);
        assert_eq!(words.subject, subject);
        assert_eq!(words.text, text);
    }
    assert!(said(&case, "pl", &rule).text.starts_with("Hello Ana,"));
}

#[test]
fn every_kind_is_told_whatever_is_known_and_nobody_speaks_for_themselves() {
    for kind in NoticeKind::ALL {
        let mut case = Case::new(at("20/09:00"), "DE");
        case.say(
            match kind {
                NoticeKind::FailedAttempt => "failed",
                NoticeKind::Pickup => "pickup",
                NoticeKind::Lost => "lost",
                NoticeKind::Late | NoticeKind::Stalled => "transit",
            },
            "18/10:00",
        );
        for hidden in [false, true] {
            if hidden {
                case.shipment.carrier.clear();
                case.shipment.tracking_number.clear();
            }
            for language in ["en", "de", "fr"] {
                let words = said(&case, language, &Rule::new(kind));
                for text in [&words.subject, &words.text] {
                    assert!(text.contains("HP-20418"), "{language} {kind:?}: {text}");
                    assert!(!text.contains(['{', '}']), "{text}");
                }
                for alone in ["I am", "I will", " ich ", "mir leid", " je ", "Je "] {
                    assert!(!words.text.contains(alone), "{alone}: {}", words.text);
                }
            }
        }
    }
}

#[test]
fn a_shops_own_words_count_where_all_is_known_that_they_name() {
    let mut case = Case::new(at("20/09:00"), "DE");
    case.say("promised", "19/12:00");
    case.say("transit", "18/10:00");
    let mut rule = Rule::new(NoticeKind::Late);
    let own = "Bad news of {order} from {shop}.".to_owned();
    rule.text.insert("en".to_owned(), own);
    let text = said(&case, "en-GB", &rule).text;
    let expected = "Bad news of HP-20418 from Hollow Pine.";
    assert_eq!(text.split("\n\n").nth(1), Some(expected));
    assert!(said(&case, "de", &rule).text.contains("verspätet"));
    rule.text
        .insert("en".to_owned(), "Seen in {place}.".to_owned());
    assert!(said(&case, "en", &rule).text.contains("is late"));
    for name in FACTS {
        assert!(is_known_fact(name));
    }
}

/// What a shop's customer would be told of parcels, looked at every hour from one moment on.
fn told(
    parcels: &[Shipment],
    country: &str,
    rules: &Rules,
    begin: Instant,
) -> Vec<(Instant, usize, NoticeKind)> {
    let order = order(country);
    let mut tells: Vec<(Instant, usize, NoticeKind)> = Vec::new();
    for hour in 0..24 * 18 {
        let now = begin + TimeDelta::hours(hour);
        for (index, shipment) in parcels.iter().enumerate() {
            let Some(known) = as_known(shipment, now) else {
                continue;
            };
            let diagnosis = stands(&order, &known, now, &world()).expect("it stands");
            if NoticeKind::of(diagnosis.condition).is_none() {
                continue;
            }
            let of = tells.iter().filter(|(_, parcel, _)| *parcel == index);
            let told_at: Vec<Instant> = tells.iter().map(|(at, ..)| *at).collect();
            let situation = Situation {
                diagnosis: &diagnosis,
                began: began(&diagnosis, &order, &known, now, &world()),
                shipment: &known,
                order: &order,
                told: &of.map(|(_, _, kind)| *kind).collect(),
                told_at: &told_at,
                reach: &BTreeSet::from([Channel::Email]),
                objected_at: None,
                talks: &[],
                heard_at: Some(now),
                since: begin,
                wall: world().shop.zone,
            };
            if let Decision::Tell { kind, .. } = decide(&situation, now, rules) {
                tells.push((now, index, kind));
            }
        }
    }
    tells
}

#[test]
fn two_parcels_of_an_order_are_told_of_each() {
    let begin = at("16/09:00");
    let parcels = [1u128, 2].map(|number| {
        let mut one = parcel(begin);
        one.id = ShipmentId(uuid::Uuid::from_u128(number + 20));
        one.promised_at = Some(at("19/12:00"));
        one.scans = vec![scan(at("18/10:00"), TrackingStatus::InTransit)];
        one
    });
    let mut rules = Rules::default();
    rules.rules.retain(|rule| rule.when == NoticeKind::Late);
    let tells = told(&parcels, "DE", &rules, begin);
    let late = |index| (at("20/07:00"), index, NoticeKind::Late);
    assert_eq!(tells, [late(0), late(1)]);
    rules.at_most = 1;
    assert_eq!(told(&parcels, "DE", &rules, begin), [late(0)]);
}

#[test]
fn a_condition_that_comes_and_goes_is_told_once() {
    let begin = at("16/09:00");
    let mut flaps = parcel(begin);
    flaps.scans = ["17/10:00", "18/10:00", "19/10:00", "20/10:00"]
        .into_iter()
        .flat_map(|day| {
            let failed = scan(at(day), TrackingStatus::FailedAttempt);
            let back = scan(at(day) + TimeDelta::hours(6), TrackingStatus::InTransit);
            [back, failed]
        })
        .collect();
    let tells = told(&[flaps], "DE", &Rules::default(), begin);
    let failed: Vec<_> = tells
        .iter()
        .filter(|(.., kind)| *kind == NoticeKind::FailedAttempt)
        .collect();
    assert_eq!(failed, [&(at("17/10:00"), 0, NoticeKind::FailedAttempt)]);
}

const STATES: [TrackingStatus; 8] = [
    TrackingStatus::LabelCreated,
    TrackingStatus::InTransit,
    TrackingStatus::OutForDelivery,
    TrackingStatus::FailedAttempt,
    TrackingStatus::AvailableForPickup,
    TrackingStatus::Delivered,
    TrackingStatus::Lost,
    TrackingStatus::Unknown,
];

prop_compose! {
    fn story()(
        events in prop::collection::vec((0i64..14 * 1440, 0..STATES.len()), 1..8),
        promised in prop::option::of(0i64..14 * 1440),
    ) -> Shipment {
        let begin = at("02/00:00");
        let mut shipment = parcel(begin);
        shipment.promised_at = promised.map(|minutes| begin + TimeDelta::minutes(minutes));
        shipment.scans = events
            .iter()
            .map(|(minutes, state)| scan(begin + TimeDelta::minutes(*minutes), STATES[*state]))
            .collect();
        let last = shipment.scans.iter().max_by_key(|scan| (scan.at, scan.status));
        shipment.status = last.map_or(TrackingStatus::Unknown, |scan| scan.status);
        shipment
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn told_once_awake_and_not_too_often_whatever_the_order_of_events(
        one in story(), two in story(),
        country in prop::sample::select(vec!["DE", "US", "GB", "XX"]),
        at_most in 1usize..4, shift in 1usize..7,
    ) {
        let begin = at("02/00:00");
        let rules = Rules { at_most, ..Rules::default() };
        let mut parcels = [one, two];
        parcels[1].id = ShipmentId(uuid::Uuid::from_u128(4));
        let tells = told(&parcels, country, &rules, begin);
        let once: BTreeSet<_> = tells.iter().map(|(_, parcel, kind)| (parcel, kind)).collect();
        prop_assert_eq!(once.len(), tells.len());
        let wall = Wall::of(country, world().shop.zone);
        for (index, (now, ..)) in tells.iter().enumerate() {
            prop_assert_eq!(wall.awake_from(*now, rules.quiet), *now);
            let lately = tells[..=index].iter().filter(|(at, ..)| *at + rules.within > *now);
            prop_assert!(lately.count() <= at_most);
        }
        for parcel in &mut parcels {
            let by = shift % parcel.scans.len();
            parcel.scans.rotate_left(by);
        }
        prop_assert_eq!(told(&parcels, country, &rules, begin), tells);
    }

    #[test]
    fn a_parcel_stands_as_it_does_until_its_next_change(shipment in story(), after in 0i64..30_000) {
        let now = at("02/00:00") + TimeDelta::minutes(after);
        let order = order("DE");
        let Some(known) = as_known(&shipment, now) else { return Ok(()) };
        let stands = |at| stands(&order, &known, at, &world()).expect("it stands");
        let diagnosis = stands(now);
        let since = began(&diagnosis, &order, &known, now, &world());
        prop_assert!(since <= now);
        if let Some(change) = next_change(&diagnosis, &order, &known, now, &world()) {
            prop_assert!(change > now);
            prop_assert!(stands(change).condition != diagnosis.condition);
            let before = stands((change - TimeDelta::minutes(1)).max(now));
            prop_assert_eq!(before.condition, diagnosis.condition);
        }
    }

    #[test]
    fn quiet_hours_end(minutes in 0i64..525_600, from in 0u32..24, long in 0u32..17) {
        let now = at("01-01/00:00") + TimeDelta::minutes(minutes);
        let hour = |hour: u32| chrono::NaiveTime::from_hms_opt(hour % 24, 0, 0).expect("an hour");
        let quiet = Hours { from: hour(from), to: hour(from + long) };
        for country in ["DE", "US", "AU", "PT", "MX", "XX"] {
            let wall = Wall::of(country, world().shop.zone);
            let awake = wall.awake_from(now, quiet);
            prop_assert!(awake >= now && awake - now <= TimeDelta::hours(25), "{} {}", country, awake);
            prop_assert_eq!(wall.awake_from(awake, quiet), awake);
        }
    }
}
