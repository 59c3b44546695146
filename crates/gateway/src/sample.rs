//! Who may enter the sample shop without an account of their own.

use deskhand_domain::Role;
use deskhand_protocol::rest::SampleAccount;

pub use deskhand_sample::PASSWORD;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offered_accounts_are_in_the_sample_shop() {
        let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).expect("a moment");
        let sample = deskhand_sample::generate(now);
        for offered in accounts() {
            let role = sample
                .accounts
                .iter()
                .find(|account| account.email == offered.email)
                .map(|account| account.role);
            assert_eq!(role, Some(offered.role), "{}", offered.email);
        }
    }
}
