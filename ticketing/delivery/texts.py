"""What mails say unless admins have written another text, as templates over `ticketing.domain.mail_texts.VARIABLES`."""

from collections.abc import Mapping
from typing import Final

from ticketing.domain.notifications import NoticeKind
from ticketing.domain.outbox import DIGEST, SUMMARY, AccountMail

_SAID: Final = """

{{ text }}
{%- for file in files %}
Attached: {{ file }}
{%- endfor %}"""
_WHERE: Final = """
{%- if link %}

{{ link }}
{%- endif %}"""
_ASKED: Final = """
{%- if solved %}

Is it solved?
Yes: {{ solved }}
No: {{ not_solved }}
{%- endif %}"""
_TICKETS: Final = """
{%- for each in tickets %}
{{ each.label }} “{{ each.title }}”{% if each.link %}: {{ each.link }}{% endif %}
{%- endfor %}"""
_BY: Final = "{{ by or 'The desk' }}"
_UNEXPECTED: Final = " If you did not expect that, please tell the people of your help desk at once."
_OF: Final = "{{ label }} “{{ title }}”"

TEXTS: Final[Mapping[str, str]] = {
    NoticeKind.OPENED: f"{_BY} has opened ticket {_OF}.{_SAID}{_WHERE}",
    NoticeKind.REPLIED: f"{_BY} has replied in ticket {_OF}.{_SAID}{_ASKED}{_WHERE}",
    NoticeKind.UNASSIGNED: f"{_BY} has replied in ticket {_OF}, which nobody has taken.{_SAID}{_WHERE}",
    NoticeKind.NOTED: f"{_BY} has written an internal note in ticket {_OF}. Requesters do not see it.{_SAID}{_WHERE}",
    NoticeKind.ASSIGNED: f"{_BY} has assigned ticket {_OF} to you.{_WHERE}",
    NoticeKind.STATUS: f"Ticket {_OF} is {{{{ status | lower }}}} now.{_ASKED}{_WHERE}",
    NoticeKind.MENTIONED: f"{_BY} has mentioned you in ticket {_OF}.{_SAID}{_WHERE}",
    NoticeKind.DUE_SOON: f"Ticket {_OF} is due soon.{_WHERE}",
    NoticeKind.MERGED: f"{_BY} has merged ticket {_OF} with another one.{_WHERE}",
    AccountMail.PASSWORD_CHANGED: (
        "Hello {{ name }},\n\nthe password of your account {{ username }} was changed"
        "{% if by %} by {{ by }}{% endif %}. If you did not expect that,"
        " please tell the people of your help desk at once."
    ),
    AccountMail.REGISTERED: (
        "Hello {{ name }},\n\n{{ by or 'the help desk' }} has made an account for you: {{ username }}. You get your"
        f" first password from them.{_WHERE}"
    ),
    AccountMail.ADDRESS_CHANGED: (
        "Hello {{ name }},\n\nthe e-mail address of your account {{ username }} was changed"
        "{% if by %} by {{ by }}{% endif %}; this one gets no more mails of it. If you did not expect that,"
        " please tell the people of your help desk at once."
    ),
    AccountMail.ROLE_CHANGED: (
        "Hello {{ name }},\n\nwhat your account {{ username }} may do at the help desk was changed"
        f"{{% if by %}} by {{{{ by }}}}{{% endif %}}. Please sign in again.{_WHERE}"
    ),
    AccountMail.CONFIRM_ADDRESS: (
        "Hello,\n\nthis address was entered for an account at our help desk. If it was you who did that, please confirm"
        f" that it is yours. The link holds for three days:{_WHERE}\n\n"
        "If it was not you, there is nothing to do."
    ),
    AccountMail.RESET_PASSWORD: (
        "Hello {{ name }},\n\nsomebody, most likely you, wants to choose a new password for your account"
        f" {{{{ username }}}}. The link holds for 60 minutes, and once:{_WHERE}\n\n"
        "If it was not you, there is nothing to do: your password stays as it is."
    ),
    AccountMail.SECOND_FACTOR_ON: (
        "Hello {{ name }},\n\ntwo-step sign-in was turned on for your account {{ username }}: signing in takes a code"
        f" of your app from now on.{_UNEXPECTED}"
    ),
    AccountMail.SECOND_FACTOR_OFF: (
        "Hello {{ name }},\n\ntwo-step sign-in was turned off for your account {{ username }}"
        f"{{% if by %}} by {{{{ by }}}}{{% endif %}}: the password alone signs in now.{_UNEXPECTED}"
    ),
    AccountMail.RECOVERY_CODE_USED: (
        "Hello {{ name }},\n\na recovery code was used to sign in to your account {{ username }}. It does not work a"
        f" second time.{_UNEXPECTED}"
    ),
    AccountMail.KEY_CREATED: (
        "Hello {{ name }},\n\nan API key was created for your account {{ username }}: with it, a program can act in"
        f" your name.{_UNEXPECTED}"
    ),
    AccountMail.WEBHOOK_OFF: (
        "Hello {{ name }},\n\nthe help desk has turned a webhook off, since nothing that it sent there for three days"
        f" has arrived. The page Webhooks says which one, and why.{_WHERE}"
    ),
    AccountMail.INVITED: (
        "Hello {{ name }},\n\n{{ by or 'the help desk' }} invites you to our help desk, under the username"
        f" {{{{ username }}}}. Choose your password to begin. The link holds for 72 hours, and once:{_WHERE}\n\n"
        "If you do not expect that, there is nothing to do."
    ),
    AccountMail.IDENTITY_LINKED: (
        "Hello {{ name }},\n\nyour account {{ username }} was linked with a sign-in elsewhere, by which it opens"
        f" without its password from now on.{_UNEXPECTED}"
    ),
    AccountMail.SIGN_INS_FAILED: (
        "Hello {{ name }},\n\nsomebody has tried again and again to sign in to your account {{ username }}, each time"
        " with a wrong password. They have to wait longer and longer between two tries; a browser in which you have"
        " signed in before lets you in as ever. If it was not you: a long password that you use nowhere else keeps them"
        f" out, and two-step sign-in even where they find it out.{_WHERE}"
    ),
    DIGEST: f"Hello {{{{ name }}}},\n\nthis is new since yesterday, and you have not read it yet:\n{_TICKETS}",
    SUMMARY: (
        f"Hello {{{{ name }}}},\n\nmuch has happened in a short time, so this is one mail for all of it:\n{_TICKETS}"
    ),
}
# What each mail about a ticket ends with, whatever admins have written, so that nobody is mailed against their will.
STOP: Final = "\n\nNo more mails about this ticket: {link}"
# Subjects of mails that are about no ticket; the others have its tag and title.
SUBJECTS: Final[Mapping[str, str]] = {
    AccountMail.PASSWORD_CHANGED: "Your password was changed",
    AccountMail.REGISTERED: "Your account at the help desk",
    AccountMail.ADDRESS_CHANGED: "Your e-mail address was changed",
    AccountMail.ROLE_CHANGED: "Your account was changed",
    AccountMail.CONFIRM_ADDRESS: "Please confirm your e-mail address",
    AccountMail.RESET_PASSWORD: "Choose a new password",
    AccountMail.SECOND_FACTOR_ON: "Two-step sign-in was turned on",
    AccountMail.SECOND_FACTOR_OFF: "Two-step sign-in was turned off",
    AccountMail.RECOVERY_CODE_USED: "A recovery code was used",
    AccountMail.KEY_CREATED: "An API key was created",
    AccountMail.WEBHOOK_OFF: "A webhook was turned off",
    AccountMail.INVITED: "You are invited to our help desk",
    AccountMail.IDENTITY_LINKED: "Your account was linked",
    AccountMail.SIGN_INS_FAILED: "Many failed sign-ins to your account",
    DIGEST: "What is new in your tickets",
    SUMMARY: "Changes in your tickets",
}
HTML: Final = """<!doctype html>
<html lang="en"><body style="font-family: sans-serif; line-height: 1.5">
{%- for lines in paragraphs %}
<p>
{%- for text, link in lines %}{{ text }}{% if link %}<a href="{{ link }}">{{ link }}</a>{% endif %}
{%- if not loop.last %}<br>
{% endif %}{% endfor %}</p>
{%- endfor %}
</body></html>
"""
