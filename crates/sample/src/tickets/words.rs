//! Texts with gaps: the groups of `data/talk`, and how one line becomes a sentence.
//!
//! `= intent/name language key=value …` starts a group; `s:` is a subject, `1:` the customer's
//! first message, `2:` the answer, `3:` the customer again and so on, `n:` a note. A letter behind
//! the digit ties lines together: `4a` answers `3ab`.
//! In a line, `{slot}` is filled from the facts, `[…]` may be left out, `<a|b>` is one of them and
//! `¶` a new paragraph, `¬` a new line.

use std::collections::BTreeMap;

use crate::rng::Rng;

/// One way to say a step.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    step: char,
    /// Lines that share a letter answer each other: `4a` follows `3ab`.
    pub(crate) threads: &'static str,
    pub(crate) text: &'static str,
}

/// Lines that belong together.
pub(crate) struct Group {
    pub(crate) intent: &'static str,
    pub(crate) name: &'static str,
    pub(crate) language: &'static str,
    pub(crate) keys: BTreeMap<&'static str, &'static str>,
    lines: Vec<Line>,
}

impl Group {
    /// The lines of one step.
    pub(crate) fn lines(&self, step: char) -> impl Iterator<Item = Line> {
        self.lines
            .iter()
            .copied()
            .filter(move |line| line.step == step)
    }
}

const FILES: [&str; 5] = [
    include_str!("../../data/talk/common.txt"),
    include_str!("../../data/talk/parcels.txt"),
    include_str!("../../data/talk/orders.txt"),
    include_str!("../../data/talk/goods.txt"),
    include_str!("../../data/talk/questions.txt"),
];

pub(crate) fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in FILES.iter().flat_map(|file| file.lines()) {
        if let Some(head) = line.strip_prefix("= ") {
            let mut parts = head.split(' ').filter(|part| !part.is_empty());
            let path = parts.next().unwrap_or_default();
            let (intent, name) = path.split_once('/').unwrap_or((path, ""));
            groups.push(Group {
                intent,
                name,
                language: parts.next().unwrap_or_default(),
                keys: parts.filter_map(|part| part.split_once('=')).collect(),
                lines: vec![],
            });
        } else if let (Some(group), Some((head, text))) = (groups.last_mut(), line.split_once(": "))
            && let Some(step) = head.chars().next()
            && head.len() <= 4
        {
            let threads = &head[step.len_utf8()..];
            group.lines.push(Line {
                step,
                threads,
                text,
            });
        }
    }
    groups
}

/// What is known: the value of every slot there is.
pub(crate) type Slots = BTreeMap<&'static str, String>;

/// The line with its gaps filled, unless it needs something that is not known.
pub(crate) fn render(line: &str, slots: &Slots, rng: &mut Rng) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['{', '[', '<', '¶', '¬']) {
        out.push_str(&rest[..at]);
        let opened = &rest[at..];
        let (close, skip) = match opened.chars().next() {
            Some('{') => ('}', 1),
            Some('[') => (']', 1),
            Some('<') => ('>', 1),
            _ => {
                while out.ends_with(' ') {
                    out.pop();
                }
                let paragraph = opened.starts_with('¶');
                out.push_str(if paragraph { "\n\n" } else { "\n" });
                rest = opened.trim_start_matches(['¶', '¬', ' ']);
                continue;
            }
        };
        let end = opened.find(close)?;
        let inner = &opened[skip..end];
        rest = &opened[end + 1..];
        match close {
            '}' => out.push_str(slots.get(inner)?),
            ']' => {
                if rng.chance(55)
                    && let Some(text) = render(inner, slots, rng)
                {
                    out.push_str(&text);
                }
            }
            _ => {
                let choices: Vec<&str> = inner.split('|').collect();
                let choice = *rng.pick::<&str>(&choices);
                out.push_str(&render(choice, slots, rng)?);
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// Tidies what left-out parts leave behind, and starts sentences with a capital.
pub(crate) fn tidy(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        lines.push(words.join(" "));
    }
    let joined = lines.join("\n");
    let mut first = joined.trim().chars();
    match first.next() {
        Some(letter) => letter.to_uppercase().chain(first).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_and_lines_that_lack_a_fact_are_refused() {
        let slots: Slots = [("order", "HP-1".to_owned())].into();
        let check = |line: &str, text: Option<&str>| {
            assert_eq!(
                render(line, &slots, &mut Rng::new("x")).as_deref(),
                text,
                "{line}"
            );
        };
        check("Where is {order}?", Some("Where is HP-1?"));
        check("Where is {parcel}?", None);
        check("One. ¶ Two.", Some("One.\n\nTwo."));
        check("<{order}|{order}>!", Some("HP-1!"));
        check("Hi[ {parcel}].", Some("Hi."));
    }

    #[test]
    fn every_line_closes_what_it_opens() {
        for group in groups() {
            for Line { text: line, .. } in &group.lines {
                for (open, close) in [('{', '}'), ('[', ']'), ('<', '>')] {
                    assert_eq!(
                        line.matches(open).count(),
                        line.matches(close).count(),
                        "{line}"
                    );
                }
            }
        }
    }
}
