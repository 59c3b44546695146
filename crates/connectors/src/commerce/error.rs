//! Why a shop gave no answer that can be used. Nothing here ever holds what a shop or a person
//! said, only names of fields and codes.

use reqwest::StatusCode;
use std::time::Duration;

/// Why there is no answer, by what becomes of the question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommerceError {
    /// The same question may be answered later.
    #[error("the shop cannot answer now: {why}")]
    Later {
        /// What is the matter.
        why: Trouble,
        /// When the shop wants to be asked again.
        after: Option<Duration>,
    },
    /// The shop does not answer this question to us.
    #[error("the shop refused: {0}")]
    Refused(Denied),
    /// The answer is not what this version of the shop's interface says.
    #[error("the shop's answer has changed its shape at {at}")]
    Changed {
        /// Where, as a path of field names.
        at: String,
    },
}

/// Why a shop cannot answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No connection.
    #[error("it cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// It was asked too often.
    #[error("it was asked too often")]
    Throttled,
    /// It failed itself.
    #[error("it failed")]
    Failed,
}

/// Why a shop does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The name, password or token is wrong.
    #[error("the credentials are wrong")]
    Credentials,
    /// The credentials may not do this.
    #[error("the credentials lack a permission")]
    Permission,
    /// There is no such interface.
    #[error("there is no such interface at this address ({0})")]
    Address(StatusCode),
    /// It has an error code of its own for this.
    #[error("it answered with its error {0}")]
    Said(String),
    /// This shop cannot be asked this.
    #[error("this shop cannot be asked this")]
    Unsupported,
    /// The order does not add up.
    #[error(transparent)]
    Broken(#[from] super::Broken),
}

impl CommerceError {
    /// Whether the same question may be answered later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Later { .. })
    }

    /// Later, nobody knows when.
    pub fn later(why: Trouble) -> Self {
        Self::Later { why, after: None }
    }

    /// Something stands where it did not.
    pub fn changed(at: impl Into<String>) -> Self {
        Self::Changed { at: at.into() }
    }

    /// A code of the shop's own: words of letters, digits and marks, nothing that a person wrote.
    pub fn said(code: &str) -> Self {
        let is_code = code.len() <= 60
            && code
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        let code = if is_code { code } else { "without a code" };
        Self::Refused(Denied::Said(code.to_owned()))
    }
}
