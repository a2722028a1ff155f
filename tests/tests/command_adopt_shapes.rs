//! `billing adopt` without an option, on applications of several shapes.

use serde_json::{Value, json};
use tests::TestApp;

use crate::command_adopt::adopt;

/// Applications as people publish them: what is found without an option. Each: tables, organizations,
/// members, the user's column, the role's.
const SHAPES: &[(&str, [&str; 4])] = &[
    (
        "create schema basejump; create type basejump.account_role as enum ('owner', 'member');
         create table basejump.accounts (id uuid primary key, primary_owner_user_id uuid, name text,
           personal_account boolean);
         create table basejump.account_user (user_id uuid, account_id uuid references basejump.accounts,
           account_role basejump.account_role, primary key (user_id, account_id));
         create table basejump.invitations (id uuid primary key, account_id uuid references basejump.accounts,
           invited_by_user_id uuid, account_role basejump.account_role)",
        ["basejump.accounts", "basejump.account_user", "user_id", "account_role"],
    ),
    (
        "create table public.\"Organization\" (id uuid primary key, \"displayName\" text);
         create table public.\"User\" (id uuid primary key, email text);
         create table public.\"Membership\" (id uuid primary key,
           \"organizationId\" uuid references public.\"Organization\",
           \"userId\" uuid references public.\"User\", role text);
         create unique index on public.\"Membership\" (\"userId\", \"organizationId\");
         create table public.\"ApiKey\" (id uuid primary key,
           \"organizationId\" uuid references public.\"Organization\",
           \"userId\" uuid references public.\"User\")",
        ["public.\"Organization\"", "public.\"Membership\"", "\"userId\"", "role"],
    ),
    (
        "create table public.companies (id uuid primary key, name text);
         create table public.profiles (id uuid primary key, company_id uuid references public.companies,
           role text, full_name text);
         create table public.documents (id uuid primary key, company_id uuid references public.companies,
           user_id uuid references public.profiles)",
        ["public.companies", "public.profiles", "id", "role"],
    ),
    (
        // No foreign key at all.
        "create table public.workspaces (id uuid primary key, title text);
         create table public.workspace_members (workspace_id uuid, member_id uuid, role varchar(20),
           primary key (member_id, workspace_id))",
        ["public.workspaces", "public.workspace_members", "member_id", "role"],
    ),
];

#[tokio::test]
async fn applications_of_other_shapes_are_found_as_well() {
    for (sql, [organizations, members, user, role]) in SHAPES {
        let t = TestApp::start().await;
        t.db.batch_execute(sql).await.unwrap();
        let outcome = adopt(&t, &["--dry-run", "--json"]).await;
        assert_eq!(outcome.status, 0, "{outcome:?}");
        let said: Value = serde_json::from_str(&outcome.output).unwrap();
        let source = &said["source"];
        assert_eq!(
            (&source["organizations"], &source["members"], &source["userColumn"], &source["roleColumn"]),
            (&json!(organizations), &json!(members), &json!(user), &json!(role)),
        );
    }
}

#[tokio::test]
async fn people_are_left_out_by_columns_of_any_spelling_and_a_name_may_have_a_collation_of_its_own() {
    let t = TestApp::start().await;
    let tables = "create table public.\"Organization\" (id uuid primary key default gen_random_uuid(),
          name text collate \"C\", \"deletedAt\" timestamptz);
        create table public.\"OrganizationMember\" (id uuid primary key default gen_random_uuid(),
          \"organizationId\" uuid references public.\"Organization\", \"userId\" uuid, role text,
          \"isActive\" boolean default true, \"acceptedAt\" timestamptz default now(),
          \"deletedAt\" timestamptz);
        create index on public.\"OrganizationMember\" (\"userId\");
        insert into public.\"Organization\" (name, \"deletedAt\") values ('Acme', null), ('Gone', now());
        insert into public.\"OrganizationMember\" (\"organizationId\", \"userId\", role, \"isActive\",
          \"acceptedAt\", \"deletedAt\")
        select o.id, gen_random_uuid(), m.* from public.\"Organization\" o,
          (values ('OWNER', true, now(), null::timestamptz), ('ADMIN', false, now(), null),
            ('ADMIN', true, null, null), ('ADMIN', true, now(), now())) m";
    t.db.batch_execute(tables).await.unwrap();
    let outcome = adopt(&t, &["--yes", "--json"]).await;
    assert_eq!(outcome.status, 0, "{outcome:?}");
    let said: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!((&said["organizations"], &said["members"]), (&json!(1), &json!(1)), "{said}");
}
