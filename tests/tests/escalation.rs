//! Nobody gets another role's rights by what they put into their temporary schema, which everybody has who
//! may log in: types whose checks run code, tables, functions, operators and casts with the names of ours and
//! of PostgreSQL's.

mod arguments;

use arguments::{arguments, event, snapshot};
use local::postgres::Cluster;
use tests::trap::Attacker;
use tests::{bare_server, supabase_server, users};
use tokio_postgres::Client;

const ORG: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";
const OTHER: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20";
/// Deleted by the application.
const GONE: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e30";

const LOGINS: [&str; 4] = ["billing_reader", "billing_checkout", "billing_events", "billing_operator"];
/// Roles that somebody else's login becomes.
const ROLES: [&str; 3] = ["authenticated", "service_role", "billing_viewer"];

/// Rows of two organizations and of one that is gone, each with a subscription.
async fn fill(admin: &Client) {
    let people = format!(
        "grant authenticated, service_role, billing_viewer to authenticator;
         insert into billing.own_organizations (id, name)
           values ('{ORG}', 'A'), ('{OTHER}', 'B'), ('{GONE}', 'C');
         insert into billing.own_members values ('{ORG}', '{}', 'owner'), ('{OTHER}', '{}', 'owner')",
        users::OWNER,
        users::OUTSIDER
    );
    admin.batch_execute(&people).await.unwrap();
    for (number, org) in [(1, ORG), (2, OTHER), (3, GONE)] {
        let request = event(&format!("evt_{number}"), org, &snapshot(number, "active", "pro"));
        admin.batch_execute(&format!("select billing.pf_apply_event('{request}')")).await.unwrap();
    }
    let more = format!(
        "delete from billing.own_organizations where id = '{GONE}';
         insert into billing.payments (stripe_checkout_session_id, org_id, livemode, payment_status)
           values ('cs_1', '{OTHER}', false, 'paid');
         select billing.pf_override_entitlement('{OTHER}', 'hasAPI', true, null, 'ada', 'test')"
    );
    admin.batch_execute(&more).await.unwrap();
}

/// Whether a type is a table's.
fn is_row(kind: &str) -> bool {
    ["entitlements", "plans", "subscriptions"].contains(&kind)
}

/// Every call of a function that the role may make, found in the catalogue: with plain values, and with
/// values of the traps' types.
async fn calls(admin: &Client, role: &str) -> Vec<String> {
    let functions = "select n.nspname::text, p.proname::text,
            coalesce(p.proargnames[1:p.pronargs], '{}')::text[],
          array(select t.typname from unnest(p.proargtypes) with ordinality as a (type, place)
            join pg_type t on t.oid = a.type order by place)::text[],
          case p.prokind when 'a' then 'select' else 'select * from' end
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('billing', 'billing_private')
          and p.prorettype <> 'trigger'::regtype
          and has_function_privilege($1::text, p.oid, 'execute') order by p.oid";
    let mut all = Vec::new();
    for row in admin.query(functions, &[&role]).await.unwrap() {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        let (names, types): (Vec<String>, Vec<String>) = (row.get(2), row.get(3));
        let select: String = row.get(4);
        let values: Vec<Vec<String>> = names.iter().map(|argument| arguments(&name, argument)).collect();
        for variant in 0..values.iter().map(Vec::len).max().unwrap_or(1) {
            for trapped in [false, true] {
                let typed = values.iter().zip(&types).map(|(values, kind)| {
                    let value = values.get(variant).unwrap_or(&values[0]);
                    // A domain for `integer` nothing would use: it is a keyword.
                    let through =
                        if trapped && kind != "int4" { format!("::pg_temp.{kind}") } else { String::new() };
                    // A row of ours: its type is its table's.
                    let schema = if is_row(kind) { "billing" } else { "pg_catalog" };
                    let through = if schema == "billing" { String::new() } else { through };
                    format!("{value}{through}::{schema}.{kind}")
                });
                all.push(format!("{select} {schema}.{name}({})", typed.collect::<Vec<_>>().join(", ")));
            }
        }
    }
    all
}

/// Every relation that the role may read.
async fn readable(admin: &Client, role: &str) -> Vec<String> {
    let tables = "select n.nspname || '.' || c.relname from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('billing', 'billing_private') and c.relkind in ('r', 'v')
          and has_table_privilege($1::text, c.oid, 'select')";
    admin.query(tables, &[&role]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Springs every trap that can be sprung, and returns as whom they ran.
async fn attack(admin: &Client, attacker: &Attacker, role: &str) {
    attacker.set_traps().await;
    let claims = format!("set request.jwt.claims = '{{\"sub\": \"{}\"}}'", users::OWNER);
    attacker.client.batch_execute(&claims).await.unwrap();
    attacker.attempt(&format!("select '{ORG}'::pg_temp.uuid")).await.unwrap();
    assert!(!attacker.sprung().is_empty(), "{role}'s traps work");
    // A function as ours must not be: it falls into one, with its owner's rights.
    attacker.attempt("select public.careless()").await.unwrap();
    let sprung = attacker.sprung();
    assert!(sprung.iter().any(|by| by == "role_maker by the type uuid"), "{role}: {sprung:?}");

    let mut statements = calls(admin, role).await;
    for relation in readable(admin, role).await {
        statements.push(format!("select * from {relation}"));
        statements.push(format!("select count(*) from {relation} r where r::pg_catalog.text like '%{ORG}%'"));
    }
    if role == "service_role" {
        statements.push(format!(
            "insert into billing.own_organizations (name) values ('D');
             update billing.own_members set role = 'admin';
             delete from billing.own_organizations where id = '{ORG}';
             insert into billing.entitlements (org_id, source, feature) values ('{ORG}', 'trial', 'hasAPI');
             update billing.subscriptions set plan_code = 'pilot';
             delete from billing.plans where plan_code = 'nothing';
             update billing.plan_entitlements set enabled = enabled;
             insert into billing.customers (org_id, livemode, stripe_customer_id)
               values ('{ORG}', true, 'cus_8')"
        ));
    }
    for path in
        ["pg_catalog, pg_temp", "pg_temp, pg_catalog, billing, billing_private, public", "\"$user\", public"]
    {
        attacker.client.batch_execute(&format!("set search_path = {path}")).await.unwrap();
        for statement in &statements {
            // With the attacker's own path first, what the attacker calls is the attacker's: only that may
            // fail.
            let result = attacker.attempt(statement).await;
            assert!(result.is_ok() || path.starts_with("pg_temp"), "{role}: {statement}: {result:?}");
            let sprung = attacker.sprung();
            let others: Vec<_> = sprung.iter().filter(|by| by.split(' ').next() != Some(role)).collect();
            assert!(others.is_empty(), "{role} by {statement}: {others:?}");
        }
    }
}

/// A function of the attacker's in a condition is shown no row that the reader may not see.
async fn look(admin: &Client, attacker: &Attacker, role: &str) {
    let claims =
        format!("set search_path = pg_catalog; set request.jwt.claims = '{{\"sub\": \"{}\"}}'", users::OWNER);
    attacker.client.batch_execute(&claims).await.unwrap();
    let mut seen = 0;
    for relation in readable(admin, role).await {
        attacker
            .attempt(&format!("select * from {relation} r where pg_temp.leak(r::pg_catalog.text)"))
            .await
            .unwrap();
        let leaked = attacker.leaked();
        seen += leaked.len();
        let others: Vec<_> = leaked.iter().filter(|row| row.contains(OTHER) || row.contains(GONE)).collect();
        assert!(others.is_empty(), "{role} sees of {relation}: {others:?}");
    }
    assert!(seen > 20, "{role} sees their own");
}

async fn attack_as_everybody(cluster: &Cluster, database: &str) {
    let admin = cluster.connect(database).await.unwrap();
    fill(&admin).await;
    let careless = "create function public.careless() returns uuid language plpgsql security definer
          set search_path = '' as $$
        begin return '5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10'::uuid; end $$;
        grant execute on function public.careless() to public; grant usage on schema public to public";
    admin.batch_execute(careless).await.unwrap();
    for login in LOGINS {
        let attacker = Attacker::connect(&cluster.url(login, database), None).await;
        attack(&admin, &attacker, login).await;
    }
    for role in ROLES {
        let attacker = Attacker::connect(&cluster.url("authenticator", database), Some(role)).await;
        attack(&admin, &attacker, role).await;
        if role != "service_role" {
            look(&admin, &attacker, role).await;
        }
    }
    let made = admin.query_one("select count(*) from pg_roles where rolname = 'stolen'", &[]).await.unwrap();
    assert_eq!(made.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn on_a_plain_server_no_trap_in_a_temporary_schema_springs_as_anybody_else() {
    let cluster = bare_server("escalation").await;
    let mut admin = cluster.connect("postgres").await.unwrap();
    admin.batch_execute("create role authenticator login noinherit").await.unwrap();
    migrations::run(&mut admin).await.unwrap();
    attack_as_everybody(&cluster, "postgres").await;
    drop(admin);
    cluster.stop().await;
}

#[tokio::test]
async fn over_supabases_roles_no_trap_in_a_temporary_schema_springs_as_anybody_else() {
    let cluster = supabase_server("escalation-supabase").await;
    let url = cluster.url("project_owner", "project");
    let (mut owner, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    migrations::run(&mut owner).await.unwrap();
    attack_as_everybody(&cluster, "project").await;
    drop(owner);
    cluster.stop().await;
}
