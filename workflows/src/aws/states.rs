//! What the states of RDS's resources mean for whoever waits for one.
//!
//! Sources: Aurora User Guide, "DB cluster status" (Aurora.Status) and "Viewing
//! DB instance status" (accessing-monitoring); the stabilisation of
//! CloudFormation's RDS resources, which calls more states final than the guide
//! does; the Terraform provider, which takes `storage-optimization` for
//! available.

/// What a state lets one expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It answers, whatever else is done to it.
    Serving,
    /// Another state follows without anybody's doing. Unknown states count as
    /// such: a wait that meets one is ended by its deadline.
    Passing,
    /// On its way to [`Phase::Stopped`].
    Stopping,
    /// RDS starts it after seven days; until then only a person does.
    Stopped,
    /// On its way out.
    Deleting,
    /// Never serves again unless a person repairs something.
    Failed,
}

impl Phase {
    /// Whether it serves now.
    pub(crate) fn serves(self) -> bool {
        self == Self::Serving
    }

    /// Whether a wait for it to serve is in vain.
    pub(crate) fn never_serves(self) -> bool {
        !matches!(self, Self::Serving | Self::Passing)
    }
}

/// What the status of a cluster means.
pub(crate) fn of_cluster(status: &str) -> Phase {
    match status {
        "available"
        | "backing-up"
        | "maintenance"
        | "modifying"
        | "storage-optimization"
        | "update-iam-db-auth" => Phase::Serving,
        "cloning-failed"
        | "failed"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "incompatible-network"
        | "incompatible-parameters"
        | "incompatible-restore"
        | "insufficient-capacity"
        | "migration-failed"
        | "restore-error"
        | "storage-failure" => Phase::Failed,
        other => of_either(other),
    }
}

/// What the status of an instance means.
pub(crate) fn of_instance(status: &str) -> Phase {
    match status {
        "available"
        | "backing-up"
        | "configuring-activity-stream"
        | "configuring-enhanced-monitoring"
        | "configuring-iam-database-auth"
        | "configuring-log-exports"
        | "maintenance"
        | "modifying"
        | "storage-config-upgrade"
        | "storage-initialization"
        | "storage-optimization" => Phase::Serving,
        "cloning-failed"
        | "failed"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "incompatible-create"
        | "incompatible-network"
        | "incompatible-option-group"
        | "incompatible-parameters"
        | "incompatible-restore"
        | "insufficient-capacity"
        | "migration-failed"
        | "restore-error"
        | "storage-failure"
        | "storage-full" => Phase::Failed,
        // Before it is `deleting`, RDS looks whether it may be deleted.
        "delete-precheck" => Phase::Deleting,
        other => of_either(other),
    }
}

/// What the status of a cluster snapshot means.
pub(crate) fn of_snapshot(status: &str) -> Phase {
    match status {
        "available" => Phase::Serving,
        "failed" | "incompatible-restore" => Phase::Failed,
        other => of_either(other),
    }
}

fn of_either(status: &str) -> Phase {
    match status {
        "stopping" => Phase::Stopping,
        "stopped" => Phase::Stopped,
        "deleted" | "deleting" => Phase::Deleting,
        _ => Phase::Passing,
    }
}

/// What a person can do about a state that does not end, where that is known.
pub(crate) fn hint(status: &str) -> Option<&'static str> {
    Some(match status {
        "stopping" | "stopped" => {
            "start it with `aws rds start-db-cluster`; a stopped cluster takes no changes"
        }
        "inaccessible-encryption-credentials-recoverable" => {
            "enable its KMS key, then start it with `aws rds start-db-cluster`"
        }
        "inaccessible-encryption-credentials" => {
            "RDS has lost access to its KMS key for good; restore a snapshot"
        }
        "insufficient-capacity" => "try again later",
        "storage-full" => "free storage of the database",
        "cloning-failed"
        | "failed"
        | "incompatible-create"
        | "incompatible-network"
        | "incompatible-option-group"
        | "incompatible-parameters"
        | "incompatible-restore"
        | "migration-failed"
        | "restore-error"
        | "storage-failure" => "`aws rds describe-events` says why; it does not recover",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_serves_passes_or_ends_the_wait() {
        for status in ["available", "backing-up", "modifying", "maintenance"] {
            assert!(of_cluster(status).serves(), "{status}");
            assert!(of_instance(status).serves(), "{status}");
        }
        assert!(of_instance("configuring-log-exports").serves());
        for status in [
            "creating",
            "failing-over",
            "promoting",
            "rebooting",
            "renaming",
            "resetting-master-credentials",
            "starting",
            "upgrading",
            "a state of next year",
        ] {
            assert_eq!(of_cluster(status), Phase::Passing, "{status}");
            assert_eq!(of_instance(status), Phase::Passing, "{status}");
        }
        for status in [
            "cloning-failed",
            "deleting",
            "inaccessible-encryption-credentials-recoverable",
            "migration-failed",
            "stopped",
            "stopping",
        ] {
            assert!(of_cluster(status).never_serves(), "{status}");
        }
        for status in [
            "delete-precheck",
            "incompatible-create",
            "incompatible-option-group",
            "restore-error",
            "stopped",
        ] {
            assert!(of_instance(status).never_serves(), "{status}");
        }
        assert!(of_snapshot("failed").never_serves());
        assert_eq!(of_snapshot("creating"), Phase::Passing);
    }

    #[test]
    fn what_never_serves_and_is_not_going_has_a_hint() {
        let states = [
            "cloning-failed",
            "failed",
            "inaccessible-encryption-credentials",
            "inaccessible-encryption-credentials-recoverable",
            "incompatible-create",
            "incompatible-network",
            "incompatible-option-group",
            "incompatible-parameters",
            "incompatible-restore",
            "insufficient-capacity",
            "migration-failed",
            "restore-error",
            "stopped",
            "stopping",
            "storage-failure",
            "storage-full",
        ];
        for status in states {
            let phase = of_instance(status);
            assert!(phase.never_serves() && phase != Phase::Deleting, "{status}");
            assert!(hint(status).is_some(), "{status}");
        }
    }
}
