//! Money: minor units and an ISO 4217 currency. Never a float.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use ts_rs::TS;
use utoipa::ToSchema;

/// An ISO 4217 currency code, three capital letters.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
#[schema(value_type = String, example = "EUR")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");
    /// The pound sterling.
    pub const GBP: Self = Self(*b"GBP");
    /// The Swiss franc.
    pub const CHF: Self = Self(*b"CHF");
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");
    /// The Swedish krona.
    pub const SEK: Self = Self(*b"SEK");

    /// The code, for example `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals an amount has (ISO 4217 minor units).
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is not three capital letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three capital letters (ISO 4217), such as EUR")]
pub struct NotACurrency;

impl FromStr for Currency {
    type Err = NotACurrency;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|x| x.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(NotACurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in minor units (cents) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
pub struct Money {
    /// Minor units: 27770 is 277.70 in a currency with two decimals.
    #[ts(type = "number")]
    pub minor: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum, unless the currencies differ or it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))?
            .map(|minor| Self::new(minor, self.currency))
    }

    /// This many times the amount, unless it does not fit.
    pub fn times(self, count: u32) -> Option<Self> {
        self.minor
            .checked_mul(i64::from(count))
            .map(|minor| Self::new(minor, self.currency))
    }

    /// Splits the amount in proportion to `weights` by largest remainder: the parts sum to the
    /// whole, to the penny.
    pub fn split(self, weights: &[u64]) -> Vec<Self> {
        let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
        if total == 0 {
            let mut parts = vec![Self::zero(self.currency); weights.len()];
            if let Some(first) = parts.first_mut() {
                *first = self;
            }
            return parts;
        }
        let whole = u128::from(self.minor.unsigned_abs());
        let mut parts: Vec<(usize, u128, u128)> = weights
            .iter()
            .enumerate()
            .map(|(index, weight)| {
                let product = whole * u128::from(*weight);
                (index, product / total, product % total)
            })
            .collect();
        let mut rest = whole - parts.iter().map(|part| part.1).sum::<u128>();
        parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        for part in &mut parts {
            if rest == 0 {
                break;
            }
            part.1 += 1;
            rest -= 1;
        }
        parts.sort_by_key(|part| part.0);
        let sign = self.minor.signum();
        parts
            .into_iter()
            .map(|part| {
                Self::new(
                    sign * i64::try_from(part.1).unwrap_or(i64::MAX),
                    self.currency,
                )
            })
            .collect()
    }
}

/// Plain digits and the code, for logs and texts that no language is known for: `277.70 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let sign = if self.minor < 0 { "-" } else { "" };
        let unit = 10_u64.pow(decimals);
        let minor = self.minor.unsigned_abs();
        if decimals == 0 {
            return write!(f, "{sign}{minor} {}", self.currency);
        }
        let width = decimals as usize;
        write!(
            f,
            "{sign}{}.{:0width$} {}",
            minor / unit,
            minor % unit,
            self.currency
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_show_the_decimals_of_their_currency() {
        let show = |minor, code: &str| Money::new(minor, code.parse().expect("a code")).to_string();
        assert_eq!(show(27_770, "EUR"), "277.70 EUR");
        assert_eq!(show(-5, "EUR"), "-0.05 EUR");
        assert_eq!(show(1_200, "JPY"), "1200 JPY");
        assert_eq!(show(1_234, "KWD"), "1.234 KWD");
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        for bad in ["", "eur", "EU", "EURO", "E1R"] {
            assert_eq!(bad.parse::<Currency>(), Err(NotACurrency), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_split_neither_loses_nor_invents_a_penny(
            minor in -10_000_000_i64..10_000_000,
            weights in proptest::collection::vec(0_u64..1_000_000, 1..12),
        ) {
            let parts = Money::new(minor, Currency::EUR).split(&weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|part| part.minor).sum::<i64>(), minor);
        }
    }
}
