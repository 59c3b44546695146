//! `roles.toml`: what each role may do.

use crate::error::{Mistake, line_of};
use deskhand_domain::{Role, Scope};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// Roles by their names.
pub type Grants = BTreeMap<Role, Grant>;

/// What a role may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// What the role is for, in a sentence.
    pub words: String,
    /// What it may do; what is not here is denied.
    pub scopes: BTreeSet<Scope>,
    /// Up to how much money it gives back, in whole units of the currency.
    pub refunds_up_to: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    words: String,
    scopes: Vec<Spanned<String>>,
    #[serde(default)]
    refunds_up_to: u32,
}

/// Reads roles over those that are known: a role that is there again is replaced.
pub(crate) fn read(file: &str, text: &str, known: &mut Grants) -> Result<(), Vec<Mistake>> {
    let mistake = |offset: usize, meaning: String| Mistake {
        file: file.to_owned(),
        line: line_of(text, offset),
        meaning,
    };
    let written: BTreeMap<Spanned<String>, Written> = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        vec![mistake(offset, error.message().to_owned())]
    })?;
    let mut mistakes = Vec::new();
    for (name, role) in written {
        let mut grant = Grant {
            words: role.words,
            scopes: BTreeSet::new(),
            refunds_up_to: role.refunds_up_to,
        };
        for scope in role.scopes {
            match scope.get_ref().parse::<Scope>() {
                Ok(found) => drop(grant.scopes.insert(found)),
                Err(_) => mistakes.push(mistake(
                    scope.span().start,
                    format!(
                        "there is no scope {:?}: docs/ROLES.md lists them",
                        scope.get_ref()
                    ),
                )),
            }
        }
        match name.get_ref().parse::<Role>() {
            Ok(role) => drop(known.insert(role, grant)),
            Err(error) => mistakes.push(mistake(name.span().start, error.to_string())),
        }
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        mistakes.sort_by_key(|mistake| mistake.line);
        Err(mistakes)
    }
}
