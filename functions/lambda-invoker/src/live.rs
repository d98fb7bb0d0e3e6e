//! The table in force with its live targets, and its reading anew when its time is up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shared::aws::Provider;
use shared::secrets::AT_START;
use shared::telemetry::{Level, NAMESPACE, Telemetry, Unit};
use shared::{Clock, ConfigError, Deadline, Env, Secrets};
use tokio::sync::Mutex;

use crate::config::Config;
use crate::mask::Mask;
use crate::routes::{RouteTable, Surrounded, parse_json};
use crate::target::{self, Target};

/// After a table that could not be read, the next attempt comes after this time, or after the usual one if that is
/// shorter. What Secrets Manager said is also not believed for longer than this.
const NEXT_ATTEMPT: Duration = Duration::from_secs(60);

/// The longest that one request waits for a table.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A table and what was made of it.
#[derive(Debug)]
pub struct Live {
    /// The table.
    pub table: RouteTable,
    /// Its live targets, by the position of their routes.
    pub targets: Vec<Target>,
    /// Hides the secrets of the table and of the environment.
    pub mask: Mask,
}

/// The table in force.
pub struct Tables {
    config: Config,
    env: Arc<dyn Env + Send + Sync>,
    secrets: Arc<Secrets>,
    credentials: Arc<Provider>,
    clock: Arc<dyn Clock>,
    telemetry: Arc<Telemetry>,
    current: RwLock<Arc<Live>>,
    /// When it is read anew, in milliseconds since the Unix epoch.
    due_ms: AtomicU64,
    /// The namespace of the metrics, for good.
    namespace: String,
    /// Whoever holds it reads; nobody waits for it. The namespace of the table that was read last.
    turn: Mutex<String>,
}

impl Tables {
    /// Reads the table that a start needs.
    ///
    /// # Errors
    /// Every problem of the table, one line each.
    pub async fn start(
        config: Config,
        env: Arc<dyn Env + Send + Sync>,
        secrets: Arc<Secrets>,
        clock: Arc<dyn Clock>,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, ConfigError> {
        let table = read(&config, env.as_ref(), &secrets, Deadline::after(AT_START)).await?;
        if let Some(namespace) = table.metrics_namespace() {
            telemetry.use_namespace(namespace);
        }
        let namespace = table.metrics_namespace().unwrap_or(NAMESPACE).to_owned();
        let credentials = Arc::new(Provider::of_function(env.as_ref(), clock.clone()));
        let live = make_live(table, env.as_ref(), &credentials);
        let tables = Self {
            current: RwLock::new(Arc::new(live)),
            due_ms: AtomicU64::new(u64::MAX),
            turn: Mutex::new(namespace.clone()),
            namespace,
            config,
            env,
            secrets,
            credentials,
            clock,
            telemetry,
        };
        if let Some(ttl) = tables.config.ttl {
            tables.wait_for(ttl);
        }
        Ok(tables)
    }

    /// The table in force. When its time is up, the first request to come reads it anew before it goes on, within
    /// half of its time; all others go on at once. A table that cannot be read changes nothing.
    pub async fn current(&self, deadline: Deadline) -> Arc<Live> {
        if let Some(ttl) = self.config.ttl
            && self.is_due()
            && let Ok(mut last_namespace) = self.turn.try_lock()
            && self.is_due()
        {
            let wait = (deadline.remaining() / 2).min(LONGEST_WAIT);
            // Boxed, so that all other requests do not carry the size of a reading.
            Box::pin(self.reload(ttl, wait, &mut last_namespace)).await;
        }
        self.in_force()
    }

    fn in_force(&self) -> Arc<Live> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_due(&self) -> bool {
        self.clock.now_ms() >= self.due_ms.load(Ordering::Relaxed)
    }

    fn wait_for(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.due_ms
            .store(self.clock.now_ms().saturating_add(millis), Ordering::Relaxed);
    }

    async fn reload(&self, ttl: Duration, wait: Duration, last_namespace: &mut String) {
        let deadline = Deadline::after(wait);
        let table = match read(&self.config, self.env.as_ref(), &self.secrets, deadline).await {
            Ok(table) => table,
            Err(error) => return self.keep(ttl, &error.to_string()),
        };
        self.wait_for(ttl);
        self.compare_namespace(&table, last_namespace);
        // What has not changed keeps its connections.
        if table.routes() == self.in_force().table.routes() {
            return;
        }
        let live = make_live(table, self.env.as_ref(), &self.credentials);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        let mut line = self.telemetry.line(Level::Info, "a new route table is in force");
        line.metric("Reloads", Unit::Count, 1);
        self.telemetry.write(line);
    }

    /// Tells once of each other namespace: metrics do not move while the function runs.
    fn compare_namespace(&self, table: &RouteTable, last: &mut String) {
        let namespace = table.metrics_namespace().unwrap_or(NAMESPACE);
        if namespace != *last && namespace != self.namespace {
            let message = "a changed metrics_namespace takes a restart; the old one stays in force";
            let mut line = self.telemetry.line(Level::Warn, message);
            line.text("namespace", &self.namespace);
            self.telemetry.write(line);
        }
        namespace.clone_into(last);
    }

    /// Tells that the old table stays.
    fn keep(&self, ttl: Duration, problems: &str) {
        self.wait_for(ttl.min(NEXT_ATTEMPT));
        let message = "the route table could not be read anew; the old one stays in force";
        let mut line = self.telemetry.line(Level::Error, message);
        line.long_text("problems", &problems.replace('\n', "; "));
        line.metric("ReloadFailures", Unit::Count, 1);
        self.telemetry.write(line);
    }
}

/// Reads the table and the secrets that it names, by `deadline`.
async fn read(
    config: &Config,
    env: &(dyn Env + Send + Sync),
    secrets: &Secrets,
    deadline: Deadline,
) -> Result<RouteTable, ConfigError> {
    let max_age = config.ttl.map_or(NEXT_ATTEMPT, |ttl| ttl.min(NEXT_ATTEMPT));
    let document = parse_json(&config.source.read(secrets, max_age, deadline).await?)?;
    let surroundings = Surrounded::gather(&document, env, secrets, max_age, deadline).await;
    RouteTable::read(&document, &surroundings)
}

fn make_live(table: RouteTable, env: &dyn Env, credentials: &Arc<Provider>) -> Live {
    Live {
        targets: target::prepare(&table, credentials),
        mask: Mask::of(&table, env),
        table,
    }
}
