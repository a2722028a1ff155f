//! Seats that are taken: what the answer says of them, and the trigger that an application may make to keep
//! them.

use serde_json::{Value, json};
use tests::{TestApp, users};

async fn seats(t: &TestApp) -> [Value; 3] {
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    ["seats", "seatsUsed", "seatsOver"].map(|field| answer.body[field].clone())
}

/// Adds members, one statement each. PostgreSQL's code and constraint of the first that is refused.
async fn join(t: &TestApp, count: u32) -> Result<(), (String, Option<String>)> {
    for _ in 0..count {
        let sql = format!("insert into own_members values ('{}', gen_random_uuid(), 'member')", t.org);
        t.db.batch_execute(&sql).await.map_err(|error| {
            let error = error.as_db_error().unwrap();
            (error.code().code().to_owned(), error.constraint().map(str::to_owned))
        })?;
    }
    Ok(())
}

const TRIGGER: &str = "create trigger members_have_seats after insert on own_members
    for each row execute function billing.check_seats('org_id')";

#[tokio::test]
async fn every_member_takes_a_seat_and_a_downgrade_throws_nobody_out() {
    let t = TestApp::start().await;
    assert_eq!(seats(&t).await, [json!(1), json!(3), json!(2)]);
    let subscription = t.buy("enterprise", "month").await;
    assert_eq!(seats(&t).await, [json!(5), json!(3), json!(0)]);
    t.stripe.change_plan(&subscription, "promptforge_pro_month").unwrap();
    t.deliver_all().await;
    assert_eq!(seats(&t).await, [json!(1), json!(3), json!(2)]);
    // A person who stands there twice takes one seat.
    let twice = format!(
        "create or replace view members as select org_id, user_id, role from own_members union all
        select org_id, user_id, 'admin' from own_members where user_id = '{}'",
        users::MEMBER
    );
    t.db.batch_execute(&twice).await.unwrap();
    assert_eq!(seats(&t).await[1], json!(3));
}

#[tokio::test]
async fn the_trigger_refuses_the_member_for_whom_there_is_no_seat() {
    let t = TestApp::start().await;
    let subscription = t.buy("enterprise", "month").await;
    t.db.batch_execute(TRIGGER).await.unwrap();
    let refusal = Err(("23514".to_owned(), Some("members_have_seats".to_owned())));
    assert_eq!(join(&t, 2).await, Ok(()));
    assert_eq!(join(&t, 1).await, refusal);
    assert_eq!(seats(&t).await, [json!(5), json!(5), json!(0)]);
    t.stripe.change_quantity(&subscription, 2).unwrap();
    t.deliver_all().await;
    assert_eq!(join(&t, 1).await, Ok(()));
    // Whoever is a member stays one, and may be changed or leave.
    t.stripe.change_plan(&subscription, "promptforge_pro_month").unwrap();
    t.stripe.change_quantity(&subscription, 1).unwrap();
    t.deliver_all().await;
    let rest = format!(
        "update own_members set role = 'admin' where user_id = '{}';
        delete from own_members where user_id = '{}'",
        users::MEMBER,
        users::ADMIN
    );
    t.db.batch_execute(&rest).await.unwrap();
    assert_eq!(seats(&t).await, [json!(1), json!(5), json!(4)]);
    assert_eq!(join(&t, 1).await, refusal);
}

#[tokio::test]
async fn a_trigger_that_names_no_column_lets_nobody_in() {
    let t = TestApp::start().await;
    t.buy("enterprise", "month").await;
    for wrong in ["'organization_id'", ""] {
        let trigger = TRIGGER.replace("'org_id'", wrong);
        t.db.batch_execute(&trigger).await.unwrap();
        assert_eq!(join(&t, 1).await, Err(("42703".to_owned(), None)));
        t.db.batch_execute("drop trigger members_have_seats on own_members").await.unwrap();
    }
}

#[tokio::test]
async fn of_two_members_at_the_same_time_one_gets_the_last_seat() {
    let t = TestApp::start().await;
    t.buy("enterprise", "month").await;
    t.db.batch_execute(TRIGGER).await.unwrap();
    join(&t, 1).await.unwrap();
    let (one, other) = (t.database.connect().await, t.database.connect().await);
    let member = format!("begin; insert into own_members values ('{}', gen_random_uuid(), 'member')", t.org);
    one.batch_execute(&member).await.unwrap();
    let waits = tokio::spawn(async move { other.batch_execute(&member).await.map(|()| other) });
    // Until it waits for the first one's lock.
    let waiting = "select count(*) from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()";
    while t.value(waiting).await == "0" {
        tokio::task::yield_now().await;
    }
    one.batch_execute("commit").await.unwrap();
    let refused = waits.await.unwrap().unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23514");
    assert_eq!(seats(&t).await[1], json!(5));
}

#[tokio::test]
async fn the_trigger_calls_nothing_that_the_owner_of_a_type_made() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    // What a member of service_role may make; and what an application has that casts a type of its own.
    let made = "create role guest login; grant service_role to guest; set role guest;
        create type pg_temp.color as enum ('red');
        create function pg_temp.to_json(pg_temp.color) returns json language plpgsql as
          $$ begin delete from billing.runs; return '1'; end $$;
        create cast (pg_temp.color as json) with function pg_temp.to_json(pg_temp.color);
        create temp table painted (org_id uuid, \"Org\" text, color pg_temp.color);
        create trigger seats after insert on painted for each row
          execute function billing.check_seats('org_id');
        create trigger texts after insert on painted for each row execute function billing.check_seats('Org');
        insert into painted values (null, null, 'red'), (gen_random_uuid(), null, 'red');
        reset role";
    t.db.batch_execute(made).await.unwrap();
    assert_ne!(t.value("select count(*) from runs").await, "0");
    let other = "create temp table counted (org_id integer);
        create trigger seats after insert on counted for each row
          execute function billing.check_seats('org_id')";
    t.db.batch_execute(other).await.unwrap();
    let refused = t.db.batch_execute("insert into counted values (1)").await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("of type uuid or text"), "{refused:?}");
    t.db.batch_execute("reset role; drop owned by guest cascade; drop role guest").await.unwrap();
}
