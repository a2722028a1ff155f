//! Asking for flags as OpenFeature does.

use std::collections::HashMap;

use lambda_http::{Request, RequestExt};
use serde_json::{Value, json};
use shared::serve::answer;

use crate::app::post;
use crate::{Answer, TestApp};

impl TestApp {
    /// POST /ofrep/v1/evaluate/flags: all flags of an organization.
    pub async fn flags(&self, user: &str, org: &str) -> Answer {
        self.evaluate(user, None, &json!({ "context": { "targetingKey": org } })).await
    }

    /// POST /ofrep/v1/evaluate/flags/{key}: one flag of an organization.
    pub async fn flag(&self, user: &str, org: &str, key: &str) -> Answer {
        self.evaluate(user, Some(key), &json!({ "context": { "targetingKey": org } })).await
    }

    /// POST /ofrep/v1/evaluate/flags[/{key}] with any body.
    pub async fn evaluate(&self, user: &str, key: Option<&str>, body: &Value) -> Answer {
        self.call_ofrep(self.evaluation(user, key, body)).await
    }

    /// That request.
    pub fn evaluation(&self, user: &str, key: Option<&str>, body: &Value) -> Request {
        let request = post("/ofrep/v1/evaluate/flags", user, body.to_string());
        let named = key.map(|key| ("key".to_owned(), vec![key.to_owned()]));
        request.with_path_parameters(named.into_iter().collect::<HashMap<_, _>>())
    }

    /// POST /ofrep/v1/evaluate/flags[/{key}], any request.
    pub async fn call_ofrep(&self, request: Request) -> Answer {
        let operation = if request.path_parameters_ref().is_some() { "ofrep {key}" } else { "ofrep" };
        Answer::of(operation, answer(self.reader(), ofrep::handle, request).await)
    }
}
