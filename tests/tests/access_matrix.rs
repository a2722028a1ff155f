//! Who may do what: every role, every table and function, every route. A new one fails here until somebody has decided.

use serde_json::json;
use tests::{TestApp, users};
use tokio_postgres::error::SqlState;

/// Columns of the two tables below: the roles of a request, Supabase's server role, then our logins before they become anybody.
const ROLES: [&str; 10] = [
    "anon",
    "outsider",
    "member",
    "admin",
    "owner",
    "service_role",
    "billing_reader",
    "billing_checkout",
    "billing_events",
    "billing_operator",
];

/// `.` nothing; `own` select, the rows of one's own organization alone; else of all rows `s`elect, `i`nsert, `u`pdate, `d`elete.
const TABLES: &str = "
                        anon  outsider member admin owner  service_role  reader checkout events operator
billing_customers       .     own      own    own   own    siud          .      siu      siu    siud
billing_schema_history  .     .        .      .     .      s             s      .        .      s
entitlements            .     own      own    own   own    siud          .      .        siud   siud
entitlements_effective  .     own      own    own   own    s             .      .        .      s
organization_members    .     own      own    own   own    s             .      .        .      .
organizations           .     own      own    own   own    s             .      .        s      s
payments                .     own      own    own   own    siud          .      .        siu    siud
plan_effective          .     own      own    own   own    s             .      .        .      s
plan_entitlements       .     s        s      s     s      siud          .      .        .      s
plans                   .     s        s      s     s      siud          .      .        s      s
reconcile_cursors       .     .        .      .     .      siud          .      .        .      siud
runs                    .     .        .      .     .      siud          .      .        i      siud
subscriptions           .     own      own    own   own    siud          .      .        siu    siud
webhook_events          .     .        .      .     .      siud          .      .        siu    siud
";

/// `x`: may execute.
const FUNCTIONS: &str = "
                                     anon  outsider member admin owner  service_role  reader checkout events operator
billing_private.apply_subscriptions  .     .        .      .     .      x             .      .        x      x
billing_private.differences          .     .        .      .     .      x             .      .        x      x
billing_private.find_organization    .     .        .      .     .      x             .      .        x      x
billing_private.granted_plans        .     .        .      .     .      x             .      .        x      x
billing_private.livemode             .     x        x      x     x      x             .      .        x      x
billing_private.lock_organization    .     .        .      .     .      x             .      .        x      x
billing_private.my_orgs              .     x        x      x     x      x             .      .        .      .
billing_private.ordering             .     .        .      .     .      x             .      .        x      x
billing_private.plans_differ         .     .        .      .     .      x             .      .        x      x
billing_private.read_entitlements    .     x        x      x     x      .             .      .        .      .
billing_private.record               .     .        .      .     .      x             .      .        x      x
billing_private.set_plans            .     .        .      .     .      x             .      .        x      x
billing_private.write_payment        .     .        .      .     .      x             .      .        x      x
billing_private.write_snapshot       .     .        .      .     .      x             .      .        x      x
pf_apply_event                       .     .        .      .     .      x             .      .        x      x
pf_apply_plan_entitlements           .     .        .      .     .      x             .      .        .      x
pf_apply_reads                       .     .        .      .     .      x             .      .        x      x
pf_begin_sync                        .     .        .      .     .      x             .      .        x      .
pf_fail_event                        .     .        .      .     .      x             .      .        x      x
pf_forget_organization               .     .        .      .     .      x             .      .        .      x
pf_override_entitlement              .     .        .      .     .      x             .      .        .      x
";

/// Over HTTP. `other`: about an organization of somebody else; `ghost`: about one that does not exist.
const ROUTES: &str = "
              nobody  outsider  member  admin  owner  other  ghost
entitlements  401     403       200     200    200    403    403
checkout      401     403       403     409    409    403    403
portal        401     403       403     200    200    403    403
sync          401     403       200     200    200    403    403
";

/// The rows of a table: name and cells.
fn rows(table: &str) -> Vec<(&str, Vec<&str>)> {
    let lines = table.trim_matches('\n').lines().skip(1);
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap(), words.collect())
        })
        .collect()
}

/// Begins a transaction as one of [`ROLES`].
async fn become_role(t: &TestApp, role: &str) {
    let user = match role {
        "outsider" => users::OUTSIDER,
        "member" => users::MEMBER,
        "admin" => users::ADMIN,
        "owner" => users::OWNER,
        _ => "",
    };
    let database_role = if user.is_empty() { role } else { "authenticated" };
    let claims = json!({ "sub": (!user.is_empty()).then_some(user), "role": database_role });
    let begin = format!("begin; set local request.jwt.claims = '{claims}'; set local role {database_role}");
    t.db.batch_execute(&begin).await.unwrap();
}

/// Whether the role may run the statement, whatever else comes of it. Nothing of it is kept.
async fn may(t: &TestApp, role: &str, statement: &str) -> bool {
    become_role(t, role).await;
    let result = t.db.batch_execute(statement).await;
    t.db.batch_execute("rollback").await.unwrap();
    !result.is_err_and(|error| {
        // A view of ours can be written by nobody.
        [Some(&SqlState::INSUFFICIENT_PRIVILEGE), Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE)]
            .contains(&error.code())
    })
}

/// The organizations whose rows the role sees.
async fn organizations_seen(t: &TestApp, role: &str, table: &str) -> String {
    let column = if table == "organizations" { "id" } else { "org_id" };
    become_role(t, role).await;
    let seen = t.value(&format!("select string_agg(distinct {column}::text, ',') from {table}")).await;
    t.db.batch_execute("rollback").await.unwrap();
    seen
}

#[tokio::test]
async fn every_role_may_do_with_every_table_what_the_table_says_and_no_more() {
    let t = TestApp::start_with_two_organizations().await;
    let listed: Vec<&str> = rows(TABLES).into_iter().map(|(table, _)| table).collect();
    let existing = "select string_agg(relname, ',' order by relname) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')";
    assert_eq!(listed.join(","), t.value(existing).await, "the tables there are");
    for (table, cells) in rows(TABLES) {
        let first = t.value(&format!("select attname from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and attidentity = '' order by attnum limit 1")).await;
        for (role, expected) in ROLES.into_iter().zip(cells) {
            // These two may not change every column: see the next test.
            let column = match (table, role) {
                ("billing_customers", "billing_checkout") => "stripe_customer_id",
                ("billing_customers", "billing_events") => "synced_at",
                _ => first.as_str(),
            };
            let statements = [
                ('s', format!("select * from {table}")),
                ('i', format!("insert into {table} default values")),
                ('u', format!("update {table} set {column} = {column}")),
                ('d', format!("delete from {table}")),
            ];
            let mut allowed = String::new();
            for (letter, statement) in &statements {
                if may(&t, role, statement).await {
                    allowed.push(*letter);
                }
            }
            let own = if role == "outsider" { &t.other_org } else { &t.org };
            if allowed == "s" && expected == "own" && organizations_seen(&t, role, table).await == **own {
                continue;
            }
            let allowed = if allowed.is_empty() { ".".to_owned() } else { allowed };
            assert_eq!(allowed, expected, "{role} on {table}");
        }
    }
}

#[tokio::test]
async fn of_a_customer_each_login_changes_its_own_columns_alone() {
    let t = TestApp::start_with_two_organizations().await;
    for (column, changed_by) in [
        ("stripe_customer_id", "billing_checkout"),
        ("last_checkout_session_id", "billing_checkout"),
        ("synced_at", "billing_events"),
        ("org_id", "nobody"),
        ("livemode", "nobody"),
    ] {
        for login in ["billing_checkout", "billing_events"] {
            let allowed = may(&t, login, &format!("update billing_customers set {column} = {column}")).await;
            assert_eq!(allowed, login == changed_by, "{login} on {column}");
        }
    }
}

#[tokio::test]
async fn every_role_may_execute_the_functions_that_the_table_says_and_no_more() {
    let t = TestApp::start_with_two_organizations().await;
    let existing = "select string_agg(case n.nspname when 'public' then '' else n.nspname || '.' end || p.proname, ',' order by n.nspname, p.proname)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('public', 'billing_private')";
    let listed: Vec<&str> = rows(FUNCTIONS).into_iter().map(|(function, _)| function).collect();
    assert_eq!(listed.join(","), t.value(existing).await, "the functions there are");
    for (function, cells) in rows(FUNCTIONS) {
        let arguments = t
            .value(&format!("select string_agg('null::' || format_type(type, null), ', ') from pg_proc, unnest(proargtypes) as type where oid = '{function}'::regproc"))
            .await;
        let call = format!("select {function}({arguments})");
        for (role, expected) in ROLES.into_iter().zip(cells) {
            let allowed = if may(&t, role, &call).await { "x" } else { "." };
            assert_eq!(allowed, expected, "{role} on {function}");
        }
    }
}

#[tokio::test]
async fn a_login_can_become_nobody_but_a_user_and_has_no_power_of_its_own() {
    let t = TestApp::start().await;
    let roles = "select string_agg(concat_ws(' ', r.rolname,
          (select string_agg(other.rolname, ',') from pg_roles other where other.oid <> r.oid and pg_has_role(r.oid, other.oid, 'member'))),
        '; ' order by r.rolname) from pg_roles r where r.rolname like 'billing%' and r.rolcanlogin";
    assert_eq!(
        t.value(roles).await,
        "billing_checkout authenticated; billing_events authenticated; billing_operator; billing_reader authenticated"
    );
    let powers = "select count(*) from pg_roles where rolname like 'billing%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)";
    assert_eq!(t.value(powers).await, "0");
    let inheriting =
        "select count(*) from pg_roles where rolname like 'billing%' and rolcanlogin and rolinherit";
    assert_eq!(t.value(inheriting).await, "0");
    let owned = "select count(*) from pg_class where pg_get_userbyid(relowner) like 'billing%'";
    assert_eq!(t.value(owned).await, "0");
    // What empties a table or hangs code on it is the owner's alone, and so is making anything new.
    let more = "select count(*) from pg_class c, pg_roles r, unnest(array['truncate', 'references', 'trigger']) p
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
          and (r.rolname like 'billing%' or r.rolname in ('anon', 'authenticated', 'service_role')) and has_table_privilege(r.oid, c.oid, p)";
    assert_eq!(t.value(more).await, "0");
    let create = "select count(*) from pg_roles r, unnest(array['public', 'billing_private', 'auth']) s
        where (r.rolname like 'billing%' or r.rolname in ('anon', 'authenticated', 'service_role')) and has_schema_privilege(r.oid, s, 'create')";
    assert_eq!(t.value(create).await, "0");
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_says_and_tells_strangers_nothing() {
    let t = TestApp::start_with_two_organizations().await;
    let ghost = "0a000000-0000-4000-8000-0000000000ff";
    let callers = [
        ("", t.org.as_str()),
        (users::OUTSIDER, &t.org),
        (users::MEMBER, &t.org),
        (users::ADMIN, &t.org),
        (users::OWNER, &t.org),
        (users::OWNER, &t.other_org),
        (users::OWNER, ghost),
    ];
    for (route, cells) in rows(ROUTES) {
        let mut strangers = Vec::new();
        for ((user, org), expected) in callers.into_iter().zip(cells) {
            let answer = match route {
                "entitlements" => t.entitlements(user, org).await,
                "checkout" => {
                    t.checkout(user, &json!({ "orgId": org, "planCode": "pro", "interval": "month" })).await
                }
                "portal" => t.portal(user, &json!({ "orgId": org })).await,
                "sync" => t.sync(user, &json!({ "orgId": org })).await,
                other => panic!("no route {other}"),
            };
            assert_eq!(answer.status.to_string(), expected, "{user} on {route} of {org}: {}", answer.body);
            if ![users::MEMBER, users::ADMIN].contains(&user) && expected == "403" {
                strangers.push(answer.body);
            }
        }
        // A stranger's organization and one that does not exist look alike.
        assert_eq!(strangers.len(), 3, "{route}");
        assert!(strangers.windows(2).all(|two| two[0] == two[1]), "{route}: {strangers:?}");
    }
}
