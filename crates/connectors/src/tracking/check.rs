//! Check digits.

/// How the last character follows from the others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// Modulo 10 with weights 3 and 1 from the right (GS1).
    Gs1,
    /// Modulo 10 with weights 1 and 2 from the left; letters count as their place from `A` = 2.
    OneTwo,
    /// Modulo 10 of the digits' sums with weights 2 and 1 from the right (ISO/IEC 7812, Luhn).
    Luhn,
    /// The remainder of the whole number by 7.
    Mod7,
    /// Modulo 11, then 10, with weights 1, 3 and 7 from the right.
    OneThreeSeven,
    /// Modulo 37 and 36 (ISO/IEC 7064).
    Mod37,
    /// Modulo 11 with the weights of UPU S10.
    S10,
}

impl Check {
    /// Whether the last character is the one that follows.
    pub(super) fn holds(self, number: &[u8]) -> bool {
        let Some((last, serial)) = number.split_last() else {
            return false;
        };
        let digit = |value: u32| char::from_digit(value, 10).map(|digit| digit as u8);
        let expected = match self {
            Self::Gs1 => digit((10 - weighed(serial.iter().rev(), &[3, 1]) % 10) % 10),
            Self::OneTwo => digit((10 - weighed(serial.iter(), &[1, 2]) % 10) % 10),
            Self::Luhn => {
                let doubled = serial.iter().rev().enumerate().map(|(place, byte)| {
                    let value = worth(*byte) * if place % 2 == 0 { 2 } else { 1 };
                    value / 10 + value % 10
                });
                digit((10 - doubled.sum::<u32>() % 10) % 10)
            }
            Self::Mod7 => digit(
                serial
                    .iter()
                    .fold(0, |rest, byte| (rest * 10 + worth(*byte)) % 7),
            ),
            Self::OneThreeSeven => digit(weighed(serial.iter().rev(), &[1, 3, 7]) % 11 % 10),
            Self::Mod37 => {
                let rest = serial.iter().try_fold(36, |rest, byte| {
                    let sum = (rest + char::from(*byte).to_digit(36)?) % 36;
                    let sum = if sum == 0 { 36 } else { sum };
                    Some(sum * 2 % 37)
                });
                rest.and_then(|rest| char::from_digit((37 - rest) % 36, 36))
                    .map(|character| character.to_ascii_uppercase() as u8)
            }
            Self::S10 => {
                let sum = weighed(serial.iter(), &[8, 6, 4, 2, 3, 5, 9, 7]);
                digit(match 11 - sum % 11 {
                    10 => 0,
                    11 => 5,
                    other => other,
                })
            }
        };
        expected == Some(*last)
    }
}

fn weighed<'a>(bytes: impl Iterator<Item = &'a u8>, weights: &[u32]) -> u32 {
    bytes
        .zip(weights.iter().cycle())
        .map(|(byte, weight)| worth(*byte) * weight)
        .sum()
}

/// A digit's value, or a letter's.
fn worth(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A' + 2) % 10,
        _ => 0,
    }
}
