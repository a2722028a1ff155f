//! The real `billing`: exit status, which stream says what, `--json`, and a signing secret that is stored or
//! not.
#![allow(clippy::expect_used, clippy::unwrap_used)] // A test that cannot go on shall panic.

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use stripe_emulator::{Emulator, Options};
use tests::Vault;
use tests::program::of_this_build;
use tokio::process::Command;

async fn billing(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(of_this_build("billing"));
    command.args(arguments).env_clear().envs(environment.iter().copied()).stdin(Stdio::null());
    command.output().await.expect("billing starts")
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or_default()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn each_kind_of_failure_has_its_exit_status_and_its_code() {
    let unreachable = [("STRIPE_SECRET_KEY", "sk_test_1"), ("STRIPE_API_BASE", "http://127.0.0.1:1")];
    let database = [("DATABASE_URL", "postgres://postgres@127.0.0.1:1/none")];
    for (arguments, environment, expected, code) in [
        (vec!["migrate"], &[][..], 3, "not_configured"),
        (vec!["migrate"], &database[..], 4, "database_unreachable"),
        (vec!["webhook-endpoint", "--url", "https://a.example/"], &unreachable[..], 5, "stripe_unreachable"),
    ] {
        let output = billing(&arguments, environment).await;
        assert_eq!(status(&output), expected, "{}", err(&output));
        assert!(err(&output).starts_with("billing: ") && out(&output).is_empty());
        assert_eq!(err(&output).trim_end().lines().count(), 1, "{}", err(&output));
        let output = billing(&[&arguments[..], &["--json"]].concat(), environment).await;
        let complaint: Value = serde_json::from_str(&err(&output)).unwrap();
        assert_eq!((status(&output), complaint["code"].as_str()), (expected, Some(code)));
        assert!(complaint["error"].as_str().unwrap().ends_with('.'));
    }
    for wrong in [
        &["migrat"][..],
        &["migrate", "--check", "--dry-run"],
        &["webhook-endpoint", "--url", "http://a.example/"],
        &[],
    ] {
        assert_eq!(status(&billing(wrong, &[]).await), 2, "{wrong:?}");
        let output = billing(&[&["--json"], wrong].concat(), &[]).await;
        let complaint: Value = serde_json::from_str(&err(&output)).expect("one JSON document");
        assert_eq!((status(&output), complaint["code"].as_str()), (2, Some("wrong_usage")), "{wrong:?}");
        let sentence = complaint["error"].as_str().unwrap();
        assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        assert!(out(&output).is_empty(), "{wrong:?}");
    }
    assert!(out(&billing(&["--json", "--help"], &[]).await).contains("Commands:"));
}

#[tokio::test]
async fn help_says_the_exit_statuses_and_every_command_has_examples() {
    let help = out(&billing(&["--help"], &[]).await);
    assert!(help.contains("3  not configured"), "{help}");
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut seen = 0;
    for name in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let help = out(&billing(&[name, "--help"], &[]).await);
        assert!(help.contains("Examples:"), "{name}: {help}");
        seen += 1;
    }
    assert!(seen >= 5, "{help}");
    for shell in ["bash", "zsh", "fish"] {
        let script = out(&billing(&["completions", shell], &[]).await);
        assert!(script.contains("portal-configuration"), "{shell}");
    }
}

#[tokio::test]
async fn a_closed_pipe_is_no_failure() {
    let mut command = Command::new(of_this_build("billing"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output =
        command.args(["completions", "bash"]).stdout(writer).stderr(Stdio::piped()).output().await.unwrap();
    assert_eq!((status(&output), err(&output)), (0, String::new()));
}

#[tokio::test]
async fn a_result_is_one_json_document_and_a_signing_secret_is_in_it_once() {
    let stripe = Emulator::start(Options::default()).await.unwrap();
    let url = stripe.url();
    let environment = [("STRIPE_SECRET_KEY", stripe.secret_key()), ("STRIPE_API_BASE", url.as_str())];
    let arguments = ["webhook-endpoint", "--url", "https://a.example/", "--json"];
    let first = billing(&arguments, &environment).await;
    let report: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!((status(&first), report["done"].as_str()), (0, Some("created")));
    assert!(report["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    let second = billing(&arguments, &environment).await;
    let report: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!((report["done"].as_str(), report.get("signing_secret")), (Some("unchanged"), None));
    // It sells what the database knows, and none is named.
    let output = billing(&["portal-configuration", "--json"], &environment).await;
    let complaint: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((status(&output), complaint["code"].as_str()), (3, Some("not_configured")));
}

const STORE: [&str; 4] = ["webhook-endpoint", "--url", "https://a.example/", "--store"];

#[tokio::test]
async fn a_signing_secret_is_stored_in_front_of_the_others_and_not_printed() {
    for form in [&[][..], &["--thin"]] {
        is_stored_in_front(form).await;
    }
}

async fn is_stored_in_front(form: &[&str]) {
    let stripe = Emulator::start(Options::default()).await.unwrap();
    let held = json!({
        "STRIPE_SECRET_KEY": stripe.secret_key(), "STRIPE_API_BASE": stripe.url(),
        "STRIPE_WEBHOOK_SECRET": "whsec_old", "OTHER": { "kept": true },
    });
    let vault = Vault::open(&held).await;
    let arguments = [&STORE, form].concat();
    let output = billing(&arguments, &vault.environment()).await;
    assert_eq!(status(&output), 0, "{}", err(&output));
    assert!(!out(&output).contains("whsec_") && out(&output).contains("stands first"), "{}", out(&output));
    let held = vault.secret();
    let secrets: Vec<&str> = held["STRIPE_WEBHOOK_SECRET"].as_str().unwrap().split(',').collect();
    assert!(secrets[0].starts_with("whsec_") && secrets[1..] == ["whsec_old"], "{secrets:?}");
    assert_eq!(held["OTHER"], json!({ "kept": true }));
    // The environment goes before the secret.
    let mut environment = vault.environment();
    environment.push(("STRIPE_SECRET_KEY", "sk_test_other"));
    assert_eq!(status(&billing(&arguments, &environment).await), 5);
}

#[tokio::test]
async fn a_signing_secret_that_cannot_be_stored_is_printed_because_it_is_nowhere_else() {
    let stripe = Emulator::start(Options::default()).await.unwrap();
    let held = json!({ "STRIPE_SECRET_KEY": stripe.secret_key(), "STRIPE_API_BASE": stripe.url() });
    let vault = Vault::open(&held).await;
    vault.refuse_writes();
    let output = billing(&STORE, &vault.environment()).await;
    assert_eq!(status(&output), 1);
    assert!(
        out(&output).contains("whsec_") && out(&output).contains("AccessDeniedException"),
        "{}",
        out(&output)
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_a_matter_of_configuration() {
    let mut vault = Vault::open(&json!("no object")).await;
    let output = billing(&["migrate"], &vault.environment()).await;
    assert!(err(&output).contains("is no JSON object of variables"), "{}", err(&output));
    vault.url = "http://127.0.0.1:1".to_owned();
    let output = billing(&["migrate", "--json"], &vault.environment()).await;
    let complaint: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((status(&output), complaint["code"].as_str()), (3, Some("secret_unavailable")));
}

#[tokio::test]
async fn of_several_addresses_in_a_secret_the_command_takes_the_operators() {
    let held = json!({
        "READER_DATABASE_URL": "no address",
        "OPERATOR_DATABASE_URL": "postgres://billing_operator@127.0.0.1:1/none",
    });
    let vault = Vault::open(&held).await;
    let output = billing(&["migrate"], &vault.environment()).await;
    assert_eq!(status(&output), 4, "{}", err(&output));
}
