//! A headless Chromium, driven by lines of JSON: see `tests/interop/chromium/browser.cjs`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::interop::environment::Environment;

/// The width of a desktop's window and of a small phone, in pixels.
pub(super) const DESKTOP: u32 = 1100;
pub(super) const PHONE: u32 = 360;

/// A browser with one page. It ends with the test.
pub(super) struct Browser {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _child: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it and loads a page.
    pub(super) async fn open(url: &str, width: u32, height: u32, dark: bool) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Environment::new("chromium")
            .node("browser.cjs")
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            _child: child,
            _profile: profile,
        };
        let command = json!({"open": url, "width": width, "height": height, "dark": dark});
        browser.ask(command).await;
        browser
    }

    async fn ask(&mut self, command: Value) -> Value {
        self.input.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let line = tokio::time::timeout(Duration::from_secs(60), self.output.next_line());
        let line = line.await.expect("an answer of the browser").unwrap();
        let answer: Value = serde_json::from_str(&line.expect("the browser runs")).unwrap();
        assert!(answer.get("error").is_none(), "{command}\n{}", answer["error"]);
        answer["value"].clone()
    }

    /// The value of an expression of JavaScript.
    pub(super) async fn value(&mut self, expression: &str) -> Value {
        self.ask(json!({"evaluate": expression})).await
    }

    /// The value of an expression once JavaScript takes it for true, which must be soon.
    pub(super) async fn until(&mut self, expression: &str) -> Value {
        self.ask(json!({"until": expression})).await
    }

    /// The text of the first element that a selector names.
    pub(super) async fn text(&mut self, selector: &str) -> String {
        let expression = format!("document.querySelector({selector:?})?.innerText ?? null");
        let told = self.value(&expression).await;
        told.as_str().unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    /// How many elements a selector names.
    pub(super) async fn count(&mut self, selector: &str) -> u64 {
        let expression = format!("document.querySelectorAll({selector:?}).length");
        self.value(&expression).await.as_u64().unwrap()
    }

    /// Clicks on the first element that a selector names.
    pub(super) async fn click(&mut self, selector: &str) {
        self.value(&format!("document.querySelector({selector:?}).click()"))
            .await;
    }

    /// Writes what the window shows.
    pub(super) async fn screenshot(&mut self, path: &Path) {
        self.ask(json!({"screenshot": path})).await;
        assert!(std::fs::metadata(path).unwrap().len() > 10_000, "an empty picture");
    }

    /// Nothing was loaded from anywhere but `origin`, and neither the script nor the page's policy had to complain.
    pub(super) async fn was_quiet(&mut self, origin: &str) {
        let seen = self.ask(json!({"seen": true})).await;
        for url in seen["requests"].as_array().unwrap() {
            let url = url.as_str().unwrap();
            assert!(url.starts_with(origin) || url == "data:,", "{url}");
        }
        assert_eq!(seen["complaints"], json!([]));
    }
}
