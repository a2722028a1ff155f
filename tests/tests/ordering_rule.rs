//! The ordering rule stands twice: in SQL, where the row and its lock are, and in Rust, to be read and
//! tested. They are one.

use tests::TestApp;
use tests::ordering_oracle::{Decision, RowTimes, decide};

#[tokio::test]
async fn the_oracle_and_the_database_decide_alike() {
    let t = TestApp::start().await;
    let sql = "select created, carries, known_through, span, status,
          billing_private.ordering(created, carries, known_through, known_through + span, status)
        from generate_series(0, 12) created, generate_series(-1, 10) known_through,
          generate_series(0, 4) span,
          unnest(array[false, true]) carries,
          unnest(array[null, 'active', 'a_new_one', 'canceled', 'incomplete_expired']) status
        where known_through >= 0 or (span = 0 and status is null)";
    let rows = t.db.query(sql, &[]).await.unwrap();
    assert!(rows.len() > 5000);
    for row in rows {
        let (created, carries): (i32, bool) = (row.get(0), row.get(1));
        let (known_through, span): (i32, i32) = (row.get(2), row.get(3));
        let status: Option<&str> = row.get(4);
        let times = RowTimes {
            known_through: known_through.into(),
            may_include: (known_through + span).into(),
            ended: matches!(status, Some("canceled" | "incomplete_expired")),
        };
        // No row yet: both times are -1.
        let expected = match decide((known_through >= 0).then_some(times), created.into(), carries) {
            Decision::Covered => "covered",
            Decision::Write => "write",
            Decision::Read => "read",
        };
        assert_eq!(row.get::<_, &str>(5), expected, "created {created}, carries {carries}, {times:?}");
    }
}
