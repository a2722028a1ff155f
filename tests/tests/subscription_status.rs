//! What a subscription's status means stands twice: in SQL, where rows are read and written, and in Rust. The
//! two are one.

use shared::domain::status::Status;
use tests::TestApp;

#[tokio::test]
async fn the_code_and_the_database_mean_the_same_by_every_status() {
    let t = TestApp::start().await;
    let sql =
        "select billing_private.is_ended($1), billing_private.is_live($1), billing_private.is_granting($1)";
    let unknown = Status::from("a_new_one".to_owned());
    for status in Status::KNOWN.into_iter().chain([unknown]) {
        let row = t.db.query_one(sql, &[&status.as_str()]).await.unwrap();
        let database: (bool, bool, bool) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(database, (status.is_ended(), status.is_live(), status.is_granting()), "{status}");
    }
}

#[test]
fn a_status_is_the_word_it_was_read_from_and_only_an_unknown_one_is_another() {
    for known in Status::KNOWN {
        assert!(known.is_known());
        assert_eq!(Status::from(known.to_string()), known);
    }
    let unknown = Status::from("a_new_one".to_owned());
    assert_eq!((unknown.as_str(), unknown.is_known()), ("a_new_one", false));
    assert_eq!(serde_json::to_value(&unknown).unwrap(), "a_new_one");
}
