//! The demo organization and its people.

use serde::Serialize;
use tokio_postgres::Client;

use crate::problem::Problem;

/// The demo organization.
pub const ORG: (&str, &str) = ("5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10", "Acme Studio");
/// An organization that the outsider belongs to.
const OTHER_ORG: (&str, &str) = ("5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20", "Other Works");

/// Someone to sign in as.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The user's id, a UUID: the `sub` of the token.
    pub user_id: &'static str,
    /// At a domain that nobody owns.
    pub email: &'static str,
}

/// The demo's people.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct People<P = Person> {
    /// Owns the demo organization, and may change billing.
    pub owner: P,
    /// Is an admin of it, and may change billing.
    pub admin: P,
    /// Is a member of it, and may only read.
    pub member: P,
    /// Belongs to another organization.
    pub outsider: P,
}

impl People {
    /// The person of this address.
    pub fn find(&self, email: &str) -> Option<Person> {
        [self.owner, self.admin, self.member, self.outsider].into_iter().find(|person| person.email == email)
    }

    /// Everybody, with something about each.
    pub fn map<P>(&self, about: impl Fn(Person) -> P) -> People<P> {
        People {
            owner: about(self.owner),
            admin: about(self.admin),
            member: about(self.member),
            outsider: about(self.outsider),
        }
    }
}

/// The people of the demo.
pub const PEOPLE: People = People {
    owner: Person { user_id: "a1f6c0de-0000-4000-8000-000000000001", email: "owner@acme.example" },
    admin: Person { user_id: "a1f6c0de-0000-4000-8000-000000000002", email: "admin@acme.example" },
    member: Person { user_id: "a1f6c0de-0000-4000-8000-000000000003", email: "member@acme.example" },
    outsider: Person { user_id: "a1f6c0de-0000-4000-8000-000000000004", email: "outsider@other.example" },
};

/// Puts them into the database, where they are not there already.
///
/// # Errors
/// If the database fails.
pub async fn seed(database: &Client) -> Result<(), Problem> {
    let sql = format!(
        "insert into billing.own_organizations (id, name) values ('{}', '{}'), ('{}', '{}')
           on conflict do nothing;
         insert into billing.own_members (org_id, user_id, role) values
           ('{org}', '{}', 'owner'), ('{org}', '{}', 'admin'), ('{org}', '{}', 'member'),
           ('{}', '{}', 'owner') on conflict do nothing",
        ORG.0,
        ORG.1,
        OTHER_ORG.0,
        OTHER_ORG.1,
        PEOPLE.owner.user_id,
        PEOPLE.admin.user_id,
        PEOPLE.member.user_id,
        OTHER_ORG.0,
        PEOPLE.outsider.user_id,
        org = ORG.0,
    );
    database
        .batch_execute(&sql)
        .await
        .map_err(|error| Problem::new(format!("The demo organization cannot be made: {error}.")))
}
