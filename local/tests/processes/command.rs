//! The program `local` itself: what it prints, what it leaves behind, how it stops.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::{probe, suite::probes};

fn command(binaries: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command
        .args(["run", "--binaries"])
        .arg(binaries)
        .env("LOCAL_PORT_BASE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn signal(child: &Child, name: &str) {
    let pid = child.id().expect("it runs").to_string();
    assert!(
        Command::new("kill")
            .args([name, &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
}

async fn addresses(path: &Path) -> Value {
    for _ in 0..1000 {
        if let Ok(text) = std::fs::read(path) {
            return serde_json::from_slice(&text).expect("the file is there as a whole or not at all");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no addresses");
}

/// The processes whose program is one of the functions in `folder`.
fn children(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let command = std::fs::read(path.join("cmdline")).ok()?;
            command
                .starts_with(folder.as_os_str().as_encoded_bytes())
                .then_some(path)
        })
        .collect()
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_signal_stops_everything() {
    for name in ["-INT", "-TERM", "-HUP"] {
        let folder = probes();
        let file = folder.path().join("addresses.json");
        let child = command(folder.path()).env("LOCAL_ADDRESSES", &file).spawn().unwrap();
        let ca_file = addresses(&file).await["ca_file"].as_str().unwrap().to_owned();
        assert_eq!(children(folder.path()).len(), 3, "one process for each function");
        signal(&child, name).await;
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
        assert_eq!(children(folder.path()), Vec::<PathBuf>::new(), "{name}");
        assert!(!file.exists() && !Path::new(&ca_file).exists(), "{name}");
    }
}

#[tokio::test]
async fn a_signal_during_the_start_stops_it() {
    let folder = probes();
    // The probe hangs in its start: the suite never gets ready.
    let script = folder.path().join("authorizer");
    std::fs::remove_file(&script).unwrap();
    std::fs::write(
        &script,
        format!("#!/bin/sh\nPROBE_INIT=hang exec {}\n", probe::binary().display()),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let child = command(folder.path()).spawn().unwrap();
    while children(folder.path()).len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    signal(&child, "-INT").await;
    let output = tokio::time::timeout(Duration::from_secs(5), child.wait_with_output())
        .await
        .expect("it stops")
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(children(folder.path()), Vec::<PathBuf>::new());
}

async fn fails(mut command: Command) -> Output {
    let output = tokio::time::timeout(Duration::from_secs(20), command.output())
        .await
        .expect("it stops")
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(lines(&output.stdout), Vec::<String>::new());
    output
}

#[tokio::test]
async fn a_taken_port_is_one_clear_line() {
    let folder = probes();
    // Of the ports in a row the fourth is taken.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut command = command(folder.path());
    command.env("LOCAL_PORT_BASE", (port - 3).to_string());
    let output = fails(command).await;
    let printed = lines(&output.stderr);
    assert_eq!(printed.len(), 1, "{printed:?}");
    assert!(
        printed[0].starts_with("local: port ") && printed[0].contains(" is taken: set LOCAL_PORT_BASE"),
        "{printed:?}"
    );
    assert_eq!(children(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_function_that_does_not_start_is_told_with_its_lines() {
    let folder = probes();
    let script = folder.path().join("authorizer");
    std::fs::remove_file(&script).unwrap();
    std::fs::write(&script, "#!/bin/sh\necho AUTHZ_REQUIRED_SCOPES: bad\nexit 1\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = fails(command(folder.path())).await;
    let printed = lines(&output.stderr);
    let last = printed
        .iter()
        .rev()
        .take(2)
        .rev()
        .map(String::as_str)
        .collect::<Vec<_>>();
    let expected = [
        "local: authorizer did not start: Runtime.ExitError: Runtime exited with error: exit status 1",
        "  AUTHZ_REQUIRED_SCOPES: bad",
    ];
    assert_eq!(last, expected, "{printed:?}");
    assert_eq!(children(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn bad_options_are_told_before_anything_starts() {
    let folder = probes();
    for (arguments, expected) in [
        (vec!["--aws"], "local: --aws needs AWS_ACCESS_KEY_ID in the environment"),
        (
            vec!["--addresses", "/nowhere/at/all"],
            "local: cannot write /nowhere/at/all: No such file or directory (os error 2) at path \"",
        ),
    ] {
        let mut command = command(folder.path());
        command.args(&arguments).env_remove("AWS_ACCESS_KEY_ID");
        let output = fails_anyhow(command).await;
        assert!(
            lines(&output.stderr).iter().any(|line| line.starts_with(expected)),
            "{output:?}"
        );
    }
    for arguments in [
        ["--hydra-url", "hydra"],
        ["--environments", "0"],
        ["--gateway-ttl", "-1"],
        ["--gateway-ttl", "4000"],
    ] {
        let mut command = command(folder.path());
        command.arg(format!("{}={}", arguments[0], arguments[1]));
        assert_eq!(command.output().await.unwrap().status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(children(folder.path()), Vec::<PathBuf>::new());
}

async fn fails_anyhow(mut command: Command) -> Output {
    let output = tokio::time::timeout(Duration::from_secs(20), command.output())
        .await
        .expect("it stops")
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    output
}

#[tokio::test]
async fn the_table_names_every_address_and_its_lines_can_be_copied() {
    let folder = probes();
    let file = folder.path().join("addresses.json");
    let child = command(folder.path()).env("LOCAL_ADDRESSES", &file).spawn().unwrap();
    let addresses = addresses(&file).await;
    // The table is written right after the file.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut checked = 0;
    signal(&child, "-INT").await;
    let output = child.wait_with_output().await.unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    for (name, address) in addresses.as_object().unwrap() {
        if let Some(url) = address.as_str().filter(|text| text.starts_with("http")) {
            assert!(table.contains(url), "{name} in\n{table}");
            checked += 1;
        }
    }
    assert_eq!(checked, 14);
    for line in table.lines().filter(|line| line.trim_start().starts_with("curl")) {
        let checked = Command::new("sh").args(["-n", "-c", line]).status().await.unwrap();
        assert!(checked.success(), "{line}");
    }
    assert_eq!(addresses["oauth_client"]["id"], json!("local"));
}
