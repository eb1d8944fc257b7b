//! A small disk of its own, seen by some commands alone: nothing of it stays
//! when its keeper ends.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::ground::Ground;

/// Which kind of disk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// In memory.
    Tmpfs,
    /// On a loop device.
    Ext4,
    /// In another process, as file systems of several machines are for SQLite.
    Fuse,
}

/// A disk over the state folder of a ground.
pub(crate) struct Disk {
    keeper: Child,
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

impl Disk {
    /// A ground whose state folder is a disk of so many KiB. None, and a line
    /// that says so, where nothing can be mounted.
    pub(crate) fn over(kind: Kind, size: usize) -> Option<(Ground, Self)> {
        let ground = Ground::new();
        let mount = match kind {
            Kind::Tmpfs => format!("mount -t tmpfs -o mode=0700,size={size}k tmpfs state"),
            Kind::Ext4 => format!(
                "truncate -s {size}K image && mkfs.ext4 -q -F -b 1024 -O ^has_journal -m 0 image &&
                 mount -o loop image state && rmdir state/lost+found && chmod 700 state"
            ),
            Kind::Fuse => format!(
                "truncate -s {size}K image && mkfs.ext4 -q -F -b 1024 -O ^has_journal -m 0 image &&
                 {{ setpriv --pdeathsig KILL fuse2fs -f -o fakeroot image state >&2 & }} &&
                 {{ n=0; until mountpoint -q state; do n=$((n+1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done; }} && rmdir state/lost+found && chmod 700 state"
            ),
        };
        let user = ["--user", "--map-root-user"];
        let root = rustix::process::geteuid().is_root();
        let skipped = |why: &str| {
            println!("a disk of its own ({kind:?}): skipped, it can't be mounted here: {why}");
        };
        let keeper = Command::new("unshare")
            .args(["--mount", "--propagation", "private"])
            .args(if root { &[][..] } else { &user })
            .args(["/bin/sh", "-c"])
            // It ends when its stdin does: when this process has ended.
            .arg(format!("{mount} && echo ready && exec cat"))
            .current_dir(ground.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut keeper = keeper.map_err(|error| skipped(&error.to_string())).ok()?;
        let mut line = String::new();
        let said = keeper.stdout.take().expect("its stdout");
        let read = BufReader::new(said).read_line(&mut line);
        if read.is_err() || line.trim() != "ready" {
            let _ = keeper.kill();
            let why = keeper.wait_with_output().map(|output| output.stderr);
            let why = why.unwrap_or_default();
            skipped(String::from_utf8_lossy(&why).trim());
            return None;
        }
        let pid = keeper.id().to_string();
        let mut wrap = vec!["nsenter", "--target", &pid, "--mount"];
        if !root {
            wrap.extend(["--user", "--preserve-credentials"]);
        }
        wrap.push("--");
        let wrap = wrap.into_iter().map(OsString::from).collect();
        Some((ground.wrapped(wrap), Self { keeper }))
    }
}

/// Leaves so many KiB of a disk free.
pub(crate) fn fill(ground: &Ground, free: usize) {
    ground.shell(&format!(
        "rm -f fill; have=$(df -k --output=avail . | tail -n 1)
         if [ \"$have\" -gt {free} ]; then head -c $((have - {free}))k /dev/zero > fill || true; fi"
    ));
}

/// Gives the space back.
pub(crate) fn relieve(ground: &Ground) {
    ground.shell("rm -f fill");
}
