//! A primary and a streaming replica of it, by PostgreSQL's own replication.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use local::postgres::{Access, Cluster, Durability, Lifetime};
use tokio_postgres::Config;

use crate::database::{data, prepare, programs};
use crate::{TestApp, TestDatabase};

/// Both servers. They end with this process.
#[derive(Debug)]
pub struct Replicated {
    /// The server that everything is written to.
    pub primary: &'static Cluster,
    /// The server that replays what the primary has written.
    pub replica: &'static Cluster,
    replica_data: PathBuf,
}

impl Replicated {
    /// Starts both. The replica begins with a copy of the primary's files, made while that is down.
    pub async fn start(name: &str) -> Self {
        let (owner, _) = programs();
        let (primary_data, replica_data) =
            (data(&format!("{name}-primary")), data(&format!("{name}-replica")));
        let first = server(&primary_data, Lifetime::Kept).await;
        prepare(&first).await;
        first.stop().await;
        let mut copy = Command::new("cp");
        owner.run(copy.arg("-a").arg(&primary_data).arg(&replica_data));
        assert!(copy.status().expect("cp").success());
        let primary: &'static Cluster = Box::leak(Box::new(server(&primary_data, Lifetime::Removed).await));
        follow(&replica_data, primary);
        let replica = Box::leak(Box::new(server(&replica_data, Lifetime::Removed).await));
        Self { primary, replica, replica_data }
    }

    /// An app whose everything is at the primary, and its database at the replica.
    pub async fn app(&self) -> (TestApp, TestDatabase) {
        let database = TestDatabase::create_on(self.primary).await;
        let at_replica = database.at(self.replica);
        let t = TestApp::on(database, &[]).await;
        self.catch_up().await;
        (t, at_replica)
    }

    /// Waits until the replica has what the primary has now.
    pub async fn catch_up(&self) {
        let (primary, replica) =
            (self.primary.connect("postgres").await, self.replica.connect("postgres").await);
        let (primary, replica) = (primary.expect("the primary"), replica.expect("the replica"));
        // Reading writes to the log, too (a page is tidied), and only a commit after it sends that on.
        let commit = "select pg_logical_emit_message(true, 'tests', 'catch up')";
        primary.batch_execute(commit).await.expect("a commit");
        let end = primary.query_one("select pg_current_wal_flush_lsn()::text", &[]).await.expect("its end");
        let end: String = end.get(0);
        for _ in 0..1200 {
            let sql = format!("select coalesce(pg_last_wal_replay_lsn() >= '{end}', false)");
            if replica.query_one(&sql, &[]).await.expect("the replica").get(0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the replica does not follow");
    }

    /// From now on the replica receives what the primary writes, and replays none of it.
    pub async fn pause(&self) {
        let replica = self.replica.connect("postgres").await.expect("the replica");
        replica.batch_execute("select pg_wal_replay_pause()").await.expect("a pause");
        for _ in 0..400 {
            let paused = "select pg_get_wal_replay_pause_state() = 'paused'";
            if replica.query_one(paused, &[]).await.expect("the replica").get(0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the replica replays on");
    }

    /// The replica replays again, and has caught up.
    pub async fn resume(&self) {
        let replica = self.replica.connect("postgres").await.expect("the replica");
        replica.batch_execute("select pg_wal_replay_resume()").await.expect("its end");
        self.catch_up().await;
    }

    /// Starts the replica again after it was lost, at another address.
    pub async fn restart_replica(&mut self) {
        self.replica = Box::leak(Box::new(server(&self.replica_data, Lifetime::Removed).await));
    }
}

/// Ends a server at once, as if its machine were gone.
pub async fn lose(cluster: &Cluster) {
    let told = Command::new("kill").args(["-QUIT", &cluster.server.pid().to_string()]).status();
    assert!(told.expect("kill").success());
    for _ in 0..400 {
        if cluster.connect("postgres").await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the server is still there");
}

async fn server(data: &std::path::Path, lifetime: Lifetime) -> Cluster {
    let (owner, binaries) = programs();
    // As in production: what is not in the log cannot be replayed.
    let started = Cluster::start(&binaries, owner, data, 0, Durability::Full, lifetime, Access::Open).await;
    started.expect("the server starts")
}

fn follow(data: &std::path::Path, primary: &Cluster) {
    let address: Config = primary.url("postgres", "postgres").parse().expect("an address");
    let settings = data.join("postgresql.auto.conf");
    let before = fs::read_to_string(&settings).expect("its settings");
    let conninfo =
        format!("primary_conninfo = 'host=127.0.0.1 port={} user=postgres'\n", address.get_ports()[0]);
    fs::write(&settings, before + &conninfo).expect("its settings");
    fs::write(data.join("standby.signal"), []).expect("a file");
}
