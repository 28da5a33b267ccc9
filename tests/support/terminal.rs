//! A terminal, at which the program asks and a test answers.

use std::process::{Command, Stdio};

use super::cli::{Project, Ran};

/// Runs a program at a terminal of its own and answers its one question, the text that is
/// waited for: with the code that a device with this seed shows now, plus an offset; with a
/// text that is typed; or with a signal. What was said comes back as it was seen; on standard
/// error stands how the terminal was left, where that is not as it was.
const TERMINAL: &str = r#"
import base64, hashlib, hmac, os, pty, signal, struct, sys, termios, time
question, how, what, program = sys.argv[1].encode(), sys.argv[2], sys.argv[3], sys.argv[4:]
def code():
    seed, off = what.split("+")
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", int(time.time() / 30)), hashlib.sha1).digest()
    at = digest[-1] & 15
    return ((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) + int(off)) % 1000000
child, terminal = pty.fork()
if child == 0:
    os.execv(program[0], program)
modes = termios.tcgetattr(terminal)
seen, answered = b"", False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if question in seen and not answered:
        answered = True
        if how == "code":
            os.write(terminal, f"{code():06}\r".encode())
        elif how == "type":
            os.write(terminal, what.encode())
        else:
            # The question stands a moment before its first key is waited for.
            time.sleep(0.2)
            os.kill(child, getattr(signal, what))
sys.stdout.buffer.write(seen)
NAMES = ("ECHO", "ICANON", "ISIG", "IEXTEN")
left = [name for name in NAMES if (termios.tcgetattr(terminal)[3] ^ modes[3]) & getattr(termios, name)]
if left or termios.tcgetattr(terminal) != modes:
    print("other modes:", *left, file=sys.stderr)
if seen.rfind(b"\x1b[?25l") > seen.rfind(b"\x1b[?25h"):
    print("no cursor", file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// How the question is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer<'a> {
    /// This is typed; `\r` is the return key, `\u{3}` Ctrl-C.
    Type(&'a str),
    /// Nobody answers: this signal comes, `SIGTERM`.
    Signal(&'a str),
}

impl Project {
    /// Runs it at a terminal, which must be afterwards as it was, with the code of the device of this seed, or one that is `off`.
    pub(crate) fn at_a_terminal(&self, seed: &str, off: u32, arguments: &[&str]) -> Ran {
        self.at_terminal(["Code of", "code", &format!("{seed}+{off}")], arguments)
    }

    /// Runs it at a terminal, which must be afterwards as it was, where this happens as soon as `question` is read.
    pub(crate) fn asked(&self, question: &str, answer: Answer<'_>, arguments: &[&str]) -> Ran {
        let (how, what) = match answer {
            Answer::Type(text) => ("type", text),
            Answer::Signal(signal) => ("signal", signal),
        };
        self.at_terminal([question, how, what], arguments)
    }

    #[track_caller]
    fn at_terminal(&self, script: [&str; 3], arguments: &[&str]) -> Ran {
        let inner = self.command(arguments);
        let mut command = Command::new("python3");
        command
            .args(["-c", TERMINAL])
            .args(script)
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(self.path())
            .env_clear()
            .env("TERM", "xterm")
            .stdin(Stdio::null());
        for (name, value) in inner.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let ran = Ran::of(&command.output().unwrap());
        assert_eq!(ran.err, "", "the terminal is not as it was: {}", ran.out);
        ran
    }
}
