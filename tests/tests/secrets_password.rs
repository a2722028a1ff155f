//! A database password that is replaced while events come in.

use futures_util::future::join_all;
use shared::config::Function;
use shared::live::Live;
use tests::rotation::Rotation;

/// A function that works with a login of the server. All tests share the logins, so each takes another one.
struct Login {
    name: &'static str,
    r: Rotation,
    webhook: Live,
}

impl Login {
    async fn start(name: &'static str) -> Self {
        let r = Rotation::start().await;
        r.t.database.require_password(name).await;
        let webhook = r.live(Function::Webhook).await;
        let login = Self { name, r, webhook };
        login.replace("first").await;
        login.store("first");
        login
    }

    /// Puts the password into the secret.
    fn store(&self, password: &str) {
        let address = self.r.t.database.url(&format!("{}:{password}", self.name));
        self.r.vault.change(&[("EVENTS_DATABASE_URL", &address)]);
    }

    /// Replaces the password in the database.
    async fn replace(&self, password: &str) {
        self.r.t.database.replace_password(self.name, password).await;
    }
}

#[tokio::test]
async fn a_password_that_is_replaced_fails_no_event() {
    let login = Login::start("billing_events").await;
    let Login { r, webhook, .. } = &login;
    let events = r.events(90, "password").await;
    r.deliver_well(webhook, &events[..30], "whsec_1").await;
    for (password, events) in [("second", &events[30..60]), ("third", &events[60..])] {
        let before = r.vault.reads();
        let rotate = async {
            login.store(password);
            login.replace(password).await;
        };
        futures_util::join!(rotate, r.deliver_well(webhook, events, "whsec_1"));
        assert_eq!(r.vault.reads(), before + 1);
        r.a_minute_later();
    }
    let open = "select count(*) from pg_stat_activity
        where usename = 'billing_events' and datname = current_database()";
    assert!(r.t.value(open).await.parse::<u32>().unwrap() <= 4, "the old pool's connections are gone");
}

#[tokio::test]
async fn while_the_secret_has_the_wrong_password_stripe_is_told_to_come_again_and_nothing_is_lost() {
    let login = Login::start("billing_operator").await;
    let Login { r, webhook, .. } = &login;
    let events = r.events(60, "wrong").await;
    r.deliver_well(webhook, &events[..20], "whsec_1").await;
    // The secret follows a while after the database.
    login.replace("second").await;
    for answer in join_all(events[20..].iter().map(|event| r.deliver(webhook, event, "whsec_1"))).await {
        answer.assert_failure(500, "processing_failed");
    }
    login.store("second");
    r.a_minute_later();
    r.deliver_well(webhook, &events[20..], "whsec_1").await;
    assert_eq!(r.t.value("select count(*) from webhook_events").await, "60");
}
