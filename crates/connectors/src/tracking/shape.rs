//! The shape of a number, piece by piece.

/// One piece.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    /// These characters.
    Is(&'static str),
    /// One of these characters.
    OneOf(&'static str),
    /// One of these words, all of one length.
    Word(&'static [&'static str]),
    /// So many digits.
    Digits(usize),
    /// So many letters.
    Letters(usize),
    /// So many letters or digits.
    Alnum(usize),
    /// Letters or digits, at least and at most so many, to the end; a digit among them.
    Rest(usize, usize),
}

impl Piece {
    /// What is left behind it.
    fn strip(self, number: &[u8]) -> Option<&[u8]> {
        let some = |count: usize, is: fn(&u8) -> bool| {
            let (head, rest) = number.split_at_checked(count)?;
            head.iter().all(is).then_some(rest)
        };
        match self {
            Self::Is(word) => number.strip_prefix(word.as_bytes()),
            Self::OneOf(characters) => {
                let (first, rest) = number.split_first()?;
                characters.as_bytes().contains(first).then_some(rest)
            }
            Self::Word(words) => words
                .iter()
                .find_map(|word| number.strip_prefix(word.as_bytes())),
            Self::Digits(count) => some(count, u8::is_ascii_digit),
            Self::Letters(count) => some(count, u8::is_ascii_uppercase),
            Self::Alnum(count) => some(count, u8::is_ascii_alphanumeric),
            Self::Rest(least, most) => ((least..=most).contains(&number.len())
                && number.iter().all(u8::is_ascii_alphanumeric)
                && number.iter().any(u8::is_ascii_digit))
            .then_some(&[]),
        }
    }
}

/// Whether a number is made of these pieces and nothing else.
pub(super) fn fits(pieces: &[Piece], number: &[u8]) -> bool {
    let rest = pieces
        .iter()
        .try_fold(number, |rest, piece| piece.strip(rest));
    rest.is_some_and(<[u8]>::is_empty)
}
