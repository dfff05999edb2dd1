"""A second click on any button that changes something, while the first is dealt with: one effect, and it is told."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from io import BytesIO
from itertools import count
from types import MappingProxyType
from typing import Any, NamedTuple

import pyotp
import pytest

from tests.forge.conftest import FilledServer, put_back
from tests.forge.test_second_clicks import ONE_TIME, click_twice
from tests.serving import COOKIE, PASSWORD, Server
from tests.visiting import unescaped
from tests.wire import Wire
from ticketing.desk import utc_now
from ticketing.domain import imports
from ticketing.domain.anonymising import Anonymisation
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.audit import AuditAction, AuditQuery
from ticketing.domain.definitions import Definition
from ticketing.domain.deliveries import DeliveryQuery
from ticketing.domain.errors import CodeWantedError
from ticketing.domain.imports import System
from ticketing.domain.openid import Identity
from ticketing.domain.outbox import MailState, Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.people import Actor, Standing, User
from ticketing.domain.queries import TicketQuery
from ticketing.domain.saved_views import SavedView
from ticketing.domain.scopes import Scope
from ticketing.domain.webhooks import Webhook, WebhookEvent
from ticketing.services.outbox import set_route
from ticketing.ui.wording import t

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("forge")]

BRIDGE = "ticketing_bridge"
CONSOLE = Actor.console()
Made = tuple[str, ...]
_numbers = count(1)


class Press(NamedTuple):
    """
    Where a button is, and what comes of it; {} and {1} stand for what is there before, in the order of `given`.

    `effects` counts how often it was done, and what is `told` is a sentence, or a part of the page that is there then.
    """

    page: str
    told: str
    effects: Callable[..., int]
    given: Callable[[Server], Made] = lambda _server: ("",)
    person: str = "root"
    session: str = ""
    query: str = ""
    is_good: bool = True
    typed: Mapping[str, str] = MappingProxyType({})
    first: Callable[[Server, Wire, Made], object] = lambda _server, _wire, _made: None


# What is there before


def person(server: Server) -> Made:
    """Return a requester of their own."""
    name = f"person{next(_numbers)}"
    server.desk.accounts.register(name, name, PASSWORD, PASSWORD, address="192.0.2.79")  # so many from one in an hour
    return (name,)


def change(server: Server, name: str, do: Callable[[User], object]) -> None:
    with server.desk.store.write() as tx:
        found = tx.users.find(name)
        assert found is not None
        do(found)
        tx.users.save(found)


def person_with_address(server: Server) -> Made:
    (name,) = person(server)
    change(server, name, lambda user: user.put_address(f"{name}@example.org", Standing.GIVEN))
    return (name,)


def person_with_confirmed_address(server: Server) -> Made:
    (name,) = person(server)
    change(server, name, lambda user: user.put_address(f"{name}@example.org", Standing.CONFIRMED))
    return (name,)


def person_without_password(server: Server) -> Made:
    """Return somebody who signs in elsewhere, and their session."""
    (name,) = person_with_confirmed_address(server)
    token = server.sign_in(name)
    change(server, name, lambda user: setattr(user, "password", ""))
    return name, token


def person_with_second_factor(server: Server) -> Made:
    """Return somebody who signs in with a code, their session, a recovery code, and the next code of their phone."""
    (name,) = person(server)
    token = server.sign_in(name)
    actor = server.desk.sessions.actor(token)
    app = pyotp.TOTP(server.desk.second_factors.propose(actor).secret)
    codes = server.desk.second_factors.turn_on(actor, PASSWORD, app.at(utc_now()))
    return name, token, codes[0], app.at(utc_now() + timedelta(seconds=30))


def person_with_trusted_browser(server: Server) -> Made:
    name, token, code, _next = person_with_second_factor(server)
    accounts, here = server.desk.accounts, "firefox"
    with pytest.raises(CodeWantedError) as wanted:
        accounts.sign_in_browser(name, PASSWORD, address="192.0.2.78", browser=here)
    hand_off = accounts.finish_sign_in_browser(wanted.value.ticket, code, browser=here, trust=True)
    server.desk.sessions.redeem(hand_off, browser=here)
    return name, token


def ticket(server: Server) -> Made:
    return (str(server.desk.tickets.open(server.actor("carla"), "No dial tone", "The line is dead.").number),)


def resolved(server: Server) -> Made:
    (number,) = ticket(server)
    server.desk.tickets.close(server.actor("ada"), int(number))
    return (number,)


def pair(server: Server) -> Made:
    """Return a ticket and another one."""
    return *ticket(server), *ticket(server)


def ticket_with_reply(server: Server) -> Made:
    (number,) = ticket(server)
    return number, server.desk.tickets.reply(server.actor("carla"), int(number), "And a door.").messages[-1].mark


def of_kind(definition: Definition) -> Callable[[Server], Made]:
    """Keep such a definition under a name of its own."""

    def made(server: Server) -> Made:
        named = definition.model_copy(update={"name": f"{definition.name} {next(_numbers)}"})
        root = server.actor("root")
        if isinstance(named, Article):
            return (server.desk.articles.save(root, named).id,)
        return (server.desk.definitions.save(root, named).id,)

    return made


def removed(definition: Definition) -> Callable[[Server], Made]:
    def made(server: Server) -> Made:
        (key,) = of_kind(definition)(server)
        with server.desk.store.write() as tx:
            found = tx.definitions(type(definition)).find(key)
            assert found is not None
            tx.definitions(type(definition)).save(found.model_copy(update={"removed": True}))
        return (key,)

    return made


def rewritten_article(server: Server) -> Made:
    (key,) = of_kind(ARTICLE)(server)
    root = server.actor("root")
    article = server.desk.articles.get(root, key).article
    server.desk.articles.save(root, article.model_copy(update={"body": "Pull it."}))
    return "1", key


def helpful_article(server: Server) -> Made:
    return "yes", *of_kind(ARTICLE)(server)


def webhook(server: Server) -> Made:
    wanted = Webhook(name=f"CRM {next(_numbers)}", url="https://127.0.0.1:9/hook", events=(WebhookEvent.OPENED,))
    return (server.desk.webhooks.create(CONSOLE, wanted).webhook.id,)


def tried_webhook(server: Server) -> Made:
    (key,) = webhook(server)
    server.desk.webhooks.test(CONSOLE, key)
    return deliveries(server, key)[0].id, key


def key_of_program(server: Server) -> Made:
    (name,) = person(server)
    actor = server.actor(name)
    server.desk.tokens.create_key(actor, "Backup", [Scope.READ], 30)
    return server.desk.tokens.keys(actor)[0].id[:12], name


def sent_mail(server: Server) -> Made:
    now, key = utc_now(), f"mail{next(_numbers)}"
    mail = Outgoing(id=key, username="carla", kind="replied", ticket=1, at=now, due_at=now, expires_at=now)
    mail.claim("carla@example.org", now)
    mail.settle(Outcome(Result.REFUSED, "550 No such mailbox"), now)
    with server.desk.store.write() as tx:
        tx.outgoing.save(mail)
    return (key,)


def ignored_mail(server: Server) -> Made:
    (name,) = person_with_address(server)
    head = f"From: {name}@example.org\nSubject: No dial tone\nMessage-ID: <{name}@example.net>"
    return server.desk.receiving.take(f"{head}\nAuto-Submitted: auto-generated\n\nHelp!".encode()).id, name


def invited(server: Server) -> Made:
    name = f"guest{next(_numbers)}"
    server.desk.invitations.invite(CONSOLE, name, f"{name}@example.org", name)
    return (name,)


def linked_elsewhere(server: Server) -> Made:
    (name,) = person(server)
    key = f"identity{next(_numbers)}"
    identity = Identity(id=key, username=name, issuer="https://login.example.org", created_at=utc_now())
    with server.desk.store.write() as tx:
        tx.identities.save(identity)
    return key[:12], name


def import_of_one(server: Server) -> Made:
    raw = f"Nr,Subject,Requester,Opened,Details\n{next(_numbers)},A door,Oskar,2024-01-16 08:30,It squeaks.\n".encode()
    run = server.desk.imports.apply(CONSOLE, BytesIO(raw), "old.csv", System.CSV, imports.Mapping())
    return (run.id,)


ARTICLE = Article(name="Jammed doors", body="Push.", visibility=Visibility.PUBLIC)
VIEW = SavedView(name="Mine", query="is:open")


# How often something was done


def audited(*actions: AuditAction) -> Callable[..., int]:
    """Count how often this is on record of one of them."""

    def on_record(server: Server, *made: str) -> int:
        with server.desk.store.read() as tx:
            records = [record for record in tx.audit.search(AuditQuery(size=200)) if record.action in actions]
        return sum(bool({record.actor, record.object} & set(made)) for record in records)

    return on_record


def mails(server: Server, name: str, *_made: str) -> int:
    with server.desk.store.read() as tx:
        return sum(mail.username == name for mail in tx.outgoing.search(OutgoingQuery(size=100)).items)


def deliveries(server: Server, key: str) -> list[Any]:
    return list(server.desk.webhooks.ledger(CONSOLE, DeliveryQuery(webhook=key)).items)


def events(server: Server, number: str, *_made: str) -> int:
    return len(server.ticket(int(number)).events)


def versions(kind: type[Definition]) -> Callable[..., int]:
    """Count how often a definition was kept."""

    def kept(server: Server, key: str, *_made: str) -> int:
        with server.desk.store.read() as tx:
            found = tx.definitions(kind).find(key)
        return found.version if found else 0

    return kept


def articles_kept(server: Server, _version: str, key: str) -> int:
    return versions(Article)(server, key)


def called(kind: type[Definition], name: str) -> Callable[..., int]:
    """Count the definitions of this name."""

    def there(server: Server, *_made: str) -> int:
        with server.desk.store.read() as tx:
            return sum(one.name == name for one in tx.definitions(kind).all())

    return there


def anonymous(server: Server, *_made: str) -> int:
    with server.desk.store.read() as tx:
        return len(tx.definitions(Anonymisation).all())


def user(server: Server, name: str) -> User:
    with server.desk.store.read() as tx:
        found = tx.users.find(name)
    assert found is not None
    return found


# What is done before the button is there


def set_up_phone(_server: Server, wire: Wire, _made: Made) -> None:
    wire.click("set_up_two_step")
    shown = ONE_TIME.search(wire.text)
    assert shown is not None
    wire.set("new_code", pyotp.TOTP(shown[1].replace(" ", "")).at(utc_now()))
    wire.set("two_step_password", PASSWORD)


def choose_both(_server: Server, wire: Wire, made: Made) -> None:
    wire.trigger("ticketing_list_table", "chosen", [int(number) for number in made])
    wire.set("bulk_add_tags", "cellar")
    wire.click("bulk_preview")


def change_both(_server: Server, wire: Wire, made: Made) -> None:
    choose_both(_server, wire, made)
    wire.click("bulk_apply")


def ask_to_undo(_server: Server, wire: Wire, made: Made) -> None:
    wire.click(f"undo_{made[0]}")


def begin_view(_server: Server, wire: Wire, _made: Made) -> None:
    wire.click("view_as")
    wire.page, wire.page_hash, wire.query = "my_tickets", "", ""
    wire.run()


def choose_events(_server: Server, wire: Wire, _made: Made) -> None:
    wire.set("webhook_events", ["ticket.opened"])


def say_why(server: Server, wire: Wire, made: Made) -> None:
    say_no(server, wire, made)
    wire.set(t("rating.comment"), "Too late.")


def say_no(_server: Server, wire: Wire, _made: Made) -> None:
    wire.click("rate_not_solved")


RATED = Press(
    "ticket",
    t("rating.noted"),
    lambda server, number: len(server.ticket(int(number)).ratings),
    resolved,
    "carla",
    query="id={}",
)
PRESSES = {
    "account: save_mail": Press(
        "account",
        t("mail.saved"),
        lambda server, name: int("mail" in user(server, name).model_fields_set),
        person,
        "{}",
    ),
    "account: send_link": Press("account", t("account.link_sent"), mails, person_with_address, "{}"),
    "anonymising: anonymise": Press(
        "agent_admin",
        t("anonymise.done", name="")[:15],
        anonymous,
        person,
        query="anonymise={}",
        typed={"anonymise_confirm": "{}"},
    ),
    "api_keys: create_key": Press(
        "account",
        t("keys.created"),
        audited(AuditAction.KEY_CREATED),
        person,
        "{}",
        typed={"key_name": "Backup"},
    ),
    "api_keys: revoke_{}": Press("account", t("keys.revoked"), audited(AuditAction.KEY_REVOKED), key_of_program, "{1}"),
    "article_editor: save": Press(
        "article",
        t("setup.saved", name="Twice written"),
        called(Article, "Twice written"),
        query="edit=new",
        typed={"article_title_new": "Twice written", "article_body_new": "Once."},
    ),
    "article_editor: remove": Press("article", "is removed", versions(Article), of_kind(ARTICLE), query="edit={}"),
    "articles: bring_back_{}": Press("articles", "is back", versions(Article), removed(ARTICLE)),
    "articles: bring_back_version_{}": Press(
        "article", t("articles.is_back"), articles_kept, rewritten_article, query="id={1}"
    ),
    "articles: helpful_{}": Press(
        "article",
        "You said",
        lambda server, _name, key: len(server.desk.articles.get(server.actor("root"), key).article.helpful),
        helpful_article,
        query="id={1}",
    ),
    "bulk: bulk_apply": Press(
        "all_tickets",
        t("bulk.done", n=2),
        lambda server, *made: max(events(server, number) for number in made),
        pair,
        first=choose_both,
    ),
    "bulk: bulk_undo": Press(
        "all_tickets",
        t("bulk.taken_back", n=2),
        lambda server, *made: max(events(server, number) for number in made),
        pair,
        first=change_both,
    ),
    "inviting: send_invitation": Press(
        "agent_admin",
        t("people.invitation_sent", name="Guest"),
        lambda server, *_made: mails(server, "guest"),
        query="new=invitation",
        typed={"invited_display_name": "Guest", "invited_email": "guest@example.org", "invited_username": "guest"},
    ),
    "inviting: invite_again": Press(
        "agent_admin", "the mail with the link is on its way", mails, invited, query="person={}"
    ),
    "inviting: uninvite": Press(
        "agent_admin", "is taken back", audited(AuditAction.INVITATION_TAKEN_BACK), invited, query="person={}"
    ),
    "mail: again_{}": Press(
        "mail",
        t("mail.goes_again", name="carla"),
        lambda server, key: int(
            [mail.state for mail in server.desk.outbox.ledger(CONSOLE, OutgoingQuery(size=100)).items if mail.id == key]
            == [MailState.WAITING]
        ),
        sent_mail,
    ),
    "mail_in: again": Press(
        "mail",
        "It is in ticket",
        lambda server, _key, name: server.desk.tickets.search(CONSOLE, TicketQuery(requester=name)).total,
        ignored_mail,
        query="mail={}",
    ),
    "openid: choose_password": Press(
        "account", t("elsewhere.link_sent"), mails, person_without_password, session="{1}"
    ),
    "openid: unlink_{}": Press(
        "account", t("elsewhere.unlinked"), audited(AuditAction.IDENTITY_UNLINKED), linked_elsewhere, "{1}"
    ),
    "people: turn_off_two_step": Press(
        "agent_admin",
        "is turned off",
        audited(AuditAction.SECOND_FACTOR_OFF),
        person_with_second_factor,
        query="person={}",
    ),
    "rating: rate_solved": RATED,
    "rating: rate_not_solved": RATED,
    "rating: rate_more": Press(
        "ticket",
        t("rating.sent"),
        lambda server, number: sum(bool(rating.comment) for rating in server.ticket(int(number)).ratings),
        resolved,
        "carla",
        query="id={}",
        typed={},
        first=say_why,
    ),
    "rating: rate_reopen": Press(
        "ticket", t("ticket.is_open_again"), events, resolved, "carla", query="id={}", first=say_no
    ),
    "relating: link_{}": Press(
        "ticket",
        "is linked",
        lambda server, _other, number: len(server.ticket(int(number)).links),
        pair,
        query="id={1}&relate=link",
    ),
    "relating: merge": Press(
        "ticket",
        "was merged into",
        lambda server, number, _into: int(server.ticket(int(number)).merged_into is not None),
        pair,
        query="id={0}&relate=merge&into={1}",
    ),
    "relating: split": Press(
        "ticket",
        "is open",
        lambda server, number, _mark: len(server.ticket(int(number)).links),
        ticket_with_reply,
        query="id={0}&relate=split&message={1}",
        typed={"split_title": "A door"},
    ),
    "reset_password: submit": Press(
        "reset_password", t("reset.sent"), mails, person_with_confirmed_address, "", typed={"name_or_address": "{}"}
    ),
    "second_factor: turn_on": Press(
        "account", "ticketing_recovery_codes", audited(AuditAction.SECOND_FACTOR_ON), person, "{}", first=set_up_phone
    ),
    "second_factor: forget_browsers": Press(
        "account",
        t("two_step.forgotten"),
        audited(AuditAction.BROWSERS_FORGOTTEN),
        person_with_trusted_browser,
        session="{1}",
    ),
    "second_factor: renew": Press(
        "account",
        "ticketing_recovery_codes",
        audited(AuditAction.RECOVERY_CODES_RENEWED),
        person_with_second_factor,
        session="{1}",
        typed={"renewing_code": "{3}"},
    ),
    "second_factor: turn_off": Press(
        "account",
        t("two_step.off"),
        audited(AuditAction.SECOND_FACTOR_OFF),
        person_with_second_factor,
        session="{1}",
        typed={"last_code": "{2}", "last_password": PASSWORD},
    ),
    "setup: save": Press(
        "desk_setup",
        t("setup.saved", name="Twice saved"),
        called(SavedView, "Twice saved"),
        query="kind=views&id=new",
        typed={"view_name": "Twice saved", "view_query": "is:open"},
    ),
    "setup: remove": Press("desk_setup", "is removed", versions(SavedView), of_kind(VIEW), query="kind=views&id={}"),
    "setup: bring_back_{}": Press("desk_setup", "is back", versions(SavedView), removed(VIEW), query="kind=views"),
    "setup.importing: undo_now_{}": Press(
        "desk_setup",
        t("setup.imports.undone", name="old.csv"),
        audited(AuditAction.IMPORT_UNDONE),
        import_of_one,
        query="kind=imports",
        first=ask_to_undo,
    ),
    "sidebar: sign_out": Press("account", BRIDGE, audited(AuditAction.SIGNED_OUT), person, "{}"),
    "viewing: view_as": Press("agent_admin", BRIDGE, audited(AuditAction.VIEW_BEGUN), person, query="person={}"),
    "viewing: end_view": Press(
        "agent_admin", BRIDGE, audited(AuditAction.VIEW_ENDED), person, query="person={}", first=begin_view
    ),
    "webhook_ledger: again_{}": Press(
        "webhooks",
        t("delivery.goes_again"),
        lambda server, _id, key: server.desk.webhooks.waiting(CONSOLE, key),
        tried_webhook,
        query="id={1}",
    ),
    "webhooks: save": Press(
        "webhooks",
        "whsec_",
        called(Webhook, "Twice made"),
        query="id=new",
        typed={"webhook_name": "Twice made", "webhook_url": "https://127.0.0.1:9/hook"},
        first=choose_events,
    ),
    "webhooks: test": Press(
        "webhooks",
        "is a private address",
        lambda server, key: len(deliveries(server, key)),
        webhook,
        query="id={}",
        is_good=False,
    ),
    "webhooks: renew": Press("webhooks", "whsec_", audited(AuditAction.SETUP_CHANGED), webhook, query="id={}"),
    "webhooks: remove": Press("webhooks", t("webhook.removed"), versions(Webhook), webhook, query="id={}"),
}


@pytest.fixture(scope="module", autouse=True)
def _mails_go_out(json_server: FilledServer) -> Iterator[None]:
    server, _ = json_server
    set_route(server.desk.store, is_open=True, has_links=True)
    with put_back(server):
        yield
    set_route(server.desk.store, is_open=False)


@pytest.mark.parametrize("control", PRESSES)
def test_what_is_done_with_two_clicks_is_done_once_and_told(server: Server, control: str) -> None:
    press = PRESSES[control]
    made = press.given(server)
    cookies = (
        {COOKIE: press.session.format(*made) or server.sign_in(press.person.format(*made))} if press.person else {}
    )
    wire = Wire.connect(server.base, page=press.page, query=press.query.format(*made), cookies=cookies)
    with wire.run():
        for field, text in press.typed.items():
            wire.set(field.format(*made), text.format(*made))
        press.first(server, wire, made)
        before = press.effects(server, *made)

        click_twice(server, wire, control, made[0])

        assert press.effects(server, *made) == before + 1, control
        assert ("format: ERROR" not in wire.text) is press.is_good
        assert press.told in unescaped(wire.text) or press.told in wire.widgets
        assert wire.exceptions == []
