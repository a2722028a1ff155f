//! `billing import`: cut off, stopped, run again, and two at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::join;
use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, TestFile, operator, truth};

/// Organizations that pay, and the file that says so.
async fn paying(t: &TestApp, count: usize) -> (Vec<String>, TestFile) {
    let orgs = t.more_organizations(count).await;
    let customers: Vec<String> = orgs.iter().map(|_| t.paying_at_stripe("pro")).collect();
    let pairs: Vec<(&str, &str)> =
        orgs.iter().zip(&customers).map(|(org, customer)| (org.as_str(), customer.as_str())).collect();
    let file = TestFile::customers(&pairs);
    (orgs, file)
}

/// Every customer is stored, told and written once.
async fn assert_done_once(t: &TestApp, count: usize) {
    let rows = "select concat_ws(' ', (select count(*) from customers),
        (select count(*) || ' ' || count(distinct org_id) from runs where kind = 'customer_imported'),
        (select count(*) || ' ' || max(version) from subscriptions))";
    assert_eq!(t.value(rows).await, format!("{count} {count} {count} {count} 1"));
    let written = t.changes_at_stripe();
    let mut written: Vec<&String> =
        written.iter().filter(|call| call.starts_with("POST /v1/customers/")).collect();
    assert!(written.len() >= count);
    written.sort();
    written.dedup();
    assert_eq!(written.len(), count);
    assert_eq!(truth::differences(t).await, [""; 0]);
    assert_eq!(t.value("select count(*) from reconcile_cursors").await, "0");
}

#[tokio::test]
async fn whatever_call_it_is_cut_off_at_the_next_run_finishes_the_work() {
    let t = TestApp::start().await;
    let (_, file) = paying(&t, 4).await;
    let arguments = ["import", "--customers", file.path(), "--rate", "100"];
    // At each run one call more of Stripe's is answered, and the process is gone before the answer is read.
    for calls in 1..=6 {
        let context = t.billing_context(&[]);
        let before = t.stripe.requests().len();
        let mut run = Box::pin(operator::run(&context, &arguments));
        let cut = async {
            while t.stripe.requests().len() < before + calls {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = cut => {}
            _ = &mut run => {}
        }
    }
    t.billing_json(0, &arguments).await;
    assert_done_once(&t, 4).await;
}

#[tokio::test]
async fn a_failure_of_stripe_after_the_customer_is_stored_is_made_up_for() {
    let t = TestApp::start().await;
    let (orgs, file) = paying(&t, 2).await;
    let arguments = ["import", "--customers", file.path()];
    t.stripe.fail(Fault {
        method: Some("POST".into()),
        path_prefix: "/v1/customers/".into(),
        status: 402,
        ..Fault::default()
    });
    let failed = t.billing(&arguments).await;
    assert_eq!(failed.status, 5, "{failed:?}");
    assert_eq!(t.value("select string_agg(org_id::text, ' ') from customers").await, orgs[0]);
    assert_eq!(t.value("select count(*) from subscriptions").await, "0");
    let report = t.billing_json(0, &arguments).await;
    assert_eq!(
        (&report["stored"], &report["metadata_written"], &report["subscriptions_written"]),
        (&json!(1), &json!(2), &json!(2))
    );
    assert_done_once(&t, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_after_an_organization_and_the_same_command_goes_on_there() {
    let t = TestApp::start().await;
    let (orgs, file) = paying(&t, 40).await;
    let arguments = ["import", "--customers", file.path(), "--rate", "100", "--json"];
    let context = t.billing_context(&[]);
    let interrupt = async {
        while t.changes_at_stripe().iter().filter(|call| call.starts_with("POST /v1/customers/")).count() < 10
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        context.interrupted.store(true, Ordering::Relaxed);
    };
    let (first, ()) = join!(operator::run(&context, &arguments), interrupt);
    assert_eq!(first.status, 1, "{first:?}");
    let first: Value = serde_json::from_str(&first.output).unwrap();
    let done = first["stored"].as_u64().unwrap();
    assert!((10..40).contains(&done) && first["complete"] == false, "{done}");
    assert_eq!(first["stopped_after"], json!(orgs[done as usize - 1]));
    let second = t.billing_json(0, &arguments[..5]).await;
    assert_eq!(second["resumed_after"], first["stopped_after"]);
    assert_eq!(second["stored"], 40 - done);
    let calls = t.stripe.requests();
    let looked_up =
        calls.iter().filter(|call| call.method == "GET" && call.path.starts_with("/v1/customers/"));
    assert_eq!(looked_up.count(), 40, "nobody is asked for twice");
    assert_done_once(&t, 40).await;
}

#[tokio::test]
async fn it_begins_at_the_top_when_the_source_was_mended_or_somebody_says_so() {
    let t = TestApp::start().await;
    let (orgs, file) = paying(&t, 3).await;
    let stop_at_the_last = || async {
        t.stripe.fail(Fault {
            path_prefix: "/v1/customers/".into(),
            status: 200,
            times: 2,
            ..Fault::default()
        });
        t.stripe.fail(Fault { path_prefix: "/v1/customers/".into(), status: 402, ..Fault::default() });
        t.billing(&["import", "--no-stripe-metadata", "--customers", file.path()]).await.status
    };
    assert_eq!(stop_at_the_last().await, 5);
    let restarted = t.billing_json(0, &["import", "--customers", file.path(), "--restart"]).await;
    assert_eq!(
        (&restarted["resumed_after"], restarted["organizations"].as_array().unwrap().len()),
        (&json!(null), 3)
    );
    assert_eq!(stop_at_the_last().await, 5);
    // The first organization has another customer in the mended file.
    let customers = "select array_agg(stripe_customer_id order by org_id) from customers";
    let customers = t.value(customers).await;
    let customers: Vec<&str> = customers.trim_matches(['{', '}']).split(',').collect();
    let newer = t.customer_at_stripe(&json!({}));
    let mended =
        TestFile::customers(&[(&orgs[0], &newer), (&orgs[1], customers[1]), (&orgs[2], customers[2])]);
    let report = t.billing_json(1, &["import", "--customers", mended.path()]).await;
    assert_eq!(
        (&report["resumed_after"], &report["problems"][0]["kind"]),
        (&json!(null), &json!("organization_has_another"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_store_and_tell_each_customer_once() {
    let t = TestApp::start().await;
    let (_, file) = paying(&t, 20).await;
    let (one, two) = (t.billing_context(&[]), t.billing_context(&[]));
    let arguments = ["import", "--customers", file.path(), "--rate", "100", "--json"];
    let (first, second) = join!(operator::run(&one, &arguments), operator::run(&two, &arguments));
    assert_eq!((first.status, second.status), (0, 0), "{first:?} {second:?}");
    let stored = |outcome: &str| serde_json::from_str::<Value>(outcome).unwrap()["stored"].as_u64().unwrap();
    assert_eq!(stored(&first.output) + stored(&second.output), 20);
    assert_done_once(&t, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_imports_that_give_one_customer_to_two_organizations_one_is_told_that_it_is_taken() {
    let t = TestApp::start().await;
    let customer = t.paying_at_stripe("pro");
    let files = [&t.org, &t.other_org].map(|org| TestFile::customers(&[(org, &customer)]));
    let (one, two) = (t.billing_context(&[]), t.billing_context(&[]));
    let [first, second] = [&files[0], &files[1]]
        .map(|file| ["import", "--no-stripe-metadata", "--customers", file.path(), "--json"]);
    let (first, second) = join!(operator::run(&one, &first), operator::run(&two, &second));
    assert_eq!(first.status + second.status, 1, "{first:?} {second:?}");
    let loser = if first.status == 1 { first } else { second };
    let report: Value = serde_json::from_str(&loser.output).unwrap();
    assert_eq!(report["problems"][0]["kind"], "taken");
    assert_eq!(t.value("select count(*) from runs where kind = 'customer_imported'").await, "1");
}

#[tokio::test]
async fn a_problem_that_an_interrupted_run_met_is_told_by_the_next_one() {
    let t = TestApp::start().await;
    let mut orgs = t.more_organizations(3).await;
    orgs.sort();
    let customers = ["cus_nobody".to_owned(), t.paying_at_stripe("pro"), t.paying_at_stripe("pro")];
    let pairs: Vec<(&str, &str)> =
        orgs.iter().zip(&customers).map(|(org, customer)| (org.as_str(), customer.as_str())).collect();
    let file = TestFile::customers(&pairs);
    let arguments = ["import", "--customers", file.path(), "--rate", "100"];
    t.stripe.fail(Fault {
        path_prefix: format!("/v1/customers/{}", customers[2]),
        status: 500,
        times: 8,
        ..Fault::default()
    });
    assert!(t.billing(&arguments).await.status > 1);
    t.stripe.heal();
    let next = t.billing(&arguments).await;
    assert_eq!(next.status, 1, "{next:?}");
    assert!(next.output.contains("cus_nobody"), "{next:?}");
    assert_eq!(t.value("select count(*) from customers").await, "2");
}
