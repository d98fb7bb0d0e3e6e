//! What may be done about an error of a service, whichever it is; pure
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).

use http::StatusCode;

use super::is_stale_word;

/// Codes of whoever asks too often, as the SDKs have them.
const THROTTLING: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Codes of what passes by itself, as the SDKs have them.
const TRANSIENT: [&str; 2] = ["RequestTimeout", "RequestTimeoutException"];

/// Whether to ask again what may be asked twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The answer would be the same.
    Never,
    /// It may pass.
    Soon,
    /// We came too often.
    Throttled,
    /// With other credentials.
    Stale,
}

impl Again {
    /// After an error of this status and this code, if it has one.
    pub fn after(status: StatusCode, code: Option<&str>) -> Self {
        let is_one_of = |list: &[&str]| code.is_some_and(|code| list.contains(&code));
        if is_one_of(&THROTTLING) {
            Self::Throttled
        } else if status.is_server_error() || is_one_of(&TRANSIENT) {
            Self::Soon
        } else if code.is_some_and(is_stale_word) {
            Self::Stale
        } else {
            Self::Never
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_asked_again() {
        for (status, code, again) in [
            (400, Some("Throttling"), Again::Throttled),
            (503, Some("SlowDown"), Again::Throttled),
            (503, None, Again::Soon),
            (500, Some("InternalFailure"), Again::Soon),
            (400, Some("RequestTimeout"), Again::Soon),
            (403, Some("ExpiredToken"), Again::Stale),
            (403, Some("AccessDenied"), Again::Never),
            (403, None, Again::Never),
            (302, None, Again::Never),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Again::after(status, code), again, "{status} {code:?}");
        }
    }
}
