//! Clients that ask as fast as they are answered, and come back when they are told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use shared::clock::Clock;
use stripe_emulator::sign;

use crate::app::WEBHOOK_SECRET;

/// What they ask.
#[derive(Debug)]
pub struct Questions {
    /// The stack's address.
    pub url: String,
    /// Organizations, and a member of each.
    pub people: Vec<(String, String)>,
    /// Events that they deliver, in any order and often.
    pub events: Mutex<VecDeque<String>>,
}

/// How long answers took, in milliseconds, sorted.
#[derive(Debug, Default)]
pub struct Answers {
    /// Those with a success.
    pub accepted: Vec<u128>,
    /// Those that say when to come back.
    pub refused: Vec<u128>,
}

/// Has so many clients ask for so long, in a thread of their own. Err: an answer that is neither.
pub fn ask(
    questions: &Arc<Questions>,
    clients: usize,
    length: Duration,
) -> JoinHandle<Result<Answers, String>> {
    let questions = Arc::clone(questions);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        let http = http.map_err(|error| error.to_string())?;
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let until = Instant::now() + length;
            let all = (0..clients).map(|_| client(&questions, &http, until));
            let mut answers = Answers::default();
            for one in futures_util::future::join_all(all).await {
                let one = one?;
                answers.accepted.extend(one.accepted);
                answers.refused.extend(one.refused);
            }
            answers.accepted.sort_unstable();
            answers.refused.sort_unstable();
            Ok(answers)
        })
    })
}

async fn client(questions: &Questions, http: &reqwest::Client, until: Instant) -> Result<Answers, String> {
    let mut answers = Answers::default();
    // Not all in the same moment.
    tokio::time::sleep(Duration::from_millis(fastrand::u64(..1000))).await;
    while Instant::now() < until {
        let begun = Instant::now();
        let answer = questions.any(http).send().await.map_err(|error| format!("{error:?}"))?;
        let status = answer.status().as_u16();
        let again = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.text().await.map_err(|error| format!("{error:?}"))?;
        let took = begun.elapsed().as_millis();
        match (status, again) {
            (200, _) => answers.accepted.push(took),
            (503, Some(seconds)) => {
                answers.refused.push(took);
                let pause = Duration::from_secs(seconds).mul_f64(1.0 + fastrand::f64());
                tokio::time::sleep(pause).await;
            }
            // An event that must wait for a lock comes again, as Stripe sends it.
            (500, _) if body.contains("processing_failed") => answers.accepted.push(took),
            _ => return Err(format!("an answer was {status} {body}")),
        }
    }
    Ok(answers)
}

impl Questions {
    /// An event, or in two of three cases a read.
    fn any(&self, http: &reqwest::Client) -> reqwest::RequestBuilder {
        let event = {
            let mut events = self.events.lock().expect("no test panics with it");
            let event = (fastrand::u32(..3) == 0).then(|| events.pop_front()).flatten();
            events.extend(event.clone());
            event
        };
        if let Some(event) = event {
            let signature = sign(event.as_bytes(), WEBHOOK_SECRET, Clock::System.now().as_second());
            let request = http.post(format!("{}/api/webhooks/stripe", self.url));
            return request
                .header("stripe-signature", signature)
                .header("content-type", "application/json")
                .body(event);
        }
        let (org, user) = &self.people[fastrand::usize(..self.people.len())];
        http.get(format!("{}/api/entitlements?orgId={org}", self.url)).header("x-user-id", user)
    }
}
