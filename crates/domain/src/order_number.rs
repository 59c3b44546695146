//! Order numbers in what people write.

/// The order numbers in a text, in the shop's own spelling, each once, in the order of the text.
///
/// `prefix` is the shop's, for example `HP-`. People write `HP-20418`, `hp 20418`, `HP20418` and
/// `#20418`; a bare number counts only behind `#`, since years and amounts are numbers too.
pub fn find(text: &str, prefix: &str) -> Vec<String> {
    let letters: String = prefix
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    let lower: Vec<char> = text
        .chars()
        .map(|c| c.to_lowercase().next().unwrap_or(c))
        .collect();
    let mut found: Vec<String> = Vec::new();
    let mut index = 0;
    while index < lower.len() {
        match digits_at(&lower, index, &letters) {
            Some((start, end)) => {
                let digits: String = lower[start..end].iter().collect();
                let number = format!("{prefix}{digits}");
                if !found.contains(&number) {
                    found.push(number);
                }
                index = end;
            }
            None => index += 1,
        }
    }
    found
}

/// Whether a text names this order number, as a word of its own and in any case. For shops whose
/// numbers have no prefix; fewer than five letters and digits are a number like any other.
pub fn names(text: &str, number: &str) -> bool {
    let number = number.trim().to_lowercase();
    let bare = number.trim_start_matches('#');
    let long_enough = bare.chars().filter(|c| c.is_alphanumeric()).count() >= 5;
    let marked = number.starts_with('#') && bare.len() >= 3;
    let wanted = if long_enough { bare } else { &number };
    if !long_enough && !marked {
        return false;
    }
    let text = text.to_lowercase();
    text.match_indices(wanted).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + wanted.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Where the digits of an order number that starts at `index` begin and end.
fn digits_at(text: &[char], index: usize, letters: &str) -> Option<(usize, usize)> {
    let starts_a_word = index == 0 || !text[index - 1].is_alphanumeric();
    if !starts_a_word {
        return None;
    }
    let mut at = index;
    if text[at] == '#' {
        at += 1;
    } else if !letters.is_empty()
        && letters
            .chars()
            .enumerate()
            .all(|(i, c)| text.get(at + i) == Some(&c))
    {
        at += letters.chars().count();
        while matches!(
            text.get(at),
            Some(' ' | '-' | '#' | '\u{2010}' | '\u{2011}' | '\u{2013}')
        ) {
            at += 1;
        }
    } else {
        return None;
    }
    let end = at + text[at..].iter().take_while(|c| c.is_ascii_digit()).count();
    let long_enough = (4..=8).contains(&(end - at));
    let ends_a_word = text.get(end).is_none_or(|c| !c.is_alphanumeric());
    (long_enough && ends_a_word).then_some((at, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_numbers_are_found_as_people_write_them() {
        let check =
            |text: &str, numbers: &[&str]| assert_eq!(find(text, "HP-"), numbers, "{text:?}");
        check("any news on HP-20418? Tracking", &["HP-20418"]);
        check(
            "hp20418 and Hp 20511, HP-20418 again",
            &["HP-20418", "HP-20511"],
        );
        check("order #20418.", &["HP-20418"]);
        check("HP–20418 (with a dash from a phone)", &["HP-20418"]);
        check("paid 20418 euro in 2025", &[]);
        check("shp-20418 HP-12 HP-123456789 HP-2041x", &[]);
    }

    #[test]
    fn a_number_of_any_shop_is_named_by_itself() {
        for (text, number, named) in [
            ("where is 82mv5bz7d1wrqrrx?", "82MV5BZ7D1WRQRRX", true),
            ("82MV5BZ7D1WRQRRXX", "82MV5BZ7D1WRQRRX", false),
            ("order #1001 please", "#1001", true),
            ("1001 nights", "#1001", false),
            ("#10012", "#1001", false),
            ("my order 20418", "20418", true),
            ("my order 418", "418", false),
            ("hp-20418", "HP-20418", true),
        ] {
            assert_eq!(names(text, number), named, "{text:?} {number:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>(), number in 1_000_u32..99_999_999) {
            find(&text, "HP-");
            let written = format!("ä HP-{number} 𝄞");
            prop_assert_eq!(find(&written, "HP-"), vec![format!("HP-{number}")]);
        }
    }
}
