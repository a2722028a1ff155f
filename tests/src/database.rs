//! One PostgreSQL server for the test process, one database for each test.

use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use local::postgres::{Access, Binaries, Cluster, Durability, Lifetime, Owner, reachable_home};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(0);
/// Databases that nobody uses any more. Each is 9 MB of memory, where the server has its data there.
static LEFT: Mutex<Vec<(&Cluster, String)>> = Mutex::new(Vec::new());
const TEMPLATE: &str = "billing_template";

/// A migrated database that nobody else uses.
#[derive(Debug)]
pub struct TestDatabase {
    pub(crate) name: String,
    cluster: &'static Cluster,
    /// It goes with this value.
    is_owned: bool,
}

impl TestDatabase {
    /// A copy of the template.
    pub async fn create() -> Self {
        Self::create_on(cluster().await).await
    }

    /// A copy of the template of a server that has been prepared.
    pub async fn create_on(cluster: &'static Cluster) -> Self {
        Self::create_as(cluster, &format!("template {TEMPLATE} strategy file_copy")).await
    }

    /// A database without any table of ours.
    pub async fn create_empty() -> Self {
        Self::create_as(cluster().await, "").await
    }

    async fn create_as(cluster: &'static Cluster, options: &str) -> Self {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let admin = cluster.connect("postgres").await.expect("connect");
        for left in left_on(cluster) {
            // One that something still holds stays until the server ends.
            let _ = admin.batch_execute(&format!("drop database if exists {left} with (force)")).await;
        }
        let sql = format!("create database {name} {options}");
        admin.batch_execute(&sql).await.expect("a database for the test");
        Self { name, cluster, is_owned: true }
    }

    /// The same database on another server.
    pub fn at(&self, cluster: &'static Cluster) -> Self {
        Self { name: self.name.clone(), cluster, is_owned: false }
    }

    /// The address for a login.
    pub fn url(&self, login: &str) -> String {
        self.cluster.url(login, &self.name)
    }

    /// A connection as superuser, to look at what the handlers did.
    pub async fn connect(&self) -> Client {
        let client = self.cluster.connect(&self.name).await.expect("connect");
        client.batch_execute("set search_path = billing").await.expect("our tables by their short names");
        client
    }

    /// Comes back once a session of this database waits for a lock.
    pub async fn somebody_waits(&self) {
        let watcher = self.connect().await;
        let waiting = "select count(*) > 0 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        while !watcher.query_one(waiting, &[]).await.expect("the sessions").get::<_, bool>(0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// The server that it is on, which other tests' databases share.
    pub fn server(&self) -> &'static Cluster {
        self.cluster
    }

    /// Lets a login into this database with its password only. Of all others nothing is asked.
    pub async fn require_password(&self, login: &str) {
        let admin = self.connect().await;
        // The server writes its own file, whoever runs it.
        let sql = format!(
            "create temporary table rules (number serial, rule text);
             insert into rules (rule) values ('host {} {login} 127.0.0.1/32 scram-sha-256');
             insert into rules (rule) select pg_read_file(current_setting('hba_file'));
             do $$ begin
               execute format(
                 'copy (select unnest(string_to_array(rule, chr(10))) from rules order by number) to %L',
                 current_setting('hba_file'));
             end $$;
             select pg_reload_conf()",
            self.name
        );
        admin.batch_execute(&sql).await.expect("the server takes the rule");
    }

    /// Gives a login another password, and ends what is connected with the one before. All databases of the
    /// server share the logins.
    pub async fn replace_password(&self, login: &str, password: &str) {
        let admin = self.connect().await;
        admin
            .batch_execute(&format!("alter role {login} password '{password}'"))
            .await
            .expect("another password");
        let end = format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity
                where usename = '{login}' and datname = current_database()"
        );
        admin.batch_execute(&end).await.expect("the connections end");
    }
}

impl Drop for TestDatabase {
    /// The next one that is made ends it: nothing can be waited for here.
    fn drop(&mut self) {
        if self.is_owned {
            LEFT.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((self.cluster, mem::take(&mut self.name)));
        }
    }
}

/// Takes those of a server off the list.
fn left_on(cluster: &Cluster) -> Vec<String> {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.extract_if(.., |(its, _)| std::ptr::eq(*its, cluster)).map(|(_, name)| name).collect()
}

/// Who runs a server of the tests, and its programs.
pub(crate) fn programs() -> (Owner, Binaries) {
    let owner = Owner::detect().expect("a user for the server");
    let tools = reachable_home(&crate::root().join(".local"), owner).join("tools");
    let binaries = Binaries::find_or_fetch(&tools, &|sentence| println!("{sentence}")).expect("PostgreSQL");
    (owner, binaries)
}

/// Where a server of the tests has its data.
pub(crate) fn data(name: &str) -> PathBuf {
    let shared_memory = PathBuf::from("/dev/shm");
    let parent = if shared_memory.is_dir() { shared_memory } else { std::env::temp_dir() };
    parent.join(format!("promptforge-{name}-{}", std::process::id()))
}

/// A server of its own, with a superuser `postgres` and no role of ours. The caller stops it.
pub async fn bare_server(name: &str) -> Cluster {
    let ((owner, binaries), data) = (programs(), data(name));
    Cluster::start(&binaries, owner, &data, 0, Durability::None, Lifetime::Removed, Access::Open)
        .await
        .expect("the server starts")
}

/// The same of one that takes a password, as `cargo dev` starts it.
pub async fn closed_server(name: &str) -> Cluster {
    let ((owner, binaries), data) = (programs(), data(name));
    Cluster::start(&binaries, owner, &data, 0, Durability::None, Lifetime::Removed, Access::Password)
        .await
        .expect("the server starts")
}

async fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(start).await
}

async fn start() -> Cluster {
    let cluster = bare_server("tests").await;
    prepare(&cluster).await;
    cluster
}

/// Makes the template.
pub(crate) async fn prepare(cluster: &Cluster) {
    let admin = cluster.connect("postgres").await.expect("connect");
    admin.batch_execute(&format!("create database {TEMPLATE}")).await.expect("create the template");
    let mut template = cluster.connect(TEMPLATE).await.expect("connect");
    migrations::run(&mut template).await.expect("the migrations apply");
    // All tests share the server, and with it the logins.
    let unlimited =
        "alter role billing_reader connection limit -1; alter role billing_checkout connection limit -1;
         alter role billing_events connection limit -1; alter role billing_operator connection limit -1";
    template.batch_execute(unlimited).await.expect("logins without a limit");
    drop(template);
    let sealed = format!("alter database {TEMPLATE} is_template true allow_connections false");
    admin.batch_execute(&sealed).await.expect("seal the template");
}
