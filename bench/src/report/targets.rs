//! What the numbers shall be: ratios within one run, because absolute numbers say more about a machine.

use serde_json::{Value, json};

use super::{Line, Report};
use crate::chapters::{
    COLD_START, EVENT, FLOOR_EVENT, FLOOR_READ, FUNCTIONS, LARGE, MANY_ORGANIZATIONS, MANY_SUBSCRIPTIONS,
    ONE_ORGANIZATION, ONE_SUBSCRIPTION, OUR_EVENT, OUR_READ, PEER, READ, SMALL,
};

/// A number and its bound.
pub struct Target {
    what: String,
    is: f64,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

use Bound::{AtLeast, AtMost};

impl Target {
    fn is_met(&self) -> bool {
        match self.bound {
            AtLeast(bound) => self.is >= bound,
            AtMost(bound) => self.is <= bound,
        }
    }

    pub(super) fn row(&self) -> String {
        let bound = match self.bound {
            AtLeast(bound) => format!("≥ {bound}"),
            AtMost(bound) => format!("≤ {bound}"),
        };
        format!(
            "| {} | {:.2} | {bound} | {} |",
            self.what,
            self.is,
            if self.is_met() { "" } else { "missed" }
        )
    }

    pub(super) fn json(&self) -> Value {
        let (least, most) = match self.bound {
            AtLeast(bound) => (Some(bound), None),
            AtMost(bound) => (None, Some(bound)),
        };
        json!({ "what": self.what, "is": self.is, "at_least": least, "at_most": most, "met": self.is_met() })
    }
}

/// Every target whose numbers were measured.
pub fn targets(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut add = |what: &str, is: Option<f64>, bound: Bound| {
        targets.extend(is.map(|is| Target { what: what.to_owned(), is, bound }));
    };
    let line = |chapter, what, in_flight| report.line(chapter, what, Some(in_flight));
    let rate = |chapter, what, in_flight| line(chapter, what, in_flight).map(|line| line.sample.per_second);
    let p50 = |what| line(SMALL, what, 1)?.sample.p50;
    let function = |what, in_flight| line(SMALL, what, in_flight)?.sample.function;
    let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);

    add(
        "webhook ÷ stripe-sync-engine, at 8",
        ratio(rate(SMALL, EVENT, 8), rate(SMALL, PEER, 8)),
        AtLeast(2.5),
    );
    add(
        "our event call ÷ the floor's, at 8",
        ratio(rate(SMALL, OUR_EVENT, 8), rate(SMALL, FLOOR_EVENT, 8)),
        AtLeast(0.8),
    );
    add(
        "webhook ÷ the floor's event call, at 8",
        ratio(rate(SMALL, EVENT, 8), rate(SMALL, FLOOR_EVENT, 8)),
        AtLeast(0.5),
    );
    add(
        "p50 of a webhook alone ÷ of the floor's event call",
        ratio(p50(EVENT), p50(FLOOR_EVENT)),
        AtMost(1.6),
    );
    add("processor of the webhook alone, µs", function(EVENT, 1), AtMost(100.0));
    add("processor of the webhook at 8, µs", function(EVENT, 8), AtMost(150.0));
    add(
        "our read call ÷ the floor's, at 8",
        ratio(rate(SMALL, OUR_READ, 8), rate(SMALL, FLOOR_READ, 8)),
        AtLeast(0.7),
    );
    add(
        "entitlements ÷ the floor's read call, at 8",
        ratio(rate(SMALL, READ, 8), rate(SMALL, FLOOR_READ, 8)),
        AtLeast(0.3),
    );
    add(
        "p50 of entitlements alone ÷ of the floor's read call",
        ratio(p50(READ), p50(FLOOR_READ)),
        AtMost(2.2),
    );
    add("processor of entitlements alone, µs", function(READ, 1), AtMost(70.0));
    add(
        "p50 of a member of 10,000 organizations ÷ of one",
        ratio(p50(MANY_ORGANIZATIONS), p50(ONE_ORGANIZATION)),
        AtMost(1.1),
    );
    add(
        "p50 of an organization with 50 subscriptions ÷ with one",
        ratio(p50(MANY_SUBSCRIPTIONS), p50(ONE_SUBSCRIPTION)),
        AtMost(1.1),
    );
    for (name, ours, floor) in [("event", OUR_EVENT, FLOOR_EVENT), ("read", OUR_READ, FLOOR_READ)] {
        let of_floor = |chapter| ratio(rate(chapter, ours, 8), rate(chapter, floor, 8));
        let kept = ratio(of_floor(LARGE), of_floor(SMALL));
        add(&format!("our {name} call's share of the floor, large ÷ small"), kept, AtLeast(0.9));
    }
    let more = |chapter, what: &str, name| {
        let line: &Line = report.line(chapter, what, None)?;
        line.more.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    };
    for (what, most) in [("entitlements", 1.3), ("webhook", 1.3), ("checkout", 1.6), ("portal", 1.6)] {
        let ratio = more(COLD_START, what, "times_hello");
        add(&format!("cold start of {what} ÷ of hello"), ratio, AtMost(most));
    }
    for what in ["entitlements", "webhook", "checkout", "portal"] {
        let first = more(FUNCTIONS, what, "first_request_ms");
        add(&format!("processor of {what}'s first request, ms"), first, AtMost(4.0));
        add(&format!("memory of {what}, MB"), more(FUNCTIONS, what, "memory_mb"), AtMost(10.0));
    }
    targets
}
