"""Each refusal has its HTTP status, and reaches whoever asked as the same sentence that a page shows."""

import json
from datetime import timedelta

import pytest

from tests.domain.test_errors import ALL, SAMPLES
from ticketing.domain import errors
from ticketing.domain.errors import TicketingError
from ticketing.web.errors import refuse, status_of

BY_STATUS = {
    401: "AuthenticationError WrongCredentialsError SignedOutError HandOffError CodeWantedError WrongCodeError "
    "TokenRefusedError NoAccountError ProviderDeclinedError ProviderDistrustedError",
    403: "PermissionDeniedError MustChangePasswordError MustSetUpSecondFactorError OnlyLookingError "
    "RegistrationClosedError",
    404: "NotFoundError TicketNotFoundError PersonNotFoundError DefinitionNotFoundError MessageNotFoundError "
    "AttachmentNotFoundError MailNotFoundError NoticeNotFoundError RatingLinkError WatchLinkError MailLinkError "
    "KeyNotFoundError DeliveryNotFoundError NoProviderError BulkNotFoundError",
    409: "RefusedError TicketClosedError TicketNotDoneError TicketNotClosedError KnownPasswordError TransitionError "
    "ReopenWindowError TooManyTagsError UsernameTakenError NameTakenError CategoryTakenError LastAdminError "
    "AlreadyAnonymousError "
    "ConflictError StaleEditError StaleDefinitionError StaleTicketError TooManyTicketsError BulkTooLateError "
    "TicketMergedError TicketNotMergedError SameTicketError LinkCycleError TooManyLinksError NeverOpenError "
    "StaleCannedReplyError StaleImportError AlreadyRatedError TicketNotAsleepError LastCategoryError MailWaitsError "
    "TooManyFilesError TicketFullError DayFullError FilesFullError UploadGoneError ReplyStaysError "
    "WrittenMeanwhileError TooManyWatchersError AddressTakenError NothingToConfirmError NoSecondFactorError "
    "SecondFactorSetUpError TooManyKeysError DeliveryWaitsError OnlyOneError InvitationOpenError NotInvitedError "
    "AlreadyDoneError NotActiveError IdentityTakenError LastWayInError",
    422: "InvalidInputError BlankError TooLongError ForbiddenCharacterError UsernameError EmailError "
    "SeveralPeopleError "
    "WeakPasswordError PasswordMismatchError UnknownChoiceError QueryError ImportRefusedError "
    "CalendarError ScheduleError TargetError TemplateError UnknownVariableError "
    "FileTooLargeError EmptyFileError InfectedFileError FileUncheckedError KeyReusedError",
    429: "TooManyRequestsError ThrottledError",
    500: "TicketingError",
    503: "SettingsError BusyError StorageError StorageBusyError StorageConflictError StorageFullError "
    "StorageReadOnlyError StorageFailedError StorageDamagedError StorageUnreadableError StorageUnreachableError "
    "StorageTooNewError StorageUnsupportedError FilesUnreachableError ScannerUnreachableError SecondFactorKeyError "
    "WebhookKeyError MaintenanceError ProviderUnreachableError",
}
STATUSES = {name: status for status, names in BY_STATUS.items() for name in names.split()}


def test_the_status_of_every_error_is_decided() -> None:
    assert set(STATUSES) == {cls.__name__ for cls in ALL}


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_error_is_told_with_its_status_in_its_own_words(cls: type[TicketingError]) -> None:
    error = cls(*SAMPLES[cls])

    answer = refuse(error)

    assert answer.status_code == status_of(error) == STATUSES[cls.__name__]
    assert json.loads(bytes(answer.body)) == {"error": str(error)}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.ThrottledError(timedelta(seconds=74.2)), "75"),
        (errors.BusyError(), "2"),
        (errors.MaintenanceError(), "300"),
        (errors.SignedOutError(), None),
    ],
    ids=["throttled", "busy", "maintenance", "of another kind"],
)
def test_who_is_to_come_back_later_is_told_when_in_whole_seconds(error: TicketingError, seconds: str | None) -> None:
    assert refuse(error).headers.get("retry-after") == seconds
