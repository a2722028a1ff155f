//! The matrix of plans and features: the table and the README say the same, and nothing is hard-coded.

use tests::{TestApp, users};

const README: &str = include_str!("../../README.md");

#[tokio::test]
async fn each_plan_switches_on_what_the_table_says() {
    let t = TestApp::start().await;
    for (plan, on) in [("pilot", 1), ("pro", 7), ("enterprise", 11)] {
        t.db.execute("select pf_apply_plan_entitlements($1::text::uuid, $2)", &[&t.org, &plan])
            .await
            .unwrap();
        let answer = t.entitlements(users::OWNER, &t.org).await;
        assert_eq!(answer.text("/planCode"), plan);
        let flags = answer.body["entitlements"].as_object().unwrap();
        assert_eq!(flags.len(), 11);
        assert_eq!(flags.values().filter(|flag| **flag == true).count(), on);
        for row in
            t.db.query("select feature, enabled from plan_entitlements where plan_code = $1", &[&plan])
                .await
                .unwrap()
        {
            assert_eq!(
                flags[row.get::<_, &str>(0)],
                row.get::<_, bool>(1),
                "{plan} {}",
                row.get::<_, &str>(0)
            );
        }
    }
}

#[tokio::test]
async fn a_change_of_the_matrix_changes_the_answer_at_once() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute(
        "update plan_entitlements set enabled = not enabled
          where plan_code = 'pro' and feature in ('canExportPDF', 'hasAPI')",
    )
    .await
    .unwrap();
    let flags = t.entitlements(users::OWNER, &t.org).await.body["entitlements"].clone();
    assert_eq!((&flags["canExportPDF"], &flags["hasAPI"]), (&false.into(), &true.into()));
}

#[tokio::test]
async fn the_readme_shows_the_matrix_and_prices_of_the_table() {
    let t = TestApp::start().await;
    let plans = t.value("select string_agg(plan_code, ' ' order by rank) from plans").await;
    for row in t.db.query("select feature, plan_code, enabled from plan_entitlements", &[]).await.unwrap() {
        let (feature, plan, enabled): (&str, &str, bool) = (row.get(0), row.get(1), row.get(2));
        let cells = table_row(&format!("`{feature}`"));
        let column = plans.split(' ').position(|p| p == plan).unwrap() + 1;
        assert_eq!(cells[column], if enabled { "yes" } else { "–" }, "{feature} {plan}");
    }
    for row in t
        .db
        .query("select plan_code, name, price_month_cents, price_year_cents, seats_included from plans", &[])
        .await
        .unwrap()
    {
        let dollars = |cents: Option<i32>| cents.map_or("–".to_owned(), |cents| (cents / 100).to_string());
        let cells = table_row(&format!("`{}`", row.get::<_, &str>(0)));
        let expected = [
            row.get::<_, String>(1),
            dollars(row.get(2)),
            dollars(row.get(3)),
            row.get::<_, i32>(4).to_string(),
        ];
        assert_eq!(cells[1..5], expected);
    }
}

/// The cells of the README's table row that begins with this cell.
fn table_row(first: &str) -> Vec<String> {
    let rows = README.lines().filter(|line| line.starts_with('|'));
    let mut cells = rows
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    cells.find(|cells| cells[0] == first).unwrap_or_else(|| panic!("the README has no row {first}"))
}
