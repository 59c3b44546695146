//! What a customer wants, guessed by words.

use deskhand_domain::Intent;

/// Words that speak for an intent, most telling intents first: "delivered but nothing here" must
/// win over "where is it", and a refund over the return that it follows from.
/// Words are matched at the start of a word, in lower case.
const WORDS: &[(Intent, &[&str])] = &[
    (
        Intent::NotReceived,
        &[
            "says delivered",
            "marked as delivered",
            "shows delivered",
            "marked delivered",
            "als zugestellt",
            "laut sendungsverfolgung zugestellt",
            "indiqué comme livré",
            "marqué comme livré",
            "jamais reçu",
        ],
    ),
    (
        Intent::Customs,
        &["customs", "import duty", "zoll", "douane", "dédouan"],
    ),
    (
        Intent::AddressChange,
        &[
            "wrong address",
            "change the address",
            "change my address",
            "new address",
            "falsche adresse",
            "adresse ändern",
            "lieferadresse",
            "changer l'adresse",
            "mauvaise adresse",
        ],
    ),
    (
        Intent::Cancel,
        &["cancel", "stornier", "annuler", "annulation"],
    ),
    (
        Intent::Damaged,
        &[
            "broken",
            "damaged",
            "torn",
            "ripped",
            "crack",
            "kaputt",
            "beschädigt",
            "gerissen",
            "defekt",
            "cassé",
            "abîmé",
            "déchiré",
        ],
    ),
    (
        Intent::WrongItem,
        &[
            "wrong item",
            "wrong colour",
            "wrong color",
            "wrong product",
            "falscher artikel",
            "falsche farbe",
            "mauvais article",
        ],
    ),
    (
        Intent::MissingItem,
        &[
            "is missing",
            "arrived without",
            "came without",
            "was missing",
            "are missing",
            "fehlt",
            "fehlen",
            "il manque",
        ],
    ),
    (
        Intent::Exchange,
        &[
            "exchange",
            "swap",
            "different size",
            "umtausch",
            "andere größe",
            "échange",
            "autre taille",
        ],
    ),
    (
        Intent::Refund,
        &[
            "refund",
            "money back",
            "reimburse",
            "rückerstattung",
            "erstattung",
            "geld zurück",
            "rembours",
        ],
    ),
    (
        Intent::Return,
        &[
            "return",
            "send back",
            "send it back",
            "zurückschick",
            "rücksendung",
            "retoure",
            "retour",
            "renvoyer",
        ],
    ),
    (
        Intent::Warranty,
        &["warranty", "guarantee", "garantie", "gewährleistung"],
    ),
    (
        Intent::WhereIsIt,
        &[
            "where is my",
            "where's my",
            "where is it",
            "where are my",
            "tracking",
            "not arrived",
            "hasn't arrived",
            "has not arrived",
            "when will",
            "wo bleibt",
            "wo ist mein",
            "wo ist meine",
            "sendungsverfolgung",
            "noch nicht angekommen",
            "wann kommt",
            "où est",
            "pas arrivé",
            "pas encore reçu",
            "suivi",
            "any news on",
        ],
    ),
    (Intent::Invoice, &["invoice", "rechnung", "facture"]),
    (
        Intent::Payment,
        &[
            "payment",
            "gift card",
            "voucher",
            "discount code",
            "gutschein",
            "zahlung",
            "paiement",
            "carte cadeau",
            "code promo",
        ],
    ),
    (
        Intent::ProductQuestion,
        &[
            "which size",
            "in stock",
            "waterproof",
            "how warm",
            "welche größe",
            "auf lager",
            "wasserdicht",
            "quelle taille",
            "en stock",
            "imperméable",
        ],
    ),
    (Intent::Thanks, &["thank you", "thanks", "danke", "merci"]),
];

/// The first intent whose words stand in the text; [`Intent::Other`] when none do.
/// Who thanks and asks wants an answer, not a farewell.
pub fn guess(text: &str) -> Intent {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    WORDS
        .iter()
        .filter(|(intent, _)| *intent != Intent::Thanks || !text.contains('?'))
        .find(|(_, words)| words.iter().any(|word| starts_a_word(&text, word)))
        .map_or(Intent::Other, |(intent, _)| *intent)
}

fn starts_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_questions_are_recognised_in_three_languages() {
        let check = |text: &str, intent| assert_eq!(guess(text), intent, "{text:?}");
        check("Hi, where is my order HP-20418?", Intent::WhereIsIt);
        check("It says delivered, and where is it?", Intent::NotReceived);
        check("Wo bleibt mein Paket?", Intent::WhereIsIt);
        check("Où est mon colis ?", Intent::WhereIsIt);
        check(
            "I’d like my money back for the jacket I returned",
            Intent::Refund,
        );
        check("Ich möchte die Bestellung stornieren", Intent::Cancel);
        check("La fermeture est cassée", Intent::Damaged);
        check("Merci beaucoup !", Intent::Thanks);
        check("That was quick, thanks. Do I keep it?", Intent::Other);
        check("My lantern arrived without its glass", Intent::MissingItem);
        check("Good morning", Intent::Other);
        check("", Intent::Other);
    }

    #[test]
    fn a_word_inside_another_word_does_not_count() {
        assert_eq!(guess("Our overreturning friend"), Intent::Other);
    }
}
