//! `billing.has_entitlement` and `billing.orgs_with`: what an application's own SQL asks, always the same as
//! the API answers.

use serde_json::json;
use tests::{TestApp, users};

const GHOST: &str = "0a000000-0000-4000-8000-0000000000ff";
/// Who asks: a role, and the user in its claims.
pub(super) const MEMBER: (&str, &str) = ("authenticated", users::MEMBER);
const OUTSIDER: (&str, &str) = ("authenticated", users::OUTSIDER);
pub(super) const SERVER: (&str, &str) = ("service_role", "");
const OWNER_OF_EVERYTHING: (&str, &str) = ("plain_owner", "");

/// One value that somebody is told, or PostgreSQL's code for a refusal.
pub(super) async fn told(t: &TestApp, (role, user): (&str, &str), sql: &str) -> String {
    let claims = match user {
        "" if role == "plain_owner" => String::new(),
        "" => json!({ "role": role }).to_string(),
        user => json!({ "sub": user, "role": "authenticated" }).to_string(),
    };
    t.db.batch_execute(&format!("begin; set local request.jwt.claims = '{claims}'; set local role {role}"))
        .await
        .unwrap();
    let answer = t.db.query_one(&format!("select ({sql})::text"), &[]).await;
    t.db.batch_execute("rollback").await.unwrap();
    match answer {
        Ok(row) => row.get::<_, Option<String>>(0).unwrap_or_default(),
        Err(error) => error.code().map(|code| code.code().to_owned()).unwrap_or_default(),
    }
}

pub(super) async fn has(t: &TestApp, who: (&str, &str), org: &str, feature: &str) -> String {
    told(t, who, &format!("select billing.has_entitlement('{org}', '{feature}')")).await
}

async fn orgs_with(t: &TestApp, who: (&str, &str), feature: &str) -> String {
    let sql =
        format!("select string_agg(o::text, ' ' order by o::text) from billing.orgs_with('{feature}') o");
    told(t, who, &sql).await
}

/// Two organizations: the first has what pro has. And the role that an application's migrations run as, which
/// migrated.
pub(super) async fn start() -> TestApp {
    let t = TestApp::start().await;
    let rows = format!(
        "select pf_apply_plan_entitlements('{}', 'pro');
         do $$ begin
           if not exists (select from pg_roles where rolname = 'plain_owner') then create role plain_owner;
           end if;
         exception when duplicate_object then null; end $$;
         grant billing_owner to plain_owner",
        t.org
    );
    // Tests at the same time make the same role.
    for _ in 0..3 {
        if t.db.batch_execute(&rows).await.is_ok() {
            break;
        }
    }
    t
}

#[tokio::test]
async fn a_member_is_told_about_their_organization_and_nobody_else_but_the_server_is() {
    let t = start().await;
    for (who, pdf, api) in [
        (MEMBER, "true", "false"),
        (OUTSIDER, "false", "false"),
        (("authenticated", ""), "false", "false"),
        (("authenticated", GHOST), "false", "false"),
        (("billing_viewer", users::MEMBER), "true", "false"),
        (SERVER, "true", "false"),
        (OWNER_OF_EVERYTHING, "true", "false"),
        (("billing_operator", ""), "true", "false"),
        (("anon", ""), "42501", "42501"),
        (("billing_checkout", ""), "42501", "42501"),
    ] {
        assert_eq!(has(&t, who, &t.org, "canExportPDF").await, pdf, "{who:?}");
        assert_eq!(has(&t, who, &t.org, "hasAPI").await, api, "{who:?}");
        let orgs = if pdf == "true" { t.org.clone() } else { pdf.replace("false", "") };
        assert_eq!(orgs_with(&t, who, "canExportPDF").await, orgs, "{who:?}");
        // What nobody has, and what there is not.
        for feature in ["hasWhiteLabel", "hasTeleport", "", "canexportpdf"] {
            assert!(
                ["false", "42501"].contains(&has(&t, who, &t.org, feature).await.as_str()),
                "{who:?} {feature}"
            );
            assert!(["", "42501"].contains(&orgs_with(&t, who, feature).await.as_str()), "{who:?} {feature}");
        }
        // Everybody has it, but for an organization that there is not.
        assert!(["false", "42501"].contains(&has(&t, who, GHOST, "canExportMD").await.as_str()), "{who:?}");
    }
    assert_eq!(told(&t, SERVER, "select billing.has_entitlement(null, 'canExportMD')").await, "false");
    assert_eq!(
        told(&t, MEMBER, &format!("select billing.has_entitlement('{}', null)", t.org)).await,
        "false"
    );
    let mut both = [t.org.clone(), t.other_org.clone()];
    both.sort();
    assert_eq!(orgs_with(&t, SERVER, "canExportMD").await, both.join(" "));
    assert_eq!(orgs_with(&t, OUTSIDER, "canExportMD").await, t.other_org);
}

#[tokio::test]
async fn of_an_organization_that_was_deleted_nobody_is_told_anything() {
    let t = start().await;
    t.db.batch_execute(&format!("delete from own_organizations where id = '{}'", t.org)).await.unwrap();
    for who in [MEMBER, SERVER, OWNER_OF_EVERYTHING] {
        assert_eq!(has(&t, who, &t.org, "canExportPDF").await, "false", "{who:?}");
        assert_eq!(orgs_with(&t, who, "canExportPDF").await, "", "{who:?}");
    }
}

#[tokio::test]
async fn in_a_function_with_its_owners_rights_it_is_still_the_requests_user_who_counts() {
    let t = start().await;
    t.db.batch_execute(
        "create schema app authorization plain_owner; set role plain_owner;
         create function app.may_export(org uuid) returns boolean language sql security definer as $$
           select billing.has_entitlement(org, 'canExportPDF') $$;
         create function app.exporters() returns setof uuid language sql security definer as $$
           select billing.orgs_with('canExportPDF') $$;
         create function app.plans() returns setof text language sql security definer as $$
           select org_id::text from billing.plan_effective $$;
         grant usage on schema app to anon, authenticated, service_role; reset role",
    )
    .await
    .unwrap();
    for (who, expected) in [
        (MEMBER, true),
        (OUTSIDER, false),
        (("authenticated", ""), false),
        // A user of another provider's, whose id is no UUID.
        (("authenticated", "user_2abc"), false),
        (("anon", ""), false),
        (SERVER, true),
        // As a job at night, without any request.
        (OWNER_OF_EVERYTHING, true),
    ] {
        let org = &t.org;
        assert_eq!(
            told(&t, who, &format!("select app.may_export('{org}')")).await,
            expected.to_string(),
            "{who:?}"
        );
        let found =
            told(&t, who, &format!("select count(*) = 1 from app.exporters() o where o = '{org}'")).await;
        assert_eq!(found, expected.to_string(), "{who:?}");
        let plans = told(&t, who, &format!("select count(*) = 1 from app.plans() o where o = '{org}'")).await;
        assert_eq!(plans, expected.to_string(), "{who:?}");
    }
}

#[tokio::test]
async fn policies_of_an_applications_own_table_ask_them_as_the_user() {
    let t = start().await;
    let (org, other) = (&t.org, &t.other_org);
    t.db.batch_execute(&format!(
        "create table public.reports (id bigint generated always as identity primary key,
           org_id uuid not null, body text);
         create index on public.reports (org_id);
         create table public.api_keys (org_id uuid primary key, key text);
         alter table public.reports enable row level security;
         alter table public.api_keys enable row level security;
         create policy paid on public.reports for select to authenticated
           using (org_id = any (array(select billing.orgs_with('canExportPDF'))));
         create policy paid on public.api_keys to authenticated
           using (billing.has_entitlement(org_id, 'canExportPDF'))
           with check (billing.has_entitlement(org_id, 'hasAPI'));
         grant usage on schema public to authenticated;
         grant select, insert, update on public.reports, public.api_keys to authenticated;
         insert into public.reports (org_id, body)
           select case when n % 2 = 0 then '{org}'::uuid else '{other}' end, n::text
           from generate_series(1, 2000) n;
         insert into public.api_keys values ('{org}', 'a'), ('{other}', 'b')"
    ))
    .await
    .unwrap();
    for (who, seen) in [(MEMBER, "1000 1"), (OUTSIDER, "0 0"), (("authenticated", ""), "0 0")] {
        let count = "select concat_ws(' ',
            (select count(*) from public.reports), (select count(*) from public.api_keys))";
        assert_eq!(told(&t, who, count).await, seen, "{who:?}");
    }
    let write = format!(
        "with written as (update public.api_keys set key = 'c' where org_id = '{org}' returning 1)
            select count(*) from written"
    );
    let write_as = async |expected: bool| {
        let begin = format!(
            "begin; set local request.jwt.claims = '{{\"sub\": \"{}\"}}'; set local role authenticated",
            users::MEMBER
        );
        t.db.batch_execute(&begin).await.unwrap();
        let written = t.db.query_one(&write, &[]).await;
        t.db.batch_execute("rollback").await.unwrap();
        assert_eq!(written.is_ok(), expected, "{written:?}");
    };
    write_as(false).await;
    t.db.batch_execute(&format!(
        "select pf_override_entitlement('{org}', 'hasAPI', true, null, 'ada', 'test')"
    ))
    .await
    .unwrap();
    write_as(true).await;
    // Once for the query, and not once for each of two thousand rows.
    let begin = format!(
        "begin; set local request.jwt.claims = '{{\"sub\": \"{}\"}}'; set local role authenticated",
        users::MEMBER
    );
    t.db.batch_execute(&begin).await.unwrap();
    let plan =
        t.db.query("explain (analyze, costs off, timing off, summary off) select * from public.reports", &[])
            .await
            .unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    let calls: Vec<&String> =
        plan.iter().filter(|line| line.contains("ProjectSet") || line.contains("orgs_with")).collect();
    assert!(!calls.is_empty() && calls.iter().all(|line| line.contains("loops=1)")), "{plan:#?}");
    t.db.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn two_who_change_the_matrix_at_once_lose_nothing() {
    let t = TestApp::start().await;
    let on = |flag: &str| {
        format!(
            "update billing.plan_entitlements set enabled = true
             where plan_code = 'pro' and feature = '{flag}'"
        )
    };
    let first = t.database.connect().await;
    first.batch_execute(&format!("begin; {}", on("hasAPI"))).await.unwrap();
    let sql = on("hasWhiteLabel");
    let (second, ()) = futures_util::join!(t.db.batch_execute(&sql), async {
        t.database.somebody_waits().await;
        first.batch_execute("commit").await.unwrap();
    });
    second.unwrap();
    let has = "select concat_ws(' ', features -> 'hasAPI', features -> 'hasWhiteLabel') from billing.plans
        where plan_code = 'pro'";
    assert_eq!(t.value(has).await, "true true");
}
