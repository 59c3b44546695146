//! docs/ROLES.md says what the files say.

use deskhand_domain::{Role, Scope};
use deskhand_policy::{Action, Policy};
use std::fmt::Write as _;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ROLES.md");
    std::fs::read_to_string(path).expect("docs/ROLES.md")
}

#[test]
fn the_page_has_the_table_of_roles_and_scopes() {
    let policy = Policy::embedded().expect("the embedded policy");
    let grants = Role::BUILT_IN.map(|role| &policy.roles()[&role]);
    let mut table = String::from(
        "| Scope | What for | agent | senior_agent | supervisor | admin | auditor | service |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for scope in Scope::ALL {
        let cells = grants.map(|grant| {
            if grant.scopes.contains(scope) {
                "yes"
            } else {
                ""
            }
        });
        let words = scope.words();
        writeln!(
            table,
            "| `{}` | {words} | {} |",
            scope.as_str(),
            cells.join(" | ")
        )
        .expect("text");
    }
    let limits = grants.map(|grant| grant.refunds_up_to.to_string());
    writeln!(
        table,
        "| `refunds_up_to` | Whole units of the order's currency. | {} |",
        limits.join(" | ")
    )
    .expect("text");
    assert!(
        page().contains(&table),
        "docs/ROLES.md should have:\n{table}"
    );
}

#[test]
fn the_page_names_every_action() {
    let page = page();
    for action in Action::ALL {
        assert!(page.contains(&format!("`{action}`")), "{action}");
    }
}
