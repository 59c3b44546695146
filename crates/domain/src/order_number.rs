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

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>(), number in 1_000_u32..99_999_999) {
            find(&text, "HP-");
            let written = format!("ä HP-{number} 𝄞");
            prop_assert_eq!(find(&written, "HP-"), vec![format!("HP-{number}")]);
        }
    }
}
