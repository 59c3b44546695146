//! How a request came in. Whatever is written while it is answered carries this into the audit
//! trail, without every function on the way passing it on.

use deskhand_domain::KeyId;
use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

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
    /// The key of the program that asks, once it is known; whoever answers the request shares it.
    key: Arc<OnceLock<KeyId>>,
}

impl Via {
    /// A request with that name, from that address.
    pub fn new(peer: Option<String>, request: Option<String>) -> Self {
        Self {
            peer,
            request,
            key: Arc::default(),
        }
    }

    /// The request that is being answered came with this key.
    pub fn by_key(key: KeyId) {
        // A request has one key, however often it is looked at.
        VIA.try_with(|via| *via.key.get_or_init(|| key)).ok();
    }

    /// The key that the request came with.
    pub fn key(&self) -> Option<KeyId> {
        self.key.get().copied()
    }

    /// How the request came in that is being answered; nothing when there is none.
    pub fn current() -> Self {
        VIA.try_with(Clone::clone).unwrap_or_default()
    }

    /// Answers a request that came in this way.
    pub async fn during<F: Future>(self, work: F) -> F::Output {
        VIA.scope(self, work).await
    }
}
