//! GET /api/entitlements.

use lambda_http::Body;
use lambda_http::http::Request;
use serde_json::json;
use tests::{TestApp, users};

#[tokio::test]
async fn an_organization_that_never_paid_has_the_pilot_plan() {
    let t = TestApp::start().await;
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(answer.status, 200);
    let mut body = answer.body.clone();
    let timestamp = body["timestamp"].take();
    assert!(timestamp.as_str().unwrap().ends_with('Z'));
    let expected = json!({
        "success": true, "orgId": t.org, "planCode": "pilot", "status": "none", "reason": null,
        "interval": null, "intervalCount": null, "discounts": [], "seats": 1, "seatsUsed": 3,
        "seatsOver": 2, "scheduled": null, "currentPeriodEnd": null,
        "cancelAt": null, "graceEndsAt": null, "trialEndsAt": null, "collectionPaused": false,
        "canManageBilling": false, "timestamp": null,
        "entitlements": {
            "canUseAllModules": false, "canExportMD": true, "canExportPDF": false, "canExportJSON": false,
            "canUseGptTestReal": false, "hasCloudHistory": false, "hasEvaluatorAI": false, "hasAPI": false,
            "canExportBundleZip": false, "hasWhiteLabel": false, "hasSeatsGT1": false
        }
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_purchase_switches_the_plans_features_on() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!((answer.text("/planCode"), answer.text("/status")), ("pro", "active"));
    assert_eq!(answer.body["entitlements"]["canExportPDF"], true);
    assert_eq!(answer.body["entitlements"]["hasAPI"], false);
    assert!(!answer.text("/currentPeriodEnd").is_empty());
}

#[tokio::test]
async fn seats_are_those_included_times_the_quantity() {
    let t = TestApp::start().await;
    let subscription = t.buy("enterprise", "year").await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["seats"], 5);
    t.stripe.change_quantity(&subscription, 3).unwrap();
    t.deliver_all().await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["seats"], 15);
}

#[tokio::test]
async fn an_unchanged_answer_is_a_304_until_something_changes() {
    let t = TestApp::start().await;
    let first = t.entitlements(users::OWNER, &t.org).await;
    let etag = first.header("etag").unwrap();
    let same = t.entitlements_if_changed(users::OWNER, &t.org, Some(etag)).await;
    assert_eq!((same.status, same.header("etag")), (304, Some(etag)));
    assert!(same.body.is_null());
    let weak_in_a_list = format!("\"other\", W/{etag}");
    assert_eq!(t.entitlements_if_changed(users::OWNER, &t.org, Some(&weak_in_a_list)).await.status, 304);
    t.buy("pro", "month").await;
    let changed = t.entitlements_if_changed(users::OWNER, &t.org, Some(etag)).await;
    assert_eq!((changed.status, changed.text("/planCode")), (200, "pro"));
}

#[tokio::test]
async fn an_override_decides_alone_either_way_and_only_until_it_expires() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let overrides = format!(
        "insert into entitlements (org_id, source, feature, enabled, expires_at) values
           ('{org}', 'override', 'canExportPDF', false, null),
           ('{org}', 'override', 'hasAPI', true, now() + interval '1 day'),
           ('{org}', 'override', 'hasWhiteLabel', true, now() - interval '1 second')",
        org = t.org
    );
    t.db.batch_execute(&overrides).await.unwrap();
    let flags = t.entitlements(users::OWNER, &t.org).await.body["entitlements"].clone();
    assert_eq!(
        (&flags["canExportPDF"], &flags["hasAPI"], &flags["hasWhiteLabel"]),
        (&json!(false), &json!(true), &json!(false))
    );
    assert_eq!(flags["canExportJSON"], true);
}

#[tokio::test]
async fn a_plan_outlasts_a_failed_payment_for_the_grace_period_and_no_longer() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    t.stripe.renew(&subscription, false).unwrap();
    t.deliver_all().await;
    let in_grace = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((in_grace.text("/planCode"), in_grace.text("/status")), ("pro", "past_due"));
    assert!(!in_grace.text("/graceEndsAt").is_empty());
    assert_eq!(t.value("select grace_until - past_due_since from subscriptions").await, "7 days");
    // The end of the grace period needs no event and no job: only time.
    let week_later = "update subscriptions set grace_until = now();
        update entitlements set expires_at = now() where source = 'plan'";
    t.db.batch_execute(week_later).await.unwrap();
    let after = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((after.text("/planCode"), after.text("/status")), ("pilot", "past_due"));
    assert_eq!(after.body["entitlements"]["canExportPDF"], false);
}

#[tokio::test]
async fn who_is_no_member_cannot_tell_whether_the_organization_exists() {
    let t = TestApp::start().await;
    let stranger = t.entitlements(users::OUTSIDER, &t.org).await;
    let nobody = t.entitlements(users::OUTSIDER, "00000000-0000-4000-8000-00000000dead").await;
    stranger.assert_failure(403, "not_a_member");
    assert_eq!(stranger.body, nobody.body);
}

#[tokio::test]
async fn a_request_without_a_good_identity_is_refused() {
    let t = TestApp::start().await;
    let uri = format!("/api/entitlements?orgId={}", t.org);
    let without = Request::builder().uri(&uri).body(Body::Empty).unwrap();
    t.call_entitlements(without).await.assert_failure(401, "unauthenticated");
    for bad in ["test", "", "0a0000000000400080000000000000001", "{0a000000-0000-4000-8000-000000000001}"] {
        t.entitlements(bad, &t.org).await.assert_failure(401, "unauthenticated");
    }
    let twice = Request::builder()
        .uri(&uri)
        .header("x-user-id", users::OWNER)
        .header("X-User-Id", users::OWNER)
        .body(Body::Empty)
        .unwrap();
    t.call_entitlements(twice).await.assert_failure(401, "unauthenticated");
}

#[tokio::test]
async fn headers_are_believed_only_where_the_configuration_says_so() {
    for source in ["", "authorizer", "nonsense"] {
        let t = TestApp::start_with(&[("IDENTITY_SOURCE", source)]).await;
        t.entitlements(users::OWNER, &t.org).await.assert_failure(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_malformed_organization_is_a_400_that_names_it() {
    let t = TestApp::start().await;
    for bad in ["test", "", "1", "urn:uuid:0a000000-0000-4000-8000-000000000001"] {
        t.entitlements(users::OWNER, bad).await.assert_failure(400, "invalid_org_id");
    }
    for query in ["", "?org=1", "?orgId=a&orgId=b"] {
        let request = Request::builder()
            .uri(format!("/api/entitlements{query}"))
            .header("x-user-id", users::OWNER)
            .body(Body::Empty)
            .unwrap();
        let answer = t.call_entitlements(request).await;
        answer.assert_failure(400, "invalid_request");
        assert!(answer.text("/error").contains("orgId"));
    }
}

#[tokio::test]
async fn the_health_check_line_that_operators_know_gets_a_clean_4xx() {
    let t = TestApp::start().await;
    let answer = t.entitlements("test", "test").await;
    assert!((400..500).contains(&answer.status), "{}", answer.body);
}

#[tokio::test]
async fn without_a_database_the_answer_is_to_come_back() {
    let t = TestApp::start_with(&[("DATABASE_URL", "postgres://billing_reader@127.0.0.1:1/none")]).await;
    let answer = t.entitlements(users::OWNER, &t.org).await;
    answer.assert_failure(503, "database_unavailable");
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn a_missing_database_address_is_ours_to_mend_and_says_nothing() {
    let t = TestApp::start_with(&[("DATABASE_URL", "")]).await;
    let answer = t.entitlements(users::OWNER, &t.org).await;
    answer.assert_failure(500, "internal");
    assert!(!answer.body.to_string().contains("DATABASE"));
}

#[tokio::test]
async fn a_database_that_hangs_and_a_pool_that_is_exhausted_are_told_as_unavailable() {
    let t = TestApp::start_with(&[("DATABASE_POOL_SIZE", "1")]).await;
    t.db.batch_execute("begin; lock table entitlements in access exclusive mode").await.unwrap();
    // The first waits for the lock, the second for the first one's connection.
    let (hanging, waiting) =
        futures_util::join!(t.entitlements(users::OWNER, &t.org), t.entitlements(users::OWNER, &t.org));
    for answer in [hanging, waiting] {
        answer.assert_failure(503, "database_unavailable");
        assert!(answer.header("retry-after").is_some());
    }
    t.db.batch_execute("rollback").await.unwrap();
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.status, 200);
}

/// Compares the two ways of `read_entitlements` in every state of one subscription and what it grants.
const BOTH_WAYS: &str = r#"
do $$
declare
  owner constant uuid := 'OWNER';
  org constant uuid := 'ORG';
  subscription constant text := (
    select s.stripe_subscription_id from billing.subscriptions s where s.org_id = org);
  state record;
  short jsonb;
  large jsonb;
  went_short integer := 0;
begin
  -- What everybody has changes for every plan, too.
  update billing.plan_entitlements e set enabled = not e.enabled
  where e.plan_code = 'pilot' and e.feature in ('canExportMD', 'hasAPI');
  -- Only the state counts here, not how it came about.
  set local session_replication_role = replica;
  for state in
    select * from unnest('{active,trialing,past_due,canceled}'::text[]) status,
      unnest('{pilot,pro,enterprise}'::text[]) plan,
      unnest('{null,false,true}'::boolean[]) livemode,
      (values (0, 0), (0, 3), (2, 0), (3000000000, 1)) as sold (units, seats),
      unnest('{null,yesterday,infinity}'::timestamptz[]) expires,
      unnest('{nothing,discount,schedule,version,paused,no subscription,add-on,no plan}'::text[]) beside
    where beside = 'nothing' or status = 'active'
  loop
    update billing.subscriptions s set status = state.status, cancel_at = '2027-01-02',
      trial_end = '2027-01-03', grace_until = '2027-01-04',
      pause_behavior = case state.beside when 'paused' then 'keep_as_draft' end,
      discounts = case state.beside when 'discount' then '[{"id": "di_1", "terms": {"name": null,
        "percent_off": 10, "amount_off": null, "currency": null, "duration": "forever", "ends_at": null}}]'
        else '[]' end::jsonb,
      schedule = case state.beside when 'schedule' then '{"id": "sub_sched_1", "next": {
        "at": "2030-01-01T00:00:00Z", "plan": "pilot", "interval": "month",
        "items": [{"plan": "pilot", "quantity": 1}]}}'::jsonb end
    where s.org_id = org;
    update billing.plans p set versions = case state.beside when 'version'
      then '[{"until": "2100-01-01", "seats": 7, "features": {"hasAPI": true}}]' else '[]' end::jsonb
    where p.plan_code = 'pro';
    delete from billing.entitlements e where e.org_id = org;
    if state.beside <> 'no plan' then
      insert into billing.entitlements
        (org_id, source, plan_code, livemode, units, extra_seats, own, expires_at, source_id)
      values (org, 'plan', state.plan, state.livemode, state.units, state.seats, true, state.expires,
        case when state.beside <> 'no subscription' then subscription end);
    end if;
    if state.beside in ('add-on', 'no plan') then
      insert into billing.entitlements (org_id, source, feature, livemode, expires_at)
      values (org, 'addon', 'hasAPI', state.livemode, state.expires);
    end if;
    short := billing.read_entitlements(owner, org)::jsonb - '{role,position}'::text[];
    -- The large statement tells of what is null, too.
    went_short := went_short + (not short ? 'scheduled')::integer;
    short := jsonb_strip_nulls(short);
    large := (select jsonb_strip_nulls(to_jsonb(has)) from billing_private.standing_told(org) has);
    if short is distinct from large then
      raise exception 'in % the answer is % and not %', to_jsonb(state), short, large;
    end if;
  end loop;
  if went_short <> SHORT then
    raise exception '% states were answered the short way', went_short;
  end if;
end $$"#;

#[tokio::test]
async fn the_short_way_to_what_one_plan_grants_says_the_same_as_the_large_statement() {
    // So many states are one paid plan that counts and nothing else. A third of them is test mode's, which
    // counts until there is a live payment.
    for (live, short) in [(false, 264), (true, 176)] {
        let t = TestApp::start().await;
        t.buy("pro", "month").await;
        if live {
            let customer = "insert into billing.customers (org_id, livemode, stripe_customer_id)
                values (gen_random_uuid(), true, 'cus_live')";
            t.db.batch_execute(customer).await.unwrap();
        }
        let values = [("OWNER", users::OWNER), ("ORG", &t.org), ("SHORT", &short.to_string())];
        let compare = values.iter().fold(BOTH_WAYS.to_owned(), |sql, (name, value)| sql.replace(name, value));
        t.db.batch_execute(&compare).await.unwrap();
    }
}
