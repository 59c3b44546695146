//! The knowledge base and the stored answers, read from the data files.

use chrono::{DateTime, TimeDelta, Utc};
use deskhand_domain::{Article, Macro, MacroChanges, knowledge::Topic};
use serde::Deserialize;

use crate::rng::Rng;

const FILES: [(Topic, &str); 7] = [
    (
        Topic::Shipping,
        include_str!("../data/articles/shipping.md"),
    ),
    (Topic::Returns, include_str!("../data/articles/returns.md")),
    (
        Topic::Warranty,
        include_str!("../data/articles/warranty.md"),
    ),
    (Topic::Sizing, include_str!("../data/articles/sizing.md")),
    (Topic::Payment, include_str!("../data/articles/payment.md")),
    (Topic::Customs, include_str!("../data/articles/customs.md")),
    (
        Topic::Products,
        include_str!("../data/articles/products.md"),
    ),
];

/// Each article starts with `# slug | language | title`.
pub(crate) fn articles(now: DateTime<Utc>) -> Vec<Article> {
    let mut rng = Rng::new("articles");
    let mut all = Vec::new();
    for (topic, file) in FILES {
        for text in file.split("\n# ") {
            let text = text.trim_start_matches("# ");
            let Some((head, body)) = text.split_once('\n') else {
                continue;
            };
            let mut parts = head.split('|').map(str::trim);
            let updated_at = now - TimeDelta::hours(rng.between(30, 24 * 300));
            all.push(Article {
                id: rng.id(now - TimeDelta::days(420)),
                slug: parts.next().unwrap_or_default().into(),
                topic,
                language: parts.next().unwrap_or_default().into(),
                title: parts.next().unwrap_or_default().into(),
                body: body.trim().into(),
                updated_at,
            });
        }
    }
    all
}

pub(crate) fn macros(now: DateTime<Utc>) -> Vec<Macro> {
    #[derive(Deserialize)]
    struct Stored {
        name: String,
        language: String,
        text: String,
        #[serde(default)]
        changes: MacroChanges,
    }
    #[derive(Deserialize)]
    struct File {
        stored: Vec<Stored>,
    }
    let file: File = toml::from_str(include_str!("../data/macros.toml"))
        .expect("macros.toml is part of the program");
    let mut rng = Rng::new("macros");
    file.stored
        .into_iter()
        .map(|stored| Macro {
            id: rng.id(now - TimeDelta::days(420)),
            name: stored.name,
            language: stored.language,
            text: stored.text.trim().into(),
            changes: stored.changes,
        })
        .collect()
}
