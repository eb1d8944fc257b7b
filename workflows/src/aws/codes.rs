//! What the error codes of EC2, RDS and STS mean for a run.
//!
//! EC2 has no typed errors, and the codes that RDS sends differ from the names
//! of its shapes, so the code string is what counts. Sources: the error tables
//! of the EC2 and RDS API references and the SDK's parsers.

use stepwell_engine::FaultClass;

/// Passes by itself.
const TRANSIENT: &[&str] = &[
    "EC2ThrottledException",
    "InternalError",
    "InternalFailure",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "Unavailable",
];

/// Another resource has to reach a state first.
const PENDING: &[&str] = &[
    "DependencyViolation",
    "IncorrectState",
    "InvalidDBClusterSnapshotStateFault",
    "InvalidDBClusterStateFault",
    "InvalidDBInstanceState",
    "InvalidDBSubnetGroupStateFault",
    "InvalidGroup.InUse",
    "InvalidVPCNetworkStateFault",
];

/// Right after our own create these mean "not visible yet"; where they mean
/// "gone", the step that deletes says so itself.
const NOT_VISIBLE_YET: &[&str] = &[
    "InvalidGroup.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidVpcID.NotFound",
    "InvalidVpcPeeringConnectionID.NotFound",
];

/// A quota or a lack of capacity: a person must act.
const CAPACITY: &[&str] = &[
    "DBClusterQuotaExceededFault",
    "DBSubnetGroupQuotaExceeded",
    "InstanceQuotaExceeded",
    "InsufficientDBClusterCapacityFault",
    "InsufficientDBInstanceCapacity",
    "InsufficientStorageClusterCapacity",
    "OutstandingVpcPeeringConnectionLimitExceeded",
    "ResourceLimitExceeded",
    "RouteLimitExceeded",
    "RouteTableLimitExceeded",
    "RulesPerSecurityGroupLimitExceeded",
    "SecurityGroupLimitExceeded",
    "StorageQuotaExceeded",
    "SubnetLimitExceeded",
    "VpcLimitExceeded",
    "VpcPeeringConnectionsPerVpcLimitExceeded",
];

/// The credentials are not, or no longer, valid.
const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// The class of a code; the HTTP status decides where the code does not.
pub(crate) fn classify(code: &str, status: u16) -> FaultClass {
    if is_credentials(code) || CAPACITY.contains(&code) {
        FaultClass::Operator
    } else if TRANSIENT.contains(&code) || NOT_VISIBLE_YET.contains(&code) {
        FaultClass::Transient
    } else if PENDING.contains(&code) {
        FaultClass::Pending
    } else if status == 429 || status >= 500 {
        FaultClass::Transient
    } else {
        FaultClass::Permanent
    }
}

/// Whether a code speaks of the credentials.
pub(crate) fn is_credentials(code: &str) -> bool {
    CREDENTIALS.contains(&code)
}

/// What a person can do about a code, where there is something.
pub(crate) fn hint(code: &str) -> Option<&'static str> {
    if code == "InsufficientDBInstanceCapacity" {
        return Some("try again later, or choose another instance class or zone");
    }
    if CAPACITY.contains(&code) {
        return Some("ask AWS for a higher quota or free what is not used");
    }
    match code {
        // What a region says that is not enabled for the account, too.
        "AuthFailure" | "InvalidClientTokenId" | "UnrecognizedClientException" => Some(
            "renew the AWS credentials (for example `aws sso login`), and see that the region is enabled for the account",
        ),
        _ if is_credentials(code) => {
            Some("renew the AWS credentials (for example `aws sso login`)")
        }
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => {
            Some("the credentials lack a permission for this call")
        }
        "KMSKeyNotAccessibleFault" | "DecryptionFailure" => {
            Some("the KMS key is disabled, gone, or not for these credentials to use")
        }
        "OptInRequired" => Some("enable the region for the account, or choose another"),
        _ => None,
    }
}

/// Whether a code says that the thing named is not there. `Malformed` codes
/// are not among them.
pub(crate) fn is_gone(code: &str) -> bool {
    code.ends_with(".NotFound")
        || matches!(
            code,
            "DBClusterNotFoundFault"
                | "DBInstanceNotFound"
                | "DBInstanceNotFoundFault"
                | "DBSubnetGroupNotFoundFault"
                | "DBClusterSnapshotNotFoundFault"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_one_class() {
        let lists = [TRANSIENT, PENDING, NOT_VISIBLE_YET, CAPACITY, CREDENTIALS];
        let mut all: Vec<_> = lists.concat();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count, "a code stands in two lists");
    }

    #[test]
    fn codes_mean_what_the_domain_says() {
        use FaultClass::{Operator, Pending, Permanent, Transient};
        for (code, status, class) in [
            ("RequestLimitExceeded", 503, Transient),
            ("InvalidVpcID.NotFound", 400, Transient),
            ("DependencyViolation", 400, Pending),
            ("VpcLimitExceeded", 400, Operator),
            ("ExpiredToken", 403, Operator),
            ("InvalidParameterCombination", 400, Permanent),
            ("UnauthorizedOperation", 403, Permanent),
            ("SomethingNew", 502, Transient),
            ("SomethingNew", 400, Permanent),
        ] {
            assert_eq!(classify(code, status), class, "{code} {status}");
        }
        assert!(is_gone("InvalidVpcID.NotFound"));
        assert!(!is_gone("InvalidVpcID.Malformed"));
    }
}
