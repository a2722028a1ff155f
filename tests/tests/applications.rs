//! We move in beside applications of every shape, by whoever may migrate, and nothing of theirs is another
//! afterwards.

use cli::commands::migrate::{self, Args, Migrations};
use cli::context::Context;
use local::postgres::Cluster;
use shared::config::Config;
use tests::application::{DATABASE, Outside, Picture, SHAPES, Shape};
use tests::operator;

const APPLY: Args = Args { check: false, dry_run: false };
const DRY_RUN: Args = Args { check: false, dry_run: true };

fn context(cluster: &Cluster, login: &str) -> Context {
    let url = cluster.url(login, DATABASE);
    Context::new(Config::from_lookup(|name| (name == "DATABASE_URL").then(|| url.clone())))
}

async fn migrate(cluster: &Cluster, login: &str, args: Args) -> Result<Migrations, String> {
    migrate::run(args, &context(cluster, login)).await.map_err(|error| error.to_string())
}

/// What a run made outside our schemas, in the words of the command.
fn in_words(made: &Outside) -> Vec<String> {
    let mut words = Vec::new();
    let order = [
        "billing_owner",
        "billing_viewer",
        "billing_reader",
        "billing_checkout",
        "billing_events",
        "billing_operator",
        "anon",
        "authenticated",
        "service_role",
    ];
    let roles: Vec<&str> = order.into_iter().filter(|name| made.roles.contains(*name)).collect();
    if !roles.is_empty() {
        words.push(format!("creates the roles {}", roles.join(", ")));
    }
    for member in &made.members {
        words.push(format!("makes {}", member.replace(" of ", " a member of ")));
    }
    if let Some(functions) = &made.auth {
        assert_eq!(
            functions.iter().map(String::as_str).collect::<Vec<_>>(),
            ["auth.jwt()", "auth.role()", "auth.uid()"]
        );
        words.push("creates the schema auth with jwt(), uid() and role(), as Supabase has them".to_owned());
    }
    let published: Vec<&str> = made.published.iter().map(String::as_str).collect();
    if !published.is_empty() {
        assert_eq!(
            published,
            ["supabase_realtime: billing.entitlements", "supabase_realtime: billing.subscriptions"]
        );
        words.push(
            "adds billing.entitlements and billing.subscriptions to the publication supabase_realtime"
                .to_owned(),
        );
    }
    words
}

/// Migrates as `login`, and compares everything that is not ours before and after.
async fn moves_in(cluster: &Cluster, shape: &Shape, login: &str) {
    let what = format!("{} as {login}", shape.name);
    let before = Outside::look(cluster).await;
    let picture = Picture::take(cluster, shape, &Outside::default()).await;

    let said = migrate(cluster, login, DRY_RUN).await.expect(&what).outside;
    assert_eq!(Outside::look(cluster).await, before, "{what}: a dry run");
    let differences = picture.differences(&Picture::take(cluster, shape, &Outside::default()).await);
    assert!(differences.is_empty(), "{what}: a dry run: {differences:#?}");

    let migrated = migrate(cluster, login, APPLY).await.expect(&what);
    assert_eq!(migrated.outside, said, "{what}");
    let made = Outside::look(cluster).await.since(&before);
    let (left, changed): (Vec<String>, Vec<String>) =
        said.into_iter().partition(|line| line.starts_with("leaves "));
    assert_eq!(in_words(&made), changed, "{what}");
    // Somebody else's publication: it is said that it stays, and who can change it.
    assert_eq!(
        left.len(),
        usize::from(login == "role_maker" && (shape.name == "realtime" || shape.supabase)),
        "{what}: {left:?}"
    );
    let differences = picture.differences(&Picture::take(cluster, shape, &made).await);
    assert!(differences.is_empty(), "{what}: {differences:#?}");

    let again = migrate(cluster, login, APPLY).await.expect(&what);
    assert!(again.applied.is_empty() && again.outside.is_empty(), "{what}: {again:?}");

    let adopted = operator::run(&context(cluster, login), &["adopt", "--yes"]).await;
    // Who may make roles may not read the application's tables.
    assert_eq!(adopted.status == 0, shape.adopts && login != "role_maker", "{what}: {adopted:?}");
    let differences = picture.differences(&Picture::take(cluster, shape, &made).await);
    assert!(differences.is_empty(), "{what}: adopted: {differences:#?}");
}

/// The owner of the database, who may make no role: refused whole, until somebody else has made them.
async fn owner_moves_in(cluster: &Cluster, shape: &Shape) {
    let before = Outside::look(cluster).await;
    let picture = Picture::take(cluster, shape, &Outside::default()).await;
    let refused = migrate(cluster, shape.owner, APPLY).await.expect_err(shape.name);
    assert!(
        refused.contains("permission denied to create role") && refused.contains("Nothing was changed"),
        "{refused}"
    );
    assert_eq!(Outside::look(cluster).await, before, "{}", shape.name);
    let differences = picture.differences(&Picture::take(cluster, shape, &Outside::default()).await);
    assert!(differences.is_empty(), "{}: refused: {differences:#?}", shape.name);

    // A superuser migrated another database of this server, and lets the owner act as ours.
    let superuser = cluster.connect("postgres").await.unwrap();
    superuser.batch_execute("create database elsewhere").await.unwrap();
    let mut elsewhere = cluster.connect("elsewhere").await.unwrap();
    migrations::run(&mut elsewhere).await.unwrap();
    superuser.batch_execute(&format!("grant billing_owner to {}", shape.owner)).await.unwrap();
    moves_in(cluster, shape, shape.owner).await;
    drop(elsewhere);
    superuser.batch_execute("drop database elsewhere with (force)").await.unwrap();
}

/// The server as it was before we came.
async fn move_out(cluster: &Cluster, before: &Outside) {
    let superuser = cluster.connect("postgres").await.unwrap();
    superuser.batch_execute(&format!("drop database {DATABASE} with (force)")).await.unwrap();
    let roles = "select rolname::text from pg_roles
        where rolname like 'billing%' or rolname in ('anon', 'authenticated', 'service_role')";
    for row in superuser.query(roles, &[]).await.unwrap() {
        let role: String = row.get(0);
        if !before.roles.contains(&role) {
            superuser.batch_execute(&format!("drop role {role}")).await.unwrap();
        }
    }
}

async fn lives_with(name: &str) {
    let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap();
    let cluster = shape.server().await;
    for login in ["postgres", shape.owner, "role_maker"] {
        shape.create(&cluster).await;
        let before = Outside::look(&cluster).await;
        if login == shape.owner && !shape.supabase {
            owner_moves_in(&cluster, shape).await;
        } else {
            moves_in(&cluster, shape, login).await;
        }
        move_out(&cluster, &before).await;
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_supabase_project_with_policies_by_auth_uid_stays_as_it_is() {
    lives_with("supabase").await;
}

#[tokio::test]
async fn an_application_whose_tables_belong_to_another_role_stays_as_it_is() {
    lives_with("plain").await;
}

#[tokio::test]
async fn an_application_with_numbers_for_keys_stays_as_it_is() {
    lives_with("bigint-keys").await;
}

#[tokio::test]
async fn an_application_with_forced_row_level_security_stays_as_it_is() {
    lives_with("forced-rls").await;
}

#[tokio::test]
async fn an_application_with_a_schema_auth_of_its_own_stays_as_it_is() {
    lives_with("own-auth").await;
}

#[tokio::test]
async fn an_application_with_a_publication_for_realtime_stays_as_it_is() {
    lives_with("realtime").await;
}

#[tokio::test]
async fn an_application_that_has_all_our_names_stays_as_it_is() {
    lives_with("our-names").await;
}
