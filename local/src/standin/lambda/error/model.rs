//! The model's errors: name, status, the member with the text, a text for those that are ordered by name.

/// One error of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) status: u16,
    /// The member with the text: the model writes it in two ways.
    pub(super) text: &'static str,
    pub(super) message: &'static str,
}

const UPPER: &str = "Message";
const LOWER: &str = "message";

const fn shape(name: &'static str, status: u16, text: &'static str, message: &'static str) -> Shape {
    Shape {
        name,
        status,
        text,
        message,
    }
}

/// What a caller may do at once is used up.
pub(super) const THROTTLED: &str = "TooManyRequestsException";

/// Every error that the service answers.
pub(super) const SHAPES: [Shape; 41] = [
    // Not of the model: what stands before every AWS API.
    shape("AccessDeniedException", 403, UPPER, "Access denied."),
    shape(
        "ExpiredTokenException",
        403,
        LOWER,
        "The security token included in the request is expired",
    ),
    shape("UnknownOperationException", 404, LOWER, "The operation is not known."),
    shape("ValidationException", 400, LOWER, "1 validation error detected."),
    // Of the model.
    shape(
        "DurableExecutionAlreadyStartedException",
        409,
        UPPER,
        "The durable execution has already been started.",
    ),
    shape(
        "EC2AccessDeniedException",
        502,
        UPPER,
        "Need additional permissions to configure VPC settings.",
    ),
    shape(
        "EC2ThrottledException",
        502,
        UPPER,
        "Amazon EC2 throttled Lambda during function initialization.",
    ),
    shape(
        "EC2UnexpectedException",
        502,
        UPPER,
        "Lambda received an unexpected Amazon EC2 client exception.",
    ),
    shape(
        "EFSIOException",
        410,
        UPPER,
        "An error occurred when reading from or writing to a file system.",
    ),
    shape(
        "EFSMountConnectivityException",
        408,
        UPPER,
        "The function couldn't connect to the file system.",
    ),
    shape(
        "EFSMountFailureException",
        403,
        UPPER,
        "The function couldn't mount the file system.",
    ),
    shape("EFSMountTimeoutException", 408, UPPER, "The mount operation timed out."),
    shape(
        "ENILimitReachedException",
        502,
        UPPER,
        "The limit for network interfaces has been reached.",
    ),
    shape(
        "InvalidParameterValueException",
        400,
        LOWER,
        "One of the parameters in the request is not valid.",
    ),
    shape(
        "InvalidRequestContentException",
        400,
        LOWER,
        "Could not parse request body into json.",
    ),
    shape(
        "InvalidRuntimeException",
        502,
        UPPER,
        "The runtime specified is not supported.",
    ),
    shape(
        "InvalidSecurityGroupIDException",
        502,
        UPPER,
        "The security group ID is not valid.",
    ),
    shape("InvalidSubnetIDException", 502, UPPER, "The subnet ID is not valid."),
    shape(
        "InvalidZipFileException",
        502,
        UPPER,
        "Lambda could not unzip the deployment package.",
    ),
    shape(
        "KMSAccessDeniedException",
        502,
        UPPER,
        "Lambda was unable to decrypt the environment variables.",
    ),
    shape("KMSDisabledException", 502, UPPER, "The KMS key used is disabled."),
    shape(
        "KMSInvalidStateException",
        502,
        UPPER,
        "The state of the KMS key used is not valid for Decrypt.",
    ),
    shape("KMSNotFoundException", 502, UPPER, "The KMS key was not found."),
    shape(
        "NoPublishedVersionException",
        400,
        UPPER,
        "The function has no published versions available.",
    ),
    shape(
        "RecursiveInvocationException",
        400,
        UPPER,
        "Lambda has detected a recursive loop.",
    ),
    shape(
        "RequestTooLargeException",
        413,
        LOWER,
        "The request payload exceeded the quota.",
    ),
    shape(
        "ResourceConflictException",
        409,
        LOWER,
        "Another operation is in progress.",
    ),
    shape(
        "ResourceNotFoundException",
        404,
        UPPER,
        "The resource specified in the request does not exist.",
    ),
    shape("ResourceNotReadyException", 502, LOWER, "The function is inactive."),
    shape(
        "S3FilesMountConnectivityException",
        408,
        UPPER,
        "The function couldn't connect to the access point.",
    ),
    shape(
        "S3FilesMountFailureException",
        403,
        UPPER,
        "The function couldn't mount the access point.",
    ),
    shape(
        "S3FilesMountTimeoutException",
        408,
        UPPER,
        "The mount operation timed out.",
    ),
    shape(
        "SerializedRequestEntityTooLargeException",
        413,
        LOWER,
        "The serialized request is too large.",
    ),
    shape(
        "ServiceException",
        500,
        UPPER,
        "The Lambda service encountered an internal error.",
    ),
    shape(
        "SnapStartException",
        400,
        UPPER,
        "The runtime hook encountered an error.",
    ),
    shape(
        "SnapStartNotReadyException",
        409,
        UPPER,
        "Lambda is initializing your function.",
    ),
    shape(
        "SnapStartTimeoutException",
        408,
        UPPER,
        "Lambda couldn't restore the snapshot within the timeout limit.",
    ),
    shape(
        "SubnetIPAddressLimitReachedException",
        502,
        UPPER,
        "A subnet has no available IP addresses.",
    ),
    shape(THROTTLED, 429, LOWER, "Rate Exceeded."),
    shape(
        "UnrecognizedClientException",
        403,
        LOWER,
        "The security token included in the request is invalid.",
    ),
    shape(
        "UnsupportedMediaTypeException",
        415,
        LOWER,
        "The content type of the request body is not JSON.",
    ),
];

/// What stands in for a name that the table does not have: our own mistake, and Lambda's word for its own.
pub(super) const UNKNOWN: Shape = shape(
    "ServiceException",
    500,
    UPPER,
    "The Lambda service encountered an internal error.",
);
