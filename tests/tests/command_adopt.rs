//! `billing adopt`: an application's own organizations and members.

use cli::outcome::Outcome;
use serde_json::{Value, json};
use tests::{TestApp, users};

pub(super) const ACME: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";
const GONE: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20";

/// An application as they are: other names, an enum, people who are suspended or only invited, a table that
/// is no members table.
fn application() -> String {
    format!(
        "create type public.org_role as enum ('owner', 'admin', 'billing_manager', 'editor');
         create table public.users (id uuid primary key default gen_random_uuid(), email text);
         create table public.orgs (id uuid primary key, name text not null, deleted_at timestamptz,
           created_by uuid references public.users);
         create table public.org_members (
           id uuid primary key default gen_random_uuid(), org_id uuid not null references public.orgs,
           user_id uuid not null,
           role public.org_role not null, is_active boolean not null default true, invited_by uuid,
           accepted_at timestamptz default now());
         create index on public.org_members (user_id);
         create table public.org_invites (id uuid primary key, org_id uuid references public.orgs,
           user_id uuid, role text);
         create table public.projects (id uuid primary key, org_id uuid references public.orgs,
           owner_id uuid references public.users);
         insert into public.orgs (id, name, deleted_at)
           values ('{ACME}', 'Acme', null), ('{GONE}', 'Gone', now());
         insert into public.org_members (org_id, user_id, role, is_active, accepted_at) values
           ('{ACME}', '{owner}', 'owner', true, now()), ('{ACME}', '{admin}', 'billing_manager', true, now()),
           ('{ACME}', '{member}', 'editor', true, now()), ('{ACME}', '{outsider}', 'admin', false, now()),
           ('{ACME}', '0a000000-0000-4000-8000-0000000000aa', 'admin', true, null),
           ('{GONE}', '{outsider}', 'owner', true, now())",
        owner = users::OWNER,
        admin = users::ADMIN,
        member = users::MEMBER,
        outsider = users::OUTSIDER,
    )
}

pub(super) async fn start() -> TestApp {
    let t = TestApp::start().await;
    t.db.batch_execute(&application()).await.unwrap();
    t
}

/// `billing adopt` as the role that migrated.
pub(super) async fn adopt(t: &TestApp, arguments: &[&str]) -> Outcome {
    adopt_as(t, "postgres", arguments).await
}

pub(super) async fn adopt_as(t: &TestApp, login: &str, arguments: &[&str]) -> Outcome {
    let url = t.database.url(login);
    t.billing_with(&[("DATABASE_URL", &url)], &[&["adopt"], arguments].concat()).await
}

pub(super) async fn views(t: &TestApp) -> String {
    t.value(
        "select concat_ws(' ', pg_get_viewdef('billing.organizations'), pg_get_viewdef('billing.members'))",
    )
    .await
}

#[tokio::test]
async fn without_options_it_finds_the_tables_and_leaves_out_who_is_suspended_invited_or_gone() {
    let t = start().await;
    let before = views(&t).await;
    let dry_run = adopt(&t, &["--dry-run", "--buyers", "owner,billing_manager", "--json"]).await;
    assert_eq!(dry_run.status, 0, "{dry_run:?}");
    let said: Value = serde_json::from_str(&dry_run.output).unwrap();
    assert_eq!(said["source"]["organizations"], "public.orgs");
    assert_eq!(said["source"]["members"], "public.org_members");
    assert_eq!(said["source"]["membersWhere"], "is_active is true and accepted_at is not null");
    assert_eq!((&said["organizations"], &said["members"]), (&json!(1), &json!(3)));
    assert_eq!(
        said["roles"],
        json!([
            { "role": "billing_manager", "becomes": "admin", "members": 1, "left_out": 0 },
            { "role": "editor", "becomes": "member", "members": 1, "left_out": 0 },
            { "role": "owner", "becomes": "owner", "members": 1, "left_out": 1 },
            { "role": "admin", "becomes": "member", "members": 0, "left_out": 2 },
        ])
    );
    assert_eq!(views(&t).await, before, "a dry run changes nothing");

    let adopted = adopt(&t, &["--yes", "--buyers", "owner,billing_manager"]).await;
    assert_eq!(adopted.status, 0, "{adopted:?}");
    assert!(adopted.output.contains("billing_manager  admin    1        0\n"), "{}", adopted.output);
    for (user, status) in [
        (users::OWNER, 200),
        (users::ADMIN, 200),
        (users::MEMBER, 200),
        (users::OUTSIDER, 403),
        ("0a000000-0000-4000-8000-0000000000aa", 403),
    ] {
        assert_eq!(t.entitlements(user, ACME).await.status, status, "{user}");
    }
    t.entitlements(users::OUTSIDER, GONE).await.assert_failure(403, "not_a_member");
    let order = json!({ "orgId": ACME, "planCode": "pro", "interval": "month" });
    assert_eq!(t.checkout(users::ADMIN, &order).await.status, 200);
    t.checkout(users::MEMBER, &order).await.assert_failure(403, "not_a_billing_admin");
    let doctor = t.billing(&["doctor"]).await.output;
    assert!(
        doctor.contains("adopted from public.org_members: 1 organizations, 3 members, 2 of them may buy"),
        "{doctor}"
    );
}

#[tokio::test]
async fn nothing_of_the_applications_is_changed() {
    let t = start().await;
    t.db.batch_execute(
        "create role app_user_adopt login;
         grant select, insert on public.orgs, public.org_members to app_user_adopt;
         alter table public.orgs enable row level security;
         create policy mine on public.orgs to app_user_adopt using (true)",
    )
    .await
    .unwrap();
    let theirs = "select md5(string_agg(what, ',' order by what)) from (
        select concat_ws(' ', c.oid, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
          c.relhastriggers, c.relhasindex) as what
        from pg_class c where c.relnamespace = 'public'::regnamespace
        union all select concat_ws(' ', conrelid, confrelid, contype) from pg_constraint
        where connamespace = 'public'::regnamespace
        union all select concat_ws(' ', tablename, policyname, roles) from pg_policies
        where schemaname = 'public') everything";
    let before = t.value(theirs).await;
    assert_eq!(adopt(&t, &["--yes"]).await.status, 0);
    assert_eq!(t.value(theirs).await, before);
}

#[tokio::test]
async fn run_again_it_replaces_what_it_did() {
    let t = start().await;
    assert_eq!(adopt(&t, &["--yes"]).await.status, 0);
    t.checkout(users::ADMIN, &json!({ "orgId": ACME, "planCode": "pro", "interval": "month" }))
        .await
        .assert_failure(403, "not_a_billing_admin");
    let again = ["--yes", "--members-where", "", "--organizations-where", "", "--buyers", "*"];
    assert_eq!(adopt(&t, &again).await.status, 0);
    assert_eq!(t.entitlements(users::OUTSIDER, GONE).await.status, 200);
    let order = json!({ "orgId": ACME, "planCode": "pro", "interval": "month" });
    assert_eq!(t.checkout(users::MEMBER, &order).await.status, 200);
    // And back to tables of ours.
    let own = ["--yes", "--organizations", "billing.own_organizations", "--members", "billing.own_members"];
    assert_eq!(adopt(&t, &own).await.status, 0);
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.status, 200);
    t.entitlements(users::OWNER, ACME).await.assert_failure(403, "not_a_member");
}

#[tokio::test]
async fn tables_of_another_schema_with_names_that_need_quotes_are_named() {
    let t = TestApp::start().await;
    let sql = format!(
        "create schema \"My App\";
         create table \"My App\".\"Workspace\" (\"workspaceId\" uuid primary key, \"Title\" varchar(80));
         create table \"My App\".\"Seat\" (\"workspace\" uuid, \"person\" uuid, \"Level\" varchar(20),
           primary key (\"person\", \"workspace\"));
         insert into \"My App\".\"Workspace\" values ('{ACME}', 'Acme');
         insert into \"My App\".\"Seat\" values ('{ACME}', '{}', 'OWNER')",
        users::OWNER
    );
    t.db.batch_execute(&sql).await.unwrap();
    let named = [
        "--yes",
        "--organizations",
        "\"My App\".\"Workspace\"",
        "--members",
        "\"My App\".\"Seat\"",
        "--name-column",
        "Title",
        "--org-column",
        "workspace",
        "--user-column",
        "person",
        "--role-column",
        "Level",
    ];
    let outcome = adopt(&t, &named).await;
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(t.entitlements(users::OWNER, ACME).await.status, 200);
    assert_eq!(t.value("select role from billing.members").await, "owner");
}

#[tokio::test]
async fn a_person_who_is_a_member_twice_has_the_greater_right_and_one_answer() {
    let t = start().await;
    t.db.batch_execute(&format!(
        "insert into public.org_members (org_id, user_id, role) values ('{ACME}', '{}', 'owner')",
        users::MEMBER
    ))
    .await
    .unwrap();
    assert_eq!(adopt(&t, &["--yes"]).await.status, 0);
    assert_eq!(t.entitlements(users::MEMBER, ACME).await.body["entitlements"].as_object().unwrap().len(), 11);
    let order = json!({ "orgId": ACME, "planCode": "pro", "interval": "month" });
    assert_eq!(t.checkout(users::MEMBER, &order).await.status, 200);
}

#[tokio::test]
async fn after_the_application_dropped_its_tables_two_commands_bring_everything_back() {
    let t = start().await;
    adopt(&t, &["--yes"]).await;
    assert_eq!(t.entitlements(users::OWNER, ACME).await.status, 200);
    t.db.batch_execute("drop table public.org_members cascade").await.unwrap();
    let answer = t.entitlements(users::OWNER, ACME).await;
    assert_eq!(answer.status, 500, "closed: {}", answer.body);
    let url = t.database.url("postgres");
    let run = async |arguments: &[&str]| t.billing_with(&[("DATABASE_URL", &url)], arguments).await;
    let told = adopt(&t, &["--yes"]).await;
    assert!(told.complaint.contains("Run billing migrate, which makes them again"), "{told:?}");
    assert_eq!(run(&["migrate", "--check"]).await.status, 1);
    let made = run(&["migrate"]).await;
    assert!(made.status == 0 && made.output.contains("functions: standing_told"), "{made:?}");
    t.entitlements(users::OWNER, ACME).await.assert_failure(403, "not_a_member");
    let doctor = run(&["doctor"]).await;
    assert!(doctor.output.contains("run billing adopt"), "{doctor:?}");
    let table = application();
    let (_, members) = table.split_once("create table public.org_members").unwrap();
    let (members, _) = members.split_once("create table public.org_invites").unwrap();
    let again = format!(
        "create table public.org_members{members}
         insert into public.org_members (org_id, user_id, role) values ('{ACME}', '{}', 'owner')",
        users::OWNER
    );
    t.db.batch_execute(&again).await.unwrap();
    let adopted = adopt(&t, &["--yes"]).await;
    assert_eq!(adopted.status, 0, "{adopted:?}");
    assert_eq!(t.entitlements(users::OWNER, ACME).await.status, 200);
}

#[tokio::test]
async fn what_somebody_made_in_public_is_never_called() {
    let t = start().await;
    let made = [
        ("format", "text, name, name", "text"),
        ("quote_ident", "name", "text"),
        ("string_agg", "name, text", "text"),
        ("format_type", "oid, integer", "text"),
    ];
    for (name, arguments, result) in made {
        let function = format!(
            "create function public.{name}({arguments}) returns {result}
             language plpgsql as $$ begin raise exception 'called {name} as %', current_user; end $$"
        );
        t.db.batch_execute(&function).await.unwrap();
    }
    let operator = "create function public.same(smallint[], smallint[]) returns boolean
          language plpgsql as $$ begin raise exception 'called same'; end $$;
        create operator public.= (leftarg = smallint[], rightarg = smallint[], function = public.same)";
    t.db.batch_execute(operator).await.unwrap();
    for arguments in
        [["--dry-run"].as_slice(), &["--yes", "--members", "org_members", "--members-where", "is_active"]]
    {
        let adopted = adopt(&t, arguments).await;
        assert_eq!(adopted.status, 0, "{adopted:?}");
    }
}
