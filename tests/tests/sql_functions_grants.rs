//! Whatever grants there are, `billing.has_entitlement` and `billing.orgs_with` answer as the views and the
//! API do.

use serde_json::{Map, Value, json};
use tests::users;

use crate::sql_functions::{MEMBER, SERVER, has, start, told};

/// A few rows of every kind that there can be, for the first organization.
fn grants(org: &str, random: &mut fastrand::Rng) -> String {
    let mut sql = format!(
        "delete from entitlements where org_id = '{org}'; delete from customers where livemode; {}",
        // One live customer anywhere, and test payments count no more.
        if random.bool() {
            "insert into customers values (gen_random_uuid(), true, 'cus_live');"
        } else {
            ""
        }
    );
    let features =
        ["canUseAllModules", "canExportMD", "canExportPDF", "hasAPI", "hasSeatsGT1", "hasTeleport"];
    for number in 0..random.usize(0..8) {
        let expires = [
            "null",
            "now() - interval '1 hour'",
            "now() + interval '1 hour'",
            "now() + interval '1 day'",
            "'infinity'",
        ][random.usize(..5)];
        let mode = ["null", "true", "false"][random.usize(..3)];
        let feature = features[random.usize(..features.len())];
        let plan = ["pilot", "pro", "enterprise"][random.usize(..3)];
        let values = match random.u32(..4) {
            0 => format!("'plan', {mode}, '{plan}', null, null, true, 1, 0, true"),
            1 => format!("'addon', {mode}, null, '{feature}', 'cs_{number}', true, null, null, null"),
            2 => format!("'trial', {mode}, null, '{feature}', null, true, null, null, null"),
            _ => format!("'override', null, null, '{feature}', null, {}, null, null, null", random.bool()),
        };
        sql += &format!(
            "insert into entitlements (org_id, source, livemode, plan_code, feature, source_id,
               enabled, units, extra_seats, own, expires_at)
             values ('{org}', {values}, {expires}) on conflict do nothing;"
        );
    }
    sql
}

#[tokio::test]
async fn over_random_grants_every_way_to_ask_has_the_same_answer() {
    let t = start().await;
    let mut random = fastrand::Rng::with_seed(20_261_125);
    let (mut on, mut off) = (0, 0);
    for round in 0..60 {
        let sql = grants(&t.org, &mut random);
        t.db.batch_execute(&sql).await.unwrap();
        let answer = t.entitlements(users::MEMBER, &t.org).await;
        let flags = answer.body["entitlements"].as_object().unwrap().clone();
        assert_eq!(flags.len(), 11);
        let evaluated = t.flags(users::MEMBER, &t.org).await;
        let evaluated = evaluated.body["flags"].as_array().unwrap().iter();
        let evaluated: Map<String, Value> =
            evaluated.map(|flag| (flag["key"].as_str().unwrap().to_owned(), flag["value"].clone())).collect();
        assert_eq!(evaluated, flags, "round {round}, OpenFeature: {sql}");
        for (feature, enabled) in &flags {
            if *enabled == json!(true) {
                on += 1
            } else {
                off += 1
            }
            let expected = enabled.to_string();
            for who in [MEMBER, SERVER] {
                let effective = format!(
                    "select enabled from billing.entitlements_effective
                        where org_id = '{}' and feature = '{feature}'",
                    t.org
                );
                let with = format!(
                    "select exists (select from billing.orgs_with('{feature}') o where o = '{}')",
                    t.org
                );
                let all = [
                    has(&t, who, &t.org, feature).await,
                    told(&t, who, &effective).await,
                    told(&t, who, &with).await,
                ];
                assert_eq!(
                    all,
                    [expected.clone(), expected.clone(), expected.clone()],
                    "round {round}, {who:?}, {feature}: {sql}"
                );
            }
        }
    }
    assert!(on > 50 && off > 50, "{on} on, {off} off");
}

#[tokio::test]
async fn an_override_decides_alone_until_it_ends_and_there_is_one() {
    let t = start().await;
    let org = &t.org;
    let set = async |feature: &str, value: &str, until: &str| {
        let sql =
            format!("select pf_override_entitlement('{org}', '{feature}', {value}, {until}, 'ada', 'test')");
        t.db.batch_execute(&sql).await.unwrap();
    };
    set("canExportPDF", "false", "null").await;
    set("hasAPI", "true", "now() + interval '1 hour'").await;
    assert_eq!(
        (has(&t, MEMBER, org, "canExportPDF").await, has(&t, MEMBER, org, "hasAPI").await),
        ("false".into(), "true".into())
    );
    set("canExportPDF", "false", "now() - interval '1 second'").await;
    set("hasAPI", "true", "now() - interval '1 second'").await;
    assert_eq!(
        (has(&t, MEMBER, org, "canExportPDF").await, has(&t, MEMBER, org, "hasAPI").await),
        ("true".into(), "false".into())
    );
    // Two that contradict each other cannot stand beside each other.
    for second in [
        "livemode, feature) values ('ORG', 'override', true",
        "source_id, feature) values ('ORG', 'override', 'x'",
    ] {
        let sql =
            format!("insert into entitlements (org_id, source, {}, 'hasAPI')", second.replace("ORG", org));
        let error = t.db.batch_execute(&sql).await.expect_err(second);
        assert!(
            error.to_string().contains("db error")
                && error.as_db_error().unwrap().constraint() == Some("entitlements_sound"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_row_that_says_what_none_of_its_source_says_cannot_be_written() {
    let t = start().await;
    let columns = "source, plan_code, units, extra_seats, own, feature, enabled, livemode, source_id";
    let attempt = async |row: &str| {
        let sql = format!(
            "begin;
             insert into entitlements (org_id, {columns}) values (gen_random_uuid(), {row});
             rollback"
        );
        let result = t.db.batch_execute(&sql).await;
        if result.is_err() {
            t.db.batch_execute("rollback").await.unwrap();
        }
        result.map_err(|error| error.as_db_error().unwrap().constraint().map(str::to_owned))
    };
    for sound in [
        "'plan', 'pro', 1, 0, true, null, true, true, 'sub_1'",
        "'plan', 'pro', 0, 0, false, null, true, null, null",
        "'addon', null, null, null, null, 'hasAPI', true, true, 'cs_1'",
        "'trial', null, null, null, null, 'hasAPI', true, null, null",
        "'override', null, null, null, null, 'hasAPI', false, null, null",
    ] {
        assert_eq!(attempt(sound).await, Ok(()), "{sound}");
    }
    for unsound in [
        "'plan', null, 1, 0, true, null, true, true, 'sub_1'",
        "'plan', 'pro', null, 0, true, null, true, true, 'sub_1'",
        "'plan', 'pro', 1, null, true, null, true, true, 'sub_1'",
        "'plan', 'pro', 1, 0, null, null, true, true, 'sub_1'",
        "'plan', 'pro', 1, 0, true, 'hasAPI', true, true, 'sub_1'",
        "'plan', 'pro', 1, 0, true, null, false, true, 'sub_1'",
        "'addon', 'pro', null, null, null, 'hasAPI', true, true, 'cs_1'",
        "'addon', null, 1, null, null, 'hasAPI', true, true, 'cs_1'",
        "'addon', null, null, null, null, null, true, true, 'cs_1'",
        "'addon', null, null, null, null, 'hasAPI', false, true, 'cs_1'",
        "'trial', null, null, 0, null, 'hasAPI', true, null, null",
        "'trial', null, null, null, null, 'hasAPI', false, null, null",
        "'override', null, null, null, true, 'hasAPI', true, null, null",
        "'override', null, null, null, null, null, true, null, null",
        "'override', null, null, null, null, 'hasAPI', true, false, null",
        "'override', null, null, null, null, 'hasAPI', true, null, 'cs_1'",
        "'gift', null, null, null, null, 'hasAPI', true, null, null",
    ] {
        assert_eq!(attempt(unsound).await, Err(Some("entitlements_sound".to_owned())), "{unsound}");
    }
}
