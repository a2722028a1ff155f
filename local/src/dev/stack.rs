//! All parts together: started in order, watched, ended in the opposite order.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::arguments::Arguments;
use super::console::Console;
use super::database::{self, DATABASE};
use super::descriptor::{Descriptor, DescriptorFile, SignedIn};
use super::gateway::Gateway;
use super::greeting::Greeting;
use super::people::{ORG, PEOPLE};
use super::place::Place;
use super::realtime::Realtime;
use super::stripe_account::StripeAccount;
use super::supabase_auth::SupabaseAuth;
use super::time::Time;
use super::{cargo_lambda, catalogue, environment, functions, gateway, schedule, terminal};
use crate::child::Child;
use crate::port;
use crate::postgres::{Cluster, Owner};
use crate::problem::Problem;

/// How long the tokens for scripts are good.
const SCRIPTS: Duration = Duration::from_secs(30 * 86_400);

/// The running system.
pub struct Stack {
    /// Of the API and the console, without a slash at its end.
    pub base_url: String,
    /// Stripe.
    pub stripe: StripeAccount,
    descriptors: [DescriptorFile; 2],
    _lock: Option<File>,
    gateway: JoinHandle<()>,
    schedules: Vec<JoinHandle<()>>,
    _time: Time,
    /// The functions, then the Runtime API they ask for work.
    children: Vec<Child>,
    cluster: Cluster,
}

impl Stack {
    /// Brings everything up.
    ///
    /// # Errors
    /// If a part does not come up: which, and what to do.
    pub async fn start(arguments: &Arguments) -> Result<Self, Problem> {
        let started = Instant::now();
        let owner = Owner::detect()?;
        let place = Place::find(owner)?;
        let throws_away = arguments.throws_away();
        // What is thrown away is nobody else's.
        let lock = if throws_away { None } else { Some(place.take()?) };
        // And takes free ports, so that it may run beside anything.
        let port = |offset: u16| if throws_away { 0 } else { arguments.port + offset };
        let listener = TcpListener::bind(("127.0.0.1", port(0))).await.map_err(|error| {
            Problem::new(format!(
                "Port {} cannot be used: {error}. Is cargo dev running already? Choose another with --port.",
                port(0)
            ))
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Problem::new(format!("The gateway has no address: {error}.")))?;
        let base_url = format!("http://{address}");
        let webhook_url = format!("{base_url}/api/webhooks/stripe");
        let say: &dyn Fn(&str) = &terminal::step;
        let mut origins = environment::return_origins()?;
        let notify_url = environment::notify_url()?;
        let frontend = arguments.frontend.as_ref().unwrap_or(&base_url);
        origins.extend([frontend.clone(), base_url.clone()]);
        origins.dedup();

        let lambda = cargo_lambda::find_or_install(&place.tools(), say)?;
        say("building the functions");
        let programs = functions::build(&place.project, arguments.release)?;
        let built = started.elapsed();

        let cluster = database::start_cluster(arguments, &place, owner, port(3)).await?;
        let database = Arc::new(database::prepare(&cluster).await?);
        let stripe_state = place.home.join("stripe.json");
        if arguments.fresh && !throws_away {
            Place::remove(&stripe_state)?;
        }
        let stripe = match throws_away {
            true => StripeAccount::emulate(port(1), &webhook_url, arguments.thin, None).await?,
            false => StripeAccount::open(port(1), &webhook_url, arguments.thin, stripe_state).await?,
        };
        let time = Time::of(&place, throws_away)?;
        if let Some(emulator) = &stripe.emulator {
            time.teach(&database).await?;
            time.follow(emulator);
        }
        let client = stripe.client()?;
        catalogue::set_up(&place.project, &database, &stripe, &client).await?;

        let runtime_port = port::free(port(2)).map_err(|error| {
            let what = "which the Lambda runtime should get, cannot be used";
            Problem::new(format!("Port {}, {what}: {error}. Choose others with --port.", port(2)))
        })?;
        let mut children = vec![
            cargo_lambda::start(&lambda, &place.project, runtime_port, &place.home.join("cargo-lambda.log"))
                .await?,
        ];
        let log = place.home.join("functions.log");
        Place::remove(&log)?;
        let environment = environment::of_functions(&stripe, &time, &base_url, frontend, &origins);
        let database_url = |login: &str| cluster.url(login, DATABASE);
        children.splice(0..0, functions::start(&programs, runtime_port, &environment, database_url, &log)?);

        let panel_url = stripe.emulator.as_ref().map(|emulator| format!("{}/panel", emulator.url()));
        let key = place.home.join("auth-key.pk8");
        let auth = Arc::new(SupabaseAuth::open(&base_url, (!throws_away).then_some(key.as_path()))?);
        let users = PEOPLE.map(|person| SignedIn {
            person,
            access_token: auth.token(person.user_id, person.email, SCRIPTS),
        });
        let realtime = Some(Realtime::open(&cluster.url("postgres", DATABASE), &environment).await?);
        let console = Console { database, panel_url, client: place.project.join("client/dist") };
        let gateway = gateway::serve(listener, Gateway { runtime_port, auth, realtime, console, origins })?;
        let descriptor = Descriptor {
            webhook_url,
            webhook_secret: stripe.webhook_secret.clone(),
            console_url: format!("{base_url}/"),
            database_url: cluster.url("postgres", DATABASE),
            stripe_api_base: stripe.api_base(),
            stripe_secret_key: stripe.key.secret.expose().to_owned(),
            org_id: ORG.0.to_owned(),
            supabase_url: base_url.clone(),
            users,
            pids: pids(&cluster, &children),
            base_url: base_url.clone(),
        };
        wait_until_healthy(&base_url, &log).await?;
        let path = place.home.join(format!("{}.json", arguments.descriptor()));
        let descriptor = DescriptorFile::write(&path, &descriptor)?;
        let mut operator = environment;
        operator.push(("DATABASE_URL", cluster.url("billing_operator", DATABASE)));
        let name = match arguments.descriptor() {
            "dev" => "operator.env".to_owned(),
            other => format!("{other}.env"),
        };
        let operator = DescriptorFile::write_environment(&place.home.join(name), &operator)?;
        let descriptors = [descriptor, operator];
        let schedules = schedule::start(runtime_port)?;
        let stack = Self {
            base_url,
            stripe,
            descriptors,
            _lock: lock,
            gateway,
            schedules,
            _time: time,
            children,
            cluster,
        };
        if !arguments.demo {
            let took = (built, started.elapsed() - built);
            stack.greet(took, arguments.frontend.as_deref(), notify_url.as_deref());
        }
        Ok(stack)
    }

    /// Returns once a part has ended by itself.
    pub async fn watch(&mut self) -> Problem {
        loop {
            if self.cluster.server.has_ended() {
                let log = self.cluster.log.display();
                return Problem::new(format!(
                    "PostgreSQL has ended. Its log is {log}; start again with cargo dev."
                ));
            }
            for child in &mut self.children {
                if child.has_ended() {
                    return Problem::new(format!(
                        "{} has ended. See .local/functions.log and .local/cargo-lambda.log.",
                        child.name
                    ));
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends everything, what uses a part before the part.
    pub async fn stop(self) {
        drop(self.descriptors);
        self.schedules.iter().for_each(JoinHandle::abort);
        self.gateway.abort();
        if let Some(emulator) = &self.stripe.emulator {
            emulator.stop().await;
        }
        for child in self.children {
            child.stop().await;
        }
        self.cluster.stop().await;
    }

    fn greet(&self, took: (Duration, Duration), frontend: Option<&str>, notify_url: Option<&str>) {
        let panel = self.stripe.emulator.as_ref().map(|emulator| format!("{}/panel", emulator.url()));
        let greeting = Greeting {
            took,
            base_url: &self.base_url,
            panel_url: panel.as_deref(),
            takes_events: !self.stripe.webhook_secret.is_empty(),
            database_url: &self.cluster.url("postgres", DATABASE),
            frontend,
            notify_url,
        };
        terminal::line(&greeting.text());
    }
}

fn pids(cluster: &Cluster, children: &[Child]) -> BTreeMap<String, u32> {
    let mut pids = BTreeMap::from([
        ("dev".to_owned(), std::process::id()),
        ("postgres".to_owned(), cluster.server.pid()),
    ]);
    for child in children {
        let name = child.name.replace(' ', "-");
        let number = (1..)
            .map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") })
            .find(|name| !pids.contains_key(name));
        pids.insert(number.unwrap_or(name), child.pid());
    }
    pids
}

async fn wait_until_healthy(base_url: &str, log: &Path) -> Result<(), Problem> {
    let mut last = String::new();
    for _ in 0..200 {
        match reqwest::get(format!("{base_url}/api/health")).await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => last = answer.text().await.unwrap_or_default(),
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Problem::new(format!("The functions did not become healthy: {last}. See {}.", log.display())))
}
