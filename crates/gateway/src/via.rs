//! How a request came in. Whatever is written while it is answered carries this into the audit
//! trail, without every function on the way passing it on.

use std::future::Future;

tokio::task_local! {
    static VIA: Via;
}

/// The other end of a request, and the request's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Via {
    /// The other end's address.
    pub peer: Option<String>,
    /// The request as the logs name it.
    pub request: Option<String>,
}

impl Via {
    /// How the request came in that is being answered; nothing when there is none.
    pub fn current() -> Self {
        VIA.try_with(Clone::clone).unwrap_or_default()
    }

    /// Answers a request that came in this way.
    pub async fn during<F: Future>(self, work: F) -> F::Output {
        VIA.scope(self, work).await
    }
}
