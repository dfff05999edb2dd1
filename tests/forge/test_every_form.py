"""Whatever is typed into a form that keeps something: refused in a sentence, or kept as it was typed."""

from collections.abc import Callable, Mapping
from itertools import count, product
from types import MappingProxyType
from typing import NamedTuple

import pytest

from tests.controls import key_of
from tests.forge.conftest import put_back, stored, told_of_ours
from tests.forge.test_every_button import (
    person,
    person_with_second_factor,
    resolved,
    set_up_phone,
    ticket,
)
from tests.forge.test_every_field import accounts, expect_no_harm
from tests.serving import COOKIE, PASSWORD, Server
from tests.visiting import HEAD
from tests.wire import VALUE_FIELDS, Wire
from ticketing.domain.custom_fields import CustomField, FieldType
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

MARKUP = "=1 **b** <i>x</i> $a$ :red[r] {0}"
VALUES = {
    "nothing": "",
    "invisible": "\u200b\u2060\ufeff\u3164",
    "markup": f"{MARKUP} #",
    "control characters": "a\x00b\x1b[2Jgone\u202egpj",
    "1 MB": "x" * 1_000_000,
}
Made = tuple[str, ...]
_numbers = count(1)


class Form(NamedTuple):
    """
    Where a form is, the fields into which one types, each with what is in it while another is tried, and its button.

    {} and {1} stand for what `given` returns, # for a number of each try's own. `first` is what is done to come to the
    form, `besides` what is put into further fields. One that `keeps` nothing searches or shows something; one that
    `is_used_up` by being sent needs something new, and of some a button has to `put_away` what came of it.
    """

    page: str
    fields: Mapping[str, str]
    button: str = ""
    query: str = ""
    given: Callable[[Server], Made] = lambda _server: ("new",)
    person: str = "root"
    session: str = ""
    first: Callable[[Server, Wire, Made], object] = lambda _server, _wire, _made: None
    besides: Mapping[str, object] = MappingProxyType({})
    keeps: bool = True
    is_used_up: bool = False
    put_away: str = ""


# Of fields that are made several at once, the one that is tried.
ONE_OF = {
    "setup.calendars: calendar_{}": ("monday",),
    "setup.canned_replies: {}_{}": ("canned", "add_tags"),
    "setup.sla: sla_{}": ("first_response",),
}


def setting_up(
    kind: str, key: str = "new", besides: Mapping[str, object] = MappingProxyType({}), **fields: str
) -> Form:
    named = {f"setup.{kind}: {field}": text for field, text in fields.items()}
    return Form("desk_setup", named | EXTRA.get(kind, {}), "save", f"kind={kind}{key and '&id='}{key}", besides=besides)


EXTRA = {
    "calendars": {"setup.calendars: calendar_{}": "09:00-17:00"},
    "canned_replies": {"setup.canned_replies: {}_{}": "tag"},
    "sla": {"setup.sla: sla_{}": "4h"},
}


def desk_with_questions(server: Server) -> Made:
    """Have new tickets ask for something, and return the key of the field."""
    asked = CustomField(name=f"Room {next(_numbers)}", type=FieldType.TEXT)
    return (f"field_text_{server.desk.definitions.save(server.actor('root'), asked).id}",)


def choose_two(server: Server, wire: Wire, _made: Made) -> None:
    numbers = [int(number) for _ in range(2) for number in ticket(server)]
    wire.trigger("ticketing_list_table", "chosen", numbers)


def rated(server: Server) -> Made:
    (number,) = resolved(server)
    server.desk.tickets.rate(server.actor("carla"), int(number), solved=True)
    return (number,)


def begin_transfer(_server: Server, wire: Wire, _made: Made) -> None:
    wire.trigger(HEAD, "outbox", [[1, "transfer", "open", ""]])


def begin_snooze(_server: Server, wire: Wire, _made: Made) -> None:
    wire.trigger(HEAD, "outbox", [[1, "snooze", "open", ""]])
    wire.set("snooze_until", t("snooze.until.other"))
    wire.run()


def type_password(_server: Server, wire: Wire, made: Made) -> None:
    wire.set("username", made[0])
    wire.set("password", PASSWORD)
    wire.click("submit")


FORMS: dict[str, Form] = {
    "anonymise": Form("agent_admin", {"anonymising: anonymise_confirm": ""}, "anonymise", "anonymise={}", person),
    "key": Form(
        "account", {"api_keys: key_name": "Backup"}, "create_key", given=person, person="{}", put_away="key_kept"
    ),
    "article": Form(
        "article",
        {"article_editor: article_title_{}": "Doors #", "article_editor: article_body_{}": "Push."},
        "save",
        "edit=new",
    ),
    "search of articles": Form("articles", {"articles: article_search": ""}, keeps=False),
    "search of the audit log": Form("audit", {"audit: audit_actor": "", "audit: audit_object": ""}, keeps=False),
    "bulk": Form(
        "all_tickets",
        {
            "bulk: bulk_add_tags": "tag",
            "bulk: bulk_remove_tags": "",
            "bulk: bulk_reply": "",
            "bulk: bulk_merge_into": "",
        },
        "bulk_preview",
        first=choose_two,
        keeps=False,
    ),
    "invitation": Form(
        "agent_admin",
        {
            "inviting: invited_display_name": "X",
            "inviting: invited_email": "not an address",
            "inviting: invited_username": "x!",
        },
        "send_invitation",
        "new=invitation",
    ),
    "question of one's own": Form(
        "new_ticket",
        {"custom_fields: {}": "12"},
        "submit",
        given=desk_with_questions,
        person="carla",
        besides={"title": "No dial tone", "description": "Dead."},
    ),
    "forgotten password": Form(
        "reset_password", {"reset_password: name_or_address": ""}, "submit", person="", keeps=False
    ),
    "rating": Form("ticket", {"rating: rating_comment_{}": ""}, "rate_more", "id={}", rated, "carla", is_used_up=True),
    "code": Form(
        "login", {"second_factor: code": ""}, "submit_code", "", person_with_second_factor, "", first=type_password
    ),
    "phone": Form(
        "account",
        {"second_factor: new_code": "123456", "second_factor: two_step_password": "wrong"},
        "turn_on",
        given=person,
        person="{}",
        first=set_up_phone,
    ),
    "new recovery codes": Form(
        "account", {"second_factor: renewing_code": ""}, "renew", given=person_with_second_factor, session="{1}"
    ),
    "end of two steps": Form(
        "account",
        {"second_factor: last_code": "123456", "second_factor: last_password": "wrong"},
        "turn_off",
        given=person_with_second_factor,
        session="{1}",
    ),
    "transfer": Form(
        "ticket",
        {"transferring: transfer_note": ""},
        "transfer_submit",
        "id={}",
        ticket,
        first=begin_transfer,
        is_used_up=True,
    ),
    "webhook": Form(
        "webhooks",
        {
            "webhooks: webhook_name": "CRM #",
            "webhooks: webhook_url": "https://127.0.0.1:9/",
            "webhooks: webhook_query": "",
        },
        "save",
        "id=new",
        besides={"webhook_events": ["ticket.opened"]},
    ),
    "banner": setting_up("banners", banner_name="News #", banner_text="Tea."),
    "branding": setting_up("branding", "", branding_name="Desk", branding_accent=""),
    "calendar": setting_up("calendars", calendar_name="Office #", calendar_holidays=""),
    "canned reply": setting_up("canned_replies", canned_name="Hello #", canned_text="Hello."),
    "category": setting_up("categories", category_name="Doors #"),
    "field": setting_up("fields", field_name="Room #", field_hint="", field_options=""),
    "mail": setting_up("mail_texts", mail_text_text="Hello."),
    "maintenance": setting_up("maintenance", "", maintenance_message=""),
    "recurring ticket": setting_up(
        "recurring",
        besides={"recurring_paused": True},
        recurring_name="Backups #",
        recurring_title="Check the backups",
        recurring_description="All of them.",
        recurring_requester="carla",
        recurring_tags="",
    ),
    "retention": setting_up("retention", retention_name="Old #"),
    "rule": setting_up("rules", rule_name="Thanks #", rule_query="vpn", rule_reply="Thanks.", rule_note=""),
    "service level": setting_up("sla", sla_name="Gold #"),
    "team": setting_up("teams", team_name="First line #"),
    "view": setting_up("views", view_name="Mine #", view_query="is:open"),
}

SNOOZING = Form("ticket", {}, "snooze_submit", "id={}", ticket, first=begin_snooze)


def open_form(server: Server, wire: Wire, form: Form, made: Made) -> None:
    wire.page, wire.page_hash, wire.query = form.page, "", form.query.format(*made)
    wire.run()
    form.first(server, wire, made)


def kept(server: Server, text: str) -> bool:
    """Whether a text of plain characters stands anywhere in what the desk keeps."""
    return any(text.encode() in content for content in stored(server).values())


@pytest.mark.parametrize("name", FORMS)
def test_whatever_is_typed_into_a_form_is_refused_or_kept_as_typed(server: Server, name: str) -> None:
    form = FORMS[name]
    made = form.given(server)
    token = form.session.format(*made) or (form.person and server.sign_in(form.person.format(*made)))
    with put_back(server), Wire.connect(server.base, cookies={COOKIE: token} if token else {}) as wire:
        people = accounts(server)
        open_form(server, wire, form, made)
        for control, (kind, value) in product(form.fields, VALUES.items()):
            if form.button and form.button not in wire.widgets:
                if form.put_away in wire.widgets:
                    wire.click(form.put_away)
                made = form.given(server) if form.is_used_up else made
                open_form(server, wire, form, made)
            typed = value.replace("#", str(next(_numbers)))
            beside = {key_of(one, *ONE_OF.get(one, made)): text for one, text in form.fields.items()}
            tried = {key_of(control, *ONE_OF.get(control, made)): typed}
            for key, given in {**form.besides, **beside, **tried}.items():
                wire.set(key, given.replace("#", str(next(_numbers))) if isinstance(given, str) else given)
            wire.click(form.button) if form.button else wire.run()

            expect_no_harm(server, wire)
            is_refused = "format: ERROR" in wire.text
            assert form.button or not is_refused
            if form.keeps and kind == "markup":
                assert is_refused or kept(server, typed), control
        assert accounts(server) == people
    assert not kept(server, "\\u0000")


RUBBISH: dict[str, list[object]] = {
    "number_input": [float("nan"), float("inf"), -1.0, 1e300],
    "date_input": [["rubbish"], ["9999-99-99"], ["2026-01-01", "2026-01-02", "2026-01-03"]],
    "time_input": ["rubbish", "25:99"],
    "date_time_input": [["rubbish"], ["9999-99-99 25:99"]],
}
# Fields of numbers and times, and the form of each.
MEASURES = {
    "audit: audit_first": "search of the audit log",
    "audit: audit_last": "search of the audit log",
    "setup.banners: banner_{}": "banner",
    "setup.categories: category_position": "category",
    "setup.fields: field_position": "field",
    "setup.recurring: recurring_at": "recurring ticket",
    "setup.recurring: recurring_day": "recurring ticket",
    "setup.recurring: recurring_every": "recurring ticket",
    "setup.recurring: recurring_first": "recurring ticket",
    "setup.recurring: recurring_last": "recurring ticket",
    "setup.retention: retention_days": "retention",
    "setup.rules: rule_position": "rule",
    "setup.sla: sla_position": "service level",
    "snoozing: snooze_day": "snoozing",
    "snoozing: snooze_time": "snoozing",
}


@pytest.mark.parametrize("name", sorted(set(MEASURES.values())))
def test_what_is_no_number_and_no_time_ends_in_a_sentence(server: Server, name: str) -> None:
    form = (FORMS | {"snoozing": SNOOZING})[name]
    with put_back(server):
        people = accounts(server)
        for control in (one for one, where in MEASURES.items() if where == name):
            with Wire.connect(server.base, cookies={COOKIE: server.sign_in(form.person)}) as wire:
                send_rubbish(server, wire, form, key_of(control, "begins"))
        assert accounts(server) == people


def send_rubbish(server: Server, wire: Wire, form: Form, key: str) -> None:
    open_form(server, wire, form, form.given(server))
    widget_id, kind = wire.widgets[key]
    for value in RUBBISH[kind]:
        if form.button and form.button not in wire.widgets:
            open_form(server, wire, form, form.given(server))
        wire.set_raw(widget_id, VALUE_FIELDS[kind], value)
        wire.click(form.button) if form.button else wire.run()

        assert wire.exceptions == []
        assert told_of_ours(wire.received) == []
