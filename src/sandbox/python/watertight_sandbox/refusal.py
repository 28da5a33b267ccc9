"""The error that a mend raises: moto gives it the shape of the service that was asked."""

from moto.core import errors
from moto.core.exceptions import ServiceException
from moto.s3.exceptions import S3ClientError


class Refusal(ServiceException):
    """Refusal("DependencyViolation", "resource sg-1 has a dependent object")"""


class S3Refusal(S3ClientError):
    """The same for S3, where moto catches only its own."""


def apply():
    service_of = errors.get_exception_service_model
    # moto looks for a service in the name of the module that defines an error.
    errors.get_exception_service_model = lambda error: None if isinstance(error, Refusal) else service_of(error)
