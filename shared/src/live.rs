//! The app whose configuration may change while it runs: from the environment, and from a secret in AWS
//! Secrets Manager for what is not there. The secret is read when the first request comes, and again when
//! something says that it was changed: a signature that does not fit, a database that refuses the login, a
//! Stripe that refuses the key. What failed is then tried once more, so that replacing a secret needs no
//! deployment and loses nothing.
//!
//! With an environment that has all a function works with, there is no secret, and nothing here does
//! anything.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_config::SdkConfig;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, OnceCell};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{self, Config, Function};
use crate::error::Error;
use crate::secrets::{self, Store, Variables};
use crate::telemetry::{self, metrics};

/// How many seconds lie between two readings of a secret that is known: so often a stranger's bad signature
/// can cause one.
const PAUSE: i64 = 60;
/// The same while nothing is known of it: nobody can be served until a reading succeeds.
const PAUSE_WITHOUT: i64 = 5;

/// Where variables are looked up.
pub type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The app as its configuration is now.
pub struct Live {
    app: RwLock<Arc<App>>,
    source: Option<Source>,
}

/// The secret, for what the environment lacks.
struct Source {
    function: Function,
    environment: Lookup,
    arn: String,
    /// None: a function's own login.
    login: Option<SdkConfig>,
    store: OnceCell<Store>,
    is_loaded: AtomicBool,
    /// Whoever holds it reads; the others wait for that reading and use what it found.
    readings: Mutex<Readings>,
}

#[derive(Default)]
struct Readings {
    known: Variables,
    /// When the last one was begun that counts for the pause, Unix seconds.
    last: Option<i64>,
}

impl Live {
    /// The process's own: reads the environment and starts the logs and metrics. Asks nobody anything yet.
    pub fn from_env(function: Function) -> Self {
        let live = Self::new(Arc::new(config::environment), function, Clock::System, None);
        let app = live.held();
        telemetry::start(app.config.log_levels.as_deref());
        metrics::start(app.config.metrics_namespace.as_deref(), function.name());
        tell_problems(&app.config);
        live
    }

    /// For a function with this environment. `login`: to Secrets Manager; without it, the one that Lambda
    /// gives a function.
    pub fn new(environment: Lookup, function: Function, clock: Clock, login: Option<SdkConfig>) -> Self {
        let config = Config::from_lookup(|name| environment(name));
        let secret = config.secret_arn.clone().filter(|_| !function.is_complete(|name| environment(name)));
        let source = secret.map(|arn| Source {
            function,
            environment,
            arn,
            login,
            store: OnceCell::new(),
            is_loaded: AtomicBool::new(false),
            readings: Mutex::default(),
        });
        Self { app: RwLock::new(Arc::new(App::new(config, clock))), source }
    }

    /// An app that never changes.
    pub fn fixed(app: App) -> Self {
        Self { app: RwLock::new(Arc::new(app)), source: None }
    }

    /// Whether Secrets Manager was ever turned to.
    pub fn has_opened_secret(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.store.initialized())
    }

    /// Whether there may ever be a newer configuration.
    pub fn may_change(&self) -> bool {
        self.source.is_some()
    }

    /// The app, with the secret's variables.
    ///
    /// # Errors
    /// [`Error::NoConfiguration`] until the secret could be read once. Not for the health function: that
    /// nothing is known is what it has to tell.
    pub async fn app(&self) -> Result<Arc<App>, Error> {
        if let Some(source) = self.source.as_ref().filter(|source| !source.is_loaded.load(Ordering::Acquire))
        {
            match self.load(source).await {
                Err(_) if source.function == Function::Health => {}
                loaded => loaded?,
            }
        }
        Ok(self.held())
    }

    /// The app of a newer configuration than the one of `doubted`, if there is one. Reads the secret, but not
    /// too often.
    pub async fn newer_than(&self, doubted: &Arc<App>) -> Option<Arc<App>> {
        let source = self.source.as_ref()?;
        let mut readings = source.readings.lock().await;
        let held = self.held();
        if !Arc::ptr_eq(&held, doubted) {
            return Some(held);
        }
        if readings.is_too_early(held.clock.machine().as_second(), PAUSE) {
            return None;
        }
        readings.last = Some(held.clock.machine().as_second());
        let variables = match source.read().await {
            Ok(variables) => variables,
            Err(error) => {
                tracing::error!(
                    target: "billing", %error,
                    "the secret was not read again: what is known of it stays"
                );
                return None;
            }
        };
        let changed = readings.known.differences(&variables);
        if changed.is_empty() {
            tracing::info!(target: "billing", "the secret is as it was");
            return None;
        }
        let app = held.succeeded_by(source.config(&variables));
        if held.config.problems.is_empty() && !app.config.problems.is_empty() {
            tell_problems(&app.config);
            tracing::error!(target: "billing", "the secret is malformed: what was known of it before stays");
            return None;
        }
        tracing::info!(target: "billing", changed = changed.join(","), "the secret was changed");
        readings.known = variables;
        Some(self.replace(app))
    }

    async fn load(&self, source: &Source) -> Result<(), Error> {
        let mut readings = source.readings.lock().await;
        if source.is_loaded.load(Ordering::Acquire) {
            return Ok(());
        }
        let held = self.held();
        let now = held.clock.machine().as_second();
        if readings.is_too_early(now, PAUSE_WITHOUT) {
            return Err(Error::NoConfiguration);
        }
        match source.read().await {
            Ok(variables) => {
                let app = held.succeeded_by(source.config(&variables));
                tell_problems(&app.config);
                // The pause begins with the first reading that was called for: what is changed right after
                // this one is seen, too.
                *readings = Readings { known: variables, last: None };
                self.replace(app);
                source.is_loaded.store(true, Ordering::Release);
                Ok(())
            }
            Err(error) => {
                readings.last = Some(now);
                tracing::error!(
                    target: "billing", %error,
                    "the secret cannot be read, and nothing is known of it"
                );
                Err(Error::NoConfiguration)
            }
        }
    }

    fn held(&self) -> Arc<App> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests under way keep the app that they began with, and its connections.
    fn replace(&self, app: App) -> Arc<App> {
        let app = Arc::new(app);
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&app);
        app
    }
}

impl Source {
    /// Boxed: the client's futures are large, and every request would carry the room for one.
    fn read(&self) -> BoxFuture<'_, Result<Variables, secrets::Error>> {
        Box::pin(async {
            let open = async || match &self.login {
                Some(login) => Store::new(login, &self.arn),
                None => Store::new(&secrets::function_login(), &self.arn),
            };
            self.store.get_or_init(open).await.read().await
        })
    }

    /// The environment goes first.
    fn config(&self, variables: &Variables) -> Config {
        Config::from_lookup(|name| {
            let set = (self.environment)(name).filter(|value| config::tidied(value).is_some());
            set.or_else(|| variables.of_function(self.function, name))
        })
    }
}

impl Readings {
    fn is_too_early(&self, now: i64, pause: i64) -> bool {
        self.last.is_some_and(|last| (0..pause).contains(&now.saturating_sub(last)))
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("app", &self.held()).finish_non_exhaustive()
    }
}

fn tell_problems(config: &Config) {
    for problem in &config.problems {
        tracing::error!(target: "billing", problem, "the configuration is malformed");
    }
}
