//! A function as it is deployed: versions, aliases, concurrency, tenants, and the processes behind each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{ApiError, RESERVED};
use super::name::Named;
use crate::function::{Function, FunctionOptions};

const LATEST: &str = "$LATEST";

/// A function to deploy.
#[derive(Clone)]
pub struct Deployment {
    /// The processes. The version is set for each.
    pub options: FunctionOptions,
    /// The numbers of the published versions; all are the same program.
    pub versions: Vec<u32>,
    /// Versions by the names of their aliases.
    pub aliases: BTreeMap<String, u32>,
    /// The invocations that may run at a time: one more is throttled. `None` leaves that to the account.
    pub reserved_concurrency: Option<usize>,
    /// Whether every invocation is for one tenant, with processes of its own.
    pub tenants: bool,
    /// Whether errors that the function reports are `Handled`, as those of the oldest runtimes; `Unhandled` otherwise.
    pub handled_errors: bool,
    /// The processes of `$LATEST`, where they run already.
    pub running: Option<Function>,
}

impl Deployment {
    /// A function that has only `$LATEST`, without limits of its own.
    #[must_use]
    pub fn new(options: FunctionOptions) -> Self {
        Self {
            options,
            versions: Vec::new(),
            aliases: BTreeMap::new(),
            reserved_concurrency: None,
            tenants: false,
            handled_errors: false,
            running: None,
        }
    }

    /// The same for a function that runs already: its processes are `$LATEST`.
    #[must_use]
    pub fn of(function: Function, options: FunctionOptions) -> Self {
        Self {
            running: Some(function),
            ..Self::new(options)
        }
    }

    /// With a published version and an alias that points to it.
    #[must_use]
    pub fn alias(mut self, name: &str, version: u32) -> Self {
        self.aliases.insert(name.to_owned(), version);
        if !self.versions.contains(&version) {
            self.versions.push(version);
        }
        self
    }
}

/// Processes by version and tenant.
type Pools = BTreeMap<(String, Option<String>), Function>;

/// A deployed function.
pub(super) struct Deployed {
    deployment: Deployment,
    pools: Mutex<Pools>,
    reserved: Option<Arc<Semaphore>>,
}

/// The version that an invocation runs, and the ARN that it was asked for by.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) version: String,
    pub(super) arn: String,
}

impl Deployed {
    pub(super) fn new(deployment: Deployment) -> Self {
        let mut pools = Pools::new();
        if let Some(function) = deployment.running.clone() {
            pools.insert((LATEST.to_owned(), None), function);
        }
        let reserved = deployment.reserved_concurrency.map(Semaphore::new).map(Arc::new);
        Self {
            deployment,
            pools: Mutex::new(pools),
            reserved,
        }
    }

    /// The version behind a qualifier.
    pub(super) fn target(&self, named: &Named) -> Result<Target, ApiError> {
        let deployment = &self.deployment;
        let version = match named.qualifier.as_deref() {
            None | Some(LATEST) => LATEST.to_owned(),
            Some("$LATEST.PUBLISHED") => {
                let newest = deployment.versions.iter().max().map(u32::to_string);
                newest.ok_or_else(|| {
                    let message = "The function has no published versions available.";
                    ApiError::new("NoPublishedVersionException", message)
                })?
            }
            Some(qualifier) => {
                let number = qualifier.parse().ok();
                let version = number.filter(|number| deployment.versions.contains(number));
                let version = version.or_else(|| deployment.aliases.get(qualifier).copied());
                version
                    .map(|version| version.to_string())
                    .ok_or_else(|| not_found(&format!("{}:{qualifier}", deployment.options.arn())))?
            }
        };
        let arn = match &named.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", deployment.options.arn()),
            None => deployment.options.arn(),
        };
        Ok(Target { version, arn })
    }

    /// Tenants are for functions that have them, and for those they must be told.
    pub(super) fn check_tenant(&self, tenant: Option<&str>) -> Result<(), ApiError> {
        let message = match (self.deployment.tenants, tenant) {
            (true, None) => {
                "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again."
            }
            (false, Some(_)) => {
                "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again."
            }
            _ => return Ok(()),
        };
        Err(ApiError::new("InvalidParameterValueException", message))
    }

    /// A place among the invocations that may run; held until the function is done.
    pub(super) fn admit(&self, account: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
        let (limit, reason) = match &self.reserved {
            Some(reserved) => (reserved, RESERVED),
            None => (account, super::error::ACCOUNT),
        };
        limit
            .clone()
            .try_acquire_owned()
            .map_err(|_| ApiError::throttled(reason))
    }

    /// The processes of a version and a tenant; none is started before the first invocation.
    pub(super) fn function(&self, version: &str, tenant: Option<&str>) -> Function {
        let key = (version.to_owned(), tenant.map(str::to_owned));
        let mut pools = self.lock();
        let start = || {
            let options = &self.deployment.options;
            let environments = self
                .deployment
                .reserved_concurrency
                .map_or(options.max_environments, |reserved| {
                    reserved.div_ceil(options.max_concurrency.max(1)).max(1)
                });
            Function::new(FunctionOptions {
                version: version.to_owned(),
                max_environments: environments,
                ..options.clone()
            })
        };
        pools.entry(key).or_insert_with(start).clone()
    }

    pub(super) fn latest(&self) -> Option<Function> {
        self.lock().get(&(LATEST.to_owned(), None)).cloned()
    }

    pub(super) fn name(&self) -> &str {
        &self.deployment.options.name
    }

    pub(super) fn memory_mb(&self) -> u32 {
        self.deployment.options.memory_mb
    }

    pub(super) fn handled_errors(&self) -> bool {
        self.deployment.handled_errors
    }

    fn lock(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 404 with the ARN that was looked for.
pub(super) fn not_found(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Function not found: {arn}"))
}
