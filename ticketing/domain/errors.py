"""
Every refusal, as one tree. The text of each is a sentence that can be shown to the person as it is.

    TicketingError
    ├── InvalidInputError              what was typed cannot be taken; names the field
    │   ├── BlankError  TooLongError  ForbiddenCharacterError  UsernameError  EmailError
    │   ├── SeveralPeopleError
    │   ├── WeakPasswordError  PasswordMismatchError  UnknownChoiceError  SettingsError
    │   ├── CalendarError  ScheduleError  TargetError  ImportRefusedError  QueryError
    │   ├── FileTooLargeError  EmptyFileError  InfectedFileError  FileUncheckedError  KeyReusedError
    │   └── TemplateError
    │       └── UnknownVariableError
    ├── AuthenticationError            we do not know who this is (any more)
    │   ├── WrongCredentialsError  HandOffError  CodeWantedError  WrongCodeError  NoAccountError
    │   ├── ProviderDeclinedError  ProviderDistrustedError  ProviderUnreachableError
    │   └── SignedOutError
    │       └── TokenRefusedError
    ├── PermissionDeniedError          we know, and the answer is no
    │   └── MustChangePasswordError  MustSetUpSecondFactorError  OnlyLookingError
    ├── NotFoundError                  not there, or not yours: the same words
    │   ├── TicketNotFoundError  PersonNotFoundError  DefinitionNotFoundError  MessageNotFoundError
    │   ├── AttachmentNotFoundError  NoticeNotFoundError  MailNotFoundError  RatingLinkError
    │   ├── WatchLinkError  MailLinkError  KeyNotFoundError  DeliveryNotFoundError
    │   └── NoProviderError  BulkNotFoundError
    ├── RefusedError                   possible for this person, but not now
    │   ├── TicketClosedError  TicketNotDoneError  TicketNotClosedError  TicketNotAsleepError
    │   ├── TransitionError  ReopenWindowError  TooManyTagsError
    │   ├── TicketMergedError  TicketNotMergedError  SameTicketError  AlreadyRatedError
    │   ├── LinkCycleError  TooManyLinksError  TooManyWatchersError
    │   ├── TooManyTicketsError  BulkTooLateError  ReplyStaysError
    │   ├── TooManyFilesError  TicketFullError  DayFullError  FilesFullError  UploadGoneError
    │   ├── UsernameTakenError  NameTakenError  CategoryTakenError  NeverOpenError
    │   ├── LastCategoryError  MailWaitsError  AddressTakenError  NothingToConfirmError
    │   ├── DeliveryWaitsError
    │   ├── LastAdminError  KnownPasswordError  RegistrationClosedError  AlreadyAnonymousError
    │   ├── InvitationOpenError  NotInvitedError  OnlyOneError  NotActiveError
    │   ├── NoSecondFactorError  SecondFactorSetUpError  TooManyKeysError
    │   └── IdentityTakenError  LastWayInError
    ├── ConflictError
    │   ├── StaleEditError             somebody changed the same field meanwhile
    │   ├── StaleDefinitionError  StaleTicketError  StaleCannedReplyError  StaleImportError
    │   └── WrittenMeanwhileError  AlreadyDoneError
    ├── TooManyRequestsError           try again after `retry_after`
    │   └── ThrottledError  BusyError
    └── StorageError                   the store cannot do it now
        ├── StorageBusyError               another writer held the store for too long
        │   └── StorageConflictError
        ├── StorageFullError  StorageReadOnlyError  StorageFailedError
        ├── StorageDamagedError  StorageTooNewError  StorageUnreadableError  StorageUnsupportedError
        ├── StorageUnreachableError  FilesUnreachableError  ScannerUnreachableError  SecondFactorKeyError
        ├── WebhookKeyError
        └── MaintenanceError           the people who run the desk have closed it to changes for a while
"""

from collections.abc import Sequence
from datetime import timedelta


class TicketingError(Exception):
    """A refusal whose text can be shown to the person as it is."""

    code = "error"


class InvalidInputError(TicketingError):
    """What was typed cannot be taken; `field` names where."""

    code = "invalid_input"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class BlankError(InvalidInputError):
    """A required text holds nothing but white space or invisible characters."""

    code = "blank"

    def __init__(self, field: str) -> None:
        super().__init__(field, f"{field} is empty. Please fill it in.")


class TooLongError(InvalidInputError):
    """A text is longer than its limit, counted in characters."""

    code = "too_long"

    def __init__(self, field: str, length: int, limit: int) -> None:
        super().__init__(field, f"{field} has {length:,} characters; at most {limit:,} fit.")


class ForbiddenCharacterError(InvalidInputError):
    """A text holds NUL, another control character or half of a surrogate pair."""

    code = "forbidden_character"

    def __init__(self, field: str, position: int) -> None:
        super().__init__(field, f"{field} holds an unprintable character at position {position:,}. Please remove it.")


class UsernameError(InvalidInputError):
    """A username is not of the permitted form."""

    code = "username"

    def __init__(self) -> None:
        super().__init__(
            "Username",
            "A username has 3 to 32 characters: letters a-z, digits, dot, hyphen and underscore, "
            "and begins with a letter or a digit.",
        )


class EmailError(InvalidInputError):
    """An e-mail address is not of the form name@host."""

    code = "email"

    def __init__(self) -> None:
        super().__init__("E-mail", "This does not look like an e-mail address, such as carla@example.org.")


class SeveralPeopleError(InvalidInputError):
    """A name is that of several accounts, of which the first five are told."""

    code = "several_people"

    def __init__(self, name: str, usernames: Sequence[str]) -> None:
        those = ", ".join(usernames[:5]) + (" and others" if len(usernames) > 5 else "")  # noqa: PLR2004
        sentence = f"Several accounts are called “{quoted(name, 80)}”: {those}. Please give the username."
        super().__init__("Requester", sentence)


class WeakPasswordError(InvalidInputError):
    """A new password is too short, too long, or one that attackers try first."""

    code = "weak_password"

    def __init__(self, sentence: str) -> None:
        super().__init__("Password", sentence)


class PasswordMismatchError(InvalidInputError):
    """Password and confirmation differ."""

    code = "password_mismatch"

    def __init__(self) -> None:
        super().__init__("Confirmation", "The two passwords differ. Please type the same one twice.")


class UnknownChoiceError(InvalidInputError):
    """A value is not among those that can be chosen."""

    code = "unknown_choice"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(field, f"{field} cannot be “{quoted(value, 80)}”. Please choose one of the list.")


class SettingsError(InvalidInputError):
    """The app is not set up in a way that it can start with."""

    code = "settings"

    def __init__(self, sentence: str) -> None:
        super().__init__("Settings", sentence)


class CalendarError(InvalidInputError):
    """Opening hours, holidays or a time zone that nothing can be reckoned with."""

    code = "calendar"


class ScheduleError(InvalidInputError):
    """A schedule by which nothing can be planned."""

    code = "schedule"


class TargetError(InvalidInputError):
    """What an SLA policy promises cannot be promised."""

    code = "target"


class ImportRefusedError(InvalidInputError):
    """A file to be read in is not what it should be; nothing was imported."""

    code = "import_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__("Import", f"{sentence} Nothing was imported.")


class QueryError(InvalidInputError):
    """A query cannot be understood; `start` and `end` bound the part of it, as in a slice of what was typed."""

    code = "query"

    def __init__(self, problem: str, start: int, end: int, hint: str) -> None:
        super().__init__("Query", quoted(f"{problem} (at character {start + 1:,}). {hint}", 400))
        self.start = start
        self.end = end


class FileTooLargeError(InvalidInputError):
    """A file has a limit."""

    code = "file_too_large"

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(
            "File", f"The file “{quoted(name, 80)}” is too large. It may have at most {_megabytes(limit)}."
        )


class EmptyFileError(InvalidInputError):
    """There is nothing in a file, which mostly means that it went wrong on its way."""

    code = "empty_file"

    def __init__(self, name: str) -> None:
        super().__init__("File", f"The file “{quoted(name, 80)}” is empty. Please choose it again.")


class InfectedFileError(InvalidInputError):
    """The virus scanner has found something in a file."""

    code = "infected_file"

    def __init__(self, name: str, virus: str) -> None:
        super().__init__(
            "File", f"The file “{quoted(name, 80)}” was not taken: a virus was found in it ({quoted(virus, 80)})."
        )


class FileUncheckedError(InvalidInputError):
    """The virus scanner cannot look into a file, as into one that is larger than it takes."""

    code = "file_unchecked"

    def __init__(self, name: str) -> None:
        super().__init__("File", f"The file “{quoted(name, 80)}” was not taken: it cannot be checked for viruses.")


class KeyReusedError(InvalidInputError):
    """A key has come that is of another request."""

    code = "key_reused"

    def __init__(self) -> None:
        sentence = "This key was sent with something else before. Please send what is new under a key of its own."
        super().__init__("Idempotency-Key", sentence)


class TemplateError(InvalidInputError):
    """A text holds double braces around something else than a variable; lines and columns count from 1."""

    code = "template"

    def __init__(self, field: str, line: int, column: int, what: str) -> None:
        super().__init__(field, f"Line {line}, column {column}: {what}")


class UnknownVariableError(TemplateError):
    """A text names a variable that there is none of; *meant* is the nearest there is."""

    code = "unknown_variable"

    def __init__(self, field: str, line: int, column: int, name: str, meant: str | None) -> None:
        help_ = f"Did you mean “{meant}”?" if meant else "Please choose one of the list."
        super().__init__(field, line, column, f"there is no variable “{quoted(name, 40)}”. {help_}")


class AuthenticationError(TicketingError):
    """We do not know who this is, or not any more."""

    code = "not_signed_in"


class WrongCredentialsError(AuthenticationError):
    """Unknown name, deactivated account and wrong password read the same."""

    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("Username or password is wrong.")


class SignedOutError(AuthenticationError):
    """The session has ended: signed out, expired, password changed or account deactivated."""

    code = "signed_out"

    def __init__(self) -> None:
        super().__init__("You are signed out. Please sign in again.")


class TokenRefusedError(SignedOutError):
    """A token or an API key is unknown, expired, revoked or not made by this desk: all read the same."""

    code = "token_refused"

    def __init__(self) -> None:
        AuthenticationError.__init__(self, "This token is not, or no longer, good. Please get another one.")


class HandOffError(AuthenticationError):
    """A sign-in was not finished in the browser in which it began, or not in time."""

    code = "hand_off"

    def __init__(self) -> None:
        super().__init__("This sign-in took too long or moved to another browser. Please sign in again.")


class CodeWantedError(AuthenticationError):
    """The password is right, and the account has a second factor: `ticket` is what its code is to be shown with."""

    code = "code_wanted"

    def __init__(self, ticket: str) -> None:
        super().__init__("Please type the code of your authenticator app, too.")
        self.ticket = ticket


class WrongCodeError(AuthenticationError):
    """A code of a second factor is not right, or was taken before."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("This code is wrong or was used already. Please type the one that the app shows now.")


class ProviderDeclinedError(AuthenticationError):
    """The provider has sent somebody back without saying who they are, mostly because they did not want it to."""

    code = "provider_declined"

    def __init__(self, provider: str) -> None:
        super().__init__(f"You were not signed in by {quoted(provider, 80)}.")


class ProviderDistrustedError(AuthenticationError):
    """What the provider answers proves nothing: it is not signed by it, not for this desk, not for this sign-in."""

    code = "provider_distrusted"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"What {quoted(provider, 80)} answered does not prove who you are. Please try again; if it stays so, tell "
            "the people of your help desk."
        )


class ProviderUnreachableError(AuthenticationError):
    """The provider does not answer, or not as one."""

    code = "provider_unreachable"

    def __init__(self, provider: str) -> None:
        super().__init__(f"Signing in by {quoted(provider, 80)} does not work now. Please try again later.")


class NoAccountError(AuthenticationError):
    """The provider has said who somebody is, and that opens no account: there is none, or it is deactivated."""

    code = "no_account"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"No account here opens by {quoted(provider, 80)} for you. If you have one, sign in with your password and "
            "link it on your account page; otherwise ask the people of your help desk."
        )


class PermissionDeniedError(TicketingError):
    """The person is known and may not do this."""

    code = "permission_denied"

    def __init__(self, what: str) -> None:
        super().__init__(f"You may not {what}.")


class MustChangePasswordError(PermissionDeniedError):
    """With a one-time password, nothing is possible but to choose an own one."""

    code = "must_change_password"

    def __init__(self) -> None:
        super().__init__("go on before you have chosen a new password")


class MustSetUpSecondFactorError(PermissionDeniedError):
    """This desk asks such accounts for a second factor, and nothing is possible but to set one up."""

    code = "must_set_up_second_factor"

    def __init__(self) -> None:
        super().__init__("go on before you have set up two-step sign-in")


class OnlyLookingError(PermissionDeniedError):
    """Whoever views the desk as somebody else changes nothing there."""

    code = "only_looking"

    def __init__(self) -> None:
        super().__init__("change anything while you view the desk as somebody else")


class NotFoundError(TicketingError):
    """It is not there, or it is not yours: both read the same."""

    code = "not_found"


class TicketNotFoundError(NotFoundError):
    """There is no such ticket for this person."""

    code = "ticket_not_found"

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no ticket T-{number} that you may see.")


class PersonNotFoundError(NotFoundError):
    """There is no account of this name."""

    code = "person_not_found"

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no account “{quoted(username, 32)}”.")


class DefinitionNotFoundError(NotFoundError):
    """No such thing was set up, or it is somebody else's own."""

    code = "definition_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such entry. It may have been removed.")


class MessageNotFoundError(NotFoundError):
    """The ticket has no such message, or it is what the ticket begins with."""

    code = "message_not_found"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} has no such message that could become a ticket of its own.")


class AttachmentNotFoundError(NotFoundError):
    """There is none, or none that this person may see."""

    code = "attachment_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such attachment.")


class MailLinkError(NotFoundError):
    """A link in a mail opens nothing: it was not made here, was used, is too old, or a newer one was sent."""

    code = "mail_link"

    def __init__(self) -> None:
        super().__init__("This link leads nowhere any more: it was used, it is too old, or a newer one was sent.")


class KeyNotFoundError(NotFoundError):
    """There is no such API key for this person."""

    code = "key_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such API key.")


class NoProviderError(NotFoundError):
    """This desk has no provider by which one could sign in."""

    code = "no_provider"

    def __init__(self) -> None:
        super().__init__("At this desk one signs in with a password.")


class RatingLinkError(NotFoundError):
    """A link in a mail leads to no resolution: it was not made here, or the ticket was opened again since."""

    code = "rating_link"

    def __init__(self) -> None:
        super().__init__("This link leads nowhere any more. Perhaps the ticket was opened again.")


class WatchLinkError(NotFoundError):
    """A link in a mail is about no ticket that its recipient sees: it was not made here, or they see it no more."""

    code = "watch_link"

    def __init__(self) -> None:
        super().__init__("This link leads nowhere any more.")


class NoticeNotFoundError(NotFoundError):
    """There is none, or it is somebody else's, or about what this person may not see."""

    code = "notice_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such notice.")


class MailNotFoundError(NotFoundError):
    """There is no such mail among those that went out of late."""

    code = "mail_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such mail. What has become of one can be looked up for 30 days.")


class DeliveryNotFoundError(NotFoundError):
    """There is no such delivery among those of late."""

    code = "delivery_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such delivery. What has become of one can be looked up for 30 days.")


class RefusedError(TicketingError):
    """The person may do this, but not in the present state of things."""

    code = "refused"


class TicketClosedError(RefusedError):
    """A closed ticket takes no replies and no changes; it can be reopened."""

    code = "ticket_closed"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} is closed. Reopen it to go on.")


class TicketNotDoneError(RefusedError):
    """Why a ticket is done can be said only once it is resolved or closed."""

    code = "ticket_not_done"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} is not done yet. Resolve or close it first.")


class TicketNotClosedError(RefusedError):
    """Only what is closed goes on in another ticket."""

    code = "ticket_not_closed"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} is not closed. Please go on there.")


class TransitionError(RefusedError):
    """A status does not lead to the other one."""

    code = "transition"

    def __init__(self, number: int, old: str, new: str) -> None:
        super().__init__(f"Ticket T-{number} is {old} and cannot become {new}.")


class ReopenWindowError(RefusedError):
    """A requester's time to reopen is over."""

    code = "reopen_window"

    def __init__(self, number: int, days: int) -> None:
        super().__init__(f"Ticket T-{number} was closed more than {days} days ago. Please open a new ticket.")


class TooManyTagsError(RefusedError):
    """A ticket carries only so many tags."""

    code = "too_many_tags"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A ticket carries at most {limit} tags.")


class TooManyWatchersError(RefusedError):
    """So many may be asked to watch a ticket; more is a list of recipients."""

    code = "too_many_watchers"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A ticket has at most {limit} watchers.")


class TicketMergedError(RefusedError):
    """The ticket goes on in another one, where everything is to be done."""

    code = "ticket_merged"

    def __init__(self, number: int, into: int) -> None:
        super().__init__(f"Ticket T-{number} was merged into T-{into}. Please go on there.")
        self.into = into


class TicketNotAsleepError(RefusedError):
    """Only a ticket that sleeps can be woken."""

    code = "ticket_not_asleep"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} is not asleep.")


class TicketNotMergedError(RefusedError):
    """Only what was merged can be taken apart again."""

    code = "ticket_not_merged"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} is not merged into another one.")


class SameTicketError(RefusedError):
    """A ticket is neither merged into itself nor linked to itself."""

    code = "same_ticket"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} is the ticket itself. Please choose another one.")


class LinkCycleError(RefusedError):
    """Links that have a direction would come back to where they began."""

    code = "link_cycle"

    def __init__(self, number: int, other: int) -> None:
        super().__init__(f"Links lead from T-{other} to T-{number} already, so this one would close a circle.")


class TooManyLinksError(RefusedError):
    """A ticket carries only so many links."""

    code = "too_many_links"

    def __init__(self, number: int, limit: int) -> None:
        super().__init__(f"Ticket T-{number} has {limit} links, and takes no more.")


class BulkNotFoundError(NotFoundError):
    """A change of many tickets that the person has not made, or that is long over."""

    code = "bulk_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such change of many tickets that you could take back.")


class TooManyTicketsError(RefusedError):
    """So many tickets are not changed at once."""

    code = "too_many_tickets"

    def __init__(self, number: int, limit: int) -> None:
        super().__init__(f"These are {number:,} tickets. At most {limit} can be changed at once.")


class BulkTooLateError(RefusedError):
    """A change of many tickets can be taken back for a moment only."""

    code = "bulk_too_late"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"The {seconds} seconds in which this could be taken back are over.")


class TooManyFilesError(RefusedError):
    """A message takes so many files."""

    code = "too_many_files"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A message can have at most {limit} files. Please take some out.")


class TicketFullError(RefusedError):
    """The files of one ticket have a limit all together."""

    code = "ticket_full"

    def __init__(self, number: int, limit: int) -> None:
        super().__init__(
            f"The files of ticket T-{number} would have more than {_megabytes(limit)}. Please take some out."
        )


class DayFullError(RefusedError):
    """What one person sends in a day has a limit."""

    code = "day_full"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Within a day you can send files of {_megabytes(limit)}. Please send this one later.")


class FilesFullError(RefusedError):
    """All files of the desk together have a limit."""

    code = "files_full"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The file “{quoted(name, 80)}” was not taken: the desk has no room for more files. Please leave it out, "
            "and tell whoever runs the desk."
        )


class UploadGoneError(RefusedError):
    """A file waits for a day to be attached by who sent it, once."""

    code = "upload_gone"

    def __init__(self) -> None:
        super().__init__("A file that you chose is not here any more. Please take it out and choose it again.")


class ReplyStaysError(RefusedError):
    """A reply can be taken back for a moment, once."""

    code = "reply_stays"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"A reply can be taken back for {seconds} seconds only, and once.")


class AlreadyRatedError(RefusedError):
    """A resolution is rated once."""

    code = "already_rated"

    def __init__(self, number: int) -> None:
        super().__init__(f"You have already rated how ticket T-{number} was resolved.")


class UsernameTakenError(RefusedError):
    """
    Another account has this name, perhaps written in another case.

    Of oneself it may be that a moment ago: who reloads the page meanwhile doesn't learn that they were registered.
    """

    code = "username_taken"

    def __init__(self, username: str, *, perhaps_by_oneself: bool = False) -> None:
        otherwise = ", or sign in if you have just made this account" if perhaps_by_oneself else ""
        super().__init__(f"The username “{quoted(username, 32)}” is taken. Please choose another one{otherwise}.")


class NameTakenError(RefusedError):
    """Another definition of the same kind has this name."""

    code = "name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"The name “{quoted(name, 80)}” is taken. Please choose another one.")


class CategoryTakenError(RefusedError):
    """Another team takes the new tickets of this category."""

    code = "category_taken"

    def __init__(self, category: str, team: str) -> None:
        super().__init__(
            f"The category “{category}” belongs to the team “{quoted(team, 80)}”, and can belong to one team only."
        )


class LastCategoryError(RefusedError):
    """A ticket is in some category, so the desk must keep one."""

    code = "last_category"

    def __init__(self) -> None:
        super().__init__("This is the last category. Make another one first.")


class OnlyOneError(RefusedError):
    """Of this kind each desk has exactly one: there is no second one, and it cannot be taken away."""

    code = "only_one"

    def __init__(self, name: str) -> None:
        super().__init__(f"A desk has exactly one “{name}”. It can be changed, and nothing else.")


class MailWaitsError(RefusedError):
    """A mail that waits is sent by itself."""

    code = "mail_waits"

    def __init__(self) -> None:
        super().__init__("This mail waits to be sent, which happens by itself.")


class DeliveryWaitsError(RefusedError):
    """A delivery that waits is sent by itself."""

    code = "delivery_waits"

    def __init__(self) -> None:
        super().__init__("This delivery waits to be sent, which happens by itself.")


class AddressTakenError(RefusedError):
    """An address that is confirmed belongs to one account; only whoever reads what is sent there is told so."""

    code = "address_taken"

    def __init__(self) -> None:
        super().__init__("This address is confirmed for another account. Remove it there first.")


class NothingToConfirmError(RefusedError):
    """There is no address to which a link would have to be sent, or no link can be."""

    code = "nothing_to_confirm"

    def __init__(self) -> None:
        super().__init__("There is no address of yours that has to be confirmed.")


class LastAdminError(RefusedError):
    """The desk must keep one active admin."""

    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last active admin. Make somebody else an admin first.")


class AlreadyAnonymousError(RefusedError):
    """Nothing is left of who this was."""

    code = "already_anonymous"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is anonymous already.")


class NotActiveError(RefusedError):
    """Nobody sees the desk by an account that is not active."""

    code = "not_active"

    def __init__(self, display_name: str) -> None:
        super().__init__(f"The account of {display_name} is not active, so there is nothing to be seen by it.")


class KnownPasswordError(RefusedError):
    """An account with the password of the first launch is not opened again as it is."""

    code = "known_password"

    def __init__(self) -> None:
        super().__init__("This account still has the first password, which everybody can read. Please reset it first.")


class InvitationOpenError(RefusedError):
    """Somebody was invited and has not chosen a password yet, so their account cannot be opened by another way."""

    code = "invitation_open"

    def __init__(self) -> None:
        super().__init__("This person is invited and has not accepted yet. Send the invitation again, or take it back.")


class NotInvitedError(RefusedError):
    """There is no invitation any more: it was accepted."""

    code = "not_invited"

    def __init__(self) -> None:
        super().__init__("This invitation is not open any more: it was accepted.")


class RegistrationClosedError(RefusedError):
    """This desk takes no registrations."""

    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("Registration is closed at this desk. Ask an agent for an account.")


class NoSecondFactorError(RefusedError):
    """The account has no second factor, or none that was proposed in this session within the hour."""

    code = "no_second_factor"

    def __init__(self) -> None:
        super().__init__("Two-step sign-in is not set up for this account.")


class SecondFactorSetUpError(RefusedError):
    """The account has a second factor already."""

    code = "second_factor_set_up"

    def __init__(self) -> None:
        super().__init__("Two-step sign-in is set up already. Turn it off first to set it up on another phone.")


class TooManyKeysError(RefusedError):
    """A person keeps a limited number of API keys."""

    code = "too_many_keys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} API keys. Please revoke one that you do not need any more.")


class IdentityTakenError(RefusedError):
    """Whoever somebody is at the provider signs in to another account already."""

    code = "identity_taken"

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"Who you are at {quoted(provider, 80)} opens another account here. Unlink it there first, on its account "
            "page."
        )


class LastWayInError(RefusedError):
    """An account without a password opens by its provider alone."""

    code = "last_way_in"

    def __init__(self) -> None:
        super().__init__("This is the only way into your account. Please choose a password first.")


class NeverOpenError(RefusedError):
    """By a calendar no such time will have passed in any future that can be reckoned with."""

    code = "never_open"

    def __init__(self, name: str) -> None:
        super().__init__(f"By the calendar “{quoted(name, 80)}” that much open time will never have passed.")


class ConflictError(TicketingError):
    """Somebody else was faster."""

    code = "conflict"


class StaleEditError(ConflictError):
    """Somebody changed the same field since it was shown; carries both values, as words."""

    code = "stale_edit"

    def __init__(self, field: str, theirs: str, yours: str) -> None:
        super().__init__(
            f"{field} was changed to “{theirs}” while you were choosing “{yours}”. Please look, and choose again."
        )
        self.field = field
        self.theirs = theirs
        self.yours = yours


class StaleDefinitionError(ConflictError):
    """Somebody changed or removed what is being changed since it was shown."""

    code = "stale_definition"

    def __init__(self, name: str) -> None:
        super().__init__(f"The entry “{quoted(name, 80)}” was changed meanwhile. Please look, and change it again.")


class StaleTicketError(ConflictError):
    """Somebody changed the ticket since."""

    code = "stale_ticket"

    def __init__(self, number: int) -> None:
        super().__init__(f"Ticket T-{number} was changed meanwhile, and stays as it is.")


class StaleCannedReplyError(ConflictError):
    """Somebody changed a canned reply since it was inserted, so it would do something else than was shown."""

    code = "stale_canned_reply"

    def __init__(self, name: str) -> None:
        super().__init__(f"The canned reply “{quoted(name, 80)}” was changed meanwhile. Please insert it again.")


class StaleImportError(ConflictError):
    """Somebody changed how the desk is set up since it was shown what an import would do."""

    code = "stale_import"

    def __init__(self) -> None:
        super().__init__("The settings of the desk were changed meanwhile. Please look at the import again.")


class WrittenMeanwhileError(ConflictError):
    """Somebody has written to the ticket while one typed."""

    code = "written_meanwhile"

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name} has {what} meanwhile. Please read it, and send your text again if it still fits.")


class AlreadyDoneError(ConflictError):
    """The same was done, or begun, before; what was told of it is not told again."""

    code = "already_done"

    def __init__(self, is_shown_once: bool) -> None:  # noqa: FBT001
        why = "What was shown is shown once" if is_shown_once else "What was answered is not known any more"
        super().__init__(f"This was done or begun already under the same key. {why}; please look what has come of it.")


class TooManyRequestsError(TicketingError):
    """Too much at once; it works again after `retry_after`."""

    code = "too_many_requests"

    def __init__(self, sentence: str, retry_after: timedelta) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class ThrottledError(TooManyRequestsError):
    """Too many attempts from here or on this account."""

    code = "throttled"

    def __init__(self, retry_after: timedelta) -> None:
        minutes, seconds = divmod(max(1, round(retry_after.total_seconds())), 60)
        wait = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        super().__init__(f"Too many attempts. Please try again in {wait}.", retry_after)


class BusyError(TooManyRequestsError):
    """All places for costly work are taken at this moment."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("Many people are signing in right now. Please try again in a moment.", timedelta(seconds=2))


class StorageError(TicketingError):
    """The store cannot do it now; the sentence says why and what helps."""

    code = "storage"


class StorageBusyError(StorageError):
    """Another writer held the store for longer than the limit."""

    code = "storage_busy"

    def __init__(self) -> None:
        super().__init__("The store is busy. Nothing was saved; please try again in a moment.")


class StorageConflictError(StorageBusyError):
    """Of two changes at the same time the database could make one; this is the other, of which nothing is left."""

    code = "storage_conflict"


class StorageFullError(StorageError):
    """The disk, the quota or the file size limit is exhausted."""

    code = "storage_full"

    def __init__(self) -> None:
        super().__init__("The storage is full. Nothing was saved; please free some space and try again.")


class StorageReadOnlyError(StorageError):
    """The data directory cannot be written to."""

    code = "storage_read_only"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The desk cannot write to its data directory ({reason}). Nothing was saved.")


class StorageFailedError(StorageError):
    """The disk did not confirm a write, or failed otherwise; a JSON store refuses all writes until a restart."""

    code = "storage_failed"

    def __init__(self) -> None:
        super().__init__("The disk reported an error, the last change may be lost. Check the disk, restart the desk.")


class StorageDamagedError(StorageError):
    """A file is not as it was written; the sentence names file, line and what is known to be good."""

    code = "storage_damaged"


class StorageTooNewError(StorageError):
    """The files or the tables were made by a newer version; *name* begins the sentence."""

    code = "storage_too_new"

    def __init__(self, name: str, found: int, known: int) -> None:
        super().__init__(
            f"{name} has format {found} of a newer version; this one reads up to {known}. Update the desk."
        )


class StorageUnreadableError(StorageError):
    """A document holds what this version does not know, such as a status that a newer one has added."""

    code = "storage_unreadable"

    def __init__(self, collection: str, key: str) -> None:
        super().__init__(
            f"This version of the desk cannot read “{key}” of {collection}: a newer one has probably written it. "
            "Nothing was changed; please update the desk."
        )


class StorageUnreachableError(StorageError):
    """The database does not answer, or was lost in the middle of it; whether a change arrived is then unknown."""

    code = "storage_unreachable"

    def __init__(self) -> None:
        super().__init__("The database does not answer, so a change just made may not be saved. Please try again.")


class FilesUnreachableError(StorageError):
    """What keeps the contents of files is another machine's, and cannot do it now; *reason* is what that one does."""

    code = "files_unreachable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The place where files are kept {reason}. Please try again in a while.")


class ScannerUnreachableError(StorageError):
    """The virus scanner does not answer, and files are to be kept only when it has looked at them."""

    code = "scanner_unreachable"

    def __init__(self) -> None:
        super().__init__("Files cannot be checked for viruses now, so none is taken. Please try again in a while.")


class StorageUnsupportedError(StorageError):
    """The file system or the address cannot serve as a store."""

    code = "storage_unsupported"


class SecondFactorKeyError(StorageError):
    """The key of which the secrets of second factors are made is not here, or another one."""

    code = "second_factor_key"

    def __init__(self) -> None:
        super().__init__(
            "The desk has lost the key by which it knows the codes of your app. Please use a recovery code, "
            "or ask an admin to turn two-step sign-in off for you."
        )


class WebhookKeyError(StorageError):
    """The key of which the secrets of webhooks are made is not here, or another one."""

    code = "webhook_key"

    def __init__(self) -> None:
        super().__init__(
            "The desk has lost the key by which it signs for this webhook. Bring the key back, or make a new secret."
        )


class MaintenanceError(StorageError):
    """The desk is being maintained: whoever does not look after it can read, and change nothing."""

    code = "maintenance"
    retry_after = timedelta(minutes=5)

    def __init__(self, message: str = "") -> None:
        told = f" {message}" if message else ""
        super().__init__(f"The desk is being maintained, so nothing can be changed for now.{told}")


def quoted(typed: str, limit: int) -> str:
    """Return the beginning of what was typed, fit to be shown: whatever cannot be printed becomes a question mark."""
    return "".join(char if char.isprintable() else "?" for char in typed[:limit])


def _megabytes(size: int) -> str:
    return f"{size >> 20:,} MB"
