//! `billing catalogue`.

use serde_json::{Value, json};
use tests::{TestApp, TestFile, users};

/// The checkout's own file. An operator changes it: what it says beside what a new database has is no test's
/// business.
fn shipped() -> String {
    tests::root().join("catalogue.toml").display().to_string()
}

/// A plan between Pro and Enterprise, with two flags that nobody had before.
const TEAM: &str = r#"
[plans.team]
name = "PromptForge Team"
description = "For a few."
rank = 7
seats = 3
more_seats = true
lookup_key = "promptforge_team"
flags = ["canExportMD", "hasTeamSpaces", "hasAuditLog"]
prices = [{ interval = "month", amount = 9900, currency = "usd" }]
"#;

/// The file of a new database.
async fn base(t: &TestApp) -> String {
    t.billing(&["catalogue", "pull"]).await.output
}

async fn with_team(t: &TestApp) -> TestFile {
    let flags = "[flags]\nhasTeamSpaces = \"Spaces.\"\nhasAuditLog = \"Who did what.\"";
    TestFile::catalogue(&(base(t).await.replace("[flags]", flags) + TEAM))
}

/// The writing calls to Stripe so far.
fn writes(t: &TestApp) -> usize {
    t.stripe.requests().iter().filter(|request| request.method != "GET").count()
}

async fn answer(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body
}

fn effects(report: &Value, kind: &str) -> Vec<String> {
    let of_kind = report["effects"].as_array().unwrap().iter().filter(|effect| effect["effect"] == kind);
    of_kind.map(|effect| format!("{} {}", effect["plan"], effect["feature"]).replace('"', "")).collect()
}

#[tokio::test]
async fn the_shipped_file_says_of_all_that_a_new_database_has_what_is_there() {
    let t = TestApp::start().await;
    let told = t.billing_json(0, &["catalogue", "apply", &shipped(), "--dry-run"]).await;
    // It may have more, and a rank moves up to make room for another plan.
    for change in told["changes"].as_array().unwrap() {
        let moves_up = change["field"] == "rank" && change["from"].as_str() < change["to"].as_str();
        assert!(change["from"].is_null() || moves_up, "{change}");
    }
    assert_eq!(effects(&told, "loses"), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_with_new_flags_is_sold_granted_and_answered_and_a_second_run_changes_nothing() {
    let t = TestApp::start().await;
    let file = with_team(&t).await;
    let (database, written) = (answer(&t).await["entitlements"].clone(), writes(&t));
    let told = t.billing_json(0, &["catalogue", "apply", file.path(), "--dry-run"]).await;
    assert_eq!((told["dry_run"].clone(), told["portal"].clone()), (json!(true), Value::Null));
    assert_eq!((answer(&t).await["entitlements"].clone(), writes(&t)), (database, written));
    let check = t.billing_json(1, &["catalogue", "check", file.path()]).await;
    assert_eq!(check["changes"], told["changes"]);

    let done = t.billing_json(0, &["catalogue", "apply", file.path(), "--by", "ada"]).await;
    assert_eq!((&done["changes"], &done["effects"]), (&told["changes"], &told["effects"]));
    let made = |report: &Value| -> Vec<String> {
        let lines = report["products"]["prices"].as_array().unwrap().iter();
        lines.filter(|line| line["done"] == "created").map(|line| line["lookup_key"].to_string()).collect()
    };
    assert!(made(&done).contains(&"\"promptforge_team_month\"".to_owned()), "{done}");
    assert_eq!(made(&done), made(&told));
    let audit = "select count(*) from runs
        where kind = 'catalogue_changed' and telemetry ->> 'cause' = 'ada'";
    assert_eq!(t.value(audit).await, done["changes"].as_array().unwrap().len().to_string());

    assert_eq!(answer(&t).await["entitlements"]["hasTeamSpaces"], false);
    t.buy("team", "month").await;
    let bought = answer(&t).await;
    assert_eq!((&bought["planCode"], &bought["seats"]), (&json!("team"), &json!(3)));
    let flags = &bought["entitlements"];
    assert_eq!((&flags["hasAuditLog"], &flags["hasAPI"]), (&json!(true), &json!(false)));

    let written = writes(&t);
    let again = t.billing(&["catalogue", "apply", file.path()]).await;
    assert_eq!((again.status, writes(&t)), (0, written));
    assert_eq!(again.output, "The database and Stripe say what the file says already.");
    assert_eq!(t.billing(&["catalogue", "check", file.path()]).await.status, 0);
}

#[tokio::test]
async fn a_dry_run_says_who_loses_what_and_what_an_override_keeps() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.billing_json(0, &["grant", &t.org, "hasCloudHistory", "--reason", "promised"]).await;
    let mut less = base(&t).await;
    for flag in ["hasCloudHistory", "canExportPDF"] {
        less = less.replacen(&format!("  \"{flag}\",\n"), "", 1);
    }
    let file = TestFile::catalogue(&less);
    let apply = ["catalogue", "apply", file.path(), "--dry-run", "--show"];
    let told = t.billing_json(3, &apply).await;
    assert_eq!(effects(&told, "loses"), ["pro canExportPDF"]);
    assert_eq!(effects(&told, "stays"), ["pro hasCloudHistory"]);
    for effect in told["effects"].as_array().unwrap() {
        assert_eq!((&effect["organizations"], &effect["ids"]), (&json!(1), &json!([t.org])), "{effect}");
    }
    let read = t.billing(&apply).await.output;
    assert!(read.contains("1 organization on pro loses canExportPDF."), "{read}");
    assert!(read.contains("1 organization on pro keeps hasCloudHistory as it is, by override."), "{read}");
    assert!(read.contains("Nothing was changed"), "{read}");
    // Done is done: the status is that of the work.
    t.billing_json(0, &["catalogue", "apply", file.path()]).await;
    let now = answer(&t).await["entitlements"].clone();
    assert_eq!((&now["canExportPDF"], &now["hasCloudHistory"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn a_price_that_changes_is_replaced_and_one_that_is_sold_no_more_is_archived() {
    let t = TestApp::start().await;
    let dearer = base(&t).await.replace("amount = 4900,", "amount = 5900,");
    let by_year = "  { interval = \"year\", amount = 49000, currency = \"usd\" },\n";
    let file = TestFile::catalogue(&dearer.replace(by_year, ""));
    let told = t.billing_json(0, &["catalogue", "apply", file.path(), "--dry-run"]).await;
    let done = t.billing_json(0, &["catalogue", "apply", file.path()]).await;
    assert_eq!(
        (&told["archived"], &done["archived"][0]["lookup_key"]),
        (&done["archived"], &json!("promptforge_pro_year"))
    );
    let asked = json!({ "lookup_keys": ["promptforge_pro_year"] });
    let found = t.stripe.call("GET", "/v1/prices", &asked).unwrap();
    assert_eq!(found["data"][0]["active"], false);
    t.checkout_plan("pro", "year").await.assert_failure(400, "invalid_interval");
    t.buy("pro", "month").await;
    assert_eq!(answer(&t).await["planCode"], "pro");
    let again = t.billing_json(0, &["catalogue", "check", file.path()]).await;
    assert_eq!(again["archived"], json!([]));
}

#[tokio::test]
async fn what_is_pulled_is_a_file_that_changes_nothing() {
    let t = TestApp::start().await;
    let team = with_team(&t).await;
    t.billing_json(0, &["catalogue", "apply", team.path()]).await;
    let pulled = TestFile::catalogue(&t.billing(&["catalogue", "pull"]).await.output);
    let check = t.billing(&["catalogue", "check", pulled.path()]).await;
    assert_eq!((check.status, check.output.as_str()), (0, "The file, the database and Stripe say the same."));
    // Names and prices are Stripe's.
    let change = "update plans set name = 'x', price_month_cents = 1 where plan_code = 'pro'";
    t.db.batch_execute(change).await.unwrap();
    let pulled = t.billing_json(0, &["catalogue", "pull"]).await;
    let pro = &pulled["plans"]["pro"];
    assert_eq!((&pro["name"], &pro["month"]), (&json!("PromptForge Pro"), &json!(4900)));
}

#[tokio::test]
async fn a_plan_that_somebody_has_cannot_be_left_out() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let text = base(&t).await;
    let (begin, end) = (text.find("[plans.pro]").unwrap(), text.find("[plans.enterprise]").unwrap());
    let file = TestFile::catalogue(&(text[..begin].to_owned() + &text[end..]));
    let written = writes(&t);
    for way in [&["--dry-run"][..], &[]] {
        let refused = t.billing(&[&["catalogue", "apply", file.path()], way].concat()).await;
        assert!(refused.status == 1 && refused.complaint.contains("leaves out: pro"), "{refused:?}");
    }
    assert_eq!((answer(&t).await["planCode"].clone(), writes(&t)), (json!("pro"), written));
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    let wrong = TestFile::catalogue(&base(&t).await.replacen("seats = 1", "seats = 0", 1));
    let refused = t.billing(&["catalogue", "apply", wrong.path()]).await;
    assert!(refused.status == 2 && refused.complaint.contains("plans.pilot.seats: A plan"), "{refused:?}");
    let missing = t.billing(&["catalogue", "check", "/nowhere/catalogue.toml"]).await;
    assert!(
        missing.status == 2 && missing.complaint.contains("catalogue.toml cannot be read"),
        "{missing:?}"
    );
    let shipped = shipped();
    for arguments in
        [&["catalogue", "apply", &shipped][..], &["catalogue", "check", &shipped], &["catalogue", "pull"]]
    {
        t.assert_needs(arguments, true).await;
    }
}
