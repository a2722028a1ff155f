//! The TypeScript client as it is built at the moment, for the console page: who builds it need not start the
//! stack anew.

use std::path::{Component, PathBuf};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::console::{SCRIPT, file};

/// The modules in this folder. Nothing is found as long as it is not there.
pub fn routes<S>(folder: PathBuf) -> Router<S> {
    Router::new().route("/client/{*path}", get(module)).with_state(folder)
}

async fn module(State(folder): State<PathBuf>, Path(path): Path<PathBuf>) -> Response {
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || path.extension() != Some("js".as_ref()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tokio::fs::read_to_string(folder.join(path)).await {
        Ok(text) => file(SCRIPT, text).await,
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn modules_are_served_and_nothing_beside_them() {
        let home = std::env::temp_dir().join(format!("built-client-{}", std::process::id()));
        let folder = home.join("dist");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/client/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, routes::<()>(folder.clone())).into_future());
        let ask = async |path: &str| reqwest::get(format!("{url}{path}")).await.unwrap();
        assert_eq!(ask("index.js").await.status(), 404, "nothing is built");

        fs::create_dir_all(folder.join("react")).unwrap();
        for file in ["dist/index.js", "dist/react/index.js", "dist/index.d.ts", "beside.js"] {
            fs::write(home.join(file), file).unwrap();
        }
        let index = ask("index.js").await;
        assert_eq!(index.headers()["content-type"], "text/javascript");
        assert!(
            index.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'")
        );
        assert_eq!(index.text().await.unwrap(), "dist/index.js");
        assert_eq!(ask("react/index.js").await.text().await.unwrap(), "dist/react/index.js");
        let beside = home.join("beside.js");
        let absolute = beside.to_str().unwrap();
        for path in [
            "%2e%2e%2fbeside.js",
            "..%2Fbeside.js",
            "react%2f..%2f..%2fbeside.js",
            absolute,
            "%00.js",
            "react",
            "index.d.ts",
        ] {
            assert_eq!(ask(path).await.status(), 404, "{path}");
        }
        fs::remove_dir_all(home).unwrap();
    }
}
