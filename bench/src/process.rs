//! A function's process: started with the environment that Lambda gives it, watched through `/proc`, killed at the end.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Linux' own directory of a process or, below `self/task`, of a thread.
const PROC: &str = "/proc";

/// What stands in the environment of every function, as Lambda documents it, besides the address of the Runtime API.
/// The credentials are the ones that the stand-ins check signatures with.
const LAMBDA: &[(&str, &str)] = &[
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2025/10/09/[$LATEST]5f1d5b2b"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
    ("AWS_REGION", REGION),
    ("AWS_DEFAULT_REGION", REGION),
    ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ("AWS_SESSION_TOKEN", SESSION_TOKEN),
    ("LAMBDA_TASK_ROOT", "/var/task"),
    ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
    ("_HANDLER", "bootstrap"),
    ("LANG", "en_US.UTF-8"),
    ("TZ", ":UTC"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
];

/// The region that the functions run in.
pub const REGION: &str = "eu-west-1";
/// The access key id of the function's role.
pub const ACCESS_KEY: &str = "ASIABENCHMARKEXAMPLE";
/// The secret key that belongs to it; it opens nothing but the stand-ins of this benchmark.
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// The session token that belongs to both.
pub const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEBENCHMARK//EXAMPLETOKEN==";

/// A running function; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    spawned: Instant,
}

impl Process {
    /// Starts `binary` with nothing in its environment but Lambda's variables and `variables`.
    /// Standard output goes to `/dev/null`, as a write that costs what it must; standard error goes to `errors`.
    ///
    /// # Errors
    /// The binary cannot be started, or `errors` cannot be written.
    pub fn spawn(
        binary: &Path,
        runtime_api: &str,
        variables: &[(String, String)],
        errors: &Path,
    ) -> Result<Self, String> {
        let file = File::create(errors).map_err(|error| format!("{}: {error}", errors.display()))?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(LAMBDA.iter().copied())
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let spawned = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        Ok(Self { child, spawned })
    }

    /// When the start was asked for.
    #[must_use]
    pub fn spawned(&self) -> Instant {
        self.spawned
    }

    /// An error if the process has ended.
    ///
    /// # Errors
    /// It has; the text tells how.
    pub fn alive(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("the function ended: {status}")),
            Err(error) => Err(format!("the function cannot be watched: {error}")),
        }
    }

    /// The CPU time that the process' threads have used.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn cpu_time(&self) -> Result<Duration, String> {
        let tasks = format!("{PROC}/{}/task", self.child.id());
        let entries = fs::read_dir(&tasks).map_err(|error| format!("{tasks}: {error}"))?;
        entries
            .map(|entry| read_cpu_time(&entry.map_err(|error| format!("{tasks}: {error}"))?.path()))
            .sum()
    }

    /// The largest resident set so far (`VmHWM`), in KiB.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn peak_kib(&self) -> Result<u64, String> {
        let path = format!("{PROC}/{}/status", self.child.id());
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        parse_peak_kib(&text).ok_or_else(|| format!("{path}: no VmHWM"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the process has already been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The CPU time of one of the driver's own threads.
///
/// # Errors
/// `/proc` cannot be read.
pub fn own_cpu_time(thread: rustix::thread::Pid) -> Result<Duration, String> {
    read_cpu_time(
        &Path::new(PROC)
            .join("self/task")
            .join(thread.as_raw_nonzero().to_string()),
    )
}

fn read_cpu_time(task: &Path) -> Result<Duration, String> {
    // `stat` counts in hundredths of a second, `schedstat` in nanoseconds.
    let path = task.join("schedstat");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse_schedstat(&text).ok_or_else(|| format!("{}: not understood", path.display()))
}

/// The first number of `schedstat`: nanoseconds on the CPU.
fn parse_schedstat(text: &str) -> Option<Duration> {
    text.split_ascii_whitespace()
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}

/// The line `VmHWM:      3012 kB` of `status`.
fn parse_peak_kib(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    value.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_is_read_in_nanoseconds() {
        assert_eq!(
            parse_schedstat("1234567 890 12\n"),
            Some(Duration::from_nanos(1_234_567))
        );
        assert_eq!(parse_schedstat(""), None);
        assert_eq!(parse_schedstat("x 1 2"), None);
    }

    #[test]
    fn the_peak_is_read_in_kib() {
        let status = "Name:\tbench\nVmPeak:\t   99999 kB\nVmHWM:\t    3012 kB\nVmRSS:\t    2900 kB\n";
        assert_eq!(parse_peak_kib(status), Some(3012));
        assert_eq!(parse_peak_kib("VmRSS:\t2900 kB\n"), None);
        assert_eq!(parse_peak_kib("VmHWM:\t2900\n"), None);
    }

    #[test]
    fn a_process_is_watched_and_its_end_is_noticed() {
        let errors = std::env::temp_dir().join(format!("bench-process-{}", std::process::id()));
        // Its standard input is empty, so `cat` ends at once.
        let mut ended = Process::spawn(Path::new("/bin/cat"), "127.0.0.1:1", &[], &errors).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while ended.alive().is_ok() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(ended.alive().unwrap_err(), "the function ended: exit status: 0");
        assert!(Process::spawn(Path::new("/no/such/function"), "127.0.0.1:1", &[], &errors).is_err());
        std::fs::remove_file(&errors).unwrap();
    }
}
