//! A process does not grow with what it has answered.

use serde_json::json;

use super::{Playing, World};
use crate::model::Act;

/// Requests of both functions together; and after how many of them a process is as large as it may be.
const REQUESTS: usize = 20_000;
const WARM: usize = 4_000;
/// By how much a process may grow after that, in KiB. If it kept 400 bytes of each request, it would grow
/// more.
const GROWTH: i64 = 3 * 1024;

/// One process of each function answers 20,000 requests: events that are new, known or forged, reads of
/// members and of nobody.
pub fn flat(world: &World) -> Playing<'_> {
    Box::pin(async move {
        world.until_empty().await?;
        let mut seen = Vec::new();
        for round in [WARM, REQUESTS - WARM] {
            let events = async {
                let known = world.t.stripe.events();
                for number in 0..round / 2 {
                    let event = &known[number % known.len()];
                    let is_right = match number % 20 {
                        0 => {
                            world.step(Act::ChangeQuantity, number);
                            true
                        }
                        odd if odd % 2 == 1 => world.send_forged(event).await,
                        _ => world.send(event).await,
                    };
                    if !is_right {
                        return Err(format!("the answer to event {number} was not the right one"));
                    }
                }
                Ok(())
            };
            let reads = async {
                for number in 0..round / 2 {
                    let organization = &world.model.organizations[number % world.model.organizations.len()];
                    let mut question = World::question(organization);
                    let mut expected = 200;
                    if number % 2 == 1 {
                        question["headers"] = json!({});
                        expected = 401;
                    }
                    let reply = world.reader.call(&question).await;
                    if reply.as_ref().is_none_or(|reply| reply.status != expected) {
                        return Err(format!("a read was answered {reply:?}"));
                    }
                }
                Ok(())
            };
            let (events, reads) = futures_util::join!(events, reads);
            events.and(reads)?;
            world.until_empty().await?;
            seen.push(sizes(world)?);
        }
        for (first, last) in seen[0].iter().zip(&seen[1]) {
            if last - first > GROWTH {
                return Err(format!("a process grew from {first} to {last} KiB"));
            }
        }
        Ok(())
    })
}

/// Resident memory of each process, in KiB.
fn sizes(world: &World) -> Result<Vec<i64>, String> {
    let pids: Vec<u32> = world.webhook.pids().into_iter().chain(world.reader.pids()).collect();
    pids.iter().map(|pid| resident(*pid).ok_or_else(|| format!("no size of process {pid}"))).collect()
}

/// Resident memory of a process, in KiB. None: there is none.
pub fn resident(pid: u32) -> Option<i64> {
    let told = std::process::Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output().ok()?;
    String::from_utf8_lossy(&told.stdout).trim().parse().ok()
}
