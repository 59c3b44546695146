//! Words: where they begin and end in any script, and which of them count as the same.

use deskhand_protocol::view::SnippetPart;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Longer ones are not words; what is typed is cut at the same place.
const LONGEST: usize = 48;
/// How much of a text a snippet shows, in characters.
const SNIPPET: usize = 160;
/// How much of that stands before the match.
const BEFORE: usize = 50;

/// A word of a text, or two neighbours of a script that has no spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// As it is compared: lower case, without accents.
    pub(crate) folded: String,
    /// Where it stands.
    pub(crate) span: Range<usize>,
    /// The last sign of a run without spaces, by itself.
    pub(crate) tail: bool,
}

/// One or more words in a row that are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// The words, folded.
    pub(crate) words: Vec<String>,
    /// Whether the last one may go on.
    pub(crate) open: bool,
}

impl Term {
    /// What is looked for when somebody typed this; `None` when there is no word in it.
    pub(crate) fn new(text: &str, open: bool) -> Option<Self> {
        let mut words = words(text);
        // A run that goes on in the text has no last sign there.
        let runs_on = words.len() > 1 && words.last().is_some_and(|word| word.tail);
        if runs_on && words[words.len() - 2].span.end == words[words.len() - 1].span.end {
            words.pop();
        }
        let last = words.last()?;
        let long_enough = last.tail || last.folded.chars().nth(1).is_some();
        Some(Self {
            open: open && long_enough,
            words: words.into_iter().map(|word| word.folded).collect(),
        })
    }

    /// As FTS5 reads it. Every word is quoted, so that none is syntax.
    pub(crate) fn fts(&self) -> String {
        let star = if self.open { "*" } else { "" };
        format!("\"{}\"{star}", self.words.join(" ").replace('"', " "))
    }

    /// How many words of the text it covers when it stands at its start.
    fn covers(&self, text: &[Word]) -> Option<usize> {
        let length = self.words.len();
        let last = length.checked_sub(1)?;
        (text.len() >= length
            && self.words.iter().zip(text).enumerate().all(|(at, (a, b))| {
                *a == b.folded || (at == last && self.open && b.folded.starts_with(a.as_str()))
            }))
        .then_some(length)
    }
}

/// The words of a text, in order.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut word: Option<Range<usize>> = None;
    let mut run: Vec<Range<usize>> = Vec::new();
    for (start, sign) in text.grapheme_indices(true) {
        let span = start..start + sign.len();
        let first = sign.chars().next().unwrap_or(' ');
        let spaceless = has_no_spaces(first);
        if !spaceless {
            end_run(text, &mut run, &mut found);
        }
        if spaceless || !first.is_alphanumeric() {
            if let Some(span) = word.take() {
                push(text, span, false, &mut found);
            }
            if spaceless {
                run.push(span);
            }
        } else {
            word = Some(word.map_or(start, |word| word.start)..span.end);
        }
    }
    if let Some(span) = word {
        push(text, span, false, &mut found);
    }
    end_run(text, &mut run, &mut found);
    found
}

/// What the word index is given of a text.
pub(crate) fn for_index(text: &str) -> String {
    let words: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
    words.join(" ")
}

/// Lower case, without accents and without the differences of writing that nobody means.
pub(crate) fn fold(text: &str) -> String {
    let lower = text.to_lowercase().replace('ß', "ss").replace('ı', "i");
    lower
        .nfkd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .nfc()
        .collect()
}

fn end_run(text: &str, run: &mut Vec<Range<usize>>, found: &mut Vec<Word>) {
    for pair in run.windows(2) {
        push(text, pair[0].start..pair[1].end, false, found);
    }
    if let Some(last) = run.last() {
        push(text, last.clone(), true, found);
    }
    run.clear();
}

fn push(text: &str, span: Range<usize>, tail: bool, found: &mut Vec<Word>) {
    let folded: String = fold(&text[span.clone()]).chars().take(LONGEST).collect();
    found.push(Word { folded, span, tail });
}

/// Scripts that write words without spaces between them: pairs of signs are their words here.
fn has_no_spaces(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'       // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}'
    ) && c.is_alphanumeric()
}

/// How well a text fits, in the manner of BM25: how often each term stands there, against how long
/// it is. All terms stand in every text that is compared, so how rare they are makes no difference.
pub(crate) fn fit(text: &[Word], terms: &[Term], average: f64) -> f64 {
    let length = text.len() as f64 / average.max(1.0);
    let mut sum = 0.0;
    for term in terms {
        let mut often = 0.0;
        for at in 0..text.len() {
            if let Some(length) = term.covers(&text[at..]) {
                let whole = text[at + length - 1].folded.len() == term.words[length - 1].len();
                often += if whole { 1.0 } else { 0.5 };
            }
        }
        sum += often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length));
    }
    sum
}

/// The words around the first match, with the matches marked.
pub(crate) fn snippet(text: &str, terms: &[Term]) -> Vec<SnippetPart> {
    let words = words(text);
    let mut marks: Vec<Range<usize>> = Vec::new();
    for at in 0..words.len() {
        for term in terms {
            if let Some(length) = term.covers(&words[at..]) {
                marks.push(words[at].span.start..words[at + length - 1].span.end);
            }
        }
    }
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let (from, to) = window(text, &words, marks.first().map_or(0, |mark| mark.start));
    let mut parts = Parts::default();
    if from > 0 {
        parts.push("…", false);
    }
    let mut at = from;
    for mark in marks {
        let (start, end) = (mark.start.max(at), mark.end.min(to));
        if start < end {
            parts.push(&text[at..start], false);
            parts.push(&text[start..end], true);
            at = end;
        }
    }
    parts.push(&text[at.min(to)..to], false);
    if to < text.len() {
        parts.push("…", false);
    }
    parts.0
}

/// What of a text is shown around a place: it begins at a word, and ends after one if it can.
fn window(text: &str, words: &[Word], place: usize) -> (usize, usize) {
    let back = |from: usize, by: usize| {
        let before = text[..from].char_indices().rev();
        before.take(by).last().map_or(from, |(at, _)| at)
    };
    let earliest = back(place, BEFORE);
    let from = if earliest == 0 {
        0
    } else {
        let word = words.iter().find(|word| word.span.start >= earliest);
        word.map_or(earliest, |word| word.span.start.min(place))
    };
    let rest = &text[from..];
    let Some((length, _)) = rest.char_indices().nth(SNIPPET) else {
        return (from, text.len());
    };
    let latest = from + length;
    let ends = words.iter().rev().map(|word| word.span.end);
    let mut ends = ends.skip_while(|end| *end > latest);
    let to = ends.next().filter(|end| *end > place && *end > from);
    (from, to.unwrap_or(latest))
}

#[derive(Default)]
struct Parts(Vec<SnippetPart>);

impl Parts {
    fn push(&mut self, text: &str, matched: bool) {
        let text: String = text
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .collect();
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.matched == matched => last.text.push_str(&text),
            _ => self.0.push(SnippetPart { text, matched }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_found_in_every_script() {
        let check = |text: &str, words: &str| assert_eq!(for_index(text), words, "{text:?}");
        check("Wo ist mein Paket?", "wo ist mein paket");
        check(
            "Crème brûlée, STRASSE straße",
            "creme brulee strasse strasse",
        );
        check("HP-20418 can't", "hp 20418 can t");
        check("東京都 tower", "東京 京都 都 tower");
        check("ｱｶ", "アカ カ");
        check("हिन्दी में", "हिन्दी में");
        check("  …!? ", "");
    }

    #[test]
    fn a_snippet_shows_the_words_around_the_match() {
        let shown = |text: &str, looked_for: &str| {
            let term = Term::new(looked_for, true).expect("a word");
            let parts = snippet(text, &[term]);
            let marked = |part: &SnippetPart| match part.matched {
                true => format!("[{}]", part.text),
                false => part.text.clone(),
            };
            parts.iter().map(marked).collect::<String>()
        };
        assert_eq!(shown("My Tents\nleak", "tent"), "My [Tents] leak");
        assert_eq!(shown("東京都に住む", "京都"), "東[京都]に住む");
        let long = format!("{}needle{}", "hay ".repeat(60), " hay".repeat(60));
        let text = shown(&long, "needle");
        assert!(text.starts_with("…hay") && text.ends_with("hay…"), "{text}");
        assert!(text.contains(" [needle] "), "{text}");
    }

    proptest! {
        #[test]
        fn any_text_can_be_cut_into_words_and_shown(text in any::<String>(), typed in any::<String>()) {
            let terms: Vec<Term> = Term::new(&typed, true).into_iter().collect();
            let parts = snippet(&text, &terms);
            prop_assert!(parts.iter().map(|part| part.text.chars().count()).sum::<usize>() <= SNIPPET + BEFORE + 2);
            let own: Vec<Term> = Term::new(&text, true).into_iter().collect();
            prop_assert!(own.is_empty() || snippet(&text, &own).iter().any(|part| part.matched));
        }
    }
}
