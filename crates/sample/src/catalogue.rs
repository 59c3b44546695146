//! What the shop sells, and what its things are called in three languages.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Currency, Money, Product, Source, Variant};
use serde::Deserialize;

use crate::rng::Rng;

/// A kind of product: its words and how often it is bought.
#[derive(Clone, Deserialize)]
pub(crate) struct Kind {
    pub(crate) id: String,
    pub(crate) weight: usize,
    pub(crate) en: String,
    /// Gender (`m`, `f`, `n`, `p`), noun, dative.
    pub(crate) de: [String; 3],
    /// With its article.
    pub(crate) fr: String,
    about: String,
    products: Vec<String>,
}

impl Kind {
    /// Whether the English word is a plural, as in boots.
    pub(crate) fn is_plural(&self) -> bool {
        self.de[0] == "p"
    }
}

/// All products and their kinds.
pub(crate) struct Catalogue {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) products: Vec<Product>,
    /// Index of the kind and the bare name of each product.
    pub(crate) names: Vec<(usize, String)>,
}

impl Catalogue {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        #[derive(Deserialize)]
        struct File {
            kind: Vec<Kind>,
        }
        let file: File = toml::from_str(include_str!("../data/catalogue.toml"))
            .expect("catalogue.toml is part of the program");
        let mut rng = Rng::new("catalogue");
        let mut products = Vec::new();
        let mut names = Vec::new();
        for (index, kind) in file.kind.iter().enumerate() {
            for line in &kind.products {
                let name = line.split('|').next().unwrap_or_default();
                products.push(product(&mut rng, now, kind, line));
                names.push((index, name.to_owned()));
            }
        }
        Self {
            kinds: file.kind,
            products,
            names,
        }
    }

    /// A product by its title, for example `Skarv 3 tent`.
    pub(crate) fn find(&self, title: &str) -> usize {
        self.products
            .iter()
            .position(|product| product.title == title)
            .unwrap_or(0)
    }

    /// Some product, popular kinds more often.
    pub(crate) fn draw(&self, rng: &mut Rng) -> usize {
        let total: usize = self.kinds.iter().map(|kind| kind.weight).sum();
        let mut at = rng.below(total);
        for (index, kind) in self.kinds.iter().enumerate() {
            if at < kind.weight {
                let of_kind: Vec<usize> = (0..self.names.len())
                    .filter(|product| self.names[*product].0 == index)
                    .collect();
                return *rng.pick(&of_kind);
            }
            at -= kind.weight;
        }
        0
    }

    /// The kind and the bare name behind a title.
    pub(crate) fn by_title(&self, title: &str) -> Option<(&Kind, &str)> {
        let index = self
            .products
            .iter()
            .position(|product| product.title == title)?;
        let (kind, name) = self.names.get(index)?;
        Some((&self.kinds[*kind], name))
    }
}

fn product(rng: &mut Rng, now: DateTime<Utc>, kind: &Kind, line: &str) -> Product {
    let parts: Vec<&str> = line.split('|').collect();
    let name = parts.first().copied().unwrap_or_default();
    let cents = parts
        .get(1)
        .and_then(|price| price.replace('.', "").parse().ok())
        .unwrap_or(0);
    let grams: u32 = parts.get(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    let variants = parts
        .get(3)
        .copied()
        .unwrap_or_default()
        .split(';')
        .map(|title| Variant {
            sku: sku(name, title),
            title: title.into(),
            price: Money::new(cents, Currency::EUR),
            grams,
            stock: u32::try_from(rng.between(0, 60)).unwrap_or(0),
        })
        .collect();
    // The set of two is what its name says already.
    let title = format!("{name} {}", kind.en);
    Product {
        id: rng.id(now - TimeDelta::days(500)),
        title,
        kind: kind.id.clone(),
        description: kind.about.clone(),
        variants,
        source: Source {
            name: "Shop".into(),
            fetched_at: now - TimeDelta::minutes(rng.between(1, 9)),
        },
    }
}

/// `SKARV3-MOSS`, `LOMVIDOWN-INK-M`.
fn sku(name: &str, variant: &str) -> String {
    let clean = |text: &str| {
        text.chars()
            .map(|c| match c {
                '−' | '–' => '-',
                other => other,
            })
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
            .to_uppercase()
    };
    let mut parts = vec![clean(name)];
    parts.extend(
        variant
            .split(',')
            .map(clean)
            .filter(|part| !part.is_empty()),
    );
    parts.join("-")
}
