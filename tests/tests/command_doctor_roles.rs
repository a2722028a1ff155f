//! `billing doctor` about rights and members: each thing that somebody has and should not have is found by
//! its own words.

use cli::commands::doctor::{self, Args, Status};
use cli::context::Context;
use local::postgres::Cluster;
use shared::config::Config;
use tests::bare_server;

use crate::command_doctor::Deployment;

/// What makes the fault, the words for it, what takes it back.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "alter role billing_reader bypassrls",
        "billing_reader is a superuser or bypasses row level security",
        "alter role billing_reader nobypassrls",
    ),
    (
        "alter role billing_owner superuser",
        "billing_owner is a superuser or bypasses row level security",
        "alter role billing_owner nosuperuser",
    ),
    (
        "alter role authenticated superuser",
        "authenticated is a superuser or bypasses row level security",
        "alter role authenticated nosuperuser",
    ),
    (
        "alter role anon bypassrls",
        "anon is a superuser or bypasses row level security",
        "alter role anon nobypassrls",
    ),
    (
        "alter role billing_events createrole",
        "billing_events may create roles or databases",
        "alter role billing_events nocreaterole",
    ),
    (
        "alter role billing_viewer createdb",
        "billing_viewer may create roles or databases",
        "alter role billing_viewer nocreatedb",
    ),
    (
        "alter role billing_operator replication",
        "billing_operator may replicate everything",
        "alter role billing_operator noreplication",
    ),
    ("alter role billing_owner login", "billing_owner can log in", "alter role billing_owner nologin"),
    (
        "create table public.mine (id int); alter table public.mine owner to billing_checkout",
        "billing_checkout owns table public.mine",
        "drop table public.mine",
    ),
    (
        "create function public.mine() returns int language sql as 'select 1';
            alter function public.mine() owner to billing_reader",
        "billing_reader owns function public.mine()",
        "drop function public.mine()",
    ),
    (
        "create schema mine authorization billing_events",
        "billing_events owns schema mine",
        "drop schema mine",
    ),
    (
        "grant authenticated to billing_reader",
        "billing_reader is a member of authenticated",
        "revoke authenticated from billing_reader",
    ),
    (
        "grant billing_owner to billing_events",
        "billing_events is a member of billing_owner",
        "revoke billing_owner from billing_events",
    ),
    (
        "grant billing_viewer to billing_operator",
        "billing_operator is a member of billing_viewer",
        "revoke billing_viewer from billing_operator",
    ),
    (
        "grant pg_read_all_data to billing_owner",
        "billing_owner is a member of pg_read_all_data",
        "revoke pg_read_all_data from billing_owner",
    ),
    (
        "grant billing_checkout to anon",
        "anon is a member of billing_checkout",
        "revoke billing_checkout from anon",
    ),
    (
        "grant create on schema billing to authenticated",
        "authenticated may create in schema billing",
        "revoke create on schema billing from authenticated",
    ),
    (
        "grant create on schema billing_private to billing_events",
        "billing_events may create in schema billing_private",
        "revoke create on schema billing_private from billing_events",
    ),
    (
        "grant insert on billing.entitlements to authenticated",
        "authenticated may insert billing.entitlements",
        "revoke insert on billing.entitlements from authenticated",
    ),
    (
        "grant update (plan_code) on billing.subscriptions to authenticated",
        "authenticated may update billing.subscriptions",
        "revoke update (plan_code) on billing.subscriptions from authenticated",
    ),
    (
        "grant delete on billing.runs to billing_operator",
        "billing_operator may delete billing.runs",
        "revoke delete on billing.runs from billing_operator",
    ),
    (
        "grant truncate on billing.payments to billing_events",
        "billing_events may truncate billing.payments",
        "revoke truncate on billing.payments from billing_events",
    ),
    (
        "grant references on billing.plans to billing_viewer",
        "billing_viewer may references billing.plans",
        "revoke references on billing.plans from billing_viewer",
    ),
    (
        "grant trigger on billing.customers to billing_reader",
        "billing_reader may trigger billing.customers",
        "revoke trigger on billing.customers from billing_reader",
    ),
    (
        "grant select on billing.plans to anon",
        "anon may select billing.plans",
        "revoke select on billing.plans from anon",
    ),
    (
        "grant select (stripe_customer_id) on billing.customers to billing_checkout",
        "billing_checkout may select billing.customers",
        "revoke select (stripe_customer_id) on billing.customers from billing_checkout",
    ),
    (
        "grant select on billing.subscriptions to billing_events",
        "billing_events may select billing.subscriptions",
        "revoke select on billing.subscriptions from billing_events",
    ),
    (
        "grant select on billing.members to billing_operator",
        "billing_operator may select billing.members",
        "revoke select on billing.members from billing_operator",
    ),
    (
        "grant select on billing.own_organizations to authenticated",
        "authenticated may select billing.own_organizations",
        "revoke select on billing.own_organizations from authenticated",
    ),
    (
        "grant select on billing_private.organization_locks to billing_reader",
        "billing_reader may select billing_private.organization_locks",
        "revoke select on billing_private.organization_locks from billing_reader",
    ),
    (
        "grant select on billing.webhook_events to authenticated",
        "authenticated may select billing.webhook_events",
        "revoke select on billing.webhook_events from authenticated",
    ),
    (
        "grant select on billing.runs to billing_viewer",
        "billing_viewer may select billing.runs",
        "revoke select on billing.runs from billing_viewer",
    ),
    (
        "grant execute on function billing_private.livemode() to public",
        "everybody may execute billing_private.livemode()",
        "revoke execute on function billing_private.livemode() from public",
    ),
    (
        "grant execute on function billing.orgs_with(text) to anon",
        "anon may execute billing.orgs_with(text)",
        "revoke execute on function billing.orgs_with(text) from anon",
    ),
    (
        "grant execute on function billing.pf_apply_event(jsonb) to authenticated",
        "authenticated may execute billing.pf_apply_event(jsonb)",
        "revoke execute on function billing.pf_apply_event(jsonb) from authenticated",
    ),
    (
        "grant execute on function billing_private.all_organizations() to billing_viewer",
        "billing_viewer may execute billing_private.all_organizations()",
        "revoke execute on function billing_private.all_organizations() from billing_viewer",
    ),
    (
        "create policy open on billing.entitlements to authenticated using (true)",
        "a policy of somebody else's on billing.entitlements: open",
        "drop policy open on billing.entitlements",
    ),
];

/// The check of that name, in a database that nothing else is configured for.
async fn check(cluster: &Cluster, name: &str) -> (Status, String) {
    let url = cluster.url("billing_operator", "postgres");
    let context = Context::new(Config::from_lookup(|name| (name == "DATABASE_URL").then(|| url.clone())));
    let report = doctor::run(Args::default(), &context).await.unwrap();
    let check = report.checks.into_iter().find(|check| check.check == name).expect(name);
    (check.status, check.found)
}

#[tokio::test]
async fn each_right_that_somebody_should_not_have_is_found_and_nothing_else() {
    let cluster = bare_server("doctor-roles").await;
    let mut admin = cluster.connect("postgres").await.unwrap();
    migrations::run(&mut admin).await.unwrap();
    assert_eq!(check(&cluster, "roles").await, (Status::Ok, "each login has what its work needs".to_owned()));
    for (make, words, mend) in FAULTS {
        admin.batch_execute(make).await.expect(make);
        let (status, found) = check(&cluster, "roles").await;
        admin.batch_execute(mend).await.expect(mend);
        // A superuser may do everything else as well.
        let all: Vec<&str> = found.split("; ").collect();
        assert!(status == Status::Failing && all.contains(words), "{make}: {found}");
        assert!(
            all.len() == 1 || make.ends_with("superuser") || words.contains("member of"),
            "{make}: {found}"
        );
    }
    assert_eq!(check(&cluster, "roles").await.0, Status::Ok);
    admin
        .batch_execute(
            "alter table billing.runs owner to postgres;
             alter function billing_private.livemode() owner to postgres",
        )
        .await
        .unwrap();
    let restored = "billing_owner does not own what postgres owns (3)";
    assert_eq!(check(&cluster, "roles").await, (Status::Failing, restored.to_owned()));
    admin.batch_execute("alter role billing_events nologin").await.unwrap();
    assert_eq!(check(&cluster, "roles").await, (Status::Failing, "no login billing_events".to_owned()));
    drop(admin);
    cluster.stop().await;
}

#[tokio::test]
async fn organizations_that_nobody_may_buy_for_and_members_that_cannot_be_read() {
    let d = Deployment::start().await;
    assert!(d.complaints(&[]).await.is_empty());
    let complaints = d.after_sql("update own_members set role = 'member' where role <> 'member'").await;
    Deployment::found(complaints, "members", Status::Warning, "2 organizations have no owner or admin");
    let views = "update own_members set role = 'owner';
        create table public.people as select * from own_members;
        comment on view members is 'by hand';
        create or replace view members as select org_id, user_id, role from public.people";
    let complaints = d.after_sql(views).await;
    Deployment::found(complaints, "members", Status::Failing, "permission denied for table people");
    assert!(d.after_sql("grant select on public.people to billing_owner").await.is_empty());
}

#[tokio::test]
async fn a_live_subscription_of_an_organization_that_was_deleted() {
    let d = Deployment::start().await;
    let complaints = d.after_sql("delete from own_organizations").await;
    Deployment::found(complaints, "organizations_gone", Status::Failing, "Somebody pays for nothing");
    // One that has ended costs nobody anything.
    let complaints = d.after_sql("update subscriptions set status = 'canceled'").await;
    assert!(complaints.iter().all(|(check, ..)| *check != "organizations_gone"), "{complaints:?}");
}
