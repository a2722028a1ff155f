//! A Stripe that lists so many subscriptions, each like its row in the database, and nothing else: for the
//! reconciliation, which goes through all of them, and for the catalogue.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};
use shared::clock::Clock;

use crate::filling::SINCE;
use crate::requests::{Hole, Population, Template, Values, customer, org, subscription, subscription_id};
use crate::runtime::Connection;

/// It ends with this process.
pub struct Stripe {
    /// Its address, as `STRIPE_API_BASE` has it.
    pub url: String,
    /// Pages of the list of subscriptions that were asked for.
    pub pages: Arc<AtomicU64>,
}

/// Of a page, at most (Stripe API reference, "Pagination").
const MOST: u64 = 100;

impl Stripe {
    /// Lists the subscriptions of the paying organizations, the newest first.
    pub fn start(root: &Path, population: Population) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pages = Arc::new(AtomicU64::new(0));
        let (counted, template) = (Arc::clone(&pages), Arc::new(subscription(root)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counted, template) = (Arc::clone(&counted), Arc::clone(&template));
                thread::spawn(move || serve(stream, &template, population, &counted));
            }
        });
        Self { url, pages }
    }
}

fn serve(stream: TcpStream, template: &Template, population: Population, pages: &AtomicU64) {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.read() {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let (status, answer) = match path {
            "/v1/subscriptions" => {
                pages.fetch_add(1, Ordering::SeqCst);
                ("200 OK", page(template, population, query))
            }
            "/v1/events" | "/v1/products" | "/v1/prices" | "/v1/billing_portal/configurations" => {
                ("200 OK", list(Vec::new(), false, path))
            }
            _ => ("404 Not Found", missing(path)),
        };
        // Reads go by Stripe's clock.
        let date = Clock::System.machine().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let head = format!(
            "{status}\r\ncontent-type: application/json\r\nrequest-id: req_bench\r\ndate: {date}\r\n"
        );
        connection.answer(&head, answer.to_string().as_bytes());
    }
}

fn page(template: &Template, population: Population, query: &str) -> Value {
    let after = query.split('&').find_map(|part| part.strip_prefix("starting_after="));
    // The last digits of a subscription's id are its organization's number.
    let number = |id: &str| u64::from_str_radix(&id[id.len() - 8..], 16).expect("an id of ours");
    let newest = after.map_or(population.payers(), |id| number(id) - 1);
    let oldest = newest.saturating_sub(MOST);
    let data = (oldest + 1..=newest).rev().map(|number| {
        let values = Values::new([
            (Hole::Subscription, subscription_id(number, 0)),
            (Hole::Customer, customer(number)),
            (Hole::Org, org(number)),
            (Hole::Since, (SINCE + i64::try_from(number).expect("a small number")).to_string()),
        ]);
        serde_json::from_str(&template.filled(&values)).expect("JSON")
    });
    list(data.collect(), oldest > 0, "/v1/subscriptions")
}

fn list(data: Vec<Value>, has_more: bool, url: &str) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}

fn missing(path: &str) -> Value {
    let message = format!("No such thing: {path}");
    json!({ "error": { "type": "invalid_request_error", "code": "resource_missing", "message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_have_every_paying_organization_once_the_newest_first() {
        let template = subscription(&::tests::root());
        let population = Population { organizations: 500, events: 0 };
        let (mut query, mut seen) = (String::new(), Vec::new());
        loop {
            let page = page(&template, population, &query);
            let data = page["data"].as_array().unwrap();
            seen.extend(data.iter().map(|one| one["created"].as_i64().unwrap() - SINCE));
            query = format!("limit=100&starting_after={}", data.last().unwrap()["id"].as_str().unwrap());
            if page["has_more"] == false {
                break;
            }
        }
        assert_eq!(seen, (1..=250).rev().collect::<Vec<i64>>());
    }
}
