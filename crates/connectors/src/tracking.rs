//! Tracking numbers: which carrier gave a number, and whether it can be one.
//!
//! A number with a check digit belongs to the carrier whose rule it fulfils. One that has the shape
//! of a checked format and fails its rule is a slip of the pen, whatever else it might look like.

mod check;
mod countries;
mod formats;
mod shape;
#[cfg(test)]
mod tests;

use formats::FORMATS;

/// A carrier, as the public lists of tracking numbers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "names of companies")]
pub enum Courier {
    Amazon,
    CanadaPost,
    Canpar,
    Dhl,
    Dpd,
    Fedex,
    Gofo,
    Landmark,
    Lasership,
    OldDominion,
    Ontrac,
    Purolator,
    /// A postal service: numbers by UPU S10 name the country, not the service.
    Post,
    Speedee,
    Ups,
    Usps,
    Yodel,
    Yunexpress,
}

impl Courier {
    /// Its short name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::CanadaPost => "canada_post",
            Self::Canpar => "canpar",
            Self::Dhl => "dhl",
            Self::Dpd => "dpd",
            Self::Fedex => "fedex",
            Self::Gofo => "gofo",
            Self::Landmark => "landmark",
            Self::Lasership => "lasership",
            Self::OldDominion => "old_dominion",
            Self::Ontrac => "ontrac",
            Self::Purolator => "purolator",
            Self::Post => "s10",
            Self::Speedee => "speedee",
            Self::Ups => "ups",
            Self::Usps => "usps",
            Self::Yodel => "yodel",
            Self::Yunexpress => "yunexpress",
        }
    }
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Whose number it is, or looks like.
    pub courier: Courier,
    /// Whether it can be one: its check digit is right, or its format has none.
    pub valid: bool,
}

/// Recognises a number; spaces do not count, nor does the case of letters. `None` when no carrier
/// gives numbers of this shape.
pub fn recognise(number: &str) -> Option<Recognised> {
    let number: Vec<u8> = number
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| byte.to_ascii_uppercase())
        .collect();
    let of_shape = || FORMATS.iter().filter(|format| format.fits(&number));
    let valid = |courier| Recognised {
        courier,
        valid: true,
    };
    if let Some(format) = of_shape().find(|format| format.is_checked() && format.holds(&number)) {
        return Some(valid(format.courier));
    }
    let slip = of_shape().find(|format| format.is_checked());
    // Digits alone are many things; letters are a carrier's own.
    if let Some(slip) = slip.filter(|format| format.is_marked()) {
        return Some(Recognised {
            courier: slip.courier,
            valid: false,
        });
    }
    let unchecked = of_shape().find(|format| !format.is_checked());
    match (unchecked, slip) {
        (Some(format), _) => Some(valid(format.courier)),
        (None, Some(slip)) => Some(Recognised {
            courier: slip.courier,
            valid: false,
        }),
        (None, None) => None,
    }
}
