use super::{FactKind::*, *};
use proptest::prelude::*;

fn found(text: &str) -> Vec<(FactKind, String)> {
    find(text, "HP-")
        .into_iter()
        .map(|fact| (fact.kind, fact.text))
        .collect()
}

#[test]
fn facts_are_found_as_people_write_them() {
    let cases: &[(&str, &[(FactKind, &str)])] = &[
        // Amounts.
        (
            "We refund €277.70 today.",
            &[(Amount, "€277.70"), (Day, "today")],
        ),
        ("You get £1,277.70.", &[(Amount, "£1,277.70")]),
        ("That is $20", &[(Amount, "$20")]),
        ("EUR 20.50 are on their way", &[(Amount, "EUR 20.50")]),
        ("CHF 1'277.70 (all of it)", &[(Amount, "CHF 1'277.70")]),
        ("20 euros as goodwill", &[(Amount, "20 euros")]),
        ("Wir erstatten 277,70 €.", &[(Amount, "277,70 €")]),
        ("Es sind 1.277,70 EUR", &[(Amount, "1.277,70 EUR")]),
        ("20€ Gutschrift", &[(Amount, "20€")]),
        ("20,- Euro", &[(Amount, "20,- Euro")]),
        ("49,50 Franken", &[(Amount, "49,50 Franken")]),
        (
            "Nous remboursons 1\u{202f}277,70\u{a0}€ demain",
            &[(Amount, "1\u{202f}277,70\u{a0}€"), (Day, "demain")],
        ),
        ("soit 9,90 euros", &[(Amount, "9,90 euros")]),
        // Days.
        ("by Tuesday", &[(Day, "Tuesday")]),
        ("on Tuesday, 24 November", &[(Day, "Tuesday, 24 November")]),
        (
            "on Tuesday the 24th of November 2026",
            &[(Day, "Tuesday the 24th of November 2026")],
        ),
        ("until November 24th.", &[(Day, "November 24th")]),
        ("until 2026-11-24", &[(Day, "2026-11-24")]),
        ("since 24/11/2026", &[(Day, "24/11/2026")]),
        ("It arrives tomorrow", &[(Day, "tomorrow")]),
        ("some time next week", &[(Day, "next week")]),
        (
            "bis Dienstag, den 24.11.2026",
            &[(Day, "Dienstag, den 24.11.2026")],
        ),
        ("am 24. November", &[(Day, "24. November")]),
        ("am 24.11. da", &[(Day, "24.11")]),
        ("kommt morgen", &[(Day, "morgen")]),
        ("Guten Morgen!", &[]),
        (
            "übermorgen oder nächste Woche",
            &[(Day, "übermorgen"), (Day, "nächste Woche")],
        ),
        ("mardi 24 novembre", &[(Day, "mardi 24 novembre")]),
        ("le 1er décembre", &[(Day, "1er décembre")]),
        (
            "aujourd'hui, pas demain",
            &[(Day, "aujourd'hui"), (Day, "demain")],
        ),
        ("la semaine prochaine", &[(Day, "semaine prochaine")]),
        ("hier ist der Link", &[]),
        // Times.
        ("before 14:30", &[(Day, "14:30")]),
        ("at 2 pm", &[(Day, "2 pm")]),
        ("at 2:30pm", &[(Day, "2:30pm")]),
        ("gegen 14 Uhr", &[(Day, "14 Uhr")]),
        ("um 14.30 Uhr", &[(Day, "14.30 Uhr")]),
        ("vers 14h30", &[(Day, "14h30")]),
        // Numbers of orders and parcels.
        ("Your order HP-20418", &[(OrderNumber, "HP-20418")]),
        (
            "hp 20418 and #20511",
            &[(OrderNumber, "hp 20418"), (OrderNumber, "#20511")],
        ),
        (
            "DHL 00340434161094042557",
            &[(TrackingNumber, "00340434161094042557")],
        ),
        (
            "parcel 0034 0434 1610 9404 2557 is",
            &[(TrackingNumber, "0034 0434 1610 9404 2557")],
        ),
        (
            "UPS 1Z999AA10123456784,",
            &[(TrackingNumber, "1Z999AA10123456784")],
        ),
        // Links.
        (
            "See https://hollowpine.example/returns.",
            &[(Link, "https://hollowpine.example/returns")],
        ),
        (
            "www.hollowpine.example",
            &[(Link, "www.hollowpine.example")],
        ),
        (
            "hollowpine.example/returns",
            &[(Link, "hollowpine.example/returns")],
        ),
        (
            "write to help@hollowpine.example!",
            &[(Link, "help@hollowpine.example")],
        ),
        // Other numbers.
        ("within 10 days", &[(Number, "10 days")]),
        ("two working days", &[(Number, "two working days")]),
        ("2-3 days", &[(Number, "2-3 days")]),
        ("a 14-day right", &[(Number, "14-day")]),
        ("20 % off", &[(Number, "20 %")]),
        ("20% off", &[(Number, "20%")]),
        ("innerhalb von 14 Tagen", &[(Number, "14 Tagen")]),
        ("drei Werktage", &[(Number, "drei Werktage")]),
        ("20 Prozent", &[(Number, "20 Prozent")]),
        ("sous 14 jours", &[(Number, "14 jours")]),
        ("deux jours ouvrés", &[(Number, "deux jours ouvrés")]),
        ("10 pour cent", &[(Number, "10 pour cent")]),
        ("size 42", &[(Number, "42")]),
        // Nothing.
        ("One moment, please. We may look into it.", &[]),
        ("Ein Kollege sieht nach; mon avis.", &[]),
        ("and/or", &[]),
        ("", &[]),
    ];
    assert!(cases.len() >= 60, "{}", cases.len());
    for (text, facts) in cases {
        let facts: Vec<(FactKind, String)> = facts
            .iter()
            .map(|(kind, text)| (*kind, (*text).to_owned()))
            .collect();
        assert_eq!(found(text), facts, "{text}");
    }
}

#[test]
fn two_texts_are_compared_fact_by_fact() {
    use Verdict::{Agrees, Disagrees, OnlyMine, OnlyTheirs};
    type Row<'a> = (FactKind, &'a str, &'a str, Verdict);
    let cases: &[(&str, &str, &[Row<'_>])] = &[
        (
            "€277.70",
            "277,70 €",
            &[(Amount, "€277.70", "277,70 €", Agrees)],
        ),
        (
            "€1,277.70",
            "1\u{202f}277,70 EUR",
            &[(Amount, "€1,277.70", "1\u{202f}277,70 EUR", Agrees)],
        ),
        (
            "€20",
            "20.00 euros",
            &[(Amount, "€20", "20.00 euros", Agrees)],
        ),
        (
            "We refund €20",
            "You get €25",
            &[(Amount, "€20", "€25", Disagrees)],
        ),
        ("€20", "£20", &[(Amount, "€20", "£20", Disagrees)]),
        (
            "€20 and €5",
            "€5, then €30",
            &[
                (Amount, "€20", "€30", Disagrees),
                (Amount, "€5", "€5", Agrees),
            ],
        ),
        ("€20", "We look into it", &[(Amount, "€20", "", OnlyMine)]),
        ("We look into it", "€20", &[(Amount, "", "€20", OnlyTheirs)]),
        ("tomorrow", "morgen", &[(Day, "tomorrow", "morgen", Agrees)]),
        (
            "tomorrow",
            "aujourd'hui",
            &[(Day, "tomorrow", "aujourd'hui", Disagrees)],
        ),
        (
            "Tuesday",
            "Dienstag, 24. November",
            &[(Day, "Tuesday", "Dienstag, 24. November", Agrees)],
        ),
        ("Tuesday", "jeudi", &[(Day, "Tuesday", "jeudi", Disagrees)]),
        (
            "24 November",
            "2026-11-24",
            &[(Day, "24 November", "2026-11-24", Agrees)],
        ),
        (
            "24.11.2026",
            "24/11/2025",
            &[(Day, "24.11.2026", "24/11/2025", Disagrees)],
        ),
        (
            "24 November",
            "25. November",
            &[(Day, "24 November", "25. November", Disagrees)],
        ),
        (
            "Tuesday",
            "24 November",
            &[
                (Day, "Tuesday", "", OnlyMine),
                (Day, "", "24 November", OnlyTheirs),
            ],
        ),
        ("14:30", "2:30 pm", &[(Day, "14:30", "2:30 pm", Agrees)]),
        ("14 Uhr", "15h00", &[(Day, "14 Uhr", "15h00", Disagrees)]),
        (
            "HP-20418",
            "hp20418",
            &[(OrderNumber, "HP-20418", "hp20418", Agrees)],
        ),
        (
            "HP-20418",
            "#20511",
            &[(OrderNumber, "HP-20418", "#20511", Disagrees)],
        ),
        (
            "0034 0434 1610 9404 2557",
            "00340434161094042557",
            &[(
                TrackingNumber,
                "0034 0434 1610 9404 2557",
                "00340434161094042557",
                Agrees,
            )],
        ),
        (
            "1Z999AA10123456784",
            "1Z999AA10123456785",
            &[(
                TrackingNumber,
                "1Z999AA10123456784",
                "1Z999AA10123456785",
                Disagrees,
            )],
        ),
        (
            "https://hollowpine.example/a/",
            "www.hollowpine.example/a",
            &[(
                Link,
                "https://hollowpine.example/a/",
                "www.hollowpine.example/a",
                Agrees,
            )],
        ),
        (
            "hollowpine.example/a",
            "hollowpine.example/b",
            &[
                (Link, "hollowpine.example/a", "", OnlyMine),
                (Link, "", "hollowpine.example/b", OnlyTheirs),
            ],
        ),
        (
            "10 days",
            "zehn Tage",
            &[(Number, "10 days", "zehn Tage", Agrees)],
        ),
        (
            "10 days",
            "14 Tagen",
            &[(Number, "10 days", "14 Tagen", Disagrees)],
        ),
        (
            "10 days",
            "10 %",
            &[
                (Number, "10 days", "", OnlyMine),
                (Number, "", "10 %", OnlyTheirs),
            ],
        ),
        (
            "size 42",
            "size 43",
            &[(Number, "42", "", OnlyMine), (Number, "", "43", OnlyTheirs)],
        ),
        ("20 % and 20 %", "20%", &[(Number, "20 %", "20%", Agrees)]),
        ("Hello", "Bonjour", &[]),
    ];
    for (mine, theirs, expected) in cases {
        let pairs = compare(mine, theirs, "HP-");
        let pairs: Vec<Row<'_>> = pairs
            .iter()
            .map(|pair| {
                (
                    pair.kind,
                    pair.mine.as_str(),
                    pair.theirs.as_str(),
                    pair.verdict,
                )
            })
            .collect();
        assert_eq!(pairs, *expected, "{mine} | {theirs}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived_and_agrees_with_itself(text in any::<String>()) {
        for fact in find(&text, "HP-") {
            prop_assert!(text.contains(&fact.text));
        }
        for pair in compare(&text, &text, "HP-") {
            prop_assert_eq!(pair.verdict, Verdict::Agrees);
        }
    }

    #[test]
    fn an_amount_is_found_in_any_writing(minor in 0_i64..10_000_000) {
        let money = crate::Money::new(minor, crate::Currency::EUR);
        let written = |language| crate::macros::written_amount(money, language);
        for other in ["de", "fr"] {
            let pairs = compare(&written("en"), &written(other), "HP-");
            let verdicts: Vec<Verdict> = pairs.iter().map(|pair| pair.verdict).collect();
            prop_assert_eq!(verdicts, vec![Verdict::Agrees]);
        }
    }
}
