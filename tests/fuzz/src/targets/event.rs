//! The body of a signed webhook, in both of Stripe's forms, as far as the database's argument.

use serde_json::Value;
use shared::billing::apply_event::reference;
use shared::billing::route::{self, Work, route};
use shared::db::argument;
use shared::db::webhook_events::{ApplyEvent, EventToApply};
use shared::stripe::event::{Event, PROCESSED};

/// Whatever can be read is in order, however it is written, and what follows from it can be told to the
/// database.
pub fn run(input: &[u8]) {
    let Ok(event) = Event::parse(input) else { return };
    assert!((0..=253_402_300_799).contains(&event.created), "{event:?}");
    let work = route(&event).ok().flatten();
    assert!(work.is_none() || PROCESSED.contains(&event.kind.as_str()), "{event:?}");
    if let Some(work) = work {
        encode(&event, work);
    }
    if let Ok(object) = event.object::<Box<serde_json::value::RawValue>>() {
        let _ = route(&event.with_object(&object));
        if let Ok(work) = route::charge(&event, &object) {
            encode(&event, work);
        }
    }
    written_otherwise(input, &event);
}

/// The same JSON with other spaces and its fields in another order.
fn written_otherwise(input: &[u8], event: &Event<'_>) {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return };
    let text = serde_json::to_vec_pretty(&value).expect("JSON");
    let again = Event::parse(&text).expect("the same event");
    assert_eq!((&event.id, &event.kind, event.created), (&again.id, &again.kind, again.created));
    let told = |event: &Event<'_>| format!("{:?}", route(event).map(|work| work.map(|work| work.effect)));
    // A number that is no integer may be written with other digits.
    if route(event).is_ok() && !text.windows(2).any(|pair| pair[0] == b'.' && pair[1].is_ascii_digit()) {
        assert_eq!(told(event), told(&again));
    }
}

fn encode(event: &Event<'_>, work: Work) {
    let to_apply = EventToApply {
        event: reference(event),
        orgs: work.orgs,
        reference: work.reference,
        customer: work.customer,
        effect: work.effect,
        paid: work.paid,
        carried: None,
        thin: event.is_thin(),
        read: None,
        discounts_unread: false,
        void: false,
        grace_days: 7,
        foreign_acknowledged: false,
        elapsed_ms: 0,
    };
    argument::json(&ApplyEvent::from(&to_apply)).expect("an argument");
}
