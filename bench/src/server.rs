//! A PostgreSQL of our own that loses nothing.

use std::path::Path;

use local::postgres::{Access, Binaries, Cluster, Durability, Lifetime, Owner, reachable_home};
use tokio_postgres::Client;

/// What a server of this size is given. All else is PostgreSQL's default, and so it loses nothing.
const SETTINGS: [(&str, &str); 3] =
    [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("max_connections", "200")];

/// A running server. Its data is removed when it ends.
pub struct Server {
    cluster: Cluster,
    /// Where its programs are.
    pub binaries: Binaries,
}

impl Server {
    /// Starts one, on a disk as in production: `/dev/shm` would forget.
    pub async fn start(root: &Path) -> Self {
        let owner = Owner::detect().expect("a user for the server");
        let home = reachable_home(&root.join(".local"), owner);
        let binaries = Binaries::find_or_fetch(&home.join("tools"), &|sentence| println!("{sentence}"))
            .expect("PostgreSQL");
        let data = home.join(format!("bench-{}", std::process::id()));
        let start =
            |lifetime| Cluster::start(&binaries, owner, &data, 0, Durability::Full, lifetime, Access::Open);
        let unset = start(Lifetime::Kept).await.expect("the server starts");
        let admin = unset.connect("postgres").await.expect("a connection");
        for (name, value) in SETTINGS {
            let sql = format!("alter system set {name} = '{value}'");
            admin.batch_execute(&sql).await.expect("a setting");
        }
        unset.stop().await;
        let cluster = start(Lifetime::Removed).await.expect("the server starts");
        Self { cluster, binaries }
    }

    /// Makes a database of this name.
    pub async fn create(&self, name: &str) {
        let admin = self.connect("postgres").await;
        admin.batch_execute(&format!("create database {name}")).await.expect("a database");
    }

    /// A connection of the superuser.
    pub async fn connect(&self, database: &str) -> Client {
        self.cluster.connect(database).await.expect("a connection")
    }

    /// The address of a database for a login.
    pub fn url(&self, login: &str, database: &str) -> String {
        self.cluster.url(login, database)
    }

    /// The process of the server itself.
    pub fn pid(&self) -> u32 {
        self.cluster.server.pid()
    }

    /// PostgreSQL's version and the settings, in a few words.
    pub fn describe(&self) -> String {
        let settings = SETTINGS.map(|(name, value)| format!("{name} = {value}"));
        format!("PostgreSQL {}, durable, {}", self.binaries.version, settings.join(", "))
    }

    /// Ends it.
    pub async fn stop(self) {
        self.cluster.stop().await;
    }
}
