use super::{Courier, Recognised, check::Check, recognise};
use proptest::prelude::*;

/// Made by the rules on paper, not taken from anybody's parcels.
const VALID: [(&str, Courier); 12] = [
    ("1Z999AA10123456784", Courier::Ups),
    ("1z 999 aa1 01 2345 6784", Courier::Ups),
    ("RR123456785DE", Courier::Post),
    ("00340434161094042557", Courier::Dhl),
    ("JJD000390007999887766", Courier::Dhl),
    ("1234567891", Courier::Dhl),
    ("986578788855", Courier::Fedex),
    ("9400100000000000000006", Courier::Usps),
    ("420941179400100000000000000006", Courier::Usps),
    ("TBA123456789012", Courier::Amazon),
    ("YT1234567890123456", Courier::Yunexpress),
    ("JD0123456789012345", Courier::Yodel),
];

#[test]
fn a_number_tells_its_carrier() {
    for (number, courier) in VALID {
        let expected = Recognised {
            courier,
            valid: true,
        };
        assert_eq!(recognise(number), Some(expected), "{number}");
    }
}

#[test]
fn what_no_carrier_writes_is_nobodys() {
    for number in [
        "",
        " ",
        "HP-20418",
        "12345",
        "hello there",
        "1Z",
        "ÄÖÜ123456789DE",
        "9".repeat(41).as_str(),
    ] {
        assert_eq!(recognise(number), None, "{number}");
    }
}

#[test]
fn a_country_that_is_none_has_no_post() {
    let found = recognise("RR123456785XX").expect("the shape of a postal number");
    assert_eq!((found.courier, found.valid), (Courier::Post, false));
}

proptest! {
    /// Rules with a check digit see every single wrong digit, in every place.
    #[test]
    fn a_single_wrong_digit_is_seen(
        serial in "[0-9]{8}", place in 0_usize..9, other in 1_u8..10,
    ) {
        let number = (b'0'..=b'9')
            .map(|check| [b"RR".as_slice(), serial.as_bytes(), &[check], b"DE"].concat())
            .filter_map(|number| String::from_utf8(number).ok())
            .find(|number| recognise(number).is_some_and(|found| found.valid))
            .expect("one of ten check digits is right");
        let mut wrong = number.clone().into_bytes();
        let digit = wrong[2 + place] - b'0';
        // 0 and 5 stand for two remainders each, so only a digit of the serial is sure to be seen.
        prop_assume!(place < 8);
        wrong[2 + place] = b'0' + (digit + other) % 10;
        let wrong = String::from_utf8(wrong).expect("text");
        let found = recognise(&wrong).expect("the same shape");
        prop_assert_eq!(found.courier, Courier::Post);
        let sums = [0, 5].contains(&(number.as_bytes()[10] - b'0'));
        prop_assert!(!found.valid || sums, "{} for {}", wrong, number);
    }

    #[test]
    fn spaces_and_case_do_not_count(number in "[0-9A-Z]{8,30}", at in 0_usize..8) {
        let mut spaced = number.to_lowercase();
        spaced.insert(at, ' ');
        prop_assert_eq!(recognise(&number), recognise(&spaced));
    }

    #[test]
    fn no_text_makes_it_fail(text in "\\PC*") {
        recognise(&text);
    }

    #[test]
    fn one_of_the_characters_is_right(serial in "[0-9]{5,30}") {
        for check in [Check::Gs1, Check::OneTwo, Check::Luhn, Check::Mod37] {
            let right = ('0'..='9').chain('A'..='Z').filter(|last| {
                let number = format!("{serial}{last}");
                check.holds(number.as_bytes())
            });
            prop_assert_eq!(right.count(), 1, "{:?}", check);
        }
    }
}
