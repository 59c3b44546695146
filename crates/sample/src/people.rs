//! Customers: names, towns and mailboxes that fit together.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Currency, Customer, Money, Source, customer::Risk, order::Address};
use serde::Deserialize;
use std::collections::BTreeSet;

use crate::rng::Rng;

/// Mail providers that exist nowhere.
const MAIL: [&str; 7] = [
    "postfach.example",
    "mailhaus.example",
    "fastpost.example",
    "courriel.example",
    "inkwell.example",
    "northmail.example",
    "letterbox.example",
];

/// A country as the data file describes it.
#[derive(Deserialize)]
pub(crate) struct Country {
    pub(crate) code: String,
    weight: usize,
    pub(crate) currency: String,
    /// VAT in hundredths of a percent.
    pub(crate) vat: i64,
    phone: String,
    languages: Vec<String>,
    given: Vec<String>,
    family: Vec<String>,
    streets: Vec<String>,
    towns: Vec<String>,
}

impl Country {
    pub(crate) fn currency(&self) -> Currency {
        self.currency.parse().unwrap_or(Currency::EUR)
    }

    /// Whether parcels pass customs, and prices are without tax.
    pub(crate) fn is_abroad(&self) -> bool {
        matches!(self.code.as_str(), "CH" | "GB" | "NO")
    }
}

/// A customer with what orders need to know.
pub(crate) struct Person {
    pub(crate) customer: Customer,
    pub(crate) address: Address,
    /// The carrier's hub before the town.
    pub(crate) hub: String,
    /// Index of the country.
    pub(crate) country: usize,
}

pub(crate) fn countries() -> Vec<Country> {
    #[derive(Deserialize)]
    struct File {
        country: Vec<Country>,
    }
    let file: File = toml::from_str(include_str!("../data/people.toml"))
        .expect("people.toml is part of the program");
    file.country
}

/// Some who always exist, then `count` drawn from the countries.
pub(crate) fn all(now: DateTime<Utc>, countries: &[Country], count: usize) -> Vec<Person> {
    let mut rng = Rng::new("people");
    let mut taken = BTreeSet::new();
    let mut people: Vec<Person> = KNOWN
        .iter()
        .map(|known| known.person(&mut rng, now, countries))
        .collect();
    for person in &people {
        taken.insert(person.customer.name.clone());
    }
    let total: usize = countries.iter().map(|country| country.weight).sum();
    while people.len() < count + KNOWN.len() {
        let mut at = rng.below(total);
        let index = countries
            .iter()
            .position(|country| {
                let here = at < country.weight;
                at = at.saturating_sub(country.weight);
                here
            })
            .unwrap_or(0);
        let country = &countries[index];
        let name = format!("{} {}", rng.pick(&country.given), rng.pick(&country.family));
        if !taken.insert(name.clone()) {
            continue;
        }
        let town = rng.pick(&country.towns).clone();
        let language = language_of(&mut rng, country, &town);
        let street = street(&mut rng, country, &language);
        let since = now - TimeDelta::hours(rng.between(200 * 24, 5 * 365 * 24));
        people.push(person(
            &mut rng, country, index, &name, &town, street, language, since,
        ));
    }
    people
}

/// People of the two Belgian and the two Swiss languages live where theirs is spoken.
fn language_of(rng: &mut Rng, country: &Country, town: &str) -> String {
    let french_town = ["Namur", "Bruxelles", "Liège", "Lausanne", "Neuchâtel"]
        .iter()
        .any(|name| town.starts_with(name));
    if country.languages.len() == 1 {
        country.languages[0].clone()
    } else if french_town {
        "fr".into()
    } else {
        let others: Vec<&String> = country
            .languages
            .iter()
            .filter(|code| *code != "fr")
            .collect();
        (*rng.pick(&others)).clone()
    }
}

fn street(rng: &mut Rng, country: &Country, language: &str) -> String {
    let french = |name: &str| {
        ["Rue", "Avenue", "Chemin"]
            .iter()
            .any(|word| name.starts_with(word))
    };
    let fitting: Vec<&String> = country
        .streets
        .iter()
        .filter(|name| country.languages.len() == 1 || french(name) == (language == "fr"))
        .collect();
    let name = *rng.pick(&fitting);
    let number = rng.between(1, 88);
    match country.code.as_str() {
        "FR" | "GB" | "IE" => format!("{number} {name}"),
        _ => format!("{name} {number}"),
    }
}

#[expect(clippy::too_many_arguments, reason = "what a person is made of")]
fn person(
    rng: &mut Rng,
    country: &Country,
    index: usize,
    name: &str,
    town: &str,
    street: String,
    language: String,
    since: DateTime<Utc>,
) -> Person {
    let mut parts = town.split('|');
    let city = parts.next().unwrap_or_default().to_owned();
    let postal_code = fill(rng, parts.next().unwrap_or_default());
    let hub = parts.next().unwrap_or(&city).to_owned();
    let mailbox = mailbox(name);
    let risk = match rng.below(40) {
        0 => Risk::High,
        1..=3 => Risk::Elevated,
        _ => Risk::Low,
    };
    let customer = Customer {
        id: rng.id(since),
        name: name.into(),
        email: format!("{mailbox}@{}", rng.pick(&MAIL)),
        phone: rng.chance(72).then(|| fill(rng, &country.phone)),
        city: Some(city.clone()),
        country: Some(country.code.clone()),
        language,
        since,
        order_count: 0,
        spent: Money::zero(Currency::EUR),
        refund_count: 0,
        risk,
        source: Source {
            name: "Shop".into(),
            fetched_at: since,
        },
    };
    Person {
        address: Address {
            name: name.into(),
            street,
            postal_code,
            city,
            country: country.code.clone(),
        },
        customer,
        hub,
        country: index,
    }
}

/// Digits where the pattern has `#`.
pub(crate) fn fill(rng: &mut Rng, pattern: &str) -> String {
    pattern
        .chars()
        .map(|c| match c {
            '#' => char::from(b'1' + u8::try_from(rng.below(9)).unwrap_or(0)),
            other => other,
        })
        .collect()
}

fn mailbox(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some(".".to_owned()),
            '\'' => None,
            'ä' => Some("ae".into()),
            'ö' | 'ø' => Some("oe".into()),
            'ü' => Some("ue".into()),
            'å' | 'á' | 'ą' => Some("a".into()),
            'ß' => Some("ss".into()),
            'é' | 'è' | 'ě' | 'ë' | 'ę' => Some("e".into()),
            'í' | 'ï' | 'ı' | 'ý' => Some("i".into()),
            'ó' | 'ô' => Some("o".into()),
            'ł' => Some("l".into()),
            'ń' | 'ñ' => Some("n".into()),
            'ş' | 'š' | 'ś' => Some("s".into()),
            'č' | 'ć' | 'ç' => Some("c".into()),
            'ř' => Some("r".into()),
            'ž' | 'ź' | 'ż' => Some("z".into()),
            'æ' => Some("ae".into()),
            'ğ' => Some("g".into()),
            c if c.is_ascii_alphanumeric() || c == '-' => Some(c.to_string()),
            _ => Some("e".into()),
        })
        .collect()
}

/// Somebody whose conversation is written by hand.
struct Known {
    name: &'static str,
    country: &'static str,
    town: &'static str,
    street: &'static str,
    language: &'static str,
    years: i64,
}

#[rustfmt::skip]
const KNOWN: [Known; 15] = [
    Known { name: "Aoife Brennan", country: "IE", town: "Cork|T23 K8X4|Portlaoise", street: "14 Shandon Road", language: "en", years: 5 },
    Known { name: "Tomasz Zieliński", country: "PL", town: "Kraków|31-052|Łódź", street: "ul. Długa 9", language: "pl", years: 2 },
    Known { name: "Noor Haddad", country: "NL", town: "Utrecht|3511 KR|Utrecht", street: "Oudegracht 211", language: "nl", years: 1 },
    Known { name: "Jonas Weidner", country: "DE", town: "Göttingen|37073|Hannover", street: "Gartenweg 5", language: "de", years: 4 },
    Known { name: "Pieter van Loon", country: "NL", town: "Nijmegen|6511 LS|Utrecht", street: "Hereweg 38", language: "nl", years: 3 },
    Known { name: "Chiara Moretti", country: "IT", town: "Trento|38122|Verona", street: "Via dei Mille 27", language: "it", years: 2 },
    Known { name: "Lucie Perrin", country: "FR", town: "Annecy|74000|Corbas", street: "41 rue des Lilas", language: "fr", years: 1 },
    Known { name: "Oskar Lindqvist", country: "NO", town: "Oslo|0171|Langhus", street: "Solbakken 6", language: "nb", years: 3 },
    Known { name: "Sanne Kuipers", country: "NL", town: "Zwolle|8011 PB|Zwolle", street: "Beukenlaan 72", language: "nl", years: 1 },
    Known { name: "Elif Arslan", country: "DE", town: "Köln|50667|Köln", street: "Eichendorffweg 12", language: "de", years: 2 },
    Known { name: "Hana Novotná", country: "CZ", town: "Brno|602 00|Praha", street: "Husova 18", language: "cs", years: 2 },
    Known { name: "Greta Sandberg", country: "SE", town: "Uppsala|753 11|Rosersberg", street: "Björkvägen 3", language: "sv", years: 4 },
    Known { name: "Milan Horák", country: "CZ", town: "Praha|120 00|Praha", street: "Komenského 44", language: "cs", years: 1 },
    Known { name: "Rasmus Holm", country: "DK", town: "Aarhus|8000|Taulov", street: "Skovvej 21", language: "da", years: 3 },
    Known { name: "Emil Fournier", country: "FR", town: "Lyon|69004|Corbas", street: "8 quai de Saône", language: "fr", years: 2 },
];

impl Known {
    fn person(&self, rng: &mut Rng, now: DateTime<Utc>, countries: &[Country]) -> Person {
        let index = countries
            .iter()
            .position(|country| country.code == self.country)
            .unwrap_or(0);
        let since = now - TimeDelta::days(self.years * 365 + 40);
        let mut person = person(
            rng,
            &countries[index],
            index,
            self.name,
            self.town,
            self.street.into(),
            self.language.into(),
            since,
        );
        let phone = fill(rng, &countries[index].phone);
        person.customer.phone = Some(phone);
        person.customer.risk = Risk::Low;
        person
    }
}
