//! As much of GraphQL's grammar as a fake needs: the fields that are asked for, with arguments.

use std::{collections::BTreeMap, iter::Peekable, vec::IntoIter};

/// A field that is asked for; `...Type` for a fragment on a type.
#[derive(Debug, Default)]
pub struct Field {
    pub name: String,
    pub arguments: BTreeMap<String, String>,
    pub fields: Vec<Field>,
}

/// The fields of the one operation of a document; none when it cannot be read.
pub fn parse(document: &str) -> Option<Vec<Field>> {
    let words = words(document);
    let mut words = words.into_iter().peekable();
    // `query ($a: B!)` says nothing that is not said again where it is used.
    let mut depth = 0_u32;
    while let Some(word) = words.peek() {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.checked_sub(1)?,
            "{" if depth == 0 => break,
            _ => {}
        }
        words.next();
    }
    let fields = selection(&mut words)?;
    words.next().is_none().then_some(fields)
}

type Words<'a> = Peekable<IntoIter<&'a str>>;

fn selection(words: &mut Words<'_>) -> Option<Vec<Field>> {
    (words.next()? == "{").then_some(())?;
    let mut fields = Vec::new();
    loop {
        let mut field = Field::default();
        match words.next()? {
            "}" => return Some(fields),
            "..." => {
                (words.next()? == "on").then_some(())?;
                field.name = format!("...{}", words.next()?);
            }
            name => field.name = name.to_owned(),
        }
        if words.peek() == Some(&"(") {
            words.next();
            loop {
                let name = words.next()?;
                if name == ")" {
                    break;
                }
                (words.next()? == ":").then_some(())?;
                let value = words.next()?.trim_matches('"').to_owned();
                field.arguments.insert(name.to_owned(), value);
            }
        }
        if words.peek() == Some(&"{") {
            field.fields = selection(words)?;
        }
        fields.push(field);
    }
}

fn words(document: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() || first == ',' {
            rest = &rest[first.len_utf8()..];
            continue;
        } else if rest.starts_with("...") {
            3
        } else if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if first.is_alphanumeric() || "$_-".contains(first) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !"$_-".contains(c));
            end.unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        words.push(&rest[..length]);
        rest = &rest[length..];
    }
    words
}
