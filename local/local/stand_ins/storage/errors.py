"""Error responses of Cloud Storage, with their bodies.

https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""

import json
from http import HTTPStatus
from xml.sax.saxutils import escape


class StorageError(Exception):
    """Error response.

    :param reason: code of the JSON API, such as ``conditionNotMet``.
    :param code: code of the XML API, such as ``PreconditionFailed``.
    :param location: the wrong header or parameter, if any.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        code: str = "",
        domain: str = "global",
        location: str = "",
        location_type: str = "header",
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.code = code or reason[:1].upper() + reason[1:]
        self.domain = domain
        self.location = location
        self.location_type = location_type

    def json(self) -> bytes:
        """Return the body for the JSON API."""
        detail = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            detail |= {"locationType": self.location_type, "location": self.location}
        error = {"code": self.status, "message": self.message, "errors": [detail]}
        return json.dumps({"error": error}).encode()

    def xml(self) -> bytes:
        """Return the body for the XML API."""
        return (
            "<?xml version='1.0' encoding='UTF-8'?>"
            f"<Error><Code>{escape(self.code)}</Code>"
            f"<Message>{escape(self.message)}</Message></Error>"
        ).encode()


def no_such_object(bucket: str, name: str) -> StorageError:
    """Return the error of an absent object."""
    return StorageError(404, "notFound", f"No such object: {bucket}/{name}", code="NoSuchKey")


def no_such_bucket() -> StorageError:
    """Return the error of an absent bucket."""
    return StorageError(
        404, "notFound", "The specified bucket does not exist.", code="NoSuchBucket"
    )


def bucket_exists() -> StorageError:
    """Return the error of a second bucket with the name."""
    message = "Your previous request to create the named bucket succeeded and you already own it."
    return StorageError(409, "conflict", message, code="BucketAlreadyOwnedByYou")


def bucket_not_empty() -> StorageError:
    """Return the error of the deletion of a bucket with objects."""
    message = "The bucket you tried to delete is not empty."
    return StorageError(409, "conflict", message, code="BucketNotEmpty")


def condition_not_met() -> StorageError:
    """Return the error of a precondition."""
    message = "At least one of the pre-conditions you specified did not hold."
    return StorageError(
        412, "conditionNotMet", message, code="PreconditionFailed", location="If-Match"
    )


def not_modified() -> StorageError:
    """Return the response to a conditional read of an unchanged object; it has no body."""
    return StorageError(304, "notModified", "Not Modified")


def rate_limited(bucket: str, name: str) -> StorageError:
    """Return the error of https://cloud.google.com/storage/docs/gcs429."""
    message = (
        f"The object {bucket}/{name} exceeded the rate limit for object mutation operations "
        "(create, update, and delete). Please reduce your request rate. "
        "See https://cloud.google.com/storage/docs/gcs429."
    )
    return StorageError(429, "rateLimitExceeded", message, code="SlowDown", domain="usageLimits")


def range_not_satisfiable() -> StorageError:
    """Return the error of a range outside the object."""
    return StorageError(
        416,
        "requestedRangeNotSatisfiable",
        "Request range not satisfiable",
        code="InvalidRange",
        location="Range",
    )


def not_kept(detail: str) -> StorageError:
    """Return the error of a change that the disk did not keep. The state is as before."""
    return StorageError(500, "backendError", f"The change is not kept: {detail}", code="Internal")


def invalid(message: str, location: str = "") -> StorageError:
    """Return the error of a malformed request."""
    return StorageError(
        400,
        "invalid",
        message,
        code="InvalidArgument",
        location=location,
        location_type="parameter",
    )


def not_supported(feature: str) -> StorageError:
    """Return the error for a feature of Cloud Storage that this fake lacks; it is never ignored."""
    return invalid(f"{feature} is not supported by this fake of Cloud Storage")


_MESSAGES = {
    401: ("authError", "Invalid Credentials"),
    403: ("forbidden", "The caller does not have the permission for this on the resource."),
    404: ("notFound", "Not Found"),
    408: ("requestTimeout", "Request Timeout"),
    412: ("conditionNotMet", "At least one of the pre-conditions you specified did not hold."),
    429: ("rateLimitExceeded", "The rate of requests is too high. Please reduce it."),
}


def fault_error(status: int, text: str = "") -> StorageError:
    """Return the error of a fault by its status, with the usual message or another text."""
    default = ("backendError", HTTPStatus(status).phrase)
    reason, message = _MESSAGES.get(status, default)
    return StorageError(status, reason, text or message)
