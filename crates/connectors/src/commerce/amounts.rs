//! Amounts as shops write them, read exactly: never through a float.

use super::Broken;
use deskhand_domain::{Currency, Money};

/// Reads a decimal amount in major units, such as `19.99`, to the minor unit of its currency.
/// More decimals than the currency has must be zeros.
pub fn exact(text: &str, currency: Currency, field: &'static str) -> Result<Money, Broken> {
    let broken = || Broken::Amount { field };
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return Err(broken());
    }
    let decimals = currency.decimals() as usize;
    let kept = fraction.len().min(decimals);
    let (kept, rest) = fraction.split_at(kept);
    if rest.bytes().any(|digit| digit != b'0') {
        return Err(Broken::Decimals { field });
    }
    let minor = format!("{whole}{kept:0<decimals$}");
    let minor: i64 = minor.parse().map_err(|_| broken())?;
    Ok(Money::new(if negative { -minor } else { minor }, currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, code: &str) -> Result<i64, Broken> {
        exact(text, code.parse().expect("a code"), "total").map(|money| money.minor)
    }

    #[test]
    fn amounts_are_read_to_the_minor_unit_of_their_currency() {
        for (text, code, minor) in [
            ("19.99", "EUR", 1_999),
            ("19.9", "EUR", 1_990),
            ("19", "EUR", 1_900),
            (".5", "EUR", 50),
            ("-0.05", "EUR", -5),
            ("0.10", "USD", 10),
            ("1200", "JPY", 1_200),
            ("1200.0", "JPY", 1_200),
            ("1.234", "KWD", 1_234),
            ("1.2", "KWD", 1_200),
            ("19.990000", "EUR", 1_999),
        ] {
            assert_eq!(read(text, code), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_and_never_rounded() {
        let amount = Err(Broken::Amount { field: "total" });
        for text in [
            "",
            ".",
            "-",
            "1e3",
            "1,000.00",
            "12,50",
            "NaN",
            "0x10",
            "1.2.3",
            "€5",
            "99999999999999999999",
        ] {
            assert_eq!(read(text, "EUR"), amount, "{text:?}");
        }
        let decimals = Err(Broken::Decimals { field: "total" });
        assert_eq!(read("19.995", "EUR"), decimals);
        assert_eq!(read("1200.5", "JPY"), decimals);
        assert_eq!(read("1.2345", "KWD"), decimals);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(minor in any::<i64>(), code in "(EUR|JPY|KWD)") {
            prop_assume!(minor != i64::MIN);
            let money = Money::new(minor, code.parse().expect("a code"));
            let shown = money.to_string();
            let (amount, _) = shown.split_once(' ').expect("an amount and a code");
            prop_assert_eq!(exact(amount, money.currency, "total"), Ok(money));
        }
    }
}
