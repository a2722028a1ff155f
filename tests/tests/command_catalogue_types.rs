//! `billing catalogue types`.

use serde_json::json;
use tests::TestApp;

/// The client's own check compiles a program with it.
const TYPESCRIPT: &str = include_str!("../../client/tests/catalogue/entitlements.ts");
const RUST: &str = include_str!("command_catalogue_types/entitlements.rs.txt");
/// The types of a new client.
const SHIPPED: &str = include_str!("../../client/src/catalogue.ts");

fn file() -> String {
    tests::root().join("client/tests/catalogue/catalogue.toml").display().to_string()
}

/// What is printed compiles.
mod made {
    include!("command_catalogue_types/entitlements.rs.txt");
}

#[tokio::test]
async fn the_types_of_a_file_are_what_the_client_is_compiled_with() {
    let t = TestApp::start().await;
    let typescript = t.billing(&["catalogue", "types", &file()]).await;
    assert_eq!((typescript.status, typescript.output.as_str()), (0, TYPESCRIPT));
    let rust = t.billing(&["catalogue", "types", &file(), "--rust"]).await;
    assert_eq!((rust.status, rust.output.as_str()), (0, RUST));
}

#[tokio::test]
async fn a_program_reads_the_words_and_rust_knows_each() {
    let t = TestApp::start().await;
    let told = t.billing_json(0, &["catalogue", "types", &file(), "--rust"]).await;
    let plans: Vec<&str> = made::Plan::ALL.iter().map(|plan| plan.as_str()).collect();
    let features: Vec<&str> = made::Feature::ALL.iter().map(|feature| feature.as_str()).collect();
    assert_eq!((&told["plans"], &told["features"]), (&json!(plans), &json!(features)));
    let wrong = t.billing(&["catalogue", "types", "/nowhere.toml"]).await;
    assert!(wrong.status == 2 && wrong.complaint.contains("/nowhere.toml cannot be read"), "{wrong:?}");
}

#[tokio::test]
async fn the_clients_default_is_what_a_new_database_has() {
    let t = TestApp::start().await;
    let words = "select string_agg(word, ' ') from (
        select plan_code as word from plans union all
        select feature from plan_entitlements where plan_code = 'pilot') words";
    let words = t.value(words).await;
    for word in words.split(' ') {
        assert!(SHIPPED.contains(&format!("\"{word}\"")), "{word}");
    }
    assert_eq!(SHIPPED.matches("| \"").count(), words.split(' ').count() - 1, "{words}");
}
