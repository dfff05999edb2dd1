"""Every kind of thing that can be set up."""

from collections.abc import Mapping
from typing import Final

from ticketing.domain.anonymising import Anonymisation
from ticketing.domain.articles import Article
from ticketing.domain.banners import Banner
from ticketing.domain.branding import Branding
from ticketing.domain.calendars import BusinessCalendar
from ticketing.domain.canned_replies import CannedReply
from ticketing.domain.categories import Category
from ticketing.domain.custom_fields import CustomField
from ticketing.domain.definitions import Definition
from ticketing.domain.digests import Digesting
from ticketing.domain.imports import ImportRun
from ticketing.domain.mail_tags import MailKey
from ticketing.domain.mail_texts import MailText
from ticketing.domain.maintenance import Maintenance
from ticketing.domain.numbers import Numbers
from ticketing.domain.outbox import MailRoute
from ticketing.domain.received import MailFetch
from ticketing.domain.recurring import RecurringTicket
from ticketing.domain.retention import RetentionRule
from ticketing.domain.rules import Rule
from ticketing.domain.saved_views import SavedView
from ticketing.domain.sla import CatchingUp, SlaPolicy
from ticketing.domain.teams import Team
from ticketing.domain.tokens import SigningKeys
from ticketing.domain.webhooks import Webhook

# By the names of their collections.
KINDS: Final[Mapping[str, type[Definition]]] = {
    kind.kind: kind
    for kind in (
        Article,
        SavedView,
        Team,
        CannedReply,
        Category,
        CustomField,
        BusinessCalendar,
        SlaPolicy,
        CatchingUp,
        MailKey,
        Digesting,
        MailRoute,
        MailText,
        MailFetch,
        RecurringTicket,
        Rule,
        SigningKeys,
        Webhook,
        RetentionRule,
        Anonymisation,
        Branding,
        Banner,
        Maintenance,
        ImportRun,
        Numbers,
    )
}
