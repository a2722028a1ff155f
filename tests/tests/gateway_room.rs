//! The gateway of the local stack when more comes than the functions can answer: it keeps a few waiting, and
//! refuses the others at once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Path;
use axum::routing::post;
use axum::{Json, Router};
use futures_util::future::join_all;
use local::dev::console::Console;
use local::dev::gateway::{self, Gateway};
use local::dev::supabase_auth::SupabaseAuth;
use serde_json::{Value, json};
use tests::TestDatabase;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

/// A body whose answer takes a second.
const SLOW: &str = "\"slow\"";

/// A gateway that knows its webhook as slow. After that first answer, the webhook gives one for each permit.
async fn busy() -> (String, Arc<Semaphore>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let allowed = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&allowed);
    let invoke = move |Path(name): Path<String>, Json(event): Json<Value>| {
        let gate = Arc::clone(&gate);
        async move {
            if event["body"] == SLOW {
                tokio::time::sleep(Duration::from_millis(1000)).await;
            } else if name == "webhook" {
                gate.acquire().await.unwrap().forget();
            }
            Json(json!({ "statusCode": 200, "body": "{}" }))
        }
    };
    let router = Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke));
    let functions = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let runtime_port = functions.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(functions, router).await });
    let auth = Arc::new(SupabaseAuth::open(&url, None).unwrap());
    let database = Arc::new(TestDatabase::create_empty().await.connect().await);
    let console = Console { database, panel_url: None, client: "not-built".into() };
    gateway::serve(listener, Gateway { runtime_port, auth, realtime: None, console, origins: Vec::new() })
        .unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    // Content of this type is handed over as text.
    let slow = http.post(format!("{url}/api/webhooks/stripe")).header("content-type", "application/json");
    assert_eq!(slow.body(SLOW).send().await.unwrap().status(), 200);
    (url, allowed)
}

#[tokio::test]
async fn who_finds_no_room_is_refused_at_once_and_the_others_are_answered() {
    let (url, allowed) = busy().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = async || {
        let answer = http.post(format!("{url}/api/webhooks/stripe")).body("{}").send().await.unwrap();
        let again = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        if answer.status() == 503 {
            // Nothing else lets the others go on.
            assert_eq!(again.as_deref(), Some("1"));
            assert_eq!(answer.json::<Value>().await.unwrap()["message"], "Service Unavailable");
            allowed.add_permits(40);
            return 503;
        }
        answer.status().as_u16()
    };
    let mut told = join_all((0..40).map(|_| send())).await;
    told.sort_unstable();
    let answered = told.iter().take_while(|status| **status == 200).count();
    assert!((8..40).contains(&answered), "two processes, four of each at least: {told:?}");
    assert_eq!(told[answered..], vec![503; 40 - answered]);
    // There is room again.
    allowed.add_permits(40);
    assert_eq!(send().await, 200);
}

#[tokio::test]
async fn a_function_without_room_takes_none_from_the_others() {
    let (url, allowed) = busy().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = Notify::new();
    let full = join_all((0..40).map(|_| async {
        let answer = http.post(format!("{url}/api/webhooks/stripe")).body("{}").send().await.unwrap();
        if answer.status() == 503 {
            refused.notify_one();
        }
        answer.status().as_u16()
    }));
    let other = async {
        refused.notified().await;
        let answer = http.get(format!("{url}/api/health")).send().await.unwrap();
        allowed.add_permits(40);
        answer.status().as_u16()
    };
    let (mut told, other) = futures_util::join!(full, other);
    told.sort_unstable();
    assert_eq!((told.first(), told.last(), other), (Some(&200), Some(&503), 200));
}
