//! What kind of file system the files are on.

use std::path::Path;

/// The kind, where other machines may have the files open at the same time, or
/// the kernel does not see all who do: a write-ahead log is not safe there,
/// because its index lives in memory that they do not share.
#[cfg(target_os = "linux")]
pub(crate) fn shared(folder: &Path) -> Option<&'static str> {
    // A folder that is not made yet will be on the same one as that above it.
    let there = folder.ancestors().find(|folder| folder.exists());
    let found = rustix::fs::statfs(there.unwrap_or(folder)).ok()?;
    // The field's type differs from one machine to the next; the number has 32
    // bits.
    kind(found.f_type as u32)
}

/// Nowhere else is it known how to ask.
#[cfg(not(target_os = "linux"))]
pub(crate) fn shared(_: &Path) -> Option<&'static str> {
    None
}

/// The numbers of `linux/magic.h` and of the file systems' own sources.
#[cfg(target_os = "linux")]
fn kind(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x0000_6969 => "NFS",
        0x0000_517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x0102_1997 => "9p",
        // virtiofs says the same as FUSE.
        0x6573_5546 => "FUSE or virtiofs",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x1983_0326 => "BeeGFS",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x786f_4256 => "a VirtualBox folder",
        0xbacb_acbc => "a VMware folder",
        0x7c7c_6673 => "a Parallels folder",
        _ => return None,
    })
}

/// Whether a file is mounted alone, so that what lies beside it here does not
/// lie beside it elsewhere. Also where it comes from the same file system.
#[cfg(target_os = "linux")]
pub(crate) fn is_mounted_alone(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    // An old kernel does not know.
    statx(CWD, path, flags, StatxFlags::empty())
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Nowhere else can one file be mounted.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_mounted_alone(_: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::kind;

    #[test]
    fn file_systems_of_several_machines_are_known() {
        let shared = [0x6969, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x6573_5546];
        assert!(shared.iter().all(|magic| kind(*magic).is_some()));
        // ext4, xfs, btrfs, tmpfs, overlayfs, zfs, f2fs.
        let own = [
            0xef53,
            0x5846_5342,
            0x9123_683e,
            0x0102_1994,
            0x794c_7630,
            0x2fc1_2fc1,
            0xf2f5_2010,
        ];
        assert!(own.iter().all(|magic| kind(*magic).is_none()));
    }
}
