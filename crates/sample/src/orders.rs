//! Half a year of orders and the parcels that carry them.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use deskhand_domain::{
    Order, Shipment, Source,
    order::{FulfilmentStatus, PaymentMethod, PaymentStatus},
    shipment::{ShipmentLine, TrackingStatus},
};

use crate::{
    aftercare,
    catalogue::Catalogue,
    clock::berlin,
    known,
    parcels::{Fate, Network, Parcel},
    people::{Country, Person},
    rng::Rng,
    sale::{self, Basket, Terms},
};

/// An order with its parcels.
pub(crate) struct Sold {
    pub(crate) order: Order,
    pub(crate) shipments: Vec<Shipment>,
    /// Index of the buyer.
    pub(crate) buyer: usize,
}

/// What everything is drawn from.
pub(crate) struct Trade<'a> {
    pub(crate) now: DateTime<Utc>,
    pub(crate) countries: &'a [Country],
    pub(crate) people: &'a [Person],
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) network: &'a Network,
}

/// What happens to an order.
enum Plan {
    /// Nothing sent; so many hours old.
    Waiting(i64, i64),
    /// Bank transfer not seen yet.
    Unpaid,
    /// Given up: never paid, or cancelled with the money back.
    Voided,
    CalledOff,
    /// Parcels; the last line stays behind when `rest` is true.
    Sent {
        fates: Vec<Fate>,
        rest: bool,
    },
}

/// All orders, oldest first, numbered so that Aoife's is the one everybody knows.
pub(crate) fn all(trade: &Trade<'_>, count: usize) -> Vec<Sold> {
    let mut rng = Rng::new("orders");
    let mut sold = known::orders(trade, &mut rng);
    let mut plans = live_plans();
    while plans.len() + sold.len() < count {
        plans.push(old_plan(&mut rng));
    }
    for plan in plans {
        sold.push(make(trade, &mut rng, &plan));
    }
    aftercare::returns_and_refunds(trade, &mut rng, &mut sold);
    sold.sort_by_key(|sold| sold.order.placed_at);
    let aoife = sold
        .iter()
        .position(|sold| sold.order.number == known::AOIFES_ORDER)
        .unwrap_or(0);
    for (index, sold) in sold.iter_mut().enumerate() {
        sold.order.number = format!("HP-{}", 20_418 + index - aoife);
        sold.order.source = read(&mut rng, trade.now);
    }
    sold
}

fn read(rng: &mut Rng, now: DateTime<Utc>) -> Source {
    Source {
        name: "Shop".into(),
        fetched_at: now - TimeDelta::seconds(rng.between(20, 540)),
    }
}

/// What is going on right now, so that every kind of question has somebody to ask it.
fn live_plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    for _ in 0..16 {
        plans.push(Plan::Waiting(1, 30));
    }
    for _ in 0..9 {
        plans.push(Plan::Waiting(100, 170));
    }
    plans.extend((0..8).map(|_| Plan::Unpaid));
    plans.extend((0..8).map(|_| Plan::Voided));
    plans.extend((0..18).map(|_| Plan::CalledOff));
    let single = [
        (Fate::LabelOnly, 9),
        (Fate::Moving, 30),
        (Fate::Late, 12),
        (Fate::Stalled, 12),
        (Fate::CarrierDelayed, 8),
        (Fate::OutForDelivery, 12),
        (Fate::FailedAttempt, 8),
        (Fate::Pickup, 12),
        (Fate::Customs, 8),
        (Fate::AddressProblem, 8),
        (Fate::Returning, 6),
        (Fate::Refused, 4),
        (Fate::Returned, 8),
        (Fate::Lost, 10),
        (Fate::Cancelled, 4),
        (Fate::DamagedBack, 4),
        (Fate::DamagedMoving, 4),
        (Fate::Unknown, 3),
    ];
    for (fate, count) in single {
        plans.extend((0..count).map(|_| Plan::Sent {
            fates: vec![fate],
            rest: false,
        }));
    }
    use Fate::{Delivered, LabelOnly, Late, Moving, OutForDelivery, Stalled};
    let split = [
        vec![Delivered, Stalled],
        vec![Delivered, Moving],
        vec![Delivered, Late],
        vec![Delivered, OutForDelivery],
        vec![Delivered, LabelOnly],
        vec![Moving, Delivered, Stalled],
    ];
    for fates in &split {
        for _ in 0..3 {
            plans.push(Plan::Sent {
                fates: fates.clone(),
                rest: false,
            });
        }
    }
    for fates in [vec![Moving], vec![Delivered], vec![OutForDelivery]] {
        for _ in 0..3 {
            plans.push(Plan::Sent {
                fates: fates.clone(),
                rest: true,
            });
        }
    }
    plans
}

fn old_plan(rng: &mut Rng) -> Plan {
    let one = |rng: &mut Rng| match rng.below(100) {
        0..=13 => Fate::DeliveredSlow,
        14..=19 => Fate::Neighbour,
        20..=25 => Fate::SafePlace,
        _ => Fate::Delivered,
    };
    let mut fates = vec![one(rng)];
    if rng.chance(8) {
        fates.push(one(rng));
    }
    Plan::Sent { fates, rest: false }
}

/// What somebody puts into the basket.
fn basket(rng: &mut Rng, catalogue: &Catalogue, at_least: usize) -> Basket {
    let wanted = at_least.max(match rng.below(100) {
        0..=51 => 1,
        52..=79 => 2,
        80..=92 => 3,
        _ => 4,
    });
    let mut basket: Basket = Vec::new();
    while basket.len() < wanted {
        let product = catalogue.draw(rng);
        if basket.iter().any(|(chosen, ..)| *chosen == product) {
            continue;
        }
        let variants = &catalogue.products[product].variants;
        let cheap = variants[0].price.minor < 5000;
        let quantity = if cheap && rng.chance(35) { 2 } else { 1 };
        basket.push((product, rng.below(variants.len()), quantity));
    }
    basket
}

fn make(trade: &Trade<'_>, rng: &mut Rng, plan: &Plan) -> Sold {
    let buyer = loop {
        // Some buy again and again: the smaller of two draws.
        let known = known::PEOPLE;
        let crowd = trade.people.len() - known;
        let index = known + rng.below(crowd).min(rng.below(crowd));
        let wants_border = matches!(plan, Plan::Sent { fates, .. } if fates[0] == Fate::Customs);
        let country = &trade.countries[trade.people[index].country];
        if !wants_border || country.is_abroad() {
            break index;
        }
    };
    let person = &trade.people[buyer];
    let country = &trade.countries[person.country];
    let mut terms = sale::usual_terms(rng, country);
    match plan {
        Plan::Waiting(from, to) => {
            let placed_at = trade.now - TimeDelta::minutes(rng.between(from * 60, to * 60));
            let basket = basket(rng, trade.catalogue, 1);
            if terms.method == Some(PaymentMethod::BankTransfer) {
                terms.method = Some(PaymentMethod::Card);
            }
            let mut order = sale::order(
                rng,
                trade.catalogue,
                country,
                person,
                placed_at,
                &basket,
                &terms,
            );
            sale::settle(&mut order);
            Sold {
                order,
                shipments: vec![],
                buyer,
            }
        }
        Plan::Unpaid | Plan::Voided => {
            let voided = matches!(plan, Plan::Voided);
            let days = if voided {
                rng.between(12, 150)
            } else {
                rng.between(1, 4)
            };
            let placed_at = trade.now - TimeDelta::hours(days * 24 - rng.between(1, 20));
            let basket = basket(rng, trade.catalogue, 1);
            terms.gift_card = None;
            terms.method = Some(PaymentMethod::BankTransfer);
            let mut order = sale::order(
                rng,
                trade.catalogue,
                country,
                person,
                placed_at,
                &basket,
                &terms,
            );
            for payment in &mut order.payments {
                payment.captured_at = None;
            }
            order.ship_by = None;
            if voided {
                order.payment_status = PaymentStatus::Voided;
                order.fulfilment_status = FulfilmentStatus::Cancelled;
            } else {
                order.payment_status = PaymentStatus::Pending;
            }
            Sold {
                order,
                shipments: vec![],
                buyer,
            }
        }
        Plan::CalledOff => {
            let placed_at = trade.now - TimeDelta::hours(rng.between(30, 170 * 24));
            let basket = basket(rng, trade.catalogue, 1);
            let mut order = sale::order(
                rng,
                trade.catalogue,
                country,
                person,
                placed_at,
                &basket,
                &terms,
            );
            sale::capture(&mut order, placed_at + TimeDelta::minutes(20));
            order.ship_by = None;
            order.fulfilment_status = FulfilmentStatus::Cancelled;
            aftercare::give_back_all(rng, &mut order, trade.now, "Cancelled before it was packed");
            Sold {
                order,
                shipments: vec![],
                buyer,
            }
        }
        Plan::Sent { fates, rest } => {
            let lines = fates.len() + usize::from(*rest);
            let basket = basket(rng, trade.catalogue, lines);
            let parcels = draw_parcels(trade, rng, fates, person);
            sent(trade, rng, buyer, &basket, &terms, parcels, *rest)
        }
    }
}

fn draw_parcels(trade: &Trade<'_>, rng: &mut Rng, fates: &[Fate], person: &Person) -> Vec<Parcel> {
    let live = fates.iter().any(|fate| !fate.is_delivered());
    let end = if live {
        trade.now
    } else {
        trade.now - TimeDelta::minutes(rng.between(3 * 60, 176 * 24 * 60))
    };
    fates
        .iter()
        .map(|fate| {
            let end = match fate {
                _ if live && fate.is_delivered() => end - TimeDelta::hours(rng.between(20, 70)),
                Fate::Lost | Fate::Returned | Fate::Cancelled => {
                    end - TimeDelta::hours(rng.between(5, 500))
                }
                Fate::Pickup | Fate::Returning | Fate::Refused => {
                    end - TimeDelta::hours(rng.between(2, 60))
                }
                _ if !live => end - TimeDelta::hours(rng.between(0, 40)),
                _ => end,
            };
            trade.network.parcel(rng, *fate, end, person)
        })
        .collect()
}

/// An order that has left, at least in part.
pub(crate) fn sent(
    trade: &Trade<'_>,
    rng: &mut Rng,
    buyer: usize,
    basket: &Basket,
    terms: &Terms,
    parcels: Vec<Parcel>,
    rest: bool,
) -> Sold {
    let person = &trade.people[buyer];
    let country = &trade.countries[person.country];
    let first_label = parcels
        .iter()
        .map(|parcel| parcel.created_at)
        .min()
        .unwrap_or(trade.now);
    let placed_at = awake(first_label - TimeDelta::minutes(rng.between(70, 40 * 60)));
    let mut order = sale::order(
        rng,
        trade.catalogue,
        country,
        person,
        placed_at,
        basket,
        terms,
    );
    let left = parcels
        .iter()
        .flat_map(|parcel| &parcel.scans)
        .filter(|scan| {
            !matches!(
                scan.status,
                TrackingStatus::LabelCreated | TrackingStatus::Cancelled
            )
        })
        .map(|scan| scan.at)
        .min();
    match left {
        Some(at) => sale::capture(&mut order, at),
        None => sale::settle(&mut order),
    }
    let shipments = pack(trade, rng, &order, parcels, rest);
    order.fulfilment_status = fulfilment(&order, &shipments);
    Sold {
        order,
        shipments,
        buyer,
    }
}

/// Few people buy between one and six at night; they did so the evening before.
fn awake(at: DateTime<Utc>) -> DateTime<Utc> {
    if (1..6).contains(&berlin(at).hour()) {
        at - TimeDelta::hours(6)
    } else {
        at
    }
}

/// Puts the lines into the parcels in turn; with `rest`, the last line stays behind.
fn pack(
    trade: &Trade<'_>,
    rng: &mut Rng,
    order: &Order,
    parcels: Vec<Parcel>,
    rest: bool,
) -> Vec<Shipment> {
    let packed = order.lines.len() - usize::from(rest);
    let count = parcels.len();
    parcels
        .into_iter()
        .enumerate()
        .map(|(index, parcel)| {
            let lines = order.lines[..packed]
                .iter()
                .enumerate()
                .filter(|(line, _)| line % count == index)
                .map(|(_, line)| ShipmentLine {
                    position: line.position,
                    quantity: line.quantity,
                })
                .collect();
            Shipment {
                id: rng.id(parcel.created_at),
                order: order.id,
                position: u32::try_from(index + 1).unwrap_or(1),
                source: Source {
                    name: parcel.carrier.clone(),
                    fetched_at: trade.now - TimeDelta::seconds(rng.between(15, 280)),
                },
                carrier: parcel.carrier,
                tracking_number: parcel.tracking_number,
                lines,
                status: parcel.status,
                detail: parcel.detail,
                created_at: parcel.created_at,
                promised_at: parcel.promised_at,
                delivered_at: parcel.delivered_at,
                pickup_until: parcel.pickup_until,
                scans: parcel.scans,
                notices: Vec::new(),
            }
        })
        .collect()
}

/// How far the order has come, from its parcels.
pub(crate) fn fulfilment(order: &Order, shipments: &[Shipment]) -> FulfilmentStatus {
    let left: Vec<&Shipment> = shipments
        .iter()
        .filter(|shipment| {
            !matches!(
                shipment.status,
                TrackingStatus::LabelCreated | TrackingStatus::Cancelled
            )
        })
        .collect();
    let there = left
        .iter()
        .filter(|shipment| shipment.status == TrackingStatus::Delivered)
        .count();
    let lines: usize = left.iter().map(|shipment| shipment.lines.len()).sum();
    let all_left = lines == order.lines.len();
    match (left.len(), there) {
        (0, _) => FulfilmentStatus::Unfulfilled,
        (some, arrived) if arrived == some && all_left => FulfilmentStatus::Delivered,
        (_, arrived) if arrived > 0 => FulfilmentStatus::PartlyDelivered,
        _ if all_left => FulfilmentStatus::Shipped,
        _ => FulfilmentStatus::PartlyShipped,
    }
}
