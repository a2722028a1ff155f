//! `billing import`: where the customers come from.

use serde_json::{Value, json};
use tests::{TestApp, TestFile};

fn organizations(report: &Value) -> Vec<(&str, &str)> {
    let all = report["organizations"].as_array().unwrap();
    all.iter()
        .map(|one| (one["organization"]["id"].as_str().unwrap(), one["customer"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_file_is_read_as_spreadsheets_write_it() {
    let t = TestApp::start().await;
    let customer = t.paying_at_stripe("pro");
    let written = format!(
        "\u{feff}name;Org_Id;stripe_customer_id\r\n\r\n\"First; \"\"the\"\" one\";\" {} \";{customer} \r\n\
         ;;\r\n\r\nSecond;{};\r\nThird;four;cus_1\r\n",
        t.org.to_uppercase(),
        t.other_org
    );
    let file = TestFile::csv(&written);
    let report = t.billing_json(1, &["import", "--customers", file.path(), "--dry-run"]).await;
    assert_eq!(organizations(&report), [(t.org.as_str(), customer.as_str())]);
    assert_eq!(report["problems"][0]["line"], 7);
    for (content, expected) in [
        ("org,customer\n", "has no column org_id in its first line: there is org, customer."),
        ("", "has no column org_id in its first line: there is nothing."),
    ] {
        let file = TestFile::csv(content);
        let refused = t.billing(&["import", "--customers", file.path()]).await;
        assert!(refused.status == 1 && refused.complaint.contains(expected), "{refused:?}");
    }
    let missing = t.billing(&["import", "--customers", "/none/customers.csv"]).await;
    assert!(
        missing.status == 1 && missing.complaint.contains("/none/customers.csv cannot be read: No such file"),
        "{missing:?}"
    );
    let latin = TestFile::csv("");
    std::fs::write(latin.path(), b"org_id,stripe_customer_id,name\na,b,M\xfcller\n").unwrap();
    let refused = t.billing(&["import", "--customers", latin.path()]).await;
    assert!(refused.complaint.contains("is not UTF-8 in line 2. Save it as CSV in UTF-8."), "{refused:?}");
}

#[tokio::test]
async fn an_applications_table_is_read_with_the_rights_that_the_login_has() {
    let t = TestApp::start().await;
    let (one, two) = (t.paying_at_stripe("pro"), t.paying_at_stripe("enterprise"));
    let table = format!(
        "create table public.subscriptions (id bigint generated always as identity, org_id uuid,
           stripe_customer_id text, status text);
         insert into public.subscriptions (org_id, stripe_customer_id) values
           ('{}', '{one}'), ('{}', '{one}'), ('{}', null), (null, 'cus_x')",
        t.org, t.org, t.other_org
    );
    t.db.batch_execute(&table).await.unwrap();
    let command = ["import", "--from-table", "public.subscriptions", "--dry-run"];
    let refused = t.billing(&command).await;
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(
        refused.complaint.contains(
            "billing_operator may not read public.subscriptions. As its owner, run `grant select (org_id, \
             stripe_customer_id) on public.subscriptions to billing_operator`,"
        ),
        "{refused:?}"
    );
    // What the sentence says to type is enough.
    t.db.batch_execute(
        "grant select (org_id, stripe_customer_id) on public.subscriptions to billing_operator;",
    )
    .await
    .unwrap();
    let report = t.billing_json(1, &command).await;
    assert_eq!(organizations(&report), [(t.org.as_str(), one.as_str())]);
    assert_eq!(
        report["problems"][0]["sentence"],
        "\"\" is no organization's id, which is a UUID (the row of cus_x)."
    );
    // Row level security that hides every row is no empty table.
    t.db.batch_execute("alter table public.subscriptions enable row level security").await.unwrap();
    let hidden = t.billing(&command).await;
    assert!(
        hidden.status == 1
            && hidden
                .complaint
                .contains("Row level security shows billing_operator no row of public.subscriptions"),
        "{hidden:?}"
    );
    t.db.batch_execute(
        "create policy p on public.subscriptions for select to billing_operator using (org_id is not null)",
    )
    .await
    .unwrap();
    let report = t.billing_json(0, &command).await;
    assert_eq!(report["problems"][0]["kind"], "row_level_security");
    // The owner's connection needs none of it.
    let owner =
        tests::operator::run(&t.operator(), &["import", "--from-table", "subscriptions", "--json"]).await;
    let report: Value = serde_json::from_str(&owner.output).unwrap();
    assert_eq!((owner.status, organizations(&report)), (1, vec![(t.org.as_str(), one.as_str())]));
    let gone =
        format!("update public.subscriptions set stripe_customer_id = '{two}', org_id = '{}'", t.other_org);
    t.db.batch_execute(&gone).await.unwrap();
    assert_eq!(organizations(&t.billing_json(0, &command).await), [(t.other_org.as_str(), two.as_str())]);
}

#[tokio::test]
async fn names_with_capitals_dots_and_quotation_marks_are_found_and_mean_nothing_else() {
    let t = TestApp::start().await;
    let customer = t.paying_at_stripe("pro");
    let evil = "b\"; drop table billing.customers; --";
    let tables = format!(
        r#"create schema "my.app"; grant usage on schema "my.app" to billing_operator;
         create table "my.app"."Tenant" ("orgId" text, "customer ""id""" text, "current_user" text);
         insert into "my.app"."Tenant" values ('{}', '{customer}', '{customer}');
         create view public.payers as
           select "orgId" as org_id, "customer ""id""" as stripe_customer_id from "my.app"."Tenant";
         grant select on "my.app"."Tenant", public.payers to billing_operator"#,
        t.org
    );
    t.db.batch_execute(&tables).await.unwrap();
    let expected = [(t.org.as_str(), customer.as_str())];
    for arguments in [
        [
            "--from-table",
            "\"my.app\".\"Tenant\"",
            "--org-column",
            "orgId",
            "--customer-column",
            "customer \"id\"",
        ],
        ["--from-table", "\"my.app\".Tenant", "--org-column", "orgId", "--customer-column", "current_user"],
        [
            "--from-table",
            "PUBLIC.Payers",
            "--org-column",
            "ORG_ID",
            "--customer-column",
            "stripe_customer_id",
        ],
    ] {
        let report = t.billing_json(0, &[&["import", "--dry-run"][..], &arguments].concat()).await;
        assert_eq!(organizations(&report), expected, "{arguments:?}");
    }
    for (table, column, expected) in [
        ("public.nothing", "org_id", "There is no table public.nothing. The schema public has payers."),
        ("app.payers", "org_id", "There is no table app.payers. There is no schema app either."),
        (
            "\"my.app\".\"Tenant\"",
            "org_id",
            "\"my.app\".\"Tenant\" has no column org_id: it has orgId, customer \"id\", current_user. Say \
             which one it is with --org-column.",
        ),
        (
            "payers",
            evil,
            "public.payers has no column b\"; drop table billing.customers; --: it has org_id, \
             stripe_customer_id.",
        ),
        (
            &format!("public.\"{}\"", evil.replace('"', "\"\"")),
            "org_id",
            "There is no table public.b\"; drop table",
        ),
    ] {
        let refused = t.billing(&["import", "--from-table", table, "--org-column", column]).await;
        assert!(refused.status == 1 && refused.complaint.contains(expected), "{refused:?}");
    }
}

#[tokio::test]
async fn metadata_of_customers_and_of_subscriptions_is_read_page_by_page() {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(130).await;
    for org in &orgs[..120] {
        t.customer_at_stripe(&json!({ "orgId": org, "other": "x" }));
    }
    // Their subscriptions alone say whose they are.
    for org in &orgs[120..] {
        let customer = t.customer_at_stripe(&json!({}));
        t.subscription_at_stripe(&customer, "promptforge_pro_month", &json!({ "orgId": org }));
    }
    let stranger = t.paying_at_stripe("pro");
    let odd = t.customer_at_stripe(&json!({ "orgId": "acme" }));
    let report = t.billing_json(1, &["import", "--metadata-key", "orgId", "--rate", "100"]).await;
    assert_eq!(report["stored"], 130);
    assert_eq!(report["problems"].as_array().unwrap().len(), 1);
    assert_eq!(
        report["problems"][0]["sentence"],
        format!("\"acme\" is no organization's id, which is a UUID (metadata of {odd}).")
    );
    let plans = "select string_agg(concat_ws(' ', plan_code, n), ';' order by plan_code)
        from (select plan_code, count(*) n from plan_effective group by 1) p";
    assert_eq!(t.value(plans).await, "pilot 122;pro 10");
    assert_eq!(
        t.value(&format!("select count(*) from customers where stripe_customer_id = '{stranger}'")).await,
        "0"
    );
    let calls = t.stripe.requests();
    let lists = calls.iter().filter(|call| call.path == "/v1/customers" && call.method == "GET").count();
    assert_eq!(lists, 2, "132 customers are two pages");
    assert!(!calls.iter().any(|call| call.method == "GET" && call.path.starts_with("/v1/customers/")));
}

#[tokio::test]
async fn a_customer_whose_subscriptions_are_of_two_organizations_is_claimed_twice() {
    let t = TestApp::start().await;
    let person = t.customer_at_stripe(&json!({}));
    for org in [&t.org, &t.other_org] {
        t.subscription_at_stripe(&person, "promptforge_pro_month", &json!({ "orgId": org }));
    }
    let report = t.billing_json(1, &["import", "--metadata-key", "orgId"]).await;
    assert_eq!(report["problems"][0]["kind"], "claimed_twice");
    assert_eq!(t.value("select count(*) from customers").await, "0");
}
