//! What the database itself shows to whom, whatever the code above it does.

use tests::{TestApp, users};

/// Tables that a member reads, and the column that says whose a row is.
const READABLE: &[(&str, &str)] = &[
    ("customers", "org_id"),
    ("subscriptions", "org_id"),
    ("payments", "org_id"),
    ("charges", "org_id"),
    ("entitlements", "org_id"),
    ("entitlements_effective", "org_id"),
    ("plan_effective", "org_id"),
];

#[tokio::test]
async fn a_member_sees_the_rows_of_their_own_organization_and_no_other() {
    let t = TestApp::start_with_two_organizations().await;
    for (table, column) in READABLE {
        assert_eq!(
            t.value(&format!("select count(distinct {column}) from {table}")).await,
            "2",
            "{table} holds rows of both"
        );
    }
    for (user, org) in [(users::MEMBER, &t.org), (users::OUTSIDER, &t.other_org)] {
        let claims = format!(
            r#"set role authenticated; set request.jwt.claims = '{{"sub":"{user}","role":"authenticated"}}'"#
        );
        t.db.batch_execute(&claims).await.unwrap();
        for (table, column) in READABLE {
            let seen =
                t.value(&format!("select string_agg(distinct {column}::text, ',') from {table}")).await;
            assert_eq!(seen, **org, "{table} as {user}");
        }
    }
}

#[tokio::test]
async fn a_connection_whose_plans_are_kept_shows_each_user_their_own() {
    let t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "1")]).await;
    t.buy("pro", "month").await;
    // PostgreSQL keeps a plan from the sixth time on.
    for _ in 0..8 {
        assert_eq!(t.entitlements(users::MEMBER, &t.org).await.text("/planCode"), "pro");
        assert_eq!(t.entitlements(users::OUTSIDER, &t.other_org).await.text("/planCode"), "pilot");
        t.entitlements(users::OUTSIDER, &t.org).await.assert_failure(403, "not_a_member");
    }
}

#[tokio::test]
async fn claims_of_nobody_show_nothing() {
    let t = TestApp::start_with_two_organizations().await;
    for claims in ["", "{}", r#"{"sub":"0a000000-0000-4000-8000-00000000dead"}"#] {
        t.db.batch_execute(&format!("set role authenticated; set request.jwt.claims = '{claims}'"))
            .await
            .unwrap();
        for (table, _) in READABLE {
            assert_eq!(t.value(&format!("select count(*) from {table}")).await, "0", "{table} with {claims}");
        }
    }
}

#[tokio::test]
async fn a_member_cannot_see_events_or_telemetry_and_cannot_write_anything() {
    let t = TestApp::start_with_two_organizations().await;
    let claims =
        format!(r#"set role authenticated; set request.jwt.claims = '{{"sub":"{}"}}'"#, users::OWNER);
    t.db.batch_execute(&claims).await.unwrap();
    for forbidden in [
        "select * from webhook_events",
        "select * from runs",
        "select * from schema_history",
        "update subscriptions set plan_code = 'enterprise'",
        "update entitlements set expires_at = null",
        "insert into entitlements (org_id, source, feature) values (gen_random_uuid(), 'addon', 'hasAPI')",
        "delete from subscriptions",
        "update plan_entitlements set enabled = true",
        "update own_members set role = 'owner'",
        "insert into own_members values (gen_random_uuid(), gen_random_uuid(), 'owner')",
        "select * from organizations",
        "select * from members",
        "select pf_apply_plan_entitlements(gen_random_uuid(), 'enterprise')",
        "select pf_apply_event('{}')",
        "select pf_fail_event('{}', 'x', null)",
        "select pf_keep_event('{}', 'x', true)",
        "select pf_store_customer(gen_random_uuid(), gen_random_uuid(), false, 'cus_1', null)",
        "select billing_private.lock_organizations(array[gen_random_uuid()])",
        "select billing_private.all_organizations()",
        "select billing_private.feature_enabled(gen_random_uuid(), 'hasAPI')",
        "select from billing_private.organization_locks for update",
    ] {
        let error = t.db.batch_execute(forbidden).await.expect_err(forbidden);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test]
async fn anon_sees_nothing_at_all() {
    let t = TestApp::start_with_two_organizations().await;
    t.db.batch_execute("set role anon").await.unwrap();
    for (table, _) in READABLE.iter().chain(&[
        ("webhook_events", ""),
        ("runs", ""),
        ("plans", ""),
        ("plan_entitlements", ""),
    ]) {
        let error = t.db.batch_execute(&format!("select * from billing.{table}")).await.expect_err(table);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{table}: {error}");
    }
}

#[tokio::test]
async fn a_reader_leaves_no_claims_behind_on_the_connection() {
    let t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "1")]).await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
    t.entitlements(users::OUTSIDER, &t.org).await.assert_failure(403, "not_a_member");
    // The connection is itself again: checkout's read as the login works.
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
}

#[tokio::test]
async fn on_a_database_that_grants_everything_by_default_nothing_more_is_granted() {
    // As on Supabase: what postgres makes, everybody gets; here in every schema.
    let database = tests::TestDatabase::create_empty().await;
    let mut db = database.connect().await;
    let generous = "alter default privileges grant all on tables to anon, authenticated, service_role;
        alter default privileges grant all on sequences to anon, authenticated, service_role;
        alter default privileges grant all on functions to anon, authenticated, service_role";
    db.batch_execute(generous).await.unwrap();
    migrations::run(&mut db).await.unwrap();
    let careful = tests::TestDatabase::create().await.connect().await;
    let granted = "select string_agg(concat_ws(' ', grantee, privilege, name), ', '
          order by name, grantee, privilege) from (
        select c.oid::regclass::text as name, a.grantee::regrole::text, a.privilege_type as privilege
        from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace in ('billing'::regnamespace, 'billing_private'::regnamespace)
        union all
        select p.oid::regprocedure::text, a.grantee::regrole::text, a.privilege_type
        from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where p.pronamespace in ('billing'::regnamespace, 'billing_private'::regnamespace)) granted";
    let of = async |db: &tokio_postgres::Client| -> String {
        db.query_one(granted, &[]).await.unwrap().get::<_, Option<String>>(0).unwrap()
    };
    assert_eq!(of(&db).await, of(&careful).await);
    assert!(!of(&db).await.contains("anon"));
}

#[tokio::test]
async fn the_functions_that_the_routes_call_look_up_themselves_who_is_a_member() {
    let t = TestApp::start_with_two_organizations().await;
    for (role, function) in [
        ("billing_reader", "read_entitlements('USER', 'ORG') answer where answer is not null"),
        ("billing_reader", "read_flags('USER', 'ORG')"),
        (
            "billing_reader",
            "read_replayed_entitlements('USER', 'ORG', null) read where read ->> 'answer' is not null",
        ),
        ("billing_checkout", "read_account('USER', 'ORG', false)"),
    ] {
        t.db.batch_execute(&format!("reset role; set role {role}")).await.unwrap();
        let ghost = "0a000000-0000-4000-8000-00000000dead";
        for (user, rows) in [(users::OUTSIDER, "0"), (ghost, "0"), (users::MEMBER, "1"), (users::OWNER, "1")]
        {
            let call = function.replace("USER", user).replace("ORG", &t.org);
            assert_eq!(
                t.value(&format!("select count(*) from billing.{call}")).await,
                rows,
                "{user}: {call}"
            );
        }
        let nobody = function.replace("'USER'", "null").replace("ORG", &t.org);
        assert_eq!(t.value(&format!("select count(*) from billing.{nobody}")).await, "0");
    }
}

#[tokio::test]
async fn with_every_check_of_the_statement_removed_a_stranger_still_gets_no_row() {
    let t = TestApp::start_with_two_organizations().await;
    for (user, sees) in [(users::OUTSIDER, false), (users::MEMBER, true)] {
        let claims =
            format!(r#"reset role; set request.jwt.claims = '{{"sub":"{user}"}}'; set role billing_viewer"#);
        t.db.batch_execute(&claims).await.unwrap();
        let org = &t.org;
        for careless in [
            format!("subscriptions where org_id = '{org}'"),
            format!("customers where org_id = '{org}'"),
            format!("entitlements_effective where org_id = '{org}'"),
        ] {
            let rows = t.value(&format!("select count(*) > 0 from {careless}")).await;
            assert_eq!(rows, sees.to_string(), "{user}: {careless}");
        }
    }
}
