//! The probe, against the real handlers behind the gateway of the local stack.

use local::dev::people::{ORG, PEOPLE};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use shared::app::App;
use shared::clock::Clock;
use shared::config::{Config, Function};
use tests::Vault;

use crate::gateway::Stack;

/// A probe of this stack, with some variables set otherwise; an empty value unsets one.
fn probe_of(stack: &Stack, variables: &[(&str, &str)]) -> App {
    let webhook = format!("{}/api/webhooks/stripe", stack.url);
    let usual = [
        ("PROBE_API_URL", stack.url.as_str()),
        ("PROBE_WEBHOOK_URL", &webhook),
        ("STRIPE_WEBHOOK_SECRET", "whsec_test"),
        ("SUPABASE_URL", &stack.url),
        ("SUPABASE_PUBLISHABLE_KEY", "any"),
        ("CANARY_ORG_ID", ORG.0),
        ("CANARY_EMAIL", PEOPLE.owner.email),
        ("CANARY_PASSWORD", "any"),
    ];
    let lookup = |name: &str| {
        let all = variables.iter().chain(&usual);
        all.into_iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    App::new(Config::from_lookup(lookup), Clock::System)
}

/// What failed and why, such as `webhook: the answer is ...`.
async fn failures(probe: &App) -> String {
    let report = probe::probe(probe).await;
    let failures: Vec<String> =
        report.failures().map(|(question, wrong)| format!("{question}: {wrong}")).collect();
    failures.join("; ")
}

#[tokio::test]
async fn what_people_and_stripe_ask_is_asked_and_leaves_nothing_behind() {
    let stack = Stack::start().await;
    let asked_before = stack.events.lock().unwrap().len();
    assert_eq!(failures(&probe_of(&stack, &[])).await, "");
    assert_eq!(stack.events.lock().unwrap().len() - asked_before, 3);
    let rows = "select (select count(*) from webhook_events) + (select count(*) from runs)";
    assert_eq!(stack.app.value(rows).await, "0");
}

#[tokio::test]
async fn without_a_canary_a_stranger_has_to_be_refused_in_our_own_words() {
    let stack = Stack::start().await;
    let nobody = ["CANARY_ORG_ID", "CANARY_EMAIL", "CANARY_PASSWORD", "SUPABASE_PUBLISHABLE_KEY"];
    let nobody = nobody.map(|name| (name, ""));
    assert_eq!(failures(&probe_of(&stack, &nobody)).await, "");
    // Something answers there, and it is not us.
    let elsewhere = format!("{}/auth/v1", stack.url);
    let wrong = failures(&probe_of(&stack, &[&nobody[..], &[("PROBE_API_URL", &elsewhere)]].concat())).await;
    assert_eq!(
        wrong,
        "health: the answer is 404 Not Found , and not 200; entitlements: the answer is 404 Not Found , and \
         not 401 unauthenticated"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_by_its_question() {
    let stack = Stack::start().await;
    for (name, value, wrong) in [
        (
            "STRIPE_WEBHOOK_SECRET",
            "whsec_other",
            "webhook: the answer is 400 Bad Request invalid_signature, and not 200 ignored",
        ),
        (
            "CANARY_ORG_ID",
            stack.app.other_org.as_str(),
            "entitlements: the answer is 403 Forbidden not_a_member, and not 200 of the canary",
        ),
        (
            "CANARY_EMAIL",
            "nobody@acme.example",
            "entitlements: the canary cannot sign in: Supabase answers 400 Bad Request",
        ),
        ("PROBE_WEBHOOK_URL", "", "webhook: PROBE_WEBHOOK_URL is not configured"),
        ("PROBE_WEBHOOK_URL", "http://127.0.0.1:9/", "webhook: no answer: "),
    ] {
        assert!(failures(&probe_of(&stack, &[(name, value)])).await.starts_with(wrong), "{name}={value}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_to_be_had_fails_every_question() {
    let stack = Stack::start().await;
    let probe = probe_of(&stack, &[]);
    assert_eq!(failures(&probe).await, "");
    let database = stack.app.value("select current_database()").await;
    let close = format!(
        "alter database {database} connection limit 0;
         select pg_terminate_backend(pid, 5000) from pg_stat_activity
           where usename like 'billing%' and datname = '{database}'"
    );
    stack.app.db.batch_execute(&close).await.unwrap();
    let wrong = failures(&probe).await;
    assert!(wrong.starts_with("health: the answer is 503"), "{wrong}");
    assert!(wrong.contains("entitlements: the answer is 503 Service Unavailable database_unavailable"));
    assert!(wrong.contains("webhook: the answer is 500 Internal Server Error processing_failed"), "{wrong}");
    stack.app.db.batch_execute(&format!("alter database {database} connection limit -1")).await.unwrap();
    assert_eq!(failures(&probe).await, "");
}

#[tokio::test]
async fn a_run_counts_itself_and_its_failures_and_an_event_of_its_own_is_not_counted_as_stripes() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = ::metrics::set_default_local_recorder(&recorder);
    let stack = Stack::start().await;
    let webhook = format!("{}/api/webhooks/stripe", stack.url);
    let vault = Vault::open(&serde_json::json!({
        "PROBE_API_URL": "http://127.0.0.1:9", "PROBE_WEBHOOK_URL": webhook,
        "STRIPE_WEBHOOK_SECRET": "whsec_test",
    }))
    .await;
    let live = vault.live(Function::Probe, &[], Clock::System).await;
    let report = probe::run(&live, lambda_http::Context::default()).await.unwrap();
    assert_eq!(
        report.failures().map(|(question, _)| question).collect::<Vec<_>>(),
        ["health", "entitlements"]
    );
    let counted = metrics.snapshot().into_vec();
    let count = |name: &str| {
        let of_name = counted.iter().find(|(key, ..)| key.key().name() == name);
        of_name.map(|(.., value)| match value {
            DebugValue::Counter(count) => *count,
            _ => 0,
        })
    };
    assert_eq!((count("Probes"), count("ProbeFailures")), (Some(1), Some(2)));
    assert_eq!(count("WebhookEvents"), None);
}
