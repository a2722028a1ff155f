//! What EventBridge does: calls functions every so many minutes.

use std::time::Duration;

use serde_json::Value;
use shared::config::{Front, Function};
use tokio::task::JoinHandle;

use super::gateway::Invoker;
use crate::problem::Problem;

/// Starts the schedules; the tasks go on until they are ended.
///
/// # Errors
/// If the HTTP client cannot be made, or the sample event is none.
pub fn start(runtime_port: u16) -> Result<Vec<JoinHandle<()>>, Problem> {
    // Without a time limit of its own: the function has one.
    let http = reqwest::Client::builder().no_proxy().build();
    let http =
        http.map_err(|error| Problem::new(format!("The schedule's HTTP client cannot be made: {error}.")))?;
    let invoker = Invoker { http, port: runtime_port };
    // Which one it is, no function looks at.
    let event: Value = serde_json::from_str(include_str!("../../../events/reconcile.json"))
        .map_err(|error| Problem::new(format!("events/reconcile.json is no event: {error}.")))?;
    let scheduled = Function::ALL.iter().filter_map(|function| match function.front() {
        Front::Schedule(minutes) => Some((function.name(), minutes)),
        _ => None,
    });
    Ok(scheduled
        .map(|(name, minutes)| {
            let (invoker, event) = (invoker.clone(), event.clone());
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
                    // Err: the function has said why in its log.
                    let _ = invoker.call(name, &event).await;
                }
            })
        })
        .collect())
}
