"""Every refusal stands in the drawing, has a code of its own and reads as a sentence."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ticketing.domain import errors
from ticketing.domain.errors import TicketingError

SENTENCE = "The cat sat on the mat."
SAMPLES: dict[type[TicketingError], tuple[object, ...]] = {
    errors.TicketingError: (SENTENCE,),
    errors.InvalidInputError: ("Title", SENTENCE),
    errors.BlankError: ("Title",),
    errors.TooLongError: ("Title", 20_001, 200),
    errors.ForbiddenCharacterError: ("Title", 3),
    errors.UsernameError: (),
    errors.EmailError: (),
    errors.SeveralPeopleError: ("Sam Smith", ["sam", "smith"]),
    errors.WeakPasswordError: (SENTENCE,),
    errors.PasswordMismatchError: (),
    errors.UnknownChoiceError: ("Assignee", "nobody we know"),
    errors.SettingsError: (SENTENCE,),
    errors.CalendarError: ("Opening hours", SENTENCE),
    errors.ScheduleError: ("Weekdays", SENTENCE),
    errors.TargetError: ("Resolution", SENTENCE),
    errors.ImportRefusedError: (SENTENCE,),
    errors.QueryError: ("There is no field “stauts”", 0, 6, SENTENCE),
    errors.FileTooLargeError: ("video.mov", 10 << 20),
    errors.EmptyFileError: ("screen.png",),
    errors.InfectedFileError: ("invoice.pdf.exe", "Eicar-Test-Signature"),
    errors.FileUncheckedError: ("disk.iso",),
    errors.KeyReusedError: (),
    errors.TemplateError: ("Text", 2, 7, SENTENCE),
    errors.UnknownVariableError: ("Text", 2, 7, "requestr.name", None),
    errors.AuthenticationError: (SENTENCE,),
    errors.WrongCredentialsError: (),
    errors.SignedOutError: (),
    errors.TokenRefusedError: (),
    errors.HandOffError: (),
    errors.CodeWantedError: ("a ticket",),
    errors.WrongCodeError: (),
    errors.NoAccountError: ("Acme",),
    errors.ProviderDeclinedError: ("Acme",),
    errors.ProviderDistrustedError: ("Acme",),
    errors.ProviderUnreachableError: ("Acme",),
    errors.PermissionDeniedError: ("see all tickets",),
    errors.MustChangePasswordError: (),
    errors.MustSetUpSecondFactorError: (),
    errors.OnlyLookingError: (),
    errors.NotFoundError: (SENTENCE,),
    errors.TicketNotFoundError: (12,),
    errors.PersonNotFoundError: ("carla",),
    errors.DefinitionNotFoundError: (),
    errors.MessageNotFoundError: (12,),
    errors.AttachmentNotFoundError: (),
    errors.NoticeNotFoundError: (),
    errors.RatingLinkError: (),
    errors.WatchLinkError: (),
    errors.MailLinkError: (),
    errors.KeyNotFoundError: (),
    errors.NoProviderError: (),
    errors.BulkNotFoundError: (),
    errors.IdentityTakenError: ("Acme",),
    errors.LastWayInError: (),
    errors.MailNotFoundError: (),
    errors.DeliveryNotFoundError: (),
    errors.RefusedError: (SENTENCE,),
    errors.TicketClosedError: (12,),
    errors.TicketNotDoneError: (12,),
    errors.TicketNotClosedError: (12,),
    errors.TransitionError: (12, "resolved", "on hold"),
    errors.ReopenWindowError: (12, 14),
    errors.TooManyTagsError: (20,),
    errors.TooManyWatchersError: (20,),
    errors.TicketNotAsleepError: (12,),
    errors.TicketMergedError: (12, 7),
    errors.TicketNotMergedError: (12,),
    errors.SameTicketError: (12,),
    errors.LinkCycleError: (12, 7),
    errors.TooManyLinksError: (12, 50),
    errors.TooManyTicketsError: (501, 500),
    errors.BulkTooLateError: (30,),
    errors.TooManyFilesError: (10,),
    errors.TicketFullError: (12, 500 << 20),
    errors.DayFullError: (250 << 20,),
    errors.FilesFullError: ("invoice.pdf",),
    errors.UploadGoneError: (),
    errors.ReplyStaysError: (15,),
    errors.AlreadyRatedError: (12,),
    errors.UsernameTakenError: ("carla",),
    errors.NameTakenError: ("Support",),
    errors.CategoryTakenError: ("hardware", "Second line"),
    errors.LastCategoryError: (),
    errors.MailWaitsError: (),
    errors.DeliveryWaitsError: (),
    errors.OnlyOneError: ("Maintenance",),
    errors.AddressTakenError: (),
    errors.NothingToConfirmError: (),
    errors.LastAdminError: (),
    errors.AlreadyAnonymousError: ("Former user 1",),
    errors.KnownPasswordError: (),
    errors.InvitationOpenError: (),
    errors.NotInvitedError: (),
    errors.NotActiveError: ("Carla Marin",),
    errors.RegistrationClosedError: (),
    errors.NoSecondFactorError: (),
    errors.SecondFactorSetUpError: (),
    errors.TooManyKeysError: (20,),
    errors.NeverOpenError: ("Front desk",),
    errors.ConflictError: (SENTENCE,),
    errors.StaleEditError: ("Priority", "high", "low"),
    errors.StaleTicketError: (12,),
    errors.StaleImportError: (),
    errors.StaleDefinitionError: ("Support",),
    errors.StaleCannedReplyError: ("Greeting",),
    errors.AlreadyDoneError: (True,),
    errors.WrittenMeanwhileError: ("Carla Ruiz", "replied"),
    errors.TooManyRequestsError: (SENTENCE, timedelta(seconds=3)),
    errors.ThrottledError: (timedelta(seconds=75),),
    errors.BusyError: (),
    errors.StorageError: (SENTENCE,),
    errors.StorageBusyError: (),
    errors.StorageConflictError: (),
    errors.StorageFullError: (),
    errors.StorageReadOnlyError: ("permission denied",),
    errors.StorageFailedError: (),
    errors.StorageDamagedError: (SENTENCE,),
    errors.StorageTooNewError: ("The file journal-000001.jsonl", 2, 1),
    errors.StorageUnreadableError: ("tickets", "7"),
    errors.StorageUnsupportedError: (SENTENCE,),
    errors.StorageUnreachableError: (),
    errors.FilesUnreachableError: ("does not answer",),
    errors.ScannerUnreachableError: (),
    errors.SecondFactorKeyError: (),
    errors.WebhookKeyError: (),
    errors.MaintenanceError: (SENTENCE,),
}


def below(cls: type[TicketingError]) -> Iterator[type[TicketingError]]:
    """Yield the class and all that inherit from it."""
    yield cls
    for child in cls.__subclasses__():
        yield from below(child)


ALL = [cls for cls in below(TicketingError) if cls.__module__ == errors.__name__]


def drawn() -> dict[str, str | None]:
    """Read the drawing: each class' name, and the name of the one above it."""
    parents: dict[str, str | None] = {}
    stack: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        names = re.findall(r"\b[A-Z]\w*Error\b", line.split("  what was")[0])
        if not names:
            continue
        column = line.index(names[0])
        while stack and stack[-1][0] >= column:
            stack.pop()
        parents |= dict.fromkeys(names, stack[-1][1] if stack else None)
        stack.append((column, names[0]))
    return parents


def test_the_drawing_and_the_classes_are_the_same_tree() -> None:
    classes = {cls.__name__: cls.__base__.__name__ if cls.__base__ else None for cls in ALL}
    classes["TicketingError"] = None

    assert drawn() == classes


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in ALL]

    assert sorted(codes) == sorted(set(codes))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_every_error_has_a_sample_here() -> None:
    assert set(SAMPLES) == set(ALL)


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_error_reads_as_a_sentence(cls: type[TicketingError]) -> None:
    text = str(cls(*SAMPLES[cls]))

    assert text[0].isupper()
    assert text.endswith(".")
    assert "/" not in text
    assert "\\" not in text
    assert "None" not in text


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_error_says_in_its_docstring_what_it_means(cls: type[TicketingError]) -> None:
    assert cls.__doc__
    assert "__doc__" in vars(cls)


def test_what_was_typed_is_quoted_only_in_part() -> None:
    assert len(str(errors.UnknownChoiceError("Status", "x" * 1_000_000))) < 200
    assert len(str(errors.UsernameTakenError("x" * 1_000_000))) < 200
    assert len(str(errors.PersonNotFoundError("x" * 1_000_000))) < 200


def test_what_is_quoted_can_be_shown_whatever_was_typed() -> None:
    refusal = errors.PersonNotFoundError("ca\ud800r\x00l\u202ea\n")

    assert str(refusal) == "There is no account “ca?r?l?a?”."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "in 1 s."), (0.4, "in 1 s."), (59, "in 59 s."), (60, "in 1 min 0 s."), (899, "in 14 min 59 s.")],
)
def test_the_wait_after_too_many_attempts_is_told_in_minutes_and_seconds(seconds: float, words: str) -> None:
    error = errors.ThrottledError(timedelta(seconds=seconds))

    assert str(error).endswith(words)
    assert error.retry_after == timedelta(seconds=seconds)


def test_errors_carry_what_a_page_needs_to_place_them() -> None:
    stale = errors.StaleEditError("Priority", "high", "low")

    assert errors.BlankError("Title").field == "Title"
    assert (stale.field, stale.theirs, stale.yours) == ("Priority", "high", "low")
    assert errors.BusyError().retry_after == timedelta(seconds=2)
