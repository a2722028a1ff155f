//! Who is answered by name, and whose pages may change something.

use serde_json::json;

use crate::{Emulator, Options};

#[tokio::test]
async fn another_name_for_this_machine_and_another_sites_page_are_refused() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    let port = emulator.url().rsplit_once(':').unwrap().1.to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let panel = |host: String| http.get(format!("{}/panel", emulator.url())).header("host", host).send();
    for (host, expected) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("LocalHost:{port}"), 200),
        (format!("rebound.example:{port}"), 421),
        ("127.0.0.1:1".to_owned(), 421),
        ("127.0.0.1".to_owned(), 421),
    ] {
        assert_eq!(panel(host.clone()).await.unwrap().status(), expected, "{host}");
    }
    let advance = |origin: Option<String>| {
        let request =
            http.post(format!("{}/_emulator/advance", emulator.url())).json(&json!({ "seconds": 1 }));
        origin.into_iter().fold(request, |request, origin| request.header("origin", origin)).send()
    };
    let status =
        async |origin: Option<&str>| advance(origin.map(str::to_owned)).await.unwrap().status().as_u16();
    let without = status(None).await;
    assert!(without < 300, "{without}");
    assert_eq!(status(Some(&format!("http://localhost:{port}"))).await, without);
    for elsewhere in ["https://evil.example", "null", "http://localhost:1"] {
        assert_eq!(status(Some(elsewhere)).await, 403, "{elsewhere}");
    }
}
