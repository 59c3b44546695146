//! Who may enter the sample shop without an account of their own.

use deskhand_domain::Role;
use deskhand_protocol::rest::SampleAccount;

/// The published password of every sample account.
pub const PASSWORD: &str = "hollowpine";

/// The accounts that a sign-in screen offers: the first of each role.
pub fn accounts() -> Vec<SampleAccount> {
    [
        ("priya@hollowpine.example", Role::Agent),
        ("mette@hollowpine.example", Role::Supervisor),
    ]
    .map(|(email, role)| SampleAccount {
        email: email.to_owned(),
        role,
    })
    .into()
}
