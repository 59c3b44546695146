//! Which language a message is written in.

use whatlang::{Detector, Lang};

/// The languages that the shop's people answer in, as BCP 47 and as the detector knows them.
const LANGUAGES: [(&str, Lang); 8] = [
    ("en", Lang::Eng),
    ("de", Lang::Deu),
    ("fr", Lang::Fra),
    ("nl", Lang::Nld),
    ("it", Lang::Ita),
    ("es", Lang::Spa),
    ("sv", Lang::Swe),
    ("pl", Lang::Pol),
];

/// Short texts say too little: below this many letters only a sure answer counts.
const SHORT: usize = 24;

/// The language of a text as BCP 47, or `None` when the text does not say.
pub fn detect(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let detector = Detector::with_allowlist(LANGUAGES.map(|(_, lang)| lang).to_vec());
    let info = detector.detect(text)?;
    let sure = if letters < SHORT {
        info.confidence() >= 0.9
    } else {
        info.confidence() >= 0.25
    };
    LANGUAGES
        .into_iter()
        .find(|(_, lang)| sure && *lang == info.lang())
        .map(|(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_language_of_a_sentence_is_found() {
        let check = |text: &str, tag| assert_eq!(detect(text), tag, "{text:?}");
        check(
            "Hi, where is my tent? The tracking page has not moved for three days.",
            Some("en"),
        );
        check(
            "Guten Tag, wo bleibt mein Zelt? Die Sendung steht seit drei Tagen still.",
            Some("de"),
        );
        check(
            "Bonjour, où est ma tente ? Le suivi n'a pas bougé depuis trois jours.",
            Some("fr"),
        );
        check("HP-20418", None);
        check("", None);
        check("12345 !!", None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let tag = detect(&text);
            prop_assert!(tag.is_none_or(|tag| tag.len() == 2));
        }
    }
}
