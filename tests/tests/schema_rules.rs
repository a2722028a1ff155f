//! What every table, view and function of the schema must keep to, found in the catalogue: a new one cannot
//! forget it.

use tests::TestApp;

const OURS: &str = "('billing'::regnamespace, 'billing_private'::regnamespace)";

#[tokio::test]
async fn every_table_has_forced_row_level_security_and_a_policy() {
    let t = TestApp::start().await;
    let open = format!(
        "select string_agg(c.oid::regclass::text, ', ') from pg_class c
         where c.relnamespace in {OURS} and c.relkind in ('r', 'p')
           and not (c.relrowsecurity and c.relforcerowsecurity
             and exists (select from pg_policy p where p.polrelid = c.oid))"
    );
    assert_eq!(t.value(&open).await, "");
}

#[tokio::test]
async fn no_partition_is_anybodys_to_read_but_through_its_table() {
    let t = TestApp::start().await;
    let open = format!(
        "select string_agg(c.oid::regclass::text, ', ') from pg_class c
         where c.relnamespace in {OURS} and c.relispartition and c.relkind = 'r' and (
           exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner)
           or (select count(*) from pg_policy p where p.polrelid = c.oid) <> 1)"
    );
    assert_eq!(t.value(&open).await, "");
}

#[tokio::test]
async fn every_policy_for_users_reads_only_and_asks_for_their_organizations_once_a_query() {
    let t = TestApp::start().await;
    let policies = "select string_agg(tablename || ': ' || cmd || ' ' || qual, '; ') from pg_policies
        where schemaname in ('billing', 'billing_private')
          and roles && '{public,anon,authenticated,billing_viewer}'
          and not (cmd = 'SELECT' and roles <@ '{authenticated,billing_viewer,billing_operator}'
            and (qual ~ '= ANY \\(ARRAY\\( SELECT billing_private.my_orgs\\(\\)'
              or tablename in ('plans', 'plan_entitlements', 'features')))";
    assert_eq!(t.value(policies).await, "");
}

#[tokio::test]
async fn every_function_has_a_pinned_search_path_and_is_closed_to_the_public() {
    let t = TestApp::start().await;
    // A body that is parsed when the function is made looks nothing up later, nor does an aggregate.
    let loose = format!(
        "select string_agg(p.oid::regprocedure::text, ', ') from pg_proc p
         where p.pronamespace in {OURS}
           and (not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)
               and p.prosqlbody is null and p.prokind <> 'a'
             or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
               where a.grantee = 0))"
    );
    assert_eq!(t.value(&loose).await, "");
}

#[tokio::test]
async fn everything_belongs_to_a_role_that_has_no_power_elsewhere() {
    let t = TestApp::start().await;
    let others = format!(
        "select string_agg(what, ', ') from (
           select oid::regclass::text as what, relowner as owner from pg_class where relnamespace in {OURS}
           union all select oid::regprocedure::text, proowner from pg_proc where pronamespace in {OURS}
           union all select nspname, nspowner from pg_namespace where oid in {OURS}) owned
         where owner <> 'billing_owner'::regrole"
    );
    assert_eq!(t.value(&others).await, "");
    let powers = "select count(*) from pg_roles where rolname = 'billing_owner'
        and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin
          or rolinherit)";
    assert_eq!(t.value(powers).await, "0");
    let member = "select count(*) from pg_auth_members where member = 'billing_owner'::regrole";
    assert_eq!(t.value(member).await, "0");
}

#[tokio::test]
async fn what_runs_with_its_owners_rights_is_only_what_callers_use_and_what_looks_behind_a_policy() {
    let t = TestApp::start().await;
    let definers = "select string_agg(proname, ' ' order by proname) from pg_proc
        where prosecdef and pronamespace not in ('pg_catalog'::regnamespace,
          'information_schema'::regnamespace)
          and not (pronamespace = 'billing'::regnamespace and proname like 'pf\\_%')";
    assert_eq!(
        t.value(definers).await,
        "all_organizations check_seats entitlements_at existing_organization feature_enabled keep_history \
         keep_plan livemode members_summary my_feature_enabled my_orgs read_account \
         read_entitlements read_flags read_offer read_plans"
    );
}

#[tokio::test]
async fn nothing_of_ours_lies_in_another_schema() {
    let t = TestApp::start().await;
    let elsewhere = "select string_agg(c.oid::regclass::text, ', ') from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.oid >= 16384 and n.nspname not in ('billing', 'billing_private', 'pg_toast')";
    assert_eq!(t.value(elsewhere).await, "");
    let functions = "select string_agg(p.oid::regprocedure::text, ', ' order by p.proname) from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        where p.oid >= 16384 and n.nspname not in ('billing', 'billing_private')";
    assert_eq!(t.value(functions).await, "auth.jwt(), auth.role(), auth.uid()");
}

#[tokio::test]
async fn every_function_and_view_is_what_its_file_says_and_has_one() {
    let t = TestApp::start().await;
    for (folder, there) in [
        (
            "functions/",
            format!(
                "select string_agg(proname, ' ' order by proname) from pg_proc where pronamespace in {OURS}"
            ),
        ),
        (
            "policies/",
            format!(
                "select string_agg(relname, ' ' order by relname) from pg_class
                    where relkind in ('r', 'p') and not relispartition and relnamespace in {OURS}"
            ),
        ),
    ] {
        let files: Vec<&str> =
            migrations::FILES.iter().filter_map(|file| file.name.strip_prefix(folder)).collect();
        assert_eq!(t.value(&there).await, files.join(" "), "{folder}");
    }
}

#[tokio::test]
async fn every_view_shows_its_reader_only_what_the_reader_may_see() {
    let t = TestApp::start().await;
    let open = format!(
        "select string_agg(c.oid::regclass::text, ', ' order by c.relname) from pg_class c
         where c.relnamespace in {OURS}
         and (c.relkind = 'm' or c.relkind = 'v'
           and not coalesce('security_invoker=true' = any (c.reloptions), false))"
    );
    // These stand over the application's tables, and only functions of ours read them (access_matrix.rs).
    assert_eq!(t.value(&open).await, "members, organizations");
}

#[tokio::test]
async fn every_column_that_says_whose_a_row_is_has_an_index() {
    let t = TestApp::start().await;
    // Row level security asks by it, and so does forgetting an organization.
    let missing = "select string_agg(a.attrelid::regclass::text, ', ') from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'billing'::regnamespace and c.relkind = 'r' and a.attname = 'org_id'
          and not exists (select from pg_index i where i.indrelid = a.attrelid and i.indkey[0] = a.attnum)";
    assert_eq!(t.value(missing).await, "");
}
