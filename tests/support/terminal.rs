//! A terminal, at which the program asks and a test answers.

use std::process::{Command, Stdio};

use super::cli::{Project, Ran};

/// Runs a program at a terminal of its own and answers its one question, `Code of …`, with
/// the code that a device with this seed shows now, plus `off`. What was said comes back as
/// it was seen.
const TERMINAL: &str = r#"
import base64, hashlib, hmac, os, pty, struct, sys, time
seed, off, program = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execv(program[0], program)
digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", int(time.time() / 30)), hashlib.sha1).digest()
at = digest[-1] & 15
code = ((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) + off) % 1000000
seen, answered = b"", False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if b"Code of" in seen and not answered:
        answered = True
        os.write(terminal, f"{code:06}\r".encode())
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

impl Project {
    /// Runs it at a terminal, with the code of the device of this seed, or one that is `off`.
    pub(crate) fn at_a_terminal(&self, seed: &str, off: u32, arguments: &[&str]) -> Ran {
        let inner = self.command(arguments);
        let mut command = Command::new("python3");
        command
            .args(["-c", TERMINAL, seed, &off.to_string()])
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
        Ran::of(&command.output().unwrap())
    }
}
