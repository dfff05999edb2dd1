"""The one table from a refusal to its HTTP status, and the forms in which it is told: to pages, and by the API."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import JSONResponse, Response

from ticketing.domain import errors
from ticketing.domain.errors import InvalidInputError, MaintenanceError, TicketingError, TooManyRequestsError
from ticketing.logs import reference

# What programs know an error by that no refusal of ours is behind.
_CODES: Final = {
    400: "bad_request",
    401: "not_signed_in",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_input",
    431: "headers_too_large",
}
# Below this address every answer that is an error has one form.
API: Final = "/api/v1"

# A class that isn't here has the status of the nearest one above it.
STATUS: dict[type, int] = {
    TicketingError: 500,
    errors.InvalidInputError: 422,
    errors.SettingsError: 503,  # whoever asks has done nothing wrong
    errors.AuthenticationError: 401,
    errors.ProviderUnreachableError: 503,
    errors.PermissionDeniedError: 403,
    errors.NotFoundError: 404,
    errors.RefusedError: 409,
    errors.RegistrationClosedError: 403,  # coming back later changes nothing
    errors.ConflictError: 409,
    errors.TooManyRequestsError: 429,
    errors.BusyError: 503,  # others ask too much
    errors.StorageError: 503,
}


def status_of(error: TicketingError) -> int:
    """Return the HTTP status that says what the refusal says."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def refuse(error: TicketingError) -> Response:
    """Tell the refusal's sentence, and when to come back if it says so, in whole seconds."""
    return JSONResponse({"error": str(error)}, status_of(error), headers={"cache-control": "no-store"} | wait_of(error))


def refuse_call(error: TicketingError, status: int | None = None) -> Response:
    """Tell a refusal in the form of the API."""
    field = error.field.lower().replace(" ", "_") if isinstance(error, InvalidInputError) else None
    return tell_caller(status or status_of(error), str(error), error.code, field=field, headers=wait_of(error))


def tell_caller(
    status: int, message: str, code: str = "", *, field: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """
    Return an error in the form that all errors of the API have; without a code it has that of the status.

    `reference` is the mark under which the log tells of the request.
    """
    error = {"code": code or _CODES.get(status, "error"), "message": message}
    if field:
        error["field"] = field
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {**(headers or {}), "www-authenticate": "Bearer"}
    told = {"error": error | {"reference": reference()}}
    return JSONResponse(told, status, headers={"cache-control": "no-store", **(headers or {})})


def is_call(path: str) -> bool:
    """Whether an address belongs to the API."""
    return path == API or path.startswith(f"{API}/")


def wait_of(error: TicketingError) -> dict[str, str]:
    """Return the header that says when to come back, if the refusal says so, in whole seconds."""
    if not isinstance(error, TooManyRequestsError | MaintenanceError):
        return {}
    return {"retry-after": str(math.ceil(error.retry_after.total_seconds()))}
