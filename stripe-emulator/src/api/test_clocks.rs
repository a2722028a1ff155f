//! `/v1/test_helpers/test_clocks`: time of their own for the customers that are made on them.

use serde_json::{Value, json};

use crate::life::customer;
use crate::life::due;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{PAGING, page};
use crate::wire::params::Params;
use crate::wire::value::{number, text};

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&["frozen_time", "name"])?;
    params.required("frozen_time")?;
    let now = store.now();
    let clock = json!({
        "id": store.new_id(Kind::TestClock),
        "object": "test_helpers.test_clock",
        "created": now,
        "deletes_after": now + 30 * 86_400,
        "frozen_time": params.int("frozen_time")?,
        "livemode": store.livemode,
        "name": params.text("name"),
        "status": "ready",
        "status_details": {},
    });
    let clock = store.insert(Kind::TestClock, clock);
    store.emit("test_helpers.test_clock.created", &clock, None);
    Ok(clock)
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&PAGING)?;
    page("/v1/test_helpers/test_clocks", params, store.rows(Kind::TestClock).iter())
}

/// Moves the clock on and carries out what becomes due. The work is done when this answers, though Stripe's
/// answer is `advancing`, so callers that wait for `ready` see it at their first look.
pub(crate) fn advance(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["frozen_time"])?;
    params.required("frozen_time")?;
    let target = params.int("frozen_time")?.unwrap_or_default();
    if target <= number(&store.get(Kind::TestClock, id)?["frozen_time"]) {
        let message = "A test clock can only be advanced to a time after its current frozen time.";
        return Err(ApiError::invalid(message).param("frozen_time"));
    }
    let advancing = store.change(Kind::TestClock, id, "test_helpers.test_clock.advancing", |clock| {
        clock["status"] = json!("advancing");
        clock["status_details"] = json!({ "advancing": { "target_frozen_time": target } });
    })?;
    due::run(store, Some(id), target);
    store.change(Kind::TestClock, id, "test_helpers.test_clock.ready", |clock| {
        clock["frozen_time"] = json!(target);
        clock["status"] = json!("ready");
        clock["status_details"] = json!({});
    })?;
    Ok(advancing)
}

/// Deletes the clock and its customers.
pub(crate) fn delete(store: &mut Store, id: &str) -> Answer {
    let clock = store.get(Kind::TestClock, id)?.clone();
    let on_clock = |row: &&Value| row["test_clock"] == id;
    let rows = store.rows(Kind::Customer).iter().filter(on_clock);
    let customers: Vec<String> = rows.map(|row| text(&row["id"]).to_owned()).collect();
    for customer in customers {
        customer::delete(store, &customer)?;
    }
    store.remove(Kind::TestClock, id);
    store.emit("test_helpers.test_clock.deleted", &clock, None);
    Ok(json!({ "id": id, "object": "test_helpers.test_clock", "deleted": true }))
}
