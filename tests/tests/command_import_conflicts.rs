//! `billing import`: what is left to a person, and said.

use serde_json::{Value, json};
use tests::{TestApp, TestFile};
use uuid::Uuid;

fn kinds(report: &Value) -> Vec<(&str, &str)> {
    let problems = report["problems"].as_array().unwrap();
    problems.iter().map(|one| (one["kind"].as_str().unwrap(), one["sentence"].as_str().unwrap())).collect()
}

/// The one problem of this kind, in words.
fn sentence<'a>(report: &'a Value, kind: &str) -> &'a str {
    let found: Vec<&str> =
        kinds(report).into_iter().filter(|(found, _)| *found == kind).map(|(_, sentence)| sentence).collect();
    assert_eq!(found.len(), 1, "{kind}: {report}");
    found[0]
}

#[tokio::test]
async fn each_line_that_cannot_be_imported_is_told_with_its_reason_and_the_others_are_imported() {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(6).await;
    let [good, deleted, contested, of_nobody] = [(); 4].map(|()| t.paying_at_stripe("pro"));
    t.stripe.call("DELETE", &format!("/v1/customers/{deleted}"), &json!({})).unwrap();
    t.stripe.keep_in_other_mode("cus_live");
    let ghost = Uuid::new_v4().to_string();
    let file = TestFile::customers(&[
        (&t.org, &good),
        ("4711", "cus_a"),
        (&ghost, &of_nobody),
        (&orgs[0], &deleted),
        (&orgs[1], "cus_live"),
        (&orgs[2], "cus_unknown"),
        (&orgs[3], &contested),
        (&orgs[4], &contested),
        (&orgs[5], "../prices"),
        (&t.other_org, ""),
    ]);
    for arguments in
        [&["import", "--customers", file.path(), "--dry-run"][..], &["import", "--customers", file.path()]]
    {
        let report = t.billing_json(1, arguments).await;
        assert_eq!(report["organizations"].as_array().unwrap().len(), 1, "{report}");
        assert_eq!(
            (report["problems"].as_array().unwrap().len(), &report["without_customer"]),
            (7, &json!(1))
        );
        assert_eq!(
            sentence(&report, "not_an_organization_id"),
            "\"4711\" is no organization's id, which is a UUID (line 3)."
        );
        assert_eq!(report["problems"][0]["line"], 3);
        assert_eq!(
            sentence(&report, "unknown_organization"),
            format!("There is no organization {ghost} (line 4).")
        );
        assert_eq!(
            sentence(&report, "deleted"),
            format!(
                "{deleted} of {} was deleted at Stripe: there is nothing to take over (line 5).",
                orgs[0]
            )
        );
        assert_eq!(
            sentence(&report, "other_mode"),
            format!(
                "cus_live of {} is a customer of live mode, and the key is a test key (line 6).",
                orgs[1]
            )
        );
        assert_eq!(
            sentence(&report, "unknown_customer"),
            format!(
                "cus_unknown of {} is unknown to the Stripe account of STRIPE_SECRET_KEY (line 7).",
                orgs[2]
            )
        );
        let claimed =
            format!("{contested} is claimed by 2 organizations: {} (line 8), {} (line 9).", orgs[3], orgs[4]);
        assert!(sentence(&report, "claimed_twice").starts_with(&claimed), "{report}");
        assert_eq!(
            sentence(&report, "not_a_customer_id"),
            "\"../prices\" is no customer's id of Stripe (line 10)."
        );
    }
    assert_eq!(t.value("select string_agg(stripe_customer_id, ' ') from customers").await, good);
    let words = t.billing(&["import", "--customers", file.path()]).await;
    assert!(words.status == 1 && words.output.contains("To mend\n  \"4711\" is no"), "{words:?}");
}

#[tokio::test]
async fn of_two_customers_the_one_with_the_live_subscription_is_taken_else_the_newest_and_never_one_of_two() {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(3).await;
    let live = t.paying_at_stripe("pro");
    let first = t.customer_at_stripe(&json!({}));
    t.stripe.advance(60);
    let ended = t.paying_at_stripe("enterprise");
    let id = t.stripe.subscription_ids().pop().unwrap();
    t.stripe.cancel_now(&id).unwrap();
    let newest = t.customer_at_stripe(&json!({}));
    let (one, two) = (t.paying_at_stripe("pro"), t.paying_at_stripe("enterprise"));
    let file = TestFile::customers(&[
        (&orgs[0], &ended),
        (&orgs[0], &live),
        (&orgs[1], &first),
        (&orgs[1], &newest),
        (&orgs[2], &one),
        (&orgs[2], &two),
    ]);
    let report = t.billing_json(1, &["import", "--customers", file.path()]).await;
    let stored =
        "select string_agg(concat_ws(' ', org_id, stripe_customer_id), ';' order by org_id) from customers";
    assert_eq!(t.value(stored).await, format!("{} {live};{} {newest}", orgs[0], orgs[1]));
    let told = kinds(&report);
    assert_eq!(
        told,
        [
            (
                "not_taken",
                format!("{ended} of {} is not taken: {live} has the live subscription (line 2).", orgs[0])
                    .as_str()
            ),
            (
                "not_taken",
                format!(
                    "{first} of {} is not taken: {newest} is newer, and none has a live subscription (line \
                     4).",
                    orgs[1]
                )
                .as_str()
            ),
            ("several_live_customers", sentence(&report, "several_live_customers")),
        ]
    );
    let open = sentence(&report, "several_live_customers");
    assert!(
        open.starts_with(&format!(
            "{} has 2 customers with a live subscription: {one} (line 6), {two} (line 7). Name one of them",
            orgs[2]
        )),
        "{open}"
    );
    // Decided by leaving one out.
    let file = TestFile::customers(&[(&orgs[2], &two)]);
    t.billing_json(0, &["import", "--customers", file.path()]).await;
    assert_eq!(
        t.value(&format!("select plan_code from plan_effective where org_id = '{}'", orgs[2])).await,
        "enterprise"
    );
}

#[tokio::test]
async fn what_is_stored_already_stays_and_is_told() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let theirs = t.value("select stripe_customer_id from customers").await;
    let another = t.paying_at_stripe("enterprise");
    let rows = t.billing_rows().await;
    let file = TestFile::customers(&[(&t.org, &another), (&t.other_org, &theirs)]);
    for dry in [&["--dry-run"][..], &[]] {
        let report = t
            .billing_json(
                1,
                &[&["import", "--no-stripe-metadata", "--customers", file.path()][..], dry].concat(),
            )
            .await;
        assert_eq!(report["organizations"], json!([]));
        let has = sentence(&report, "organization_has_another");
        assert!(
            has.starts_with(&format!(
                "{} has {theirs} already, which stays: {another} was not stored (line 2).",
                t.org
            )),
            "{has}"
        );
        // Checkout wrote whose it is.
        let named = sentence(&report, "metadata_names_another");
        assert!(
            named.starts_with(&format!("{theirs} of {} is {}'s, as its metadata org_id", t.other_org, t.org)),
            "{named}"
        );
    }
    let nothing = json!({ "metadata": { "org_id": "" } });
    t.stripe.call("POST", &format!("/v1/customers/{theirs}"), &nothing).unwrap();
    let report = t.billing_json(1, &["import", "--customers", file.path()]).await;
    assert_eq!(
        sentence(&report, "taken"),
        format!("{theirs} of {} is stored as {}'s already (line 3).", t.other_org, t.org)
    );
    assert_eq!(t.billing_rows().await, rows);
}

#[tokio::test]
async fn metadata_that_says_something_else_is_left_so_and_none_is_written_where_nobody_wants_it() {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(2).await;
    let odd = t.customer_at_stripe(&json!({ "org_id": "42" }));
    let plain = t.customer_at_stripe(&json!({}));
    let changes = t.changes_at_stripe();
    let file = TestFile::customers(&[(&orgs[0], &odd)]);
    let report = t.billing_json(0, &["import", "--customers", file.path()]).await;
    assert_eq!(
        sentence(&report, "metadata_kept"),
        format!("The metadata of {odd} at Stripe says org_id \"42\", which was left so.")
    );
    let file = TestFile::customers(&[(&orgs[1], &plain)]);
    let report = t.billing_json(0, &["import", "--no-stripe-metadata", "--customers", file.path()]).await;
    assert_eq!(report["organizations"][0]["metadata"], "unchanged");
    assert_eq!(t.value("select count(*) from customers").await, "2");
    assert_eq!(t.changes_at_stripe(), changes);
}

#[tokio::test]
async fn a_price_that_says_no_plan_is_told_before_a_paying_customer_is_locked_out() {
    let t = TestApp::start().await;
    let product = t.stripe.call("POST", "/v1/products", &json!({ "name": "Gold" })).unwrap();
    let price = json!({
        "product": product["id"], "currency": "usd", "unit_amount": 9900,
        "recurring": { "interval": "month" }, "lookup_key": "gold",
    });
    let price = t.stripe.call("POST", "/v1/prices", &price).unwrap()["id"].as_str().unwrap().to_owned();
    let customer = t.customer_at_stripe(&json!({}));
    let id = t.subscription_at_stripe(&customer, "gold", &json!({}));
    let file = TestFile::customers(&[(&t.org, &customer)]);
    let arguments = ["import", "--customers", file.path(), "--dry-run"];
    let report = t.billing_json(1, &arguments).await;
    let told = sentence(&report, "unknown_plan");
    assert!(
        told.starts_with(&format!("{id} of {} is active at {price}, and nothing says which plan", t.org)),
        "{told}"
    );
    assert_eq!(report["organizations"][0]["plan"], json!({ "plan_code": "pilot", "status": "active" }));
    let named = json!({ "metadata": { "plan_code": "pro" } });
    t.stripe.call("POST", &format!("/v1/subscriptions/{id}"), &named).unwrap();
    let report = t.billing_json(0, &arguments).await;
    assert_eq!(report["organizations"][0]["plan"], json!({ "plan_code": "pro", "status": "active" }));
}
