//! Applications that are there before us: their schemas, and a picture of all that is theirs, to be compared
//! before and after.

mod picture;
mod shapes;

use local::postgres::Cluster;

use crate::supabase::ROLES as SUPABASE_ROLES;
use crate::{bare_server, supabase};

pub use picture::{Outside, Picture};
pub use shapes::SHAPES;

/// The database that an application has in these tests.
pub const DATABASE: &str = "app";

/// An application's database as it is found.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What to call it, and its server.
    pub name: &'static str,
    /// Whether it is a project of Supabase's.
    pub supabase: bool,
    /// The login that owns the database.
    pub owner: &'static str,
    /// Makes the application's roles, as superuser.
    pub roles: &'static str,
    /// Makes its schemas and rows, as superuser.
    pub schema: &'static str,
    /// Whether `billing adopt` finds organizations and members that we can work with.
    pub adopts: bool,
    /// Who works with it.
    pub people: &'static [Person],
}

/// Somebody who works with an application.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Their login.
    pub login: &'static str,
    /// What they set in their session: a role, claims, a tenant.
    pub session: &'static str,
}

impl Shape {
    /// A server with this application's roles and no database of it yet. The caller stops it.
    pub async fn server(&self) -> Cluster {
        let cluster = bare_server(&format!("application-{}", self.name)).await;
        let superuser = cluster.connect("postgres").await.expect("connect");
        let supabase = SUPABASE_ROLES
            .split(';')
            .filter(|statement| self.supabase && !statement.contains("create database"));
        let migrators = "create role role_maker login createrole";
        for statement in supabase.chain(self.roles.split(';')).chain([migrators]) {
            superuser.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
        cluster
    }

    /// Makes its database anew.
    pub async fn create(&self, cluster: &Cluster) {
        let superuser = cluster.connect("postgres").await.expect("connect");
        for statement in [
            format!("create database {DATABASE} owner {}", self.owner),
            format!("grant create on database {DATABASE} to role_maker"),
        ] {
            superuser.batch_execute(&statement).await.expect("a database");
        }
        let client = cluster.connect(DATABASE).await.expect("connect");
        if self.supabase {
            client.batch_execute(supabase::SCHEMA).await.expect("Supabase's schema");
        }
        client.batch_execute(self.schema).await.unwrap_or_else(|error| panic!("{}: {error:?}", self.name));
    }
}
