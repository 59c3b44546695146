//! Ways to go on with the last word that is typed; each stands for that word.

use crate::{
    error::{CacheError, Doing},
    keys,
    query::{OPERATORS, values},
    words::fold,
};
use sqlx::SqliteConnection;

/// How many tags are offered, beside what is offered always.
const COMPLETIONS: usize = 8;

/// The names of the operators, their values, and the tags there are.
pub(super) async fn completions(
    connection: &mut SqliteConnection,
    text: &str,
) -> Result<Vec<String>, CacheError> {
    let mut offered = operators(text);
    let (minus, word) = last_word(text);
    if let Some((operator, value)) = word.split_once(':')
        && operator.eq_ignore_ascii_case("tag")
    {
        let value = fold(value.trim_start_matches('"'));
        for name in tags(connection, &value).await? {
            let quote = if name.contains(' ') { "\"" } else { "" };
            offered.push(format!("{minus}tag:{quote}{name}{quote}"));
        }
    }
    Ok(offered)
}

/// The names of the operators and their values, which need no index.
pub(super) fn operators(text: &str) -> Vec<String> {
    let (minus, word) = last_word(text);
    let Some((operator, value)) = word.split_once(':') else {
        let word = word.to_ascii_lowercase();
        let fitting = OPERATORS.iter().filter(|name| name.starts_with(&word));
        return fitting.map(|name| format!("{minus}{name}")).collect();
    };
    let operator = format!("{}:", operator.to_ascii_lowercase());
    let value = fold(value.trim_start_matches('"'));
    values(&operator)
        .into_iter()
        .filter(|name| name.starts_with(&value) && *name != value)
        .map(|name| format!("{minus}{operator}{name}"))
        .collect()
}

fn last_word(text: &str) -> (&'static str, &str) {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    match word.strip_prefix('-') {
        Some(word) => ("-", word),
        None => ("", word),
    }
}

/// Tags that begin with this, and are more than it.
async fn tags(connection: &mut SqliteConnection, value: &str) -> Result<Vec<String>, CacheError> {
    let first = keys::tag(value);
    let end = keys::after(&first);
    let mut found = Vec::new();
    let mut last = first.clone();
    let mut from = sqlx::query_scalar::<_, String>(
        "select key from found.exact where key >= ?1 and key < ?2 order by key limit 1",
    )
    .bind(&last)
    .bind(&end)
    .fetch_optional(&mut *connection)
    .await
    .doing("offer tags")?;
    while let Some(key) = from
        && found.len() < COMPLETIONS
    {
        if key != first || value.is_empty() {
            found.push(key.get(1..).unwrap_or_default().to_owned());
        }
        last.clone_from(&key);
        from = sqlx::query_scalar(
            "select key from found.exact where key > ?1 and key < ?2 order by key limit 1",
        )
        .bind(&last)
        .bind(&end)
        .fetch_optional(&mut *connection)
        .await
        .doing("offer tags")?;
    }
    Ok(found)
}
