//! A sandbox that lives as long as its caller: for tests and the demo.
//!
//! *Invariant*: the server never outlives the process that started it. It is killed when
//! [`Running`] is dropped, and ends by itself when its standard input closes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::install::{Installed, install, tail};
use super::{Error, Ready, Settings};

/// How long the server may take until it answers; half a second is usual.
const PATIENCE: Duration = Duration::from_mins(1);

/// A sandbox of one's own; dropping it ends it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    ready: Ready,
}

impl Running {
    /// Where it is.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Where every service is reached.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.ready.endpoint
    }

    /// Ends it, and returns when it has ended.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if the process has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Installs what is missing and starts a sandbox that ends with the answer.
///
/// # Errors
/// It can't be installed or does not start.
pub fn start(settings: &Settings) -> Result<Running, Error> {
    let folder = settings.folder();
    let installed = install(&folder)?;
    let (child, ready) = spawn(
        &installed,
        settings,
        &folder.join("own.log"),
        Lifetime::Caller,
    )?;
    Ok(Running { child, ready })
}

/// How long a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// As long as the process that started it.
    Caller,
    /// Until it is told to stop.
    Detached,
}

/// Starts the server and waits until it answers. What it has to complain about goes to the log.
pub(super) fn spawn(
    installed: &Installed,
    settings: &Settings,
    log: &Path,
    lifetime: Lifetime,
) -> Result<(Child, Ready), Error> {
    let errors = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(Error::io("open", log))?;
    let before = errors.metadata().map_or(0, |metadata| metadata.len());
    let mut command = Command::new(&installed.python);
    command
        // Isolated: neither the caller's directory nor their Python settings are searched.
        .arg("-I")
        .arg(&installed.app)
        .args(settings.arguments())
        .stdout(Stdio::piped())
        .stderr(errors);
    match lifetime {
        Lifetime::Caller => command.arg("--exit-with-stdin").stdin(Stdio::piped()),
        Lifetime::Detached => command.arg("--detach").stdin(Stdio::null()),
    };
    let mut child = command
        .spawn()
        .map_err(Error::io("run", &installed.python))?;
    let ready = child.stdout.take().and_then(first_line);
    if let Some(ready) = ready.and_then(|line| serde_json::from_str(&line).ok()) {
        return Ok((child, ready));
    }
    child.kill().ok();
    child.wait().ok();
    Err(Error::Start {
        output: said_since(log, before),
    })
}

/// The end of what was written to the log after this position.
fn said_since(log: &Path, position: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(position))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    };
    match read() {
        Ok(text) if !text.trim().is_empty() => tail(&text),
        Ok(_) => "it said nothing".to_owned(),
        Err(error) => format!("its log can't be read: {error}"),
    }
}

/// The first line of what a process prints, if it comes in time.
fn first_line(stdout: ChildStdout) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        if BufReader::new(stdout).read_line(&mut line).is_ok() {
            // Nobody listens any more when it came too late.
            sender.send(line).ok();
        }
    });
    receiver.recv_timeout(PATIENCE).ok()
}

/// Sends a request without a body to a sandbox and returns its answer's body, if the answer is 200.
pub(super) fn ask(port: u16, method: &str, path: &str) -> Option<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let is_ok = head.split(' ').nth(1) == Some("200");
    is_ok.then(|| body.to_owned())
}
