//! The parts, each by the webhook's own code.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use shared::billing::apply_event::reference;
use shared::billing::route::{Work, route};
use shared::config::Secret;
use shared::db::argument;
use shared::db::webhook_events::{ApplyEvent, EventRef, EventToApply};
use shared::stripe::event::Event;
use shared::stripe::signature;

const SECRET: &str = "whsec_decoded";
/// When everything is signed and verified, Unix seconds.
const NOW: i64 = 1_800_000_000;

/// A signed event as it arrives.
pub struct Letter {
    pub body: Vec<u8>,
    header: String,
    secrets: Vec<Secret>,
}

impl Letter {
    pub fn sign(body: Vec<u8>) -> Self {
        let mut letter = Self { body, header: String::new(), secrets: vec![Secret::new(SECRET)] };
        letter.header = format!("t={NOW},v1={}", hex::encode(hmac(&letter)));
        letter
    }
}

/// HMAC-SHA256 of what is signed.
pub fn hmac(letter: &Letter) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key is allowed");
    mac.update(format!("{NOW}.").as_bytes());
    mac.update(&letter.body);
    mac.finalize().into_bytes().to_vec()
}

pub fn verify(letter: &Letter) {
    let now = Timestamp::from_second(NOW).expect("a time");
    signature::verify(Some(&letter.header), &letter.body, &letter.secrets, now).expect("it is signed");
}

/// The envelope and what it carries.
pub fn parse(letter: &Letter) -> (EventRef, Work) {
    let event = Event::parse(&letter.body).expect("an event");
    let work = route(&event).expect("it can be read").expect("there is something to do");
    (reference(&event), work)
}

/// The bytes that the database gets.
pub fn encode((event, work): (EventRef, Work)) -> Vec<u8> {
    let to_apply = EventToApply {
        event,
        orgs: work.orgs,
        reference: work.reference,
        customer: work.customer,
        effect: work.effect,
        paid: work.paid,
        carried: None,
        thin: false,
        read: None,
        discounts_unread: false,
        void: false,
        grace_days: 7,
        foreign_acknowledged: false,
        elapsed_ms: 0,
    };
    let argument = argument::json(&ApplyEvent::from(&to_apply)).expect("an argument");
    serde_json::to_vec(&argument.0).expect("JSON")
}
