"""The one table from a refusal to its HTTP status, and the form in which it is told."""

import math

from starlette.responses import JSONResponse, Response

from ticketing.domain import errors
from ticketing.domain.errors import MaintenanceError, TicketingError, TooManyRequestsError

# A class that isn't here has the status of the nearest one above it.
STATUS: dict[type, int] = {
    TicketingError: 500,
    errors.InvalidInputError: 422,
    errors.SettingsError: 503,  # whoever asks has done nothing wrong
    errors.AuthenticationError: 401,
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


def wait_of(error: TicketingError) -> dict[str, str]:
    """Return the header that says when to come back, if the refusal says so, in whole seconds."""
    if not isinstance(error, TooManyRequestsError | MaintenanceError):
        return {}
    return {"retry-after": str(math.ceil(error.retry_after.total_seconds()))}
