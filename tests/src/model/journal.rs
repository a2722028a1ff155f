//! An observer that misses nothing: a trigger notes each state that a subscription's row ever had, in the
//! order of the commits.

use std::collections::BTreeMap;

use super::world::fingerprint;
use crate::TestApp;

/// The observer.
pub struct Journal;

const TRIGGER: &str = "
    create table journal (id bigint generated always as identity, subscription text, state text);
    create function note_state() returns trigger language plpgsql security definer
      set search_path = billing as $$
    begin
      insert into journal (subscription, state)
        values (new.stripe_subscription_id, concat_ws(' ', new.status, new.plan_code, new.quantity,
          case when new.cancel_at_period_end then 'true' else 'false' end,
          coalesce(new.pause_behavior, 'none'), extract(epoch from new.current_period_end)::bigint));
      return null;
    end $$;
    create trigger note_state after insert or update on subscriptions
      for each row execute function note_state()";

/// Begins to observe.
pub async fn start(t: &TestApp) -> Journal {
    t.db.batch_execute(TRIGGER).await.expect("the observer");
    Journal
}

impl Journal {
    /// No state came back that a newer one had replaced, and the last one is Stripe's.
    ///
    /// # Errors
    /// Which did.
    pub async fn check(&self, t: &TestApp) -> Result<(), String> {
        let mut truth: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in t.stripe.events() {
            if event["type"].as_str().is_some_and(|kind| {
                kind.starts_with("customer.subscription.") && !kind.ends_with("trial_will_end")
            }) {
                let subscription = &event["data"]["object"];
                let states =
                    truth.entry(subscription["id"].as_str().unwrap_or_default().to_owned()).or_default();
                states.push(fingerprint(subscription));
            }
        }
        let mut reached: BTreeMap<String, usize> = BTreeMap::new();
        for row in
            t.db.query("select subscription, state from journal order by id", &[])
                .await
                .map_err(|error| error.to_string())?
        {
            let (subscription, state): (String, String) = (row.get(0), row.get(1));
            let states =
                truth.get(&subscription).ok_or_else(|| format!("{subscription} is unknown to Stripe"))?;
            let from = reached.entry(subscription.clone()).or_default();
            match states[*from..].iter().position(|known| *known == state) {
                Some(further) => *from += further,
                None => {
                    return Err(format!(
                        "{subscription}: `{state}` was written after `{}`; Stripe's states were {states:?}",
                        states[*from]
                    ));
                }
            }
        }
        for (subscription, states) in &truth {
            let last = states.last().map(String::as_str).unwrap_or_default();
            let stored = t
                .value(&format!(
                    "select state from journal where subscription = '{subscription}' order by id desc limit 1"
                ))
                .await;
            if stored != last {
                return Err(format!("{subscription} ended as `{stored}`, at Stripe as `{last}`"));
            }
        }
        Ok(())
    }
}
