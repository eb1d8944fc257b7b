//! Stand-ins for what is asked about ROSA: a `rosa` command, and OCM's REST API
//! with its token service on an address of this machine.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use stepwell_workflows::rosa::{OcmAccess, OcmLogin, RosaCli, RosaSource};

/// A folder that goes with its owner.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "rosa-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A `rosa` that is a shell script.
pub(crate) struct Rosa {
    folder: Folder,
}

impl Rosa {
    /// One that does as the script says; `$here` is a folder of its own.
    pub(crate) fn script(body: &str) -> Self {
        let folder = Folder::new();
        let (text, program) = (folder.path("text"), folder.path("rosa"));
        let here = folder.path("");
        std::fs::write(
            &text,
            format!("#!/bin/sh\nhere='{}'\n{body}\n", here.display()),
        )
        .expect("a script");
        // Another process copies it: a file that this one has open for writing
        // can't be executed, and a child of another test may hold it open.
        let done = std::process::Command::new("install")
            .args(["-m", "755"])
            .args([&text, &program])
            .status()
            .expect("install");
        assert!(done.success());
        Self { folder }
    }

    /// One that describes a cluster, and takes note of how it was called.
    pub(crate) fn describing(cluster: &str) -> Self {
        let rosa = Self::script(
            "echo \"$@\" > \"$here/called\"; env > \"$here/env\"; cat \"$here/cluster\"",
        );
        std::fs::write(rosa.path("cluster"), cluster).expect("a description");
        rosa
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    pub(crate) fn cli(&self) -> RosaCli {
        RosaCli {
            program: self.path("rosa"),
            profile: None,
        }
    }

    pub(crate) fn source(&self) -> RosaSource {
        RosaSource::Cli(self.cli())
    }
}

/// A request as the stand-in for OCM got it.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    /// Method and target.
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// What the stand-in answers next.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// A status and a body.
    This(u16, String),
    /// Nothing: the connection stays open.
    Nothing,
}

/// OCM and its token service, at one address.
pub(crate) struct Ocm {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    thread: Option<JoinHandle<()>>,
}

impl Ocm {
    /// One that gives these answers, one after the other, then 500 for ever.
    pub(crate) fn saying(answers: Vec<Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let address = listener.local_addr().expect("an address");
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = got.clone();
        let thread = std::thread::spawn(move || serve(&listener, &seen, answers.into()));
        Self {
            address,
            got,
            thread: Some(thread),
        }
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().expect("what it got").clone()
    }

    pub(crate) fn access(&self, login: OcmLogin) -> OcmAccess {
        OcmAccess {
            url: format!("http://{}", self.address),
            token_url: format!("http://{}/token", self.address),
            login,
        }
    }

    pub(crate) fn source(&self, login: OcmLogin) -> RosaSource {
        RosaSource::Ocm(self.access(login))
    }
}

impl Drop for Ocm {
    fn drop(&mut self) {
        // A connection that says nothing ends the service.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, got: &Mutex<Vec<Got>>, mut answers: VecDeque<Says>) {
    // Connections that are never answered stay open to the end.
    let mut silent = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
        let mut reader = BufReader::new(stream);
        let Some(request) = read(&mut reader) else {
            return;
        };
        got.lock().expect("what it got").push(request);
        let mut stream = reader.into_inner();
        match answers.pop_front() {
            Some(Says::Nothing) => silent.push(stream),
            Some(Says::This(status, body)) => answer(&mut stream, status, &body),
            None => answer(&mut stream, 500, "nothing more to say"),
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Got> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let (mut authorization, mut length) = (None, 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Got {
        line: line.trim().to_owned(),
        authorization,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    // The client may have gone away, which is its right.
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}
