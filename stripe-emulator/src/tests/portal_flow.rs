//! The portal's page for one thing: when a session has it, and where it leads.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::portal::{Portal, id};
use crate::wire::errors::Answer;

fn open(portal: &Portal, flow: Value) -> Answer {
    let customer = portal.subscription()["customer"].clone();
    let session = json!({ "customer": customer, "configuration": portal.configuration, "flow_data": flow });
    portal.emulator.call("POST", "/v1/billing_portal/sessions", &session)
}

fn update(portal: &Portal, price: &Value, quantity: u32) -> Value {
    let item = &portal.subscription()["items"]["data"][0]["id"];
    let confirm = json!({ "subscription": portal.subscription,
        "items": [{ "id": item, "price": price["id"], "quantity": quantity }] });
    json!({ "type": "subscription_update_confirm", "subscription_update_confirm": confirm })
}

fn cancel(portal: &Portal) -> Value {
    json!({ "type": "subscription_cancel", "subscription_cancel": { "subscription": portal.subscription } })
}

async fn confirm(session: &Value) -> reqwest::Response {
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let form = [("act", "confirm")];
    http.post(format!("{}/flow", session["url"].as_str().unwrap())).form(&form).send().await.unwrap()
}

#[tokio::test]
async fn a_session_opens_for_nothing_that_the_configuration_or_the_subscription_does_not_allow() {
    let portal = Portal::open(json!({})).await;
    let mut elsewhere = update(&portal, &portal.team, 2);
    elsewhere["subscription_update_confirm"]["items"][0]["id"] = json!("si_none");
    for refused in [
        update(&portal, &portal.pro, 1), // what there is
        update(&portal, &portal.pro, 2), // its quantity cannot be adjusted
        update(&portal, &portal.team, 9),
        elsewhere,
        cancel(&portal), // the configuration does not say that one may
        json!({ "type": "payment_method_update" }),
        json!({ "type": "subscription_renew" }),
        json!({ "type": "subscription_cancel" }),
    ] {
        let error = open(&portal, refused.clone()).unwrap_err();
        assert_eq!(error.status, 400, "{refused}");
    }
    assert!(open(&portal, update(&portal, &portal.team, 2)).is_ok());
}

#[tokio::test]
async fn a_flow_is_gone_through_once_and_leads_where_its_session_says() {
    let portal = Portal::open(json!({ "subscription_cancel": { "enabled": true } })).await;
    let mut flow = update(&portal, &portal.team, 2);
    flow["after_completion"] =
        json!({ "type": "redirect", "redirect": { "return_url": "https://app.example.com/done" } });
    let session = open(&portal, flow).unwrap();
    let page = reqwest::get(session["url"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(page.contains("Confirm your change") && page.contains("2 × $99.00"), "{page}");
    let answer = confirm(&session).await;
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (303.try_into().unwrap(), &"https://app.example.com/done".parse().unwrap())
    );
    let item = &portal.subscription()["items"]["data"][0];
    assert_eq!((id(&item["price"]), &item["quantity"]), (id(&portal.team), &json!(2)));
    assert_eq!(confirm(&session).await.status(), 403, "there is nothing more to confirm");

    let mut flow = cancel(&portal);
    flow["after_completion"] =
        json!({ "type": "hosted_confirmation", "hosted_confirmation": { "custom_message": "Farewell." } });
    let session = open(&portal, flow).unwrap();
    assert!(confirm(&session).await.text().await.unwrap().contains("Farewell."));
    assert_eq!(portal.subscription()["cancel_at_period_end"], true);
    assert_eq!(open(&portal, cancel(&portal)).unwrap_err().status, 400, "it is canceled already");
}
