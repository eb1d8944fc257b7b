//! An AWS error: code, message and HTTP status.

use super::service::Service;
use std::borrow::Cow;

#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) status: u16,
}

/// The error of a code, with a message: `refusal!("VpcLimitExceeded": "{most} VPCs are there")`.
macro_rules! refusal {
    ($code:literal: $($message:tt)+) => {
        $crate::wire::error::ApiError::new($code, format!($($message)+))
    };
}

/// Returns the [`refusal!`].
macro_rules! refuse {
    ($($refusal:tt)+) => {
        return Err($crate::wire::error::refusal!($($refusal)+))
    };
}

pub(crate) use {refusal, refuse};

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error with the status that AWS uses for `code`.
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            status: status_of(&code),
            code,
            message: message.into(),
        }
    }

    /// An error of which only the code is known, as `service` would answer it.
    pub(crate) fn planted(service: Service, code: String) -> Self {
        let message = message_of(&code);
        let mut error = Self::new(code, message);
        // The other services answer 403, which is what the common errors of AWS say.
        if service == Service::Ec2 && error.code == "OptInRequired" {
            error.status = 401;
        }
        error
    }

    /// `MissingParameter`, spelled as EC2 does.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(
            "MissingParameter",
            format!("The request must contain the parameter {name}"),
        )
    }
}

/// The HTTP status that goes with an error code.
#[rustfmt::skip]
pub(crate) fn status_of(code: &str) -> u16 {
    match code {
        "AuthFailure" => 401,
        "AccessDenied" | "DBClusterQuotaExceededFault" | "ExpiredToken"
        | "IncompleteSignature" | "InsufficientDBClusterCapacityFault"
        | "InvalidClientTokenId" | "MissingAuthenticationToken" | "NotAuthorized"
        | "OptInRequired" | "RequestTimeTooSkewed" | "SignatureDoesNotMatch"
        | "UnauthorizedOperation" => 403,
        "BlueGreenDeploymentNotFoundFault" | "DBClusterNotFoundFault"
        | "DBClusterParameterGroupNotFound" | "DBClusterSnapshotNotFoundFault"
        | "DBInstanceNotFound" | "DBParameterGroupNotFound" | "DBSnapshotNotFound"
        | "DBSubnetGroupNotFoundFault" | "DomainNotFoundFault"
        | "GlobalClusterNotFoundFault" | "OptionGroupNotFoundFault"
        | "ResourceNotFoundFault" => 404,
        "DryRunOperation" => 412,
        "InternalError" | "InternalFailure" | "InternalServerError"
        | "InternalServiceError" | "InsufficientInstanceCapacity" => 500,
        "BadGateway" => 502,
        "EC2ThrottledException" | "RequestLimitExceeded" | "ServiceUnavailable"
        | "SlowDown" | "Unavailable" => 503,
        "GatewayTimeout" => 504,
        _ => 400,
    }
}

/// The message of an error that only its code describes, for planted faults.
pub(crate) fn message_of(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" => {
            "The security token included in the request is expired"
        }
        "RequestExpired" => "Request has expired.",
        "AuthFailure" => "AWS was not able to validate the provided access credentials",
        "InvalidClientTokenId" | "UnrecognizedClientException" => {
            "The security token included in the request is invalid."
        }
        "UnauthorizedOperation" => "You are not authorized to perform this operation.",
        "AccessDenied" | "AccessDeniedException" => {
            "User is not authorized to perform this operation"
        }
        "Throttling" | "ThrottlingException" => "Rate exceeded",
        "RequestLimitExceeded" => "Request limit exceeded.",
        "InsufficientDBInstanceCapacity" => {
            "The requested DB instance class is not available in the Availability Zone"
        }
        "OptInRequired" => {
            "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe."
        }
        "PendingVerification" => {
            "Your request for accessing resources in this region is being validated, and you will not be able to launch additional resources in this region until the validation is complete."
        }
        "Blocked" => "This account is currently blocked and not recognized as a valid account.",
        "RequestTimeTooSkewed" => {
            "The difference between the request time and the current time is too large."
        }
        "InvalidSecurity.RequestHasExpired" => {
            "The request timestamp is too far from the current time."
        }
        "ConcurrentTagAccess" => {
            "Simultaneous commands to modify a tag of this resource are not allowed."
        }
        "VpcLimitExceeded" => "The maximum number of VPCs has been reached.",
        "InternalFailure" | "InternalError" | "InternalServerError" => {
            "An internal error has occurred"
        }
        "ServiceUnavailable" | "Unavailable" => {
            "The service is unavailable. Please try again shortly."
        }
        _ => "The request was refused by a planted fault.",
    }
}
