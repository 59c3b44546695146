//! `*.cedar`: the rules.

use crate::{
    action::Action,
    error::{Mistake, line_of},
};
use cedar_policy::{ActionConstraint, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use std::collections::BTreeMap;

const SCHEMA: &str = include_str!("../policies/schema.cedarschema");

/// Every rule, by what it is about.
#[derive(Default)]
pub(crate) struct Rules {
    /// The rules of each action: a decision looks at no others.
    pub(crate) by_action: BTreeMap<Action, PolicySet>,
    /// What is known of each rule.
    pub(crate) known: BTreeMap<String, Rule>,
}

/// What is known of a rule beside what it says.
pub(crate) struct Rule {
    pub(crate) file: String,
    pub(crate) line: usize,
    /// The words of a refusal.
    pub(crate) words: Option<String>,
    /// The scope without which it permits nothing.
    pub(crate) needs: Option<String>,
}

/// Reads the schema. It is a part of the program: a test reads it.
pub(crate) fn schema() -> Result<Schema, Vec<Mistake>> {
    match Schema::from_cedarschema_str(SCHEMA) {
        Ok((schema, _)) => Ok(schema),
        Err(error) => Err(vec![Mistake {
            file: "schema.cedarschema".to_owned(),
            line: 1,
            meaning: error.to_string(),
        }]),
    }
}

impl Rules {
    /// Reads a file of rules beside those that are known.
    pub(crate) fn read(
        &mut self,
        file: &str,
        text: &str,
        validator: &Validator,
    ) -> Result<(), Vec<Mistake>> {
        let at = |offset: usize, meaning: String| Mistake {
            file: file.to_owned(),
            line: line_of(text, offset),
            meaning,
        };
        let set: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
            let each = errors.iter().map(|error| at(place(error), says(error)));
            each.collect::<Vec<_>>()
        })?;
        let mut mistakes = Vec::new();
        if let Some(template) = set.templates().next() {
            let words = format!("{} has a slot (?): rules are written out", template.id());
            mistakes.push(at(0, words));
        }
        let checked = validator.validate(&set, ValidationMode::Strict);
        for error in checked.validation_errors() {
            mistakes.push(at(place(error), says(error)));
        }
        for policy in set.policies() {
            let Some(id) = policy.annotation("id").map(str::to_owned) else {
                let words = "a rule has no @id(\"…\"): decisions name the rule that took them";
                mistakes.push(at(begins(text, policy), words.to_owned()));
                continue;
            };
            let offset = text.find(&format!("@id(\"{id}\")")).unwrap_or_default();
            if let Some(other) = self.known.get(&id) {
                let (file, line) = (&other.file, other.line);
                let words = format!("{id} is the id of another rule too, in {file}, line {line}");
                mistakes.push(at(offset, words));
                continue;
            }
            let rule = Rule {
                file: file.to_owned(),
                line: line_of(text, offset),
                words: policy.annotation("words").map(str::to_owned),
                needs: policy.annotation("needs").map(str::to_owned),
            };
            let named = policy.new_id(PolicyId::new(&id));
            for action in Action::ALL {
                if is_about(&named.action_constraint(), *action) {
                    let added = self
                        .by_action
                        .entry(*action)
                        .or_default()
                        .add(named.clone());
                    if let Err(error) = added {
                        mistakes.push(at(offset, error.to_string()));
                    }
                }
            }
            self.known.insert(id, rule);
        }
        if mistakes.is_empty() {
            return Ok(());
        }
        mistakes.sort_by(|a, b| (a.line, &a.meaning).cmp(&(b.line, &b.meaning)));
        mistakes.dedup();
        Err(mistakes)
    }
}

fn is_about(constraint: &ActionConstraint, action: Action) -> bool {
    let same = |id: &cedar_policy::EntityUid| id.id().unescaped() == action.as_str();
    match constraint {
        ActionConstraint::Any => true,
        ActionConstraint::In(ids) => ids.iter().any(same),
        ActionConstraint::Eq(id) => same(id),
    }
}

/// Where a mistake stands.
fn place(error: &impl Diagnostic) -> usize {
    let label = error.labels().and_then(|mut labels| labels.next());
    label.map_or(0, |label| label.offset())
}

/// A mistake in words, with the hint if there is one.
fn says(error: &(impl Diagnostic + std::fmt::Display)) -> String {
    let label = error.labels().and_then(|mut labels| labels.next());
    let label = label.and_then(|label| label.label().map(|words| format!(": {words}")));
    let help = error.help().map(|help| format!(" ({help})"));
    // A rule is named by its line, not by the parser's number for it.
    let words = error.to_string();
    let words = match words.split_once(", ") {
        Some((start, rest)) if start.starts_with("for policy `") => rest.to_owned(),
        _ => words,
    };
    format!(
        "{words}{}{}",
        label.unwrap_or_default(),
        help.unwrap_or_default()
    )
}

/// Where a rule without a name begins: as many rules further as the parser counted.
fn begins(text: &str, policy: &cedar_policy::Policy) -> usize {
    let number = policy.id().to_string();
    let number: usize = number.trim_start_matches("policy").parse().unwrap_or(0);
    let mut starts: Vec<usize> = ["permit", "forbid"]
        .iter()
        .flat_map(|word| text.match_indices(word).map(|(offset, _)| offset))
        .filter(|offset| {
            text[..*offset]
                .lines()
                .last()
                .is_none_or(|line| !line.contains("//"))
        })
        .collect();
    starts.sort_unstable();
    starts.get(number).copied().unwrap_or_default()
}
