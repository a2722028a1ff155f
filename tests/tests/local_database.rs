//! The PostgreSQL of `cargo dev`: it is for who has its password, and not for everybody on the machine.

use tests::closed_server;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

#[tokio::test]
async fn nobody_gets_in_without_the_password_and_who_is_let_in_gets_in_with_it() {
    let cluster = closed_server("closed").await;
    let admin = cluster.connect("postgres").await.unwrap();
    admin.batch_execute("create role reader login; create role other login").await.unwrap();
    cluster.let_in(&["reader"]).await.unwrap();
    let known = cluster.url("reader", "postgres");
    let (_, rest) = known.split_once(':').and_then(|(_, rest)| rest.split_once('@')).unwrap();
    let refusal = async |url: String| match tokio_postgres::connect(&url, NoTls).await {
        Ok(_) => None,
        Err(error) => Some(error.code().cloned()),
    };
    assert_eq!(refusal(known.clone()).await, None);
    let wrong = Some(Some(SqlState::INVALID_PASSWORD));
    assert_eq!(refusal(format!("postgres://reader:guess@{rest}")).await, wrong);
    assert_eq!(refusal(cluster.url("other", "postgres")).await, wrong, "who was not let in");
    // The client itself knows that it has none to give.
    assert_eq!(refusal(format!("postgres://postgres@{rest}")).await, Some(None));
    cluster.stop().await;
}
