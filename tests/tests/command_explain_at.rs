//! `billing explain --at`, and the history behind it: what the entitlements route answered at a moment.

use serde_json::{Value, json};
use tests::{TestApp, users};

/// Moments, each with what the route answered then.
#[derive(Default)]
struct Noted(Vec<(String, Value)>);

impl Noted {
    async fn note(&mut self, t: &TestApp) {
        let answer = t.entitlements(users::OWNER, &t.org).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.0.push((t.value("select clock_timestamp()").await, answer.body));
    }

    /// What the database says of each moment now is what was answered then.
    async fn check(&self, t: &TestApp) {
        for (at, answered) in &self.0 {
            let sql = format!(
                "select jsonb_build_object('planCode', plan_code, 'status', coalesce(status, 'none'),
                   'reason', reason,
                   'interval', billing_interval, 'seats', seats, 'discounts', discounts,
                   'collectionPaused', collection_paused, 'entitlements', features)
                 from entitlements_at('{}', '{at}')",
                t.org
            );
            let told: Value = t.db.query(&sql, &[]).await.unwrap()[0].get(0);
            for (name, told) in told.as_object().unwrap() {
                assert_eq!(told, &answered[name], "{name} at {at}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_so_at_a_moment_is_what_the_route_answered_then() {
    let t = TestApp::start().await;
    let mut noted = Noted::default();
    noted.note(&t).await;
    let id = t.buy("pro", "month").await;
    noted.note(&t).await;
    t.billing_json(0, &["grant", &t.org, "hasAPI", "--reason", "promised", "--by", "ada"]).await;
    noted.note(&t).await;
    t.stripe.advance(60);
    t.stripe.change_plan(&id, "promptforge_enterprise_month").unwrap();
    t.deliver_all().await;
    noted.note(&t).await;
    // The matrix, the seats, a flag more: the answers of before stay what they were.
    t.db.batch_execute(
        "update plan_entitlements set enabled = false where plan_code = 'enterprise'
           and feature = 'canExportPDF';
         insert into plan_entitlements values ('enterprise', 'hasMore', true);
         update plans set seats_included = 9 where plan_code = 'enterprise'",
    )
    .await
    .unwrap();
    noted.note(&t).await;
    t.billing_json(0, &["revoke", &t.org, "hasAPI", "--reason", "over"]).await;
    noted.note(&t).await;
    t.stripe.advance(60);
    t.stripe.renew(&id, false).unwrap();
    t.deliver_all().await;
    noted.note(&t).await;
    // The grace ends by itself: no row is written then.
    t.db.batch_execute("update entitlements set expires_at = clock_timestamp() + interval '2 seconds'")
        .await
        .unwrap();
    noted.note(&t).await;
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    noted.note(&t).await;
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    noted.note(&t).await;
    let plans: Vec<&Value> = noted.0.iter().map(|(_, answer)| &answer["planCode"]).collect();
    assert_eq!(
        (plans.len(), plans[3], plans[8], plans[9]),
        (10, &json!("enterprise"), &json!("pilot"), &json!("pilot"))
    );
    noted.check(&t).await;
}

#[tokio::test]
async fn each_part_is_told_with_the_event_or_command_that_made_it_so() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.billing_json(0, &["grant", &t.org, "hasAPI", "--reason", "promised", "--by", "ada"]).await;
    let at = t
        .value("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        .await;
    t.billing_json(0, &["revoke", &t.org, "hasAPI", "--reason", "over"]).await;
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;

    let told = t.billing_json(0, &["explain", &t.org, "--at", &at]).await;
    assert_eq!((&told["plan"]["plan_code"], &told["entitlements"]["hasAPI"]), (&json!("pro"), &json!(true)));
    let cause = |table: &str, name: &str, value: &str| {
        let rows = told["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["table"] == table && row["state"][name] == value);
        row.unwrap_or_else(|| panic!("no {value} in {told}"))["cause"].clone()
    };
    // Stripe tells of a purchase more than once: what the last one changed need not be what it grants.
    let bought = cause("subscriptions", "stripe_subscription_id", &id).as_str().unwrap().to_owned();
    let granted = cause("entitlements", "source", "plan").as_str().unwrap().to_owned();
    for event in [&bought, &granted] {
        let outcome = format!("select outcome from webhook_events where event_id = '{event}'");
        assert_eq!(t.value(&outcome).await, "applied", "{event}");
    }
    assert_eq!(cause("entitlements", "source", "override"), json!("ada"));
    assert_eq!(cause("plans", "plan_code", "pro"), json!("billing migrate"));
    let read = t.billing(&["explain", &t.org, "--at", &at]).await.output;
    for part in ["Plan   pro, active", "override: hasAPI on", &format!("grants pro x 1 by {id}"), &bought] {
        assert!(read.contains(part), "{part}: {read}");
    }
    let now = t.billing(&["explain", &t.org]).await.output;
    assert!(now.contains("pilot, canceled"), "{now}");
}

#[tokio::test]
async fn of_what_is_not_known_nothing_is_told() {
    let t = TestApp::start().await;
    let early = t.billing(&["explain", &t.org, "--at", "2020-01-01T12:00Z"]).await;
    assert!(early.status == 1 && early.complaint.contains("is not known: the history begins"), "{early:?}");
    let late = t.billing(&["explain", &t.org, "--at", "2999-01-01"]).await;
    assert!(late.status == 1 && late.complaint.contains("still to come"), "{late:?}");
    t.assert_wrong_usage(&["explain", &t.org, "--at", "friday"], "expected a date").await;
    let nobody = "select count(*) from entitlements_at(gen_random_uuid(), clock_timestamp())";
    assert_eq!(t.value(nobody).await, "0");
    // What is forgotten is forgotten for every moment.
    t.buy("pro", "month").await;
    let at = t.value("select clock_timestamp()").await;
    t.billing_json(0, &["forget", &t.org, "--yes-forget", &t.org, "--even-with-live-subscription"]).await;
    let had = format!("select plan_code from entitlements_at('{}', '{at}')", t.org);
    assert_eq!(t.value(&had).await, "pilot");
    assert_eq!(t.value(&format!("select count(*) from history where org_id = '{}'", t.org)).await, "0");
}
