//! Puts moto and microburst into a virtual environment of Python's in the
//! target folder, once, pinned.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Every package with its version. A copy of it in the environment says that
/// the environment is complete, and for which list.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// How long one command of the installation may take: packages are downloaded.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The Python that has moto and microburst; installs them if they are not
/// there. Says what is needed when that can't be done.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let installed = PYTHON.get_or_init(|| {
        install(&folder()).map_err(|why| {
            format!(
                "moto can't be installed for these tests; they need python3 (3.10 or later) \
                 with its venv module or with pip, and the Python Package Index or a mirror \
                 that pip is told of\n{why}"
            )
        })
    });
    match installed {
        Ok(python) => python,
        Err(why) => panic!("{why}"),
    }
}

/// `target/moto-<version>`, wherever the target folder is.
fn folder() -> PathBuf {
    let version = REQUIREMENTS
        .lines()
        .find_map(|line| line.strip_prefix("moto=="))
        .expect("the requirements name moto");
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder")
        .join(format!("moto-{version}"))
}

fn install(folder: &Path) -> Result<PathBuf, String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    // Several processes may want it at the same time. The lock is the
    // operating system's: it goes with the process that holds it.
    let lock = File::create(format!("{}.lock", folder.display())).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let python = folder.join("bin/python");
    let stamp = folder.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == REQUIREMENTS) {
        return Ok(python);
    }
    let mut venv = Command::new("python3");
    venv.args(["-I", "-m", "venv", "--clear"]).arg(folder);
    match run(&mut venv) {
        Ok(_) => pip(&python, None)?,
        // Some systems keep apart what venv needs to bring pip along. The
        // system's own pip does as well.
        Err(why) => {
            run(venv.arg("--without-pip"))
                .and_then(|_| {
                    let purelib = "import sysconfig; print(sysconfig.get_path('purelib'))";
                    run(Command::new(&python).args(["-I", "-c", purelib]))
                })
                .and_then(|site| pip(Path::new("python3"), Some(&site)))
                .map_err(|other| format!("{why}\n{other}"))?;
        }
    }
    run(Command::new(&python).args(["-I", "-c", "import moto.server, microburst"]))?;
    fs::write(&stamp, REQUIREMENTS).map_err(failed)?;
    Ok(python)
}

/// Installs the packages: for the Python that pip runs in, or into a folder.
fn pip(python: &Path, target: Option<&str>) -> Result<(), String> {
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/requirements.txt");
    let mut pip = Command::new(python);
    pip.args(["-I", "-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--no-deps", "-r", list]);
    if let Some(target) = target {
        pip.args(["--target", target]);
    }
    run(&mut pip).map(drop)
}

/// Runs a command to its end and returns what it printed; where it fails, what
/// it said.
fn run(command: &mut Command) -> Result<String, String> {
    let name = shown(command);
    let failed = |why: String| format!("`{name}` failed: {why}");
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.map_err(|error| failed(error.to_string()))?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(ended) = receiver.recv_timeout(LIMIT) else {
        // It is not waited for yet, so the process id is still its own.
        let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
        return Err(failed(format!("not done after {} s", LIMIT.as_secs())));
    };
    let output = ended.map_err(|error| failed(error.to_string()))?;
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        let said = [text(&output.stdout), text(&output.stderr)].join("\n");
        Err(failed(format!("{}\n{said}", output.status)))
    }
}

fn shown(command: &Command) -> String {
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}
