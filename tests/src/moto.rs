//! The real moto server, which others hold against AWS, as Secrets Manager and EventBridge.

use std::process::{Command, Stdio};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Credentials;
use local::child::{Child, Signal};
use local::port;
use serde_json::Value;
use shared::config::environment;

/// A running moto.
#[derive(Debug)]
pub struct Moto {
    process: Child,
    url: String,
    client: Client,
}

impl Moto {
    /// From the Python that `MOTO_PYTHON` names.
    pub async fn start() -> Self {
        let python = environment("MOTO_PYTHON").expect("MOTO_PYTHON names a Python that has moto");
        let port = port::free(0).expect("a port");
        let mut command = Command::new(python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Child::start("moto", &mut command, Signal::Terminate, None).expect("moto starts");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(!process.has_ended(), "moto did not come up");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let url = format!("http://127.0.0.1:{port}");
        let login = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&url)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .load()
            .await;
        Self { process, url, client: Client::new(&login) }
    }

    /// Makes a secret, and returns its ARN.
    pub async fn create(&self, name: &str, secret: &Value) -> String {
        let made = self.client.create_secret().name(name).secret_string(secret.to_string()).send().await;
        made.expect("a secret").arn.expect("an ARN")
    }

    /// Puts another value in.
    pub async fn put(&self, arn: &str, secret: &Value) {
        let put =
            self.client.put_secret_value().secret_id(arn).secret_string(secret.to_string()).send().await;
        put.expect("a new value");
    }

    /// The secret of this ARN, as JSON.
    pub async fn get(&self, arn: &str) -> Value {
        let value = self.client.get_secret_value().secret_id(arn).send().await.expect("a value");
        serde_json::from_str(&value.secret_string.expect("a text")).expect("JSON")
    }

    /// The variables with which a program finds a secret there.
    pub fn environment<'a>(&'a self, arn: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.url),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "eu-central-1"),
            ("BILLING_SECRET_ARN", arn),
        ]
    }

    /// The variables with which a program puts events there.
    pub fn event_environment(&self) -> Vec<(&str, &str)> {
        vec![
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", &self.url),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "eu-central-1"),
        ]
    }

    /// Calls another service of it, such as `events`, by the name of its call.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let scope = format!("test/20260101/eu-central-1/{service}/aws4_request");
        let request = reqwest::Client::new()
            .post(&self.url)
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(body.to_string());
        let text = request.send().await.expect("an answer").text().await.expect("a text");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Ends moto and waits for that.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}
