//! The formats of numbers, as the carriers publish them. Among numbers that fulfil the rules of two
//! carriers the one that stands first here is taken.

use super::{
    Courier,
    check::Check,
    countries,
    shape::{
        Piece::{self, Alnum, Digits, Is, Letters, OneOf, Rest, Word},
        fits,
    },
};

/// One format.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) courier: Courier,
    pieces: &'static [Piece],
    rule: Rule,
}

/// What is checked in it.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Nothing: the shape is all there is.
    Shape,
    /// The part from one place to another, of which the last is the check digit.
    Part(usize, usize, Check),
    /// The same from the end: so many characters, of which so many are left out at the end.
    Last(usize, usize, Check),
    /// The part from a place to the end behind a word that is not printed.
    Behind(&'static str, usize, Check),
    /// A number by UPU S10.
    S10,
}

impl Format {
    pub(super) fn fits(&self, number: &[u8]) -> bool {
        fits(self.pieces, number)
    }

    pub(super) fn is_checked(&self) -> bool {
        !matches!(self.rule, Rule::Shape)
    }

    /// Whether it has more of its own than a count of digits.
    pub(super) fn is_marked(&self) -> bool {
        !self.pieces.iter().all(|piece| matches!(piece, Digits(_)))
    }

    /// Whether a number of its shape fulfils its rule.
    pub(super) fn holds(&self, number: &[u8]) -> bool {
        let part = |from: usize, to: usize| number.get(from..to).unwrap_or_default();
        match self.rule {
            Rule::Shape => true,
            Rule::Part(from, to, check) => check.holds(part(from, to)),
            Rule::Last(count, left_out, check) => {
                let to = number.len().saturating_sub(left_out);
                check.holds(part(to.saturating_sub(count), to))
            }
            Rule::Behind(word, from, check) => {
                let rest = part(from, number.len());
                if rest.starts_with(word.as_bytes()) {
                    return check.holds(rest);
                }
                check.holds(&[word.as_bytes(), rest].concat())
            }
            Rule::S10 => Check::S10.holds(part(2, 11)) && countries::is_country(part(11, 13)),
        }
    }
}

const fn format(courier: Courier, pieces: &'static [Piece], rule: Rule) -> Format {
    Format {
        courier,
        pieces,
        rule,
    }
}

/// Every format.
pub(super) const FORMATS: &[Format] = &[
    format(
        Courier::Ups,
        &[Is("1Z"), Alnum(15), Digits(1)],
        Rule::Part(2, 18, Check::OneTwo),
    ),
    format(
        Courier::Ups,
        &[OneOf("AHJKTV"), Digits(10)],
        Rule::Part(1, 11, Check::OneTwo),
    ),
    format(
        Courier::Post,
        &[Letters(2), Digits(9), Letters(2)],
        Rule::S10,
    ),
    format(
        Courier::Ontrac,
        &[Is("C"), Digits(14)],
        Rule::Behind("4", 1, Check::OneTwo),
    ),
    format(
        Courier::Ontrac,
        &[Is("D"), Digits(14)],
        Rule::Behind("5", 1, Check::OneTwo),
    ),
    // DHL Paket: an SSCC of a shipper in Germany.
    format(
        Courier::Dhl,
        &[Is("0034"), Digits(16)],
        Rule::Part(2, 20, Check::Gs1),
    ),
    // USPS: 22 or 26 digits, behind the place they go to or not.
    format(
        Courier::Usps,
        &[Word(USPS), Digits(20)],
        Rule::Last(22, 0, Check::Gs1),
    ),
    format(
        Courier::Usps,
        &[Word(USPS), Digits(24)],
        Rule::Last(26, 0, Check::Gs1),
    ),
    format(
        Courier::Usps,
        &[Is("420"), Digits(5), Word(USPS), Digits(20)],
        Rule::Last(22, 0, Check::Gs1),
    ),
    format(
        Courier::Usps,
        &[Is("420"), Digits(9), Word(USPS), Digits(20)],
        Rule::Last(22, 0, Check::Gs1),
    ),
    format(
        Courier::Usps,
        &[Is("420"), Digits(5), Word(USPS), Digits(24)],
        Rule::Last(26, 0, Check::Gs1),
    ),
    format(
        Courier::Usps,
        &[Is("420"), Digits(9), Word(USPS), Digits(24)],
        Rule::Last(26, 0, Check::Gs1),
    ),
    format(
        Courier::Fedex,
        &[Is("96"), Digits(20)],
        Rule::Last(15, 0, Check::Gs1),
    ),
    format(
        Courier::Fedex,
        &[Is("96"), Digits(32)],
        Rule::Last(14, 0, Check::OneThreeSeven),
    ),
    format(
        Courier::Fedex,
        &[OneOf("012345678"), Digits(33)],
        Rule::Last(14, 0, Check::OneThreeSeven),
    ),
    format(
        Courier::Fedex,
        &[Is("3"), Digits(31)],
        Rule::Last(12, 4, Check::OneThreeSeven),
    ),
    // Numbers of Purolator begin so; one in ten of FedEx's would fulfil its rule too.
    format(
        Courier::Purolator,
        &[Word(&["28", "29", "32", "33"]), Digits(10)],
        Rule::Part(0, 12, Check::Luhn),
    ),
    format(
        Courier::Fedex,
        &[Digits(12)],
        Rule::Part(0, 12, Check::OneThreeSeven),
    ),
    format(
        Courier::Purolator,
        &[OneOf("012345"), Digits(11)],
        Rule::Part(0, 12, Check::Luhn),
    ),
    format(Courier::Fedex, &[Digits(15)], Rule::Part(0, 15, Check::Gs1)),
    format(
        Courier::Fedex,
        &[Word(&["00", "01", "02", "04"]), Digits(16)],
        Rule::Last(16, 0, Check::Gs1),
    ),
    format(
        Courier::CanadaPost,
        &[Digits(16)],
        Rule::Part(0, 16, Check::Gs1),
    ),
    format(Courier::Usps, &[Digits(20)], Rule::Part(0, 20, Check::Gs1)),
    format(
        Courier::Usps,
        &[Digits(20)],
        Rule::Behind("91", 0, Check::Gs1),
    ),
    format(
        Courier::OldDominion,
        &[Word(&["777", "778", "072", "780"]), Digits(8)],
        Rule::Part(0, 11, Check::Luhn),
    ),
    format(
        Courier::OldDominion,
        &[Is("80"), Digits(9)],
        Rule::Part(0, 11, Check::Luhn),
    ),
    format(Courier::Dhl, &[Digits(10)], Rule::Part(0, 10, Check::Mod7)),
    format(Courier::Dhl, &[Digits(11)], Rule::Part(0, 11, Check::Mod7)),
    format(
        Courier::Dpd,
        &[Digits(27), Alnum(1)],
        Rule::Part(0, 28, Check::Mod37),
    ),
    format(
        Courier::Dpd,
        &[Digits(14), Alnum(1)],
        Rule::Part(0, 15, Check::Mod37),
    ),
    format(
        Courier::Amazon,
        &[Word(&["TBA", "TBC", "TBM"]), Digits(12)],
        Rule::Shape,
    ),
    format(Courier::Amazon, &[OneOf("AFC"), Digits(10)], Rule::Shape),
    format(
        Courier::Canpar,
        &[OneOf("CDKLSUXZ"), Digits(21)],
        Rule::Shape,
    ),
    format(Courier::Dhl, &[Is("J"), Letters(2), Digits(9)], Rule::Shape),
    format(
        Courier::Dhl,
        &[Is("J"), Letters(2), Digits(10)],
        Rule::Shape,
    ),
    format(Courier::Dhl, &[Is("J"), Letters(3), Digits(9)], Rule::Shape),
    format(
        Courier::Dhl,
        &[Is("J"), Letters(3), Digits(10)],
        Rule::Shape,
    ),
    // DHL Paket, the long form.
    format(Courier::Dhl, &[Is("JJD"), Digits(18)], Rule::Shape),
    format(Courier::Gofo, &[Is("GFUS"), Digits(14)], Rule::Shape),
    format(
        Courier::Landmark,
        &[Is("LTN"), Digits(8), Is("N1")],
        Rule::Shape,
    ),
    format(
        Courier::Lasership,
        &[Is("L"), OneOf("AIEHNX"), OneOf("123"), Digits(7)],
        Rule::Shape,
    ),
    format(
        Courier::Lasership,
        &[Is("1LS7"), OneOf("12"), Digits(10)],
        Rule::Shape,
    ),
    format(
        Courier::Lasership,
        &[
            Is("1LS7"),
            OneOf("12"),
            Digits(2),
            Is("01"),
            OneOf("1234"),
            Digits(6),
            Is("-1"),
        ],
        Rule::Shape,
    ),
    format(Courier::Lasership, &[Is("1LSCX"), Alnum(10)], Rule::Shape),
    format(Courier::Purolator, &[Letters(3), Digits(9)], Rule::Shape),
    format(Courier::Speedee, &[Is("SP"), Digits(18)], Rule::Shape),
    format(Courier::Yodel, &[Is("JD"), Digits(16)], Rule::Shape),
    format(Courier::Yodel, &[Is("JJD"), Digits(16)], Rule::Shape),
    format(Courier::Yunexpress, &[Is("YT"), Digits(16)], Rule::Shape),
    format(
        Courier::Dhl,
        &[
            Word(&["GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY"]),
            Rest(10, 39),
        ],
        Rule::Shape,
    ),
    format(Courier::Dhl, &[Digits(14)], Rule::Shape),
];

/// What USPS numbers begin with.
const USPS: &[&str] = &["91", "92", "93", "94", "95"];
