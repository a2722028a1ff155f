//! A subscription in the portal: what it is, what it needs, and what the configuration lets its customer do
//! with it.

use serde_json::Value;

use super::format::{date, money, pill, price, rhythm};
use super::html::Template;
use crate::life::portal_offer::Offer;
use crate::life::schedule::upcoming;
use crate::life::subscription_items::{items, period};
use crate::store::{Kind, Store};
use crate::wire::value::{number, text};

const SUBSCRIPTION: &str = include_str!("templates/portal_subscription.html");
const ENDED: &str = include_str!("templates/portal_ended.html");
const NOTICE: &str = include_str!("templates/portal_notice.html");
const SCHEDULED: &str = include_str!("templates/portal_scheduled.html");
const CANCEL: &str = include_str!("templates/portal_cancel.html");
const ACT: &str = include_str!("templates/portal_act.html");

/// What a button asks for, what it says, and what it says while it is at work.
type Act = (&'static str, &'static str, &'static str);
const PAY: Act = ("pay", "Pay open invoice", "Paying…");
const RESUME: Act = ("resume", "Resume", "Resuming…");
const KEEP: Act = ("keep", "Keep current plan", "Keeping…");

/// The subscriptions of one portal session's customer.
pub(crate) struct Cards<'a> {
    pub(crate) store: &'a Store,
    pub(crate) session: &'a str,
    pub(crate) offer: Offer<'a>,
}

impl Cards<'_> {
    pub(crate) fn live(&self, subscription: &Value) -> String {
        let template = Template::new(SUBSCRIPTION)
            .markup("trouble", &self.trouble(subscription))
            .markup("scheduled", &self.scheduled(subscription))
            .markup("change", &self.change(subscription))
            .markup("end", &self.end(subscription))
            .text("session", self.session)
            .text("id", text(&subscription["id"]));
        self.described(template, subscription)
    }

    pub(crate) fn ended(&self, subscription: &Value) -> String {
        self.described(Template::new(ENDED), subscription)
    }

    fn described(&self, template: Template, subscription: &Value) -> String {
        let Some(item) = items(subscription).first() else { return String::new() };
        let (quantity, of) = (number(&item["quantity"]), &item["price"]);
        template
            .markup("pill", &pill(text(&subscription["status"])))
            .text("product", self.product(of))
            .text("total", &money(number(&of["unit_amount"]) * quantity, text(&of["currency"])))
            .text("rhythm", &rhythm(of))
            .text("price", &price(of))
            .text("quantity", &quantity.to_string())
            .text("when", &when(subscription))
            .render()
    }

    pub(super) fn product(&self, price: &Value) -> &str {
        let product = self.store.table(Kind::Product).get(text(&price["product"]));
        product.map_or("Subscription", |product| text(&product["name"]))
    }

    /// What needs the customer's attention first, and what to do about it.
    fn trouble(&self, subscription: &Value) -> String {
        let owes = matches!(text(&subscription["status"]), "past_due" | "unpaid" | "incomplete");
        let (tone, why, act) = if owes && self.offer.shows_invoices() {
            let why = "The last payment failed. Pay the open invoice to keep the plan.";
            ("bad", why.to_owned(), Some(PAY))
        } else if owes {
            ("bad", "The last payment failed.".to_owned(), None)
        } else if subscription["status"] == "paused" {
            ("warn", "The subscription is paused.".to_owned(), Some(RESUME))
        } else if subscription["cancel_at_period_end"] == true {
            let end = date(period(subscription).end);
            ("warn", format!("The plan stays on until {end}, and ends then."), Some(RESUME))
        } else {
            return String::new();
        };
        let act = act.filter(|act| *act != RESUME || self.offer.resumes(subscription));
        let button = act.map_or_else(String::new, button);
        Template::new(NOTICE).text("tone", tone).text("why", &why).markup("button", &button).render()
    }

    /// The change that waits for the period's end, and how to take it back.
    fn scheduled(&self, subscription: &Value) -> String {
        let Some((phase, quantity, of)) = self.next(subscription) else { return String::new() };
        let product = self.product(of);
        let what = if quantity == 1 { product.to_owned() } else { format!("{quantity} × {product}") };
        let keep = Some(KEEP).filter(|_| self.offer.keeps(subscription));
        Template::new(SCHEDULED)
            .text("what", &what)
            .text("date", &date(number(&phase["start_date"])))
            .text("total", &money(number(&of["unit_amount"]) * quantity, text(&of["currency"])))
            .text("rhythm", &rhythm(of))
            .markup("button", &keep.map_or_else(String::new, button))
            .render()
    }

    /// The phase ahead, with its quantity and price.
    pub(super) fn next(&self, subscription: &Value) -> Option<(&Value, i64, &Value)> {
        let phase = upcoming(self.store, subscription)?;
        let item = &phase["items"][0];
        let price = self.store.table(Kind::Price).get(text(&item["price"]))?;
        Some((phase, number(&item["quantity"]), price))
    }

    fn end(&self, subscription: &Value) -> String {
        let end = date(period(subscription).end);
        let (what, act, label) = match self.offer.cancel_mode() {
            Some("immediately") => (
                "The plan ends at once, with everything it switches on. This cannot be taken back."
                    .to_owned(),
                "cancel_now",
                "Cancel now".to_owned(),
            ),
            Some(_) if subscription["cancel_at_period_end"] != true => (
                format!("The plan stays on until {end} and is not billed again."),
                "cancel_at_period_end",
                format!("Cancel on {end}"),
            ),
            _ => return String::new(),
        };
        Template::new(CANCEL).text("what", &what).text("act", act).text("label", &label).render()
    }
}

fn button((act, label, busy): Act) -> String {
    Template::new(ACT).text("act", act).text("label", label).text("busy", busy).render()
}

fn when(subscription: &Value) -> String {
    let end = date(period(subscription).end);
    match text(&subscription["status"]) {
        "canceled" | "incomplete_expired" => format!("Ended on {}", date(number(&subscription["ended_at"]))),
        _ if subscription["cancel_at_period_end"] == true => format!("Ends on {end}"),
        "past_due" | "unpaid" => format!("The period ends on {end}"),
        "trialing" => format!("Trial until {end}"),
        _ => format!("Renews on {end}"),
    }
}
