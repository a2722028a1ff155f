//! What is to be sent to webhook endpoints once the store's lock is released.

/// One event on its way to one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) event: String,
    pub(crate) endpoint: String,
    /// How often it was tried before.
    pub(crate) attempt: usize,
}

impl Post {
    pub(crate) fn first(event: &str, endpoint: &str) -> Post {
        Post { event: event.to_owned(), endpoint: endpoint.to_owned(), attempt: 0 }
    }
}
