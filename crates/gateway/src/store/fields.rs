//! The shop's own fields: defined by an admin, and checked wherever a value comes in.

use super::{Doing as _, Entry, Store, StoreError, Tx, entity, sql::Cell};
use deskhand_domain::{Field, FieldChanges, FieldId, FieldKind, FieldValue, Ticket, field::is_key};
use deskhand_protocol::{
    audit::{Action, Actor, ThingKind},
    rest::DefineField,
};
use uuid::Uuid;

/// How many fields a shop has at most.
pub const FIELDS: usize = 50;

impl Store {
    /// The shop's own fields, by place.
    pub async fn fields(&self) -> Result<Vec<Field>, StoreError> {
        let rows = entity::select::<Field>()
            .rows(self.read(), "place, id", FIELDS)
            .await
            .doing("read the fields")?;
        entity::read_all(&rows)
    }

    /// Defines a field, or changes it. Answers whether it is new.
    pub async fn define_field(
        &self,
        key: String,
        define: DefineField,
        by: Actor,
    ) -> Result<(Field, bool), StoreError> {
        let id = self.clock().id();
        self.write(move |tx| Box::pin(tx.define_field(id, key, define, by)))
            .await
    }
}

impl Tx {
    async fn all_fields(&mut self) -> Result<Vec<Field>, StoreError> {
        let rows = entity::select::<Field>()
            .rows(&mut *self.inner, "place, id", FIELDS)
            .await
            .doing("read the fields")?;
        entity::read_all(&rows)
    }

    async fn define_field(
        &mut self,
        id: Uuid,
        key: String,
        define: DefineField,
        by: Actor,
    ) -> Result<(Field, bool), StoreError> {
        let known = self.all_fields().await?;
        let before = known.iter().find(|field| field.key == key);
        if before.is_none() && known.len() >= FIELDS {
            return Err(StoreError::Refused(format!(
                "there are {FIELDS} fields already, which is the limit: use one of them again"
            )));
        }
        if let Some(before) = before {
            self.may_change(before, &define.kind).await?;
        }
        let field = Field {
            id: before.map_or(FieldId(id), |before| before.id),
            key,
            label: define.label,
            kind: define.kind,
            place: define.place,
        };
        let new = before.is_none();
        self.put(std::slice::from_ref(&field)).await?;
        self.audit(
            Entry::new(by, Action::FieldDefined)
                .to(ThingKind::Field, field.id)
                .with("new", new),
        );
        Ok((field, new))
    }

    /// A field that tickets have values of keeps its kind, and its options that are in use.
    async fn may_change(&mut self, before: &Field, kind: &FieldKind) -> Result<(), StoreError> {
        let refused = |pointer: &str, detail: String| {
            Err(StoreError::Wrong {
                pointer: pointer.to_owned(),
                detail,
            })
        };
        match (&before.kind, kind) {
            (
                FieldKind::Choice {
                    options: before_options,
                },
                FieldKind::Choice { options },
            ) => {
                for gone in before_options.iter().filter(|old| !options.contains(old)) {
                    let value = FieldValue::Text(gone.clone());
                    if self.is_used(&before.key, Some(&value)).await? {
                        let words = format!("tickets have the value {gone}: keep it");
                        return refused("/kind/options", words);
                    }
                }
                Ok(())
            }
            (before_kind, kind) if before_kind == kind => Ok(()),
            _ if self.is_used(&before.key, None).await? => refused(
                "/kind",
                "tickets have values of this field: it keeps its kind, or define another field"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Whether a ticket has the field, or this value of it.
    async fn is_used(&mut self, key: &str, value: Option<&FieldValue>) -> Result<bool, StoreError> {
        let value = value.and_then(|value| serde_json::to_string(value).ok());
        let part = format!("\"{key}\":{}", value.unwrap_or_default());
        let like: String = part
            .chars()
            .flat_map(|c| {
                matches!(c, '%' | '_' | '\\')
                    .then_some('\\')
                    .into_iter()
                    .chain([c])
            })
            .collect();
        let rows = entity::select::<Ticket>()
            .and(
                "fields like ? escape '\\'",
                vec![Cell::text(format!("%{like}%"))],
            )
            .rows(&mut *self.inner, "id", 1)
            .await
            .doing("look whether a field is used")?;
        Ok(!rows.is_empty())
    }

    /// Whether values fit their fields; `at` is where the patch stands in the body.
    pub(super) async fn check_fields(
        &mut self,
        at: &str,
        changes: &FieldChanges,
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let known = self.all_fields().await?;
        for (key, value) in changes {
            let wrong = |detail: String| {
                let key = key.replace('~', "~0").replace('/', "~1");
                StoreError::Wrong {
                    pointer: format!("{at}/fields/{key}"),
                    detail,
                }
            };
            let Some(field) = known.iter().find(|field| field.key == *key) else {
                return Err(wrong("there is no such field".to_owned()));
            };
            if let Some(value) = value {
                field
                    .check(value)
                    .map_err(|error| wrong(error.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Looks over what an admin typed.
pub fn check_definition(key: &str, define: &DefineField) -> Result<(), (&'static str, String)> {
    if !is_key(key) {
        let words = "the key is a lower-case letter, then letters, digits and _, at most 40";
        return Err(("", words.to_owned()));
    }
    let FieldKind::Choice { options } = &define.kind else {
        return Ok(());
    };
    let wrong = |words: &str| Err(("/kind/options", words.to_owned()));
    if options.is_empty() || options.len() > 50 {
        return wrong("a choice has 1 to 50 options");
    }
    for (index, option) in options.iter().enumerate() {
        let fits = deskhand_domain::text::line(option).is_ok_and(|line| line == *option);
        if !fits || option.chars().count() > 60 {
            return wrong("an option is one line of 1 to 60 characters without spaces around it");
        }
        if options[..index].contains(option) {
            return wrong("an option is there twice");
        }
    }
    Ok(())
}
