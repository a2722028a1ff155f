//! POST /ofrep/v1/evaluate/flags[/{key}]: flags as OpenFeature asks for them.

use lambda_http::Body;
use local::dev::people::{ORG, PEOPLE};
use serde_json::{Value, json};
use tests::{Answer, TestApp, users};

use crate::gateway::Stack;

/// A flag of the first organization, and the same flag among all.
async fn flag(t: &TestApp, key: &str) -> Value {
    let one = t.flag(users::MEMBER, &t.org, key).await;
    assert_eq!((one.status, one.header("cache-control")), (200, Some("no-store")), "{}", one.body);
    let all = t.flags(users::MEMBER, &t.org).await;
    let among = all.body["flags"].as_array().unwrap().iter().find(|flag| flag["key"] == key);
    assert_eq!(among, Some(&one.body), "one flag is told as it is among all");
    one.body
}

fn told(key: &str, on: bool, reason: &str, metadata: &Value) -> Value {
    let variant = if on { "on" } else { "off" };
    json!({ "key": key, "value": on, "variant": variant, "reason": reason, "metadata": metadata })
}

#[tokio::test]
async fn a_flag_says_what_decides_it() {
    let t = TestApp::start().await;
    let pilot = json!({ "source": "plan", "plan": "pilot" });
    assert_eq!(flag(&t, "canExportMD").await, told("canExportMD", true, "DEFAULT", &pilot));
    assert_eq!(flag(&t, "canExportPDF").await, told("canExportPDF", false, "DEFAULT", &pilot));
    t.buy("pro", "month").await;
    let pro = json!({ "source": "plan", "plan": "pro" });
    assert_eq!(flag(&t, "canExportPDF").await, told("canExportPDF", true, "TARGETING_MATCH", &pro));
    assert_eq!(flag(&t, "canExportMD").await, told("canExportMD", true, "DEFAULT", &pro));
    assert_eq!(flag(&t, "hasAPI").await, told("hasAPI", false, "DEFAULT", &pro));
    let grants = format!(
        "insert into entitlements (org_id, source, livemode, feature, source_id, expires_at)
           values ('{0}', 'addon', false, 'hasAPI', 'cs_1', '2099-01-02T03:04:05Z'),
             ('{0}', 'trial', null, 'hasWhiteLabel', null, '2099-01-02T03:04:05Z'),
             ('{0}', 'addon', false, 'canExportMD', 'cs_1', '2099-01-02T03:04:05Z');
         select pf_override_entitlement('{0}', 'canExportPDF', false, null, 'ada', 'test')",
        t.org
    );
    t.db.batch_execute(&grants).await.unwrap();
    let until =
        |source: &str| json!({ "source": source, "plan": "pro", "expiresAt": "2099-01-02T03:04:05Z" });
    assert_eq!(flag(&t, "hasAPI").await, told("hasAPI", true, "TARGETING_MATCH", &until("addon")));
    assert_eq!(
        flag(&t, "hasWhiteLabel").await,
        told("hasWhiteLabel", true, "TARGETING_MATCH", &until("trial"))
    );
    let overridden = json!({ "source": "override", "plan": "pro" });
    assert_eq!(flag(&t, "canExportPDF").await, told("canExportPDF", false, "TARGETING_MATCH", &overridden));
    // What everybody has does not end with an add-on that grants it once more.
    assert_eq!(flag(&t, "canExportMD").await, told("canExportMD", true, "DEFAULT", &pro));
}

#[tokio::test]
async fn while_a_payment_is_late_a_flag_says_when_the_plan_ends() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.renew(&id, false).unwrap();
    t.deliver_all().await;
    let ends = t.entitlements(users::MEMBER, &t.org).await.body["graceEndsAt"].clone();
    assert!(ends.is_string(), "{ends}");
    let metadata = json!({ "source": "plan", "plan": "pro", "expiresAt": ends });
    assert_eq!(flag(&t, "canExportPDF").await, told("canExportPDF", true, "TARGETING_MATCH", &metadata));
}

#[tokio::test]
async fn who_has_the_newest_answer_is_told_so_without_a_body() {
    let t = TestApp::start().await;
    let first = t.flags(users::MEMBER, &t.org).await;
    assert_eq!((first.status, first.header("cache-control")), (200, Some("private, no-cache")));
    let etag = first.header("etag").unwrap();
    let again = async |etag: &str| {
        let mut request = t.evaluation(users::MEMBER, None, &json!({ "context": { "targetingKey": t.org } }));
        request.headers_mut().insert("if-none-match", etag.parse().unwrap());
        t.call_ofrep(request).await
    };
    let same = again(etag).await;
    assert_eq!((same.status, &same.body, same.header("etag")), (304, &Value::Null, Some(etag)));
    assert_eq!(same.header("content-type"), None);
    assert_eq!(again("\"other\"").await.body, first.body);
    t.buy("pro", "month").await;
    let changed = again(etag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(etag));
    // Of another organization that has the same the answer is the same: no plan says whose it is.
    let other = t.flags(users::OUTSIDER, &t.other_org).await;
    assert_eq!((&other.body, other.header("etag")), (&first.body, Some(etag)));
}

#[track_caller]
fn assert_unevaluated(answer: &Answer, status: u16, key: Option<&str>, error_code: &str) {
    let body = &answer.body;
    assert_eq!((answer.status, answer.text("/errorCode")), (status, error_code), "{body}");
    assert_eq!(answer.text("/code"), error_code.to_lowercase(), "{body}");
    assert_eq!(body.get("key"), key.map(Value::from).as_ref(), "{body}");
    assert!(body["success"] == false && body["error"] == body["errorDetails"], "{body}");
    assert!(!answer.text("/error").is_empty() && !answer.text("/requestId").is_empty(), "{body}");
}

#[tokio::test]
async fn a_request_that_names_no_organization_is_refused_in_openfeatures_words() {
    let t = TestApp::start().await;
    let org = &t.org;
    for (body, error_code) in [
        (json!([{ "context": { "targetingKey": org } }]), "PARSE_ERROR"),
        (json!("x"), "PARSE_ERROR"),
        (json!({}), "TARGETING_KEY_MISSING"),
        (json!({ "context": null }), "TARGETING_KEY_MISSING"),
        (json!({ "context": {} }), "TARGETING_KEY_MISSING"),
        (json!({ "context": { "targetingKey": null } }), "TARGETING_KEY_MISSING"),
        (json!({ "context": { "targetingKey": "" } }), "TARGETING_KEY_MISSING"),
        (json!({ "targetingKey": org }), "TARGETING_KEY_MISSING"),
        (json!({ "context": [org] }), "INVALID_CONTEXT"),
        (json!({ "context": org }), "INVALID_CONTEXT"),
        (json!({ "context": { "targetingKey": "acme" } }), "INVALID_CONTEXT"),
        (json!({ "context": { "targetingKey": [org] } }), "INVALID_CONTEXT"),
        (json!({ "context": { "targetingKey": 1 } }), "INVALID_CONTEXT"),
    ] {
        for key in [None, Some("hasAPI"), Some("hasWings")] {
            assert_unevaluated(&t.evaluate(users::MEMBER, key, &body).await, 400, key, error_code);
        }
        t.evaluate("", None, &body).await.assert_failure(401, "unauthenticated");
    }
    let twice = format!("{{\"context\": {{}}, \"context\": {{\"targetingKey\": \"{org}\"}}}}");
    for text in ["", "{", &twice] {
        let mut request = t.evaluation(users::MEMBER, Some("hasAPI"), &Value::Null);
        *request.body_mut() = Body::from(text.to_owned());
        assert_unevaluated(&t.call_ofrep(request).await, 400, Some("hasAPI"), "PARSE_ERROR");
    }
}

#[tokio::test]
async fn a_flag_that_there_is_not_is_not_found_and_a_stranger_learns_of_none() {
    let t = TestApp::start().await;
    for key in ["hasWings", "hasapi", "hasAPI ", "é/\"<", "flags"] {
        let answer = t.flag(users::MEMBER, &t.org, key).await;
        assert_unevaluated(&answer, 404, Some(key), "FLAG_NOT_FOUND");
        t.flag(users::OUTSIDER, &t.org, key).await.assert_failure(403, "not_a_member");
    }
    t.flag(users::OUTSIDER, &t.org, "hasAPI").await.assert_failure(403, "not_a_member");
}

#[tokio::test]
async fn nothing_but_the_targeting_key_is_believed() {
    let t = TestApp::start().await;
    let context = |org: &str| {
        json!({ "flag": "hasAPI", "context": { "targetingKey": org, "plan": "enterprise", "hasAPI": true,
            "userId": users::OWNER, "sub": users::OWNER, "orgId": t.other_org, "deep": [{ "a": null }] } })
    };
    let own = t.evaluate(users::MEMBER, Some("hasAPI"), &context(&t.org)).await;
    assert_eq!((own.status, &own.body["value"], own.text("/metadata/plan")), (200, &json!(false), "pilot"));
    let strange = t.evaluate(users::OUTSIDER, None, &context(&t.org)).await;
    strange.assert_failure(403, "not_a_member");
}

#[tokio::test]
async fn the_local_gateway_hands_the_flags_name_over_decoded_as_api_gateway_does() {
    let s = Stack::start().await;
    let ask = |path: &str| {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{}{path}", s.url));
        let body = json!({ "context": { "targetingKey": ORG.0 } });
        request.header("x-user-id", PEOPLE.owner.user_id).json(&body).send()
    };
    let one = ask("/ofrep/v1/evaluate/flags/canExport%4dD").await.unwrap();
    assert_eq!(
        (one.status().as_u16(), one.json::<Value>().await.unwrap()["value"].clone()),
        (200, json!(true))
    );
    let event = s.events.lock().unwrap().pop().unwrap();
    assert_eq!(event["routeKey"], "POST /ofrep/v1/evaluate/flags/{key}");
    assert_eq!(event["rawPath"], "/ofrep/v1/evaluate/flags/canExport%4dD");
    assert_eq!(event["pathParameters"], json!({ "key": "canExportMD" }));
    let all = ask("/ofrep/v1/evaluate/flags").await.unwrap();
    assert_eq!(all.json::<Value>().await.unwrap()["flags"].as_array().unwrap().len(), 11);
    assert_eq!(s.events.lock().unwrap().pop().unwrap().get("pathParameters"), None);
    for path in ["/ofrep/v1/evaluate/flags/", "/ofrep/v1/evaluate/flags/a/b", "/ofrep/v1/evaluate"] {
        assert_eq!(ask(path).await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(ask("/ofrep/v1/evaluate/flags/%ff").await.unwrap().status(), 400);
    assert!(s.events.lock().unwrap().is_empty(), "no function was asked");
}
