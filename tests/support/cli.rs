//! The program as a user runs it, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::{REGION, Sandbox};

/// A folder with specs and state, and the AWS that the program finds from there.
pub(crate) struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run printed, and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Project {
    /// A folder without any AWS.
    pub(crate) fn offline() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            environment: Vec::new(),
        }
    }

    /// A folder whose AWS is this account of the sandbox.
    pub(crate) fn on(sandbox: &Sandbox) -> Self {
        Self::at(&sandbox.endpoint, &sandbox.account).with("WATERTIGHT_DNS", &sandbox.dns)
    }

    /// A folder whose AWS is at an endpoint: a proxy before the sandbox, say.
    pub(crate) fn at(endpoint: &str, account: &str) -> Self {
        let pairs = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", account),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
        ];
        let mut project = Self::offline();
        project.environment = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        project
    }

    /// The same with a variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, `app.toml` or `blueprints/mine/blueprint.toml`.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The command, ready to run: nothing of this process's environment but the search path
    /// and the home folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watertight"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", self.path().join("no-config"))
            .env(
                "AWS_SHARED_CREDENTIALS_FILE",
                self.path().join("no-credentials"),
            )
            .stdin(Stdio::null());
        for name in ["PATH", "HOME", "XDG_CACHE_HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    /// The state of an app and environment, as it is on disk: `shop/prod`.
    pub(crate) fn state(&self, app: &str) -> serde_json::Value {
        let path = self.state_file(app);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Where it is.
    pub(crate) fn state_file(&self, app: &str) -> PathBuf {
        self.path().join(".watertight").join(app).join("state.json")
    }

    /// Addresses that the state has a record of, in order.
    pub(crate) fn records(&self, app: &str) -> Vec<String> {
        let state = self.state(app);
        let records = state["records"].as_array().unwrap().iter();
        records
            .map(|record| record["address"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What AWS calls what stands at an address, by the state.
    #[track_caller]
    pub(crate) fn id(&self, app: &str, address: &str) -> String {
        let state = self.state(app);
        let record = state["records"]
            .as_array()
            .unwrap()
            .iter()
            .find(|record| record["address"] == address);
        match record {
            Some(record) => record["id"]["text"].as_str().unwrap().to_owned(),
            None => panic!("no record of {address}, only of {:?}", self.records(app)),
        }
    }

    /// The plan of a spec for programs, by the label that people see.
    #[track_caller]
    pub(crate) fn plan(&self, spec: &str) -> Planned {
        let ran = self.run(&["plan", spec, "--json"]);
        assert!(ran.code < 2, "{}{}", ran.out, ran.err);
        Planned(serde_json::from_str(&ran.out).unwrap())
    }

    /// Applies a spec without asking; must go through.
    #[track_caller]
    pub(crate) fn apply(&self, spec: &str) -> Ran {
        self.run(&["apply", spec, "--yes"]).code(0)
    }

    /// Plans a spec; there must be nothing to do.
    #[track_caller]
    pub(crate) fn nothing_to_do(&self, spec: &str) {
        let ran = self.run(&["plan", spec, "--detailed-exitcode"]);
        assert!(
            ran.code == 0 && ran.out.contains("No changes."),
            "a plan that should be empty (exit code {}):\n{}{}",
            ran.code,
            ran.out,
            ran.err
        );
    }
}

/// A plan as `--json` prints it.
pub(crate) struct Planned(pub(crate) serde_json::Value);

impl Planned {
    /// `update web.aws_lb.main` for each step, in order of name; `drop` is the deletion of what
    /// a replacement leaves behind.
    pub(crate) fn steps(&self) -> Vec<String> {
        let steps = self.0["steps"].as_array().unwrap().iter();
        let mut steps: Vec<String> = steps
            .map(|step| {
                let action = match step["replaced"].as_bool() {
                    Some(true) => "drop",
                    _ => step["action"].as_str().unwrap(),
                };
                let child = match step["child"]["text"].as_str() {
                    Some(child) => format!("/{child}"),
                    None => String::new(),
                };
                format!("{action} {}{child}", step["address"].as_str().unwrap())
            })
            .collect();
        steps.sort();
        steps
    }

    /// `idle_timeout: 600 -> 60, drift` for each field of a step, with its first cause.
    #[track_caller]
    pub(crate) fn fields(&self, address: &str) -> Vec<String> {
        let steps = self.0["steps"].as_array().unwrap();
        let Some(step) = steps.iter().find(|step| step["address"] == address) else {
            panic!("{address} is not in the plan: {:?}", self.steps());
        };
        let fields = step["fields"].as_array().unwrap().iter();
        fields
            .map(|field| {
                format!(
                    "{}: {} -> {}, {}",
                    field["path"].as_str().unwrap(),
                    field["before"],
                    field["after"],
                    field["why"][0]["cause"].as_str().unwrap_or("no cause"),
                )
            })
            .collect()
    }

    /// The causes of a step, by name.
    #[track_caller]
    pub(crate) fn why(&self, label: &str) -> Vec<String> {
        let position = self.labels().position(|other| other == label);
        let Some(position) = position else {
            panic!("{label} is not in the plan: {:?}", self.steps());
        };
        let causes = self.0["steps"][position]["why"].as_array().unwrap().iter();
        causes
            .map(|cause| cause["cause"].as_str().unwrap().to_owned())
            .collect()
    }

    fn labels(&self) -> impl Iterator<Item = String> {
        let steps = self.0["steps"].as_array().unwrap().iter();
        steps.map(|step| {
            let address = step["address"].as_str().unwrap();
            match step["child"]["text"].as_str() {
                Some(child) => format!("{address}/{child}"),
                None => address.to_owned(),
            }
        })
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It must have ended with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code; it said:\n{}\n{}",
            self.out, self.err
        );
        self
    }

    /// It must have printed this text, as data or as talk.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text) || self.err.contains(text),
            "it did not say {text:?}, but:\n{}\n{}",
            self.out,
            self.err
        );
        self
    }

    /// It must not have printed this text.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(
            !self.out.contains(text) && !self.err.contains(text),
            "it said {text:?}:\n{}\n{}",
            self.out,
            self.err
        );
        self
    }
}
