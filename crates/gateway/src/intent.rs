//! What a chat seems to be about, from single words, until a draft looks closer.

use deskhand_domain::Intent;

/// Words that give an intent away, in English, German and French; the first that matches wins.
const SIGNS: &[(Intent, &[&str])] = &[
    (
        Intent::NotReceived,
        &[
            "not received",
            "never arrived",
            "nicht angekommen",
            "pas reçu",
        ],
    ),
    (
        Intent::Damaged,
        &[
            "damaged",
            "broken",
            "torn",
            "kaputt",
            "beschädigt",
            "cassé",
            "abîmé",
        ],
    ),
    (
        Intent::WrongItem,
        &["wrong item", "falsche", "mauvais article"],
    ),
    (Intent::MissingItem, &["missing", "fehlt", "manque"]),
    (
        Intent::Exchange,
        &[
            "exchange",
            "another size",
            "umtausch",
            "andere größe",
            "échange",
        ],
    ),
    (
        Intent::Refund,
        &["refund", "money back", "erstatt", "geld zurück", "rembours"],
    ),
    (
        Intent::Return,
        &[
            "return",
            "send it back",
            "retoure",
            "zurückschicken",
            "retour",
        ],
    ),
    (Intent::Cancel, &["cancel", "stornier", "annuler"]),
    (Intent::AddressChange, &["address", "adresse"]),
    (
        Intent::WhereIsIt,
        &[
            "where is", "where's", "tracking", "parcel", "wo ist", "paket", "où est", "colis",
        ],
    ),
    (Intent::Invoice, &["invoice", "rechnung", "facture"]),
    (Intent::Customs, &["customs", "zoll", "douane"]),
    (Intent::Warranty, &["warranty", "garantie"]),
    (
        Intent::Payment,
        &[
            "payment",
            "gift card",
            "gutschein",
            "paiement",
            "carte cadeau",
        ],
    ),
];

/// The intent a first message shows.
pub fn guess(text: &str) -> Intent {
    let lower = text.to_lowercase();
    SIGNS
        .iter()
        .find(|(_, words)| words.iter().any(|word| lower.contains(word)))
        .map_or(Intent::Other, |(intent, _)| *intent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_three_languages_give_the_intent_away() {
        let check = |text: &str, intent| assert_eq!(guess(text), intent, "{text}");
        check("Where is my tent?", Intent::WhereIsIt);
        check("Wo ist mein Paket?", Intent::WhereIsIt);
        check("Où est mon colis ?", Intent::WhereIsIt);
        check("I want a refund", Intent::Refund);
        check("Die Naht ist kaputt", Intent::Damaged);
        check("Hello", Intent::Other);
    }
}
