//! What `billing adopt` does not do: it says why and what to do, and the views stay as they were.

use tests::{TestApp, users};

use crate::command_adopt::{ACME, adopt, adopt_as, start, views};

async fn refused(t: &TestApp, arguments: &[&str], sentence: &str) {
    let before = views(t).await;
    let outcome = adopt(t, arguments).await;
    assert_eq!(outcome.status, 1, "{outcome:?}");
    assert!(outcome.complaint.contains(sentence), "{}", outcome.complaint);
    assert_eq!(views(t).await, before);
}

#[tokio::test]
async fn what_cannot_be_adopted_is_told_with_what_to_do_and_nothing_is_half_done() {
    let t = start().await;
    t.db.batch_execute(
        "create table public.teams (id bigint primary key, name text);
         create table public.team_members (team_id bigint references public.teams, user_id uuid, role text);
         create table public.slow_members (org_id uuid references public.orgs, user_id uuid, role text);
         create table public.plain_members (org_id uuid references public.orgs, user_id uuid, role_id int);
         create index on public.plain_members (user_id);
         create function public.is_friend(uuid) returns boolean language sql as 'select true';
         create view public.friends as select org_id, user_id, role::text as role from public.org_members
           where public.is_friend(user_id);
         create view public.seen_members with (security_invoker = true) as select org_id, user_id,
           role::text as role from public.org_members",
    )
    .await
    .unwrap();
    let orgs = ["--yes", "--organizations", "public.orgs"];
    for (arguments, sentence) in [
        (
            vec!["--yes", "--organizations", "public.nothing", "--members", "public.org_members"],
            "There is no table public.nothing",
        ),
        (
            vec!["--yes", "--organizations", "public.teams", "--members", "public.team_members"],
            "public.teams.id is bigint, and an organization's id is a UUID",
        ),
        (
            [&orgs[..], &["--members", "public.slow_members"]].concat(),
            "create index concurrently on public.slow_members (user_id, org_id)",
        ),
        (
            [&orgs[..], &["--members", "public.plain_members"]].concat(),
            "has no column that says what a member may do",
        ),
        (
            [&orgs[..], &["--members", "public.plain_members", "--role-column", "role_id"]].concat(),
            "role_id is integer, and a role is text or an enum",
        ),
        (
            [&orgs[..], &["--members", "public.org_members", "--user-column", "person"]].concat(),
            "has no column person. It has id, org_id, user_id",
        ),
        (
            [&orgs[..], &["--members", "public.org_members", "--members-where", "nonsense ="]].concat(),
            "Look at --members-where",
        ),
        (
            [
                &orgs[..],
                &[
                    "--members",
                    "public.org_members",
                    "--members-where",
                    "true); drop table public.projects; select (true",
                ],
            ]
            .concat(),
            "The view billing.members cannot be made",
        ),
        (
            [&orgs[..], &["--members", "public.org_members", "--members-where", "public.is_friend(user_id)"]]
                .concat(),
            "calls public.is_friend(uuid), which would run with the rights",
        ),
        (
            [&orgs[..], &["--members", "public.friends"]].concat(),
            "calls public.is_friend(uuid), which would run with the rights",
        ),
        (
            [&orgs[..], &["--members", "public.seen_members"]].concat(),
            "permission denied for table org_members",
        ),
    ] {
        refused(&t, &arguments, sentence).await;
    }
    t.db.batch_execute(
        "create table public.organizations (id uuid primary key, name text);
         create table public.organization_members (org_id uuid references public.organizations,
           user_id uuid, role text)",
    )
    .await
    .unwrap();
    refused(&t, &["--yes"], "It is not clear which tables hold organizations and members").await;
}

#[tokio::test]
async fn rows_that_row_level_security_would_hide_are_not_taken_for_none() {
    let t = start().await;
    t.db.batch_execute(
        "create role careful_owner login; grant billing_owner to careful_owner;
         alter table public.orgs owner to careful_owner;
         alter table public.org_members owner to careful_owner;
         grant usage on schema public to careful_owner;
         alter table public.org_members enable row level security;
         alter table public.org_members force row level security",
    )
    .await
    .unwrap();
    let outcome = adopt_as(&t, "careful_owner", &["--yes"]).await;
    assert_eq!(outcome.status, 1);
    assert!(
        outcome.complaint.contains("Row level security hides rows of public.org_members from careful_owner"),
        "{outcome:?}"
    );
    t.db.batch_execute("alter table public.org_members no force row level security").await.unwrap();
    let outcome = adopt_as(&t, "careful_owner", &["--yes"]).await;
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(t.entitlements(users::OWNER, ACME).await.status, 200);
    let create = "select has_schema_privilege('careful_owner', 'billing', 'create')
          and not pg_has_role('careful_owner', 'billing_owner', 'usage')";
    assert_eq!(t.value(create).await, "false");
}

#[tokio::test]
async fn it_asks_and_a_no_changes_nothing() {
    let t = start().await;
    let before = views(&t).await;
    let outcome = adopt(&t, &[]).await;
    assert_eq!((outcome.status, outcome.complaint.contains("Say --yes to go on")), (2, true), "{outcome:?}");
    assert_eq!(views(&t).await, before);
}

#[tokio::test]
async fn on_a_database_that_was_not_migrated_it_says_what_comes_first() {
    let database = tests::TestDatabase::create_empty().await;
    let t = TestApp::start().await;
    let outcome = t.billing_with(&[("DATABASE_URL", &database.url("postgres"))], &["adopt"]).await;
    assert!(outcome.complaint.contains("Run billing migrate first"), "{outcome:?}");
    t.assert_needs(&["adopt", "--dry-run"], false).await;
}
