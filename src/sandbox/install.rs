//! The virtual environment: made once for a Python and a list of packages, used ever after.
//!
//! In: the sandbox's folder. Out: the environment's interpreter and the package to run with it.
//!
//! *Invariant*: an environment without the marker `complete` is never used; it is made anew.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Error, source};

/// What is run to start a sandbox.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    /// Interpreter of the virtual environment.
    pub(super) python: PathBuf,
    /// Folder of the Python package.
    pub(super) app: PathBuf,
}

const MINIMUM: (u32, u32) = (3, 10);
const MINIMUM_TEXT: &str = "3.10";
const MARKER: &str = "complete";

/// Installs what is missing. Concurrent calls, of other processes too, wait for each other.
///
/// # Errors
/// No Python, no `venv`, pip failed, or the folder can't be written.
pub(super) fn install(folder: &Path) -> Result<Installed, Error> {
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let _lock = lock(&folder.join("install.lock"))?;
    let (python, version) = find_python()?;
    let key = source::short_digest(&[source::REQUIREMENTS, &version]);
    let environment = folder.join(format!("venv-{key}"));
    if !environment.join(MARKER).is_file() {
        make_environment(&python, &environment)?;
    }
    Ok(Installed {
        python: interpreter(&environment),
        app: source::write(folder)?,
    })
}

/// Holds an exclusive lock on the file as long as the answer lives.
pub(super) fn lock(path: &Path) -> Result<File, Error> {
    let file = File::create(path).map_err(Error::io("open", path))?;
    file.lock().map_err(Error::io("lock", path))?;
    Ok(file)
}

/// The first Python on the path that is new enough, and what tells it from others.
fn find_python() -> Result<(PathBuf, String), Error> {
    let names = [
        "python3",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.10",
        "python",
    ];
    let mut found = "there is none on the path".to_owned();
    for name in names {
        let question = "import sys; print(*sys.version_info[:2], sys.implementation.cache_tag, sys.base_prefix)";
        let Ok(output) = command(Path::new(name)).args(["-c", question]).output() else {
            continue;
        };
        let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let mut words = answer.split(' ').map(str::parse::<u32>);
        let (Some(Ok(major)), Some(Ok(minor))) = (words.next(), words.next()) else {
            continue;
        };
        if (major, minor) >= MINIMUM {
            return Ok((PathBuf::from(name), answer));
        }
        found = format!("`{name}` is {major}.{minor}");
    }
    Err(Error::Python {
        minimum: MINIMUM_TEXT,
        found,
    })
}

fn make_environment(python: &Path, environment: &Path) -> Result<(), Error> {
    if environment.exists() {
        fs::remove_dir_all(environment).map_err(Error::io("remove", environment))?;
    }
    let venv = run(command(python).args(["-m", "venv"]).arg(environment))
        .map_err(Error::io("run", python))?;
    if let Err(output) = venv {
        return Err(Error::Venv { output });
    }
    let requirements = environment.join("requirements.txt");
    fs::write(&requirements, source::REQUIREMENTS).map_err(Error::io("write", &requirements))?;
    let interpreter = interpreter(environment);
    let pip = run(command(&interpreter)
        .args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--require-hashes", "-r"])
        .arg(&requirements))
    .map_err(Error::io("run", &interpreter))?;
    if let Err(output) = pip {
        return Err(Error::Pip { output });
    }
    let marker = environment.join(MARKER);
    fs::write(&marker, "").map_err(Error::io("write", &marker))
}

/// Runs to the end; `Err` inside is the end of what a failed command said.
fn run(command: &mut Command) -> std::io::Result<Result<(), String>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let said = [output.stdout, output.stderr].concat();
    Ok(Err(tail(&String::from_utf8_lossy(&said))))
}

/// The last lines of an output.
pub(super) fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.trim().lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// A command that no other Python's settings reach, and that asks nothing.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .env_remove("VIRTUAL_ENV");
    command
}

fn interpreter(environment: &Path) -> PathBuf {
    if cfg!(windows) {
        environment.join("Scripts/python.exe")
    } else {
        environment.join("bin/python")
    }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn only_the_end_of_a_long_output_is_shown() {
        let long: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        assert_eq!(tail(&long.join("\n")).lines().next(), Some("28"));
        assert_eq!(tail("  one line\n"), "one line");
    }
}
