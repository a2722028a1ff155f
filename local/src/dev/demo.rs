//! `cargo dev --demo`: the life of a subscription, each step checked through the public API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stripe_emulator::{ApiError, Emulator};

use super::people::{ORG, PEOPLE, Person};
use super::stack::Stack;
use super::terminal;
use crate::problem::Problem;

/// The product's promise: entitlements are in step within this time.
const PROMISE: Duration = Duration::from_secs(5);

/// What the API shall say after a step.
struct Expected {
    plan: &'static str,
    status: &'static str,
    features: usize,
    ends: bool,
}

/// Plays the life cycle and prints it. Whether every state was right.
///
/// # Errors
/// If a step cannot be done at all.
pub async fn play(stack: &Stack) -> Result<bool, Problem> {
    let emulator =
        stack.stripe.emulator.as_ref().ok_or_else(|| Problem::new("The demo needs the emulator."))?;
    let api = Api::sign_in(&stack.base_url, PEOPLE.owner).await?;
    terminal::line(&format!(
        "\n{:<38} {:<11} {:<10} {:>8}  {:<5} {:>8}",
        "step", "plan", "status", "features", "ends", "ms"
    ));
    let mut all_right = api.check("nothing bought", "pilot", "none", 1, false).await;

    let session = api
        .post("/api/billing/checkout", json!({ "orgId": ORG.0, "planCode": "pro", "interval": "month" }))
        .await?;
    let session = session["sessionId"]
        .as_str()
        .ok_or_else(|| Problem::new("Checkout answered no session."))?
        .to_owned();
    all_right &= api.check("checkout session opened", "pilot", "none", 1, false).await;
    done(emulator.pay_checkout_session(&session))?;
    all_right &= api.check("paid: pro", "pro", "active", 7, false).await;

    let subscription = newest_subscription(emulator)?;
    let portal = api.post("/api/billing/portal", json!({ "orgId": ORG.0 })).await?;
    portal["url"].as_str().ok_or_else(|| Problem::new("The portal answered no url."))?;
    done(emulator.change_plan(&subscription, "promptforge_enterprise_month"))?;
    all_right &= api.check("portal: changed to enterprise", "enterprise", "active", 11, false).await;

    done(emulator.renew(&subscription, false))?;
    all_right &= api.check("renewal fails: in grace", "enterprise", "past_due", 11, false).await;
    done(emulator.pay_open_invoice(&subscription))?;
    all_right &= api.check("the invoice is paid", "enterprise", "active", 11, false).await;

    done(emulator.cancel_at_period_end(&subscription, true))?;
    all_right &= api.check("canceled at period end", "enterprise", "active", 11, true).await;
    emulator.advance(period_end(emulator, &subscription)? - emulator.now());
    all_right &= api.check("the period is over: deleted", "pilot", "canceled", 1, false).await;
    terminal::line(if all_right { "\nEvery state was right." } else { "\nA state was wrong." });
    Ok(all_right)
}

struct Api<'a> {
    base: &'a str,
    http: reqwest::Client,
    token: String,
}

impl<'a> Api<'a> {
    /// As a frontend does it with supabase-js.
    async fn sign_in(base: &'a str, person: Person) -> Result<Self, Problem> {
        let http = reqwest::Client::new();
        let credentials = json!({ "email": person.email, "password": "demo" });
        let request = http.post(format!("{base}/auth/v1/token?grant_type=password")).json(&credentials);
        let failed = |error: reqwest::Error| Problem::new(format!("Signing in: {error}."));
        let answer: Value = request.send().await.map_err(failed)?.json().await.map_err(failed)?;
        let token = answer["access_token"]
            .as_str()
            .ok_or_else(|| Problem::new(format!("Signing in answered no token: {answer}.")))?
            .to_owned();
        Ok(Self { base, http, token })
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Problem> {
        let failed = |error: reqwest::Error| Problem::new(format!("{path}: {error}."));
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(&body);
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(failed)?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(Problem::new(format!("{path} answered {status}: {body}.")))
        }
    }

    /// Asks until the answer is the expected one, prints the last one, and tells whether it was right in
    /// time.
    async fn check(
        &self,
        step: &str,
        plan: &'static str,
        status: &'static str,
        features: usize,
        ends: bool,
    ) -> bool {
        let expected = Expected { plan, status, features, ends };
        let url = format!("{}/api/entitlements?orgId={}", self.base, ORG.0);
        let started = Instant::now();
        loop {
            let request = self.http.get(&url).bearer_auth(&self.token);
            let answer = match request.send().await {
                Ok(answer) => answer.json::<Value>().await.unwrap_or_default(),
                Err(_) => Value::Null,
            };
            let right = expected.is(&answer);
            if right || started.elapsed() > PROMISE {
                let text = |name: &str| answer[name].as_str().unwrap_or("?").to_owned();
                terminal::line(&format!(
                    "{step:<38} {:<11} {:<10} {:>8}  {:<5} {:>8}  {}",
                    text("planCode"),
                    text("status"),
                    switched_on(&answer),
                    if answer["cancelAt"].is_null() { "" } else { "yes" },
                    started.elapsed().as_millis(),
                    if right { "ok" } else { "WRONG" }
                ));
                return right;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Expected {
    fn is(&self, answer: &Value) -> bool {
        answer["planCode"] == self.plan
            && answer["status"] == self.status
            && switched_on(answer) == self.features
            && answer["cancelAt"].is_null() != self.ends
            && answer["graceEndsAt"].is_null() == (self.status != "past_due")
    }
}

fn switched_on(answer: &Value) -> usize {
    answer["entitlements"].as_object().map_or(0, |flags| flags.values().filter(|flag| **flag == true).count())
}

fn newest_subscription(emulator: &Emulator) -> Result<String, Problem> {
    let newest =
        emulator.subscriptions().pop().and_then(|subscription| Some(subscription["id"].as_str()?.to_owned()));
    newest.ok_or_else(|| Problem::new("The emulator has no subscription."))
}

fn period_end(emulator: &Emulator, subscription: &str) -> Result<i64, Problem> {
    let end = emulator
        .subscription(subscription)
        .and_then(|s| s.pointer("/items/data/0/current_period_end")?.as_i64());
    end.ok_or_else(|| Problem::new("The emulator's subscription has no period."))
}

fn done(result: Result<Value, ApiError>) -> Result<(), Problem> {
    result.map(drop).map_err(|error| Problem::new(format!("The emulator refused a step: {error:?}.")))
}
