//! What our logins may do besides the tables of [`access_matrix`](crate::access_matrix): change a customer,
//! become somebody, own and create.

use tests::{TestApp, users};

#[tokio::test]
async fn the_checkout_login_changes_a_customer_only_for_a_billing_admin_who_knows_the_one_before() {
    let t = TestApp::start_with_two_organizations().await;
    let stored =
        t.value(&format!("select stripe_customer_id from customers where org_id = '{}'", t.org)).await;
    t.db.batch_execute("set role billing_checkout").await.unwrap();
    let store = async |user: &str, replaces: &str| {
        let call =
            format!("select pf_store_customer('{user}', '{}', false, 'cus_evil', '{replaces}')", t.org);
        t.value(&call).await
    };
    assert_eq!(store(users::OUTSIDER, &stored).await, "");
    assert_eq!(store(users::MEMBER, &stored).await, "");
    assert_eq!(store(users::ADMIN, "cus_guessed").await, stored);
    let session = async |user: &str| {
        t.value(&format!("select pf_replace_checkout_session('{user}', '{}', false, null, 'cs_evil')", t.org))
            .await
    };
    assert_eq!(
        (session(users::OUTSIDER).await, session(users::MEMBER).await),
        ("false".into(), "false".into())
    );
    assert_eq!(store(users::ADMIN, &stored).await, "cus_evil");
}

#[tokio::test]
async fn a_login_can_become_nobody_but_a_user_and_has_no_power_of_its_own() {
    let t = TestApp::start().await;
    let roles = "select string_agg(concat_ws(' ', r.rolname,
          (select string_agg(other.rolname, ',') from pg_roles other
            where other.oid <> r.oid and pg_has_role(r.oid, other.oid, 'member'))),
        '; ' order by r.rolname) from pg_roles r where r.rolname like 'billing%' and r.rolcanlogin";
    assert_eq!(
        t.value(roles).await,
        "billing_checkout billing_viewer; billing_events billing_viewer; billing_operator; billing_reader \
         billing_viewer"
    );
    let powers = "select count(*) from pg_roles
        where rolname like 'billing%'
          and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)";
    assert_eq!(t.value(powers).await, "0");
    let inheriting =
        "select count(*) from pg_roles where rolname like 'billing%' and rolcanlogin and rolinherit";
    assert_eq!(t.value(inheriting).await, "0");
    let owned = "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner
        where r.rolname like 'billing%' and r.rolname <> 'billing_owner'";
    assert_eq!(t.value(owned).await, "0");
    // What empties a table or hangs code on it is the owner's alone, and so is making anything new.
    let more = "select count(*) from pg_class c, pg_roles r,
          unnest(array['truncate', 'references', 'trigger']) p
        where c.relnamespace = 'billing'::regnamespace and c.relkind in ('r', 'v')
          and (r.rolname like 'billing%' and r.rolname <> 'billing_owner'
            or r.rolname in ('anon', 'authenticated', 'service_role'))
            and has_table_privilege(r.oid, c.oid, p)";
    assert_eq!(t.value(more).await, "0");
    let create = "select count(*) from pg_roles r,
          unnest(array['public', 'billing', 'billing_private', 'auth']) s
        where (r.rolname like 'billing%' and (r.rolname <> 'billing_owner' or s not like 'billing%')
          or r.rolname in ('anon', 'authenticated', 'service_role'))
          and has_schema_privilege(r.oid, s, 'create')";
    assert_eq!(t.value(create).await, "0");
}
