//! Calls of Stripe's API v2 (Stripe, "API v2 overview"): bodies are JSON, and a list says where its next page
//! is. `async-stripe` builds requests of API v1 only.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Error, IdempotencyKey, Stripe};

impl Stripe {
    /// Reads an object of API v2. The path begins with `/v2/`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_v2<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(RequestBuilder::new(StripeMethod::Get, path), None).await
    }

    /// Reads every object of a list of API v2, page by page. The path begins with `/v2/`, and may have a
    /// query.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list_v2<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        #[derive(Deserialize)]
        struct Page<T> {
            data: Vec<T>,
            #[serde(default)]
            next_page_url: Option<String>,
        }
        let (mut objects, mut seen, mut path) = (Vec::new(), HashSet::new(), path.to_owned());
        loop {
            let page: Page<T> = self.get_v2(&path).await?;
            objects.extend(page.data);
            let Some(next) = page.next_page_url else { return Ok(objects) };
            if !seen.insert(next.clone()) {
                return Err(Error::repeated_page());
            }
            // It may be a whole address: the key goes to ours alone.
            let inside = next.find("/v2/").map(|at| next[at..].to_owned());
            path = inside.ok_or_else(|| serde_json::Error::custom("the next page is not in API v2"))?;
        }
    }

    /// Creates or changes an object of API v2. The key goes with every attempt, so that a lost answer never
    /// becomes a second object.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn post_v2<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        key: &IdempotencyKey,
    ) -> Result<T, Error> {
        let mut request = RequestBuilder::new(StripeMethod::Post, path);
        request.body = Some(body.to_string());
        self.call(request, Some(key)).await
    }
}
