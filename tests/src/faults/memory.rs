//! A process does not grow with what it has answered.

use serde_json::json;

use super::{Playing, World};
use crate::model::Act;

/// How many requests each of the two processes answers; and after how many of them it is as large as it may
/// be.
const REQUESTS: usize = 10_000;
const WARM: usize = 2_000;
/// By how much a process may grow after that, in KiB. If it kept 400 bytes of each request, it would grow
/// more.
const GROWTH: i64 = 3 * 1024;

/// One process of each function answers 10,000 requests: events that are new, known or forged, reads of
/// members and of nobody. Most are of the kinds that cost least, because a debug build takes its time.
pub fn flat(world: &World) -> Playing<'_> {
    Box::pin(async move {
        world.until_empty().await?;
        let mut seen = Vec::new();
        for goal in [WARM, REQUESTS] {
            let (delivered, read) = futures_util::join!(deliver(world, goal), read(world, goal));
            delivered.and(read)?;
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

/// Sends events until so many were answered: some new, some known, and the rest forged, which costs least.
async fn deliver(world: &World, goal: usize) -> Result<(), String> {
    let known = world.t.stripe.events();
    let forged = world.forged(&known[0]);
    for number in 0.. {
        if world.webhook.answered() >= goal || !world.is_well() {
            break;
        }
        let is_right = match number % 100 {
            // Delivered by the world, up to four times and in either shape.
            0 => {
                world.step(Act::ChangeQuantity, number);
                true
            }
            20 | 40 | 60 | 80 => world.send(&known[number / 20 % known.len()]).await,
            _ => world.webhook.call(&forged).await.is_some_and(|reply| reply.status == 400),
        };
        if !is_right {
            return Err(format!("the answer to event {number} was not the right one"));
        }
    }
    Ok(())
}

/// Reads as nobody until so many were answered. As a member, the world's own reader reads all the while.
async fn read(world: &World, goal: usize) -> Result<(), String> {
    let mut nobody = World::question(&world.model.organizations[0]);
    nobody["headers"] = json!({});
    while world.reader.answered() < goal && world.is_well() {
        let reply = world.reader.call(&nobody).await;
        if reply.as_ref().is_none_or(|reply| reply.status != 401) {
            return Err(format!("a read was answered {reply:?}"));
        }
    }
    Ok(())
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
