//! What every table, view and function of the schema must keep to, found in the catalogue: a new one cannot forget it.

use tests::TestApp;

const OURS: &str = "('public'::regnamespace, 'billing_private'::regnamespace)";

#[tokio::test]
async fn every_table_has_forced_row_level_security_and_a_policy() {
    let t = TestApp::start().await;
    let open = format!(
        "select string_agg(c.oid::regclass::text, ', ') from pg_class c
         where c.relnamespace in {OURS} and c.relkind in ('r', 'p')
           and not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))"
    );
    assert_eq!(t.value(&open).await, "");
}

#[tokio::test]
async fn every_policy_for_users_reads_only_and_asks_for_their_organizations_once_a_query() {
    let t = TestApp::start().await;
    let policies = "select string_agg(tablename || ': ' || cmd || ' ' || qual, '; ') from pg_policies
        where schemaname = 'public' and roles && '{public,anon,authenticated}'
          and not (cmd = 'SELECT' and roles = '{authenticated}'
            and (qual ~ '= ANY \\(ARRAY\\( SELECT billing_private.my_orgs\\(\\)' or tablename in ('plans', 'plan_entitlements')))";
    assert_eq!(t.value(policies).await, "");
}

#[tokio::test]
async fn every_function_has_a_pinned_search_path_and_is_closed_to_the_public() {
    let t = TestApp::start().await;
    let loose = format!(
        "select string_agg(p.oid::regprocedure::text, ', ') from pg_proc p
         where p.pronamespace in {OURS}
           and (not coalesce('search_path=\"\"' = any (p.proconfig), false)
             or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0))"
    );
    assert_eq!(t.value(&loose).await, "");
}

#[tokio::test]
async fn what_runs_with_its_owners_rights_is_only_what_must() {
    let t = TestApp::start().await;
    let definers = "select string_agg(oid::regprocedure::text, ', ' order by oid::regprocedure::text) from pg_proc
        where prosecdef and pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)";
    assert_eq!(t.value(definers).await, "billing_private.livemode(), billing_private.my_orgs()");
    // Neither takes an argument, and nobody can make them look elsewhere.
    assert_eq!(t.value("select count(*) from pg_proc where prosecdef and pronargs > 0").await, "0");
}

#[tokio::test]
async fn every_view_shows_its_reader_only_what_the_reader_may_see() {
    let t = TestApp::start().await;
    let open = format!(
        "select string_agg(c.oid::regclass::text, ', ') from pg_class c where c.relnamespace in {OURS}
         and (c.relkind = 'm' or c.relkind = 'v' and not coalesce('security_invoker=true' = any (c.reloptions), false))"
    );
    assert_eq!(t.value(&open).await, "");
}

#[tokio::test]
async fn every_column_that_says_whose_a_row_is_has_an_index() {
    let t = TestApp::start().await;
    // Row level security asks by it, and so does the deletion of an organization.
    let missing = "select string_agg(a.attrelid::regclass::text, ', ') from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'org_id'
          and not exists (select from pg_index i where i.indrelid = a.attrelid and i.indkey[0] = a.attnum)";
    assert_eq!(t.value(missing).await, "");
}
