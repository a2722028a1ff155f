//! Prices that Stripe has already, named in catalogue.toml by their ids; and deals with one organization.

use serde_json::json;
use tests::{TestApp, TestFile, users};

const BY_MONTH: &str = "  { interval = \"month\", amount = 4900, currency = \"usd\" },\n";
const BY_YEAR: &str = "  { interval = \"year\", amount = 49000, currency = \"usd\" },\n";

/// The database's catalogue, in which pro has these prices by the month.
async fn priced(t: &TestApp, by_month: &str) -> TestFile {
    let pulled = t.billing(&["catalogue", "pull"]).await.output;
    let (begin, rest) = pulled.split_once("[plans.pro]").unwrap();
    let (pro, rest) = rest.split_once("[plans.enterprise]").unwrap();
    let pro = pro.split_once("prices = [").unwrap().0;
    let prices = format!("prices = [\n{by_month}{BY_YEAR}]\n");
    TestFile::catalogue(&format!("{begin}[plans.pro]{pro}{prices}\n[plans.enterprise]{rest}"))
}

async fn has(t: &TestApp) -> (String, i64) {
    let answer = t.entitlements(users::OWNER, &t.org).await;
    (answer.text("/planCode").to_owned(), answer.body["seats"].as_i64().unwrap())
}

/// What a plan costs whoever asks, by the month.
async fn by_the_month(t: &TestApp, plan: &str, org: Option<&str>) -> Vec<String> {
    let user = if org.is_some() { users::MEMBER } else { "" };
    let answer = t.plans(user, org).await;
    let plans = answer.body["plans"].as_array().unwrap();
    let prices = plans.iter().find(|one| one["planCode"] == plan).unwrap()["prices"].as_array().unwrap();
    let monthly = prices.iter().filter(|price| price["interval"] == "month");
    monthly.map(|price| format!("{} {}", price["amountCents"], price["currency"].as_str().unwrap())).collect()
}

/// The price that a checkout of the plan by the month would charge.
async fn ordered(t: &TestApp, plan: &str, currency: Option<&str>) -> String {
    let mut order = json!({ "orgId": t.org, "planCode": plan, "interval": "month" });
    order.as_object_mut().unwrap().extend(currency.map(|word| ("currency".to_owned(), json!(word))));
    let answer = t.checkout(users::OWNER, &order).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let created = t.stripe.requests().into_iter().rev();
    let mut created = created.filter(|one| one.method == "POST" && one.path.ends_with("/checkout/sessions"));
    let sent = created.next().unwrap().params;
    sent.pointer("/line_items/0/price").and_then(|price| price.as_str()).unwrap().to_owned()
}

#[tokio::test]
async fn a_price_that_stripe_has_is_sold_in_its_currency_shown_granted_and_compared() {
    let t = TestApp::start().await;
    let dollars = t.deal_at_stripe(&json!({}));
    let euros = t.deal_at_stripe(&json!({ "currency": "eur", "unit_amount": 3500 }));
    let prices = format!(
        "  {{ interval = \"month\", amount = 3900, currency = \"usd\", stripe_price = \"{dollars}\" }},
           {{ interval = \"month\", amount = 3500, currency = \"eur\", stripe_price = \"{euros}\" }},\n"
    );
    let file = priced(&t, &prices).await;
    let told = t.billing_json(0, &["catalogue", "apply", file.path(), "--dry-run"]).await;
    let done = t.billing_json(0, &["catalogue", "apply", file.path()]).await;
    assert_eq!((&told["changes"], &told["archived"]), (&done["changes"], &done["archived"]));
    let change = json!({ "plan": "pro", "field": format!("prices.{euros}"), "from": null,
        "to": "3500 eur by the month sold" });
    assert!(done["changes"].as_array().unwrap().contains(&change), "{}", done["changes"]);
    assert_eq!(done["archived"][0]["lookup_key"], "promptforge_pro_month");

    assert_eq!(by_the_month(&t, "pro", None).await, ["3900 usd", "3500 eur"]);
    assert_eq!(ordered(&t, "pro", None).await, dollars);
    assert_eq!(ordered(&t, "pro", Some("EUR")).await, euros);
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month", "currency": "gbp" });
    t.checkout(users::OWNER, &order).await.assert_failure(400, "invalid_request");
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month", "currency": "eur" });
    let session = t.checkout(users::OWNER, &order).await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t).await, ("pro".to_owned(), 1));
    // It is shown first what it would pay: in its own currency.
    assert_eq!(by_the_month(&t, "pro", Some(&t.org)).await, ["3500 eur", "3900 usd"]);
    assert_eq!(by_the_month(&t, "pro", None).await, ["3900 usd", "3500 eur"]);

    assert_eq!(t.billing(&["catalogue", "check", file.path()]).await.status, 0);
    let pulled = TestFile::catalogue(&t.billing(&["catalogue", "pull"]).await.output);
    assert_eq!(t.billing(&["catalogue", "check", pulled.path()]).await.status, 0);
    let portal = t.billing_json(0, &["portal-configuration", "--dry-run"]).await;
    let named = portal["prices"].as_array().unwrap();
    assert!(named.contains(&json!(dollars)), "{portal}");

    // What the file says of it must be so.
    let wrong = priced(&t, &prices.replace("3900", "3901")).await;
    let refused = t.billing(&["catalogue", "check", wrong.path()]).await;
    let sentence = format!("{dollars} of pro: at Stripe it costs 39.00 USD by the month");
    assert!(refused.status == 1 && refused.complaint.contains(&sentence), "{refused:?}");
    let gone = priced(&t, &prices.replace(&dollars, "price_nobody")).await;
    let refused = t.billing(&["catalogue", "apply", gone.path()]).await;
    assert!(
        refused.complaint.contains("price_nobody of pro: Stripe has no such price in test"),
        "{refused:?}"
    );
    let archive = json!({ "active": false });
    t.stripe.call("POST", &format!("/v1/prices/{dollars}"), &archive).unwrap();
    let refused = t.billing(&["catalogue", "check", file.path()]).await;
    assert!(refused.complaint.contains("it is archived, so nobody can buy it"), "{refused:?}");
    let doctor = t.billing(&["doctor"]).await.output;
    assert!(doctor.contains(&format!("{dollars} of pro: it is archived")), "{doctor}");
}

#[tokio::test]
async fn a_price_that_nobody_can_buy_any_more_still_grants_and_a_dry_run_says_so_before() {
    let t = TestApp::start().await;
    let old = t.deal_at_stripe(&json!({ "recurring": { "interval": "month", "interval_count": 3 } }));
    let id = t.subscribe_at_stripe(&t.org, &json!([{ "price": old, "quantity": 2 }])).await;
    assert_eq!(has(&t).await, ("pilot".to_owned(), 1));
    let with_old = format!("{BY_MONTH}  {{ stripe_price = \"{old}\", sold = false }},\n");
    let file = priced(&t, &with_old).await;
    let apply = ["catalogue", "apply", file.path(), "--show"];
    let told = t.billing_json(0, &[&apply[..], &["--dry-run"]].concat()).await;
    assert_eq!(has(&t).await.0, "pilot", "a dry run changes nothing");
    let moved =
        told["effects"].as_array().unwrap().iter().find(|effect| effect["feature"] == "plan").unwrap();
    assert_eq!(
        (&moved["effect"], &moved["by"], &moved["ids"]),
        (&json!("moves"), &json!("pro"), &json!([t.org]))
    );
    let done = t.billing_json(0, &apply).await;
    assert_eq!(told["effects"], done["effects"]);
    assert_eq!(has(&t).await, ("pro".to_owned(), 2));
    assert_eq!(by_the_month(&t, "pro", None).await, ["4900 usd"]);
    t.stripe.renew(&id, true).unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t).await.0, "pro", "the next event says the same");
    let again = t.billing_json(0, &["catalogue", "check", file.path()]).await;
    assert_eq!(again["changes"], json!([]));

    // It may be forgotten in the file: whoever pays it keeps the plan.
    let file = priced(&t, BY_MONTH).await;
    t.billing_json(0, &["catalogue", "apply", file.path()]).await;
    t.stripe.renew(&id, true).unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t).await.0, "pro");
}

#[tokio::test]
async fn a_deal_is_sold_to_one_organization_alone_until_it_is_withdrawn() {
    let t = TestApp::start().await;
    let price = t.deal_at_stripe(&json!({ "unit_amount": 19_900 }));
    let deal = ["catalogue", "deal", &t.org, "--price", &price, "--plan", "enterprise", "--by", "ada"];
    let made = t.billing_json(0, &deal).await;
    assert_eq!((&made["done"], &made["pays"]), (&json!("created"), &json!(false)));
    let rows = t.billing_rows().await;
    assert_eq!(t.billing_json(0, &deal).await["done"], "unchanged");
    assert_eq!(t.billing_rows().await, rows);
    let told =
        "select concat_ws(' ', org_id, telemetry ->> 'to', telemetry ->> 'cause', telemetry ->> 'price')
        from runs where kind = 'deal_made'";
    assert_eq!(t.value(told).await, format!("{} enterprise ada {price}", t.org));
    // Nobody else learns that there is one: not by what is sold, and not by what it is sold in.
    for order in [
        json!({ "orgId": t.org, "planCode": "enterprise", "interval": "year" }),
        json!({ "orgId": t.org, "planCode": "enterprise", "interval": "month", "currency": "eur" }),
        json!({ "orgId": t.org, "planCode": "pilot", "interval": "month" }),
    ] {
        t.checkout(users::OUTSIDER, &order).await.assert_failure(403, "not_a_member");
        let (plan, interval) = (&order["planCode"], &order["interval"]);
        let update = json!({ "type": "update", "planCode": plan, "interval": interval });
        let asked = json!({ "orgId": t.org, "flow": update });
        t.portal(users::OUTSIDER, &asked).await.assert_failure(403, "not_a_member");
    }

    assert_eq!(by_the_month(&t, "enterprise", Some(&t.org)).await, ["19900 usd"]);
    assert_eq!(by_the_month(&t, "enterprise", None).await, ["29900 usd"]);
    assert_eq!(ordered(&t, "enterprise", None).await, price);
    let other = t.more_organizations(1).await.remove(0);
    let refused = t.billing(&["catalogue", "deal", &other, "--price", &price, "--plan", "enterprise"]).await;
    assert!(refused.complaint.contains(&format!("is the deal of the organization {}", t.org)), "{refused:?}");
    let second = t.deal_at_stripe(&json!({}));
    let refused = t.billing(&["catalogue", "deal", &t.org, "--price", &second, "--plan", "enterprise"]).await;
    assert!(refused.complaint.contains(&format!("has a deal of this plan already: {price}")), "{refused:?}");

    // What is sold is changed where it is sold.
    let refused = t.billing(&["products", "adopt", &price, "--plan", "pro"]).await;
    assert!(refused.status == 1 && refused.complaint.contains("is sold as enterprise"), "{refused:?}");
    let withdraw = [&deal[..], &["--withdraw"]].concat();
    let of_pro = ["catalogue", "deal", &t.org, "--price", &price, "--plan", "pro", "--withdraw"];
    let refused = t.billing(&of_pro).await;
    assert!(refused.complaint.contains("is a deal of enterprise, not of pro"), "{refused:?}");
    assert_eq!(t.billing_json(0, &withdraw).await["done"], "withdrawn");
    assert_eq!(t.billing(&withdraw).await.status, 1);
    assert_eq!(by_the_month(&t, "enterprise", Some(&t.org)).await, ["29900 usd"]);
    assert_ne!(ordered(&t, "enterprise", None).await, price, "a second click sells what is shown now");
    t.billing_json(0, &deal).await;
    t.buy("enterprise", "month").await;
    assert_eq!(has(&t).await, ("enterprise".to_owned(), 5));
}

#[tokio::test]
async fn a_deal_that_would_sell_twice_is_refused_in_a_sentence() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let rows = t.billing_rows().await;
    let price = t.deal_at_stripe(&json!({}));
    let odd = t.deal_at_stripe(&json!({ "recurring": { "interval": "month", "interval_count": 3 } }));
    let other = t.more_organizations(1).await.remove(0);
    let paid = t.value("select price_id from subscriptions").await;
    for (org, price, plan, sentence) in [
        (&t.org, &price, "enterprise", format!("pays for {id} already, and would pay twice")),
        (&other, &odd, "enterprise", "is paid every 3 months: a checkout sells by the month".to_owned()),
        (&other, &paid, "pro", format!("The organization {} pays {paid} already", t.org)),
        (&other, &price, "pilot", "Everybody has the plan pilot".to_owned()),
        (&other, &price, "gold", "There is no plan gold".to_owned()),
    ] {
        let refused = t.billing(&["catalogue", "deal", org, "--price", price, "--plan", plan]).await;
        assert!(refused.status > 0 && refused.complaint.contains(&sentence), "{sentence}: {refused:?}");
    }
    assert_eq!(t.billing_rows().await, rows);
    t.assert_needs(&["catalogue", "deal", &t.org, "--price", &price, "--plan", "pro"], true).await;

    // Sales made the subscription at Stripe: then the deal says what it is.
    t.subscribe_at_stripe(&other, &json!([{ "price": odd }])).await;
    let made =
        t.billing_json(0, &["catalogue", "deal", &other, "--price", &odd, "--plan", "enterprise"]).await;
    assert_eq!((&made["done"], &made["pays"]), (&json!("created"), &json!(true)));
    let has = format!("select plan_code from plan_effective where org_id = '{other}'");
    assert_eq!(t.value(&has).await, "enterprise");
}

#[tokio::test]
async fn of_two_deals_of_one_price_at_the_same_moment_one_is_made() {
    let t = TestApp::start().await;
    let other = t.more_organizations(1).await.remove(0);
    let deal = |org: &str| {
        format!(
            "select billing.pf_make_deal('{org}', 'price_deal', 'enterprise', false, 'month', 'usd', 1,
               'ada')"
        )
    };
    let first = t.database.connect().await;
    first.batch_execute(&format!("begin; {}", deal(&t.org))).await.unwrap();
    let sql = deal(&other);
    let (second, ()) = futures_util::join!(t.db.batch_execute(&sql), async {
        t.database.somebody_waits().await;
        first.batch_execute("commit").await.unwrap();
    });
    assert_eq!(second.unwrap_err().code().unwrap().code(), "40001");
    assert_eq!(t.value("select org_id from prices where price_id = 'price_deal'").await, t.org);
}
