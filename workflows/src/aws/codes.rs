//! What the error codes of EC2, RDS, STS and Secrets Manager mean for a run.
//!
//! EC2 has no typed errors, and the codes that RDS sends differ from the names
//! of its shapes, so the code string is what counts. Sources: the error tables
//! of the EC2 and RDS API references and the service models of botocore;
//! `tests/documented-errors.txt` lists what they document, and a test here
//! demands that each has a meaning.

use stepwell_engine::FaultClass;

/// What a code speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The service: it is asked too often, or has a trouble that passes.
    Transient,
    /// Right after our own create: it is not visible yet. Where it means "gone",
    /// whoever deletes says so.
    NotVisibleYet,
    /// The state of a resource, or what depends on it: a look decides whether
    /// that passes (see [`state`](super::state)).
    State,
    /// A quota or a lack of capacity.
    Capacity,
    /// The credentials are not, or no longer, valid.
    Credentials,
    /// The signature, which a wrong clock spoils like wrong credentials do.
    Signature,
    /// The clock of this machine.
    Clock,
    /// A permission that the credentials lack.
    Permission,
    /// A KMS key that can't be used.
    Key,
    /// The account, which is not, or not yet, allowed to do this.
    Account,
    /// The request. It won't get better by itself.
    Request,
}

use Meaning::{
    Account, Capacity, Clock, Credentials, Key, NotVisibleYet, Permission, Request, Signature,
    State, Transient,
};

/// The codes, each once.
const CODES: &[(Meaning, &[&str])] = &[
    (
        Transient,
        &[
            "BandwidthLimitExceeded",
            "ConcurrentTagAccess",
            "EC2ThrottledException",
            "InternalError",
            "InternalFailure",
            "InternalServiceError",
            // Of a list that is then asked for from its beginning.
            "InvalidNextToken",
            "InvalidPaginationToken",
            "LimitExceededException",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "RequestAbortedException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestTimeout",
            "RequestTimeoutException",
            "RetryableError",
            "ServerInternal",
            "ServiceUnavailable",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "TransactionInProgressException",
            "Unavailable",
        ],
    ),
    (
        // And every `….NotFound`, in whatever spelling.
        NotVisibleYet,
        &[
            "DBClusterNotFoundFault",
            "DBInstanceNotFound",
            "DBSubnetGroupNotFoundFault",
            // RDS learns of a young subnet later than EC2.
            "InvalidSubnet",
            "NatGatewayNotFound",
        ],
    ),
    (
        State,
        &[
            "DependencyViolation",
            "IncorrectState",
            "InvalidDBClusterEndpointStateFault",
            "InvalidDBClusterSnapshotStateFault",
            "InvalidDBClusterStateFault",
            "InvalidDBInstanceState",
            "InvalidDBSecurityGroupState",
            "InvalidDBShardGroupState",
            "InvalidDBSnapshotState",
            "InvalidDBSubnetGroupStateFault",
            "InvalidDBSubnetStateFault",
            "InvalidGlobalClusterStateFault",
            "InvalidGroup.InUse",
            "InvalidIPAddress.InUse",
            "InvalidNetworkInterface.InUse",
            "InvalidState",
            "InvalidVpcState",
            "InvalidVpnConnection.InvalidState",
            "InvalidVpnGatewayState",
        ],
    ),
    (
        // And every `…LimitExceeded`, `…QuotaExceeded`, `Insufficient…Capacity`.
        Capacity,
        &[
            "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
            "DBClusterAutomatedBackupQuotaExceededFault",
            "DBClusterQuotaExceededFault",
            "DBClusterRoleQuotaExceeded",
            "DBInstanceAutomatedBackupQuotaExceeded",
            "DBSubnetGroupQuotaExceeded",
            "DBSubnetQuotaExceededFault",
            "InstanceQuotaExceeded",
            "InsufficientDBClusterCapacityFault",
            "InsufficientDBInstanceCapacity",
            "InsufficientFreeAddressesInSubnet",
            "InsufficientStorageClusterCapacity",
            "OutstandingVpcPeeringConnectionLimitExceeded",
            "PendingVpcPeeringConnectionLimitExceeded",
            "ResourceCountLimitExceeded",
            "ResourceLimitExceeded",
            "RouteLimitExceeded",
            "RouteTableLimitExceeded",
            "RulesPerSecurityGroupLimitExceeded",
            "SecurityGroupLimitExceeded",
            "SnapshotQuotaExceeded",
            "StorageQuotaExceeded",
            "SubnetLimitExceeded",
            "VpcLimitExceeded",
            "VpcPeeringConnectionsPerVpcLimitExceeded",
        ],
    ),
    (
        Credentials,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "MissingAuthenticationToken",
            "UnrecognizedClientException",
        ],
    ),
    (
        Signature,
        &[
            "AuthFailure",
            "IncompleteSignature",
            "InvalidSignatureException",
            "RequestExpired",
            "SignatureDoesNotMatch",
        ],
    ),
    (
        Clock,
        &[
            "InvalidSecurity.RequestHasExpired",
            "RequestInTheFuture",
            "RequestTimeTooSkewed",
        ],
    ),
    (
        Permission,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "NotAuthorized",
            "UnauthorizedOperation",
        ],
    ),
    (
        // And every `KMS…`.
        Key,
        &["DecryptionFailure", "KMSKeyNotAccessibleFault"],
    ),
    (
        Account,
        &[
            "AccountDisabled",
            "Blocked",
            "OptInRequired",
            "PendingVerification",
            "RegionDisabledException",
            "SubscriptionRequiredException",
        ],
    ),
    (
        // And every `….Malformed`.
        Request,
        &[
            "AuthorizationNotFound",
            "BackupPolicyNotFoundFault",
            "BlueGreenDeploymentNotFoundFault",
            "CannotDelete",
            "CertificateNotFound",
            "ClientInvalidParameterValue",
            "DBCapacityReservationNotFound",
            "DBClusterAlreadyExistsFault",
            "DBClusterParameterGroupNotFound",
            "DBClusterSnapshotAlreadyExistsFault",
            "DBClusterSnapshotNotFoundFault",
            "DBInstanceAlreadyExists",
            "DBParameterGroupNotFound",
            "DBProxyEndpointNotFoundFault",
            "DBProxyNotFoundFault",
            "DBProxyTargetGroupNotFoundFault",
            "DBSecurityGroupNotFound",
            "DBShardGroupNotFound",
            "DBSnapshotAlreadyExists",
            "DBSnapshotNotFound",
            "DBSnapshotTenantDatabaseNotFoundFault",
            "DBSubnetGroupAlreadyExists",
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "DefaultVpcDoesNotExist",
            "DomainNotFoundFault",
            "DryRunOperation",
            "DuplicateSubnetsInSameZone",
            "ExistingVpcEndpointConnections",
            "FilterLimitExceeded",
            "Gateway.NotAttached",
            "GlobalClusterNotFoundFault",
            "IdempotentParameterMismatch",
            "IntegrationNotFoundFault",
            "InvalidAction",
            "InvalidAvailabilityZone",
            "InvalidCharacter",
            "InvalidClientToken",
            "InvalidDBCapacityReservationState",
            "InvalidDBSubnetGroupFault",
            "InvalidFilter",
            "InvalidGroup.Duplicate",
            "InvalidGroup.Reserved",
            "InvalidID",
            "InvalidInput",
            "InvalidMaxResults",
            "InvalidParameter",
            "InvalidParameterCombination",
            "InvalidParameterDependency",
            "InvalidParameterException",
            "InvalidParameterValue",
            "InvalidPermission.Duplicate",
            "InvalidPolicyDocument",
            "InvalidQueryParameter",
            "InvalidRegion",
            "InvalidRequest",
            "InvalidRequestException",
            "InvalidResourceType.Unknown",
            "InvalidRestoreFault",
            "InvalidRoute.InvalidState",
            "InvalidServiceName",
            // Of a peering that has ended; the steps know when it is young.
            "InvalidStateTransition",
            "InvalidSubnet.Conflict",
            "InvalidSubnet.Range",
            "InvalidTenancy",
            "InvalidTime",
            // The subnets of the group don't cover the zones any more: CloudFormation
            // does not repeat it either.
            "InvalidVPCNetworkStateFault",
            "InvalidVpc.Range",
            "InvalidVpcEndpointType",
            "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled",
            "InvalidVpcRange",
            "LegacySecurityGroup",
            "MalformedHttpRequestException",
            "MalformedQueryString",
            "MissingAction",
            "MissingInput",
            "MissingParameter",
            "NatGatewayMalformed",
            "NetworkAclEntryAlreadyExists",
            "NetworkTypeNotSupported",
            "NoSuchVersion",
            "OperationNotPermitted",
            "OptionGroupNotFoundFault",
            "ProvisionedIopsNotAvailableInAZFault",
            "RequestResourceCountExceeded",
            "Resource.AlreadyAssigned",
            "Resource.AlreadyAssociated",
            "ResourceCountExceeded",
            "ResourceNotFoundException",
            "RouteAlreadyExists",
            "StorageTypeNotAvailableFault",
            "StorageTypeNotSupported",
            "TagLimitExceeded",
            "TagPolicyViolation",
            "TenantDatabaseNotFound",
            "UnknownOperationException",
            "UnknownParameter",
            "UnknownPrincipalType.Unsupported",
            "Unsupported",
            "UnsupportedOperation",
            "UnsupportedProtocol",
            "UnsupportedTenancy",
            "VPCIdNotSpecified",
            "VPCResourceNotSpecified",
            "ValidationError",
            "VpcEncryptionControlViolationException",
            "VpcPeeringConnectionAlreadyExists",
        ],
    ),
];

/// Codes that mean different things, told by a part of the message.
const BY_MESSAGE: &[(&str, &str, Meaning)] = &[
    // What RDS says of subnets that EC2 made a moment ago: "Some input subnets
    // in :[subnet-…] are invalid."
    ("InvalidParameterValue", "input subnets", NotVisibleYet),
    ("InvalidSubnet", "are required", Request),
    ("InvalidSubnet", "default subnet", Request),
];

/// What a code speaks of; nothing if it is not known, not even by its kind.
pub(crate) fn meaning(code: &str, message: &str) -> Option<Meaning> {
    let by_message = BY_MESSAGE
        .iter()
        .find(|(one, part, _)| *one == code && message.contains(part));
    if let Some((_, _, meaning)) = by_message {
        return Some(*meaning);
    }
    let listed = CODES.iter().find(|(_, codes)| codes.contains(&code));
    listed
        .map(|(meaning, _)| *meaning)
        .or_else(|| of_kind(code))
}

/// What AWS's way of naming codes tells of one that is not listed.
fn of_kind(code: &str) -> Option<Meaning> {
    let bare = code.strip_suffix("Fault").unwrap_or(code);
    let bare = bare.strip_suffix("Exception").unwrap_or(bare);
    if code.ends_with(".NotFound") {
        Some(NotVisibleYet)
    } else if code.ends_with(".Malformed") {
        Some(Request)
    } else if bare.ends_with("LimitExceeded")
        || bare.ends_with("QuotaExceeded")
        || (bare.starts_with("Insufficient") && bare.ends_with("Capacity"))
    {
        Some(Capacity)
    } else if code.starts_with("KMS") {
        Some(Key)
    } else {
        None
    }
}

/// The class of a code; the HTTP status decides where the code does not.
pub(crate) fn class(meaning: Option<Meaning>, status: u16) -> FaultClass {
    match meaning {
        Some(Transient | NotVisibleYet) => FaultClass::Transient,
        Some(State) => FaultClass::Pending,
        Some(Capacity | Credentials | Signature | Clock | Permission | Key | Account) => {
            FaultClass::Operator
        }
        Some(Request) => FaultClass::Permanent,
        None if status == 429 || status >= 500 => FaultClass::Transient,
        None => FaultClass::Permanent,
    }
}

/// Whether a code speaks of the state of a resource or of what depends on it.
pub(crate) fn is_state(code: &str) -> bool {
    meaning(code, "") == Some(State)
}

/// Whether a code says that a permission is lacking.
pub(crate) fn is_permission(code: &str) -> bool {
    meaning(code, "") == Some(Permission)
}

/// What a person can do about a code, where the code alone tells.
pub(crate) fn hint(code: &str, meaning: Meaning) -> Option<&'static str> {
    const RENEW: &str = "renew the AWS credentials (for example `aws sso login`)";
    Some(match (meaning, code) {
        (Clock, _) => {
            "set the clock of this machine: AWS takes no signature that is off by five minutes"
        }
        (Capacity, "SnapshotQuotaExceeded") => {
            "delete manual snapshots that are not needed, or ask AWS for a higher quota"
        }
        (Capacity, _) if code.starts_with("Insufficient") => "try again later",
        (Capacity, _) => "ask AWS for a higher quota or free what is not used",
        // What a region says that is not enabled for the account, too.
        (_, "AuthFailure" | "InvalidClientTokenId" | "UnrecognizedClientException") => {
            "renew the AWS credentials (for example `aws sso login`), and see that the region is enabled for the account"
        }
        // Said of a date stamp as well, but here the clock agrees, or is not known.
        (_, "RequestExpired") => {
            "renew the AWS credentials (for example `aws sso login`), and see that the clock of this machine is right"
        }
        (Credentials | Signature, _) => RENEW,
        (Key, _) => {
            "enable the KMS key and let these credentials use it; a key that is deleted is gone for good"
        }
        (Account, "OptInRequired" | "RegionDisabledException") => {
            "enable the region for the account, or wait until AWS has activated a new account"
        }
        (Account, "PendingVerification") => {
            "AWS is verifying the account, which can take some hours; wait, or ask AWS Support"
        }
        (Account, _) => "AWS has closed this to the account; ask AWS Support",
        _ => return None,
    })
}

/// Whether a code says that the thing named is not there. `Malformed` codes
/// are not among them.
pub(crate) fn is_gone(code: &str) -> bool {
    code.ends_with(".NotFound")
        || matches!(
            code,
            "BlueGreenDeploymentNotFoundFault"
                | "DBClusterNotFoundFault"
                | "DBClusterSnapshotNotFoundFault"
                | "DBInstanceNotFound"
                | "DBSubnetGroupNotFoundFault"
                | "Gateway.NotAttached"
                | "GlobalClusterNotFoundFault"
                | "NatGatewayNotFound"
                | "ResourceNotFoundException"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each documented code, with the operations that may answer it.
    fn documented() -> Vec<(&'static str, &'static str)> {
        include_str!("../../tests/documented-errors.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(' '))
            .flat_map(|(operation, codes)| codes.split(' ').map(move |code| (code, operation)))
            .collect()
    }

    #[test]
    fn each_documented_error_has_a_class_by_name() {
        let all = documented();
        assert!(all.len() > 300, "only {} are listed", all.len());
        let nameless: Vec<_> = (all.iter())
            .filter(|(code, _)| meaning(code, "").is_none())
            .collect();
        assert!(
            nameless.is_empty(),
            "give each a place in CODES: {nameless:#?}"
        );
    }

    #[test]
    fn each_code_has_one_meaning() {
        let mut all: Vec<_> = (CODES.iter()).flat_map(|(_, codes)| *codes).collect();
        for (meaning, codes) in CODES {
            assert!(codes.is_sorted(), "{meaning:?} is not in order");
        }
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count, "a code stands in two lists");
    }

    #[test]
    fn codes_mean_what_the_domain_says() {
        use FaultClass::{Operator, Pending, Permanent, Transient};
        for (code, status, expected) in [
            ("RequestLimitExceeded", 503, Transient),
            ("ConcurrentTagAccess", 400, Transient),
            ("TooManyRequestsException", 429, Transient),
            ("InvalidVpcID.NotFound", 400, Transient),
            ("InvalidSubnetId.NotFound", 400, Transient),
            ("InvalidSecurityGroupID.NotFound", 400, Transient),
            ("InvalidVpcPeeringConnectionId.NotFound", 400, Transient),
            ("DBClusterNotFoundFault", 404, Transient),
            ("DBSubnetGroupNotFoundFault", 404, Transient),
            ("DependencyViolation", 400, Pending),
            ("InvalidDBSubnetStateFault", 400, Pending),
            ("InvalidDBSnapshotState", 400, Pending),
            ("InvalidVpcState", 400, Pending),
            ("InvalidVPCNetworkStateFault", 400, Permanent),
            ("VpcLimitExceeded", 400, Operator),
            ("SnapshotQuotaExceeded", 400, Operator),
            ("ResourceCountLimitExceeded", 400, Operator),
            ("SomethingNewQuotaExceededFault", 400, Operator),
            ("InsufficientSomethingCapacity", 500, Operator),
            ("ExpiredToken", 403, Operator),
            ("RequestTimeTooSkewed", 403, Operator),
            ("UnauthorizedOperation", 403, Operator),
            ("AccessDeniedException", 400, Operator),
            ("KMSKeyNotAccessibleFault", 400, Operator),
            ("KMS.DisabledException", 400, Operator),
            ("PendingVerification", 400, Operator),
            ("InvalidParameterCombination", 400, Permanent),
            ("DBClusterSnapshotNotFoundFault", 404, Permanent),
            ("SomethingNew", 502, Transient),
            ("SomethingNew", 400, Permanent),
        ] {
            assert_eq!(class(meaning(code, ""), status), expected, "{code}");
        }
        assert!(is_gone("InvalidVpcID.NotFound"));
        assert!(!is_gone("InvalidVpcID.Malformed"));
    }

    #[test]
    fn one_code_may_mean_two_things() {
        let young = "Some input subnets in :[subnet-1] are invalid.";
        let value = "InvalidParameterValue";
        assert_eq!(meaning(value, young), Some(NotVisibleYet));
        assert_eq!(meaning(value, "no such class"), Some(Request));
        let none = "No default subnet detected in VPC.";
        assert_eq!(meaning("InvalidSubnet", none), Some(Request));
        assert_eq!(meaning("InvalidSubnet", "unknown"), Some(NotVisibleYet));
    }

    #[test]
    fn whoever_has_to_act_is_told_what_to_do() {
        for (meaning, codes) in CODES {
            // What permission is lacking, the operation tells.
            if class(Some(*meaning), 400) == FaultClass::Operator && *meaning != Permission {
                for code in *codes {
                    assert!(hint(code, *meaning).is_some(), "{code}");
                }
            }
        }
    }
}
