//! `[oidc]`: signing in with an OpenID Connect provider.

use super::{Findings, Secret};
use deskhand_domain::Role;
use serde::{Deserialize, Serialize};

/// Signing in with an OpenID Connect provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// The provider; empty for none.
    pub issuer: String,
    /// What the provider knows this gateway as.
    pub client_id: String,
    /// What the gateway shows it; none for a public client.
    pub client_secret: Option<Secret>,
    /// What stands on the button.
    pub name: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim of the ID token with the groups.
    pub groups_claim: String,
    /// Which role members of a group have. Of several, the first counts.
    pub roles: Vec<GroupRole>,
    /// Which role somebody has who is in none of these groups; without it they are turned away.
    pub default_role: Option<Role>,
    /// Whether somebody new gets an account at the first sign-in.
    pub create_accounts: bool,
}

/// Which role the members of a group have.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The provider's name for the group.
    pub group: String,
    /// The role.
    pub role: Role,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            name: "single sign-on".to_owned(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            groups_claim: "groups".to_owned(),
            roles: Vec::new(),
            default_role: None,
            create_accounts: false,
        }
    }
}

impl Oidc {
    /// See [`super::Config::check`].
    pub(super) fn check(&self, wrong: &mut Findings) {
        if !self.is_used() {
            return;
        }
        let here = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        let encrypted = self.issuer.starts_with("https://");
        wrong.unless(
            encrypted || here.iter().any(|here| self.issuer.starts_with(here)),
            "oidc.issuer",
            "begins with https://, unless the provider runs on this machine",
        );
        wrong.unless(
            !self.client_id.is_empty(),
            "oidc.client_id",
            "is what the provider knows this gateway as: say it",
        );
        wrong.unless(
            !self.roles.is_empty() || self.default_role.is_some(),
            "oidc.roles",
            "nobody would have a role: say which group has which, or a default_role",
        );
    }

    /// Whether there is a provider.
    pub fn is_used(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// The role of somebody who is in these groups.
    pub fn role(&self, groups: &[String]) -> Option<Role> {
        let mut given = self.roles.iter();
        let first = given.find(|given| groups.contains(&given.group));
        first.map(|given| given.role).or(self.default_role)
    }
}
