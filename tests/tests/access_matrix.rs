//! Who may do what: every role, every table and function, every route. A new one fails here until somebody
//! has decided.

mod tables;

use serde_json::json;
use tests::{TestApp, users};
use tokio_postgres::error::SqlState;

use self::tables::{FUNCTIONS, PRIVATE_FUNCTIONS, ROLES, ROUTES, TABLES, rows};

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
    become_role(t, role).await;
    let seen = t.value(&format!("select string_agg(distinct org_id::text, ',') from {table}")).await;
    t.db.batch_execute("rollback").await.unwrap();
    seen
}

#[tokio::test]
async fn every_role_may_do_with_every_table_what_the_table_says_and_no_more() {
    let t = TestApp::start_with_two_organizations().await;
    let listed: Vec<&str> = rows(TABLES).into_iter().map(|(table, _)| table).collect();
    let existing = "select string_agg(c.oid::regclass::text, ','
          order by relnamespace <> 'billing'::regnamespace, relname) from pg_class c
        where relnamespace in ('billing'::regnamespace, 'billing_private'::regnamespace)
          and relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition";
    assert_eq!(listed.join(","), t.value(existing).await, "the tables there are");
    for (table, cells) in rows(TABLES) {
        let table = &if table.contains('.') { table.to_owned() } else { format!("billing.{table}") };
        let first = t
            .value(&format!(
                "select attname from pg_attribute
                 where attrelid = '{table}'::regclass and attnum > 0 and attidentity = ''
                 order by attnum limit 1"
            ))
            .await;
        for (role, expected) in ROLES.into_iter().zip(cells) {
            let statements = [
                ('s', format!("select * from {table}")),
                ('i', format!("insert into {table} default values")),
                ('u', format!("update {table} set {first} = {first}")),
                ('d', format!("delete from {table}")),
            ];
            let mut allowed = String::new();
            for (letter, statement) in &statements {
                if may(&t, role, statement).await {
                    allowed.push(*letter);
                }
            }
            let own = if role == "outsider" { &t.other_org } else { &t.org };
            if allowed == "s" && expected == "none" && organizations_seen(&t, role, table).await.is_empty() {
                continue;
            }
            if allowed == "s" && expected == "own" && organizations_seen(&t, role, table).await == **own {
                continue;
            }
            let allowed = if allowed.is_empty() { ".".to_owned() } else { allowed };
            assert_eq!(allowed, expected, "{role} on {table}");
        }
    }
}

#[tokio::test]
async fn every_role_may_execute_the_functions_that_the_table_says_and_no_more() {
    let t = TestApp::start_with_two_organizations().await;
    let existing = "select string_agg(n.nspname || '.' || p.proname, ',' order by n.nspname, p.proname)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('billing', 'billing_private')";
    let in_schema = |schema: &str, (function, cells)| (format!("{schema}.{function}"), cells);
    let functions: Vec<(String, Vec<&str>)> = rows(FUNCTIONS)
        .into_iter()
        .map(|row| in_schema("billing", row))
        .chain(rows(PRIVATE_FUNCTIONS).into_iter().map(|row| in_schema("billing_private", row)))
        .collect();
    let listed: Vec<&str> = functions.iter().map(|(function, _)| function.as_str()).collect();
    assert_eq!(listed.join(","), t.value(existing).await, "the functions there are");
    for (function, cells) in functions {
        let arguments = t
            .value(&format!(
                "select string_agg('null::' || quote_ident(n.nspname) || '.' || quote_ident(t.typname), ', '
                   order by place)
                 from pg_proc p, unnest(proargtypes) with ordinality as a (type, place), pg_type t,
                   pg_namespace n
                 where t.oid = a.type and n.oid = t.typnamespace and p.oid = '{function}'::regproc"
            ))
            .await;
        let call = format!("select {function}({arguments})");
        for (role, expected) in ROLES.into_iter().zip(cells) {
            let allowed = if may(&t, role, &call).await { "x" } else { "." };
            assert_eq!(allowed, expected, "{role} on {function}");
        }
    }
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
                "ofrep" => t.flags(user, org).await,
                "plans" => t.plans(user, Some(org)).await,
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
