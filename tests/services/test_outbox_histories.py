"""
The outbox under random faults: mails are queued, claimed by two dispatchers, sent, noted or not, and time goes by.

Whatever happens, no mail is lost, and none arrives twice unless whoever had handed it over could not say so any more.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.services.conftest import Clock
from ticketing.domain.outbox import AccountMail, MailState, Outcome, Outgoing, OutgoingQuery, Result
from ticketing.domain.people import Role, User
from ticketing.services.outbox import set_route, tell_of_account
from ticketing.services.sending import Sending
from ticketing.storage.memory import MemoryStore

DISPATCHERS = strategies.integers(0, 1)
PEOPLE = strategies.sampled_from(["carla", "oskar", "ada"])
AGAIN = Outcome(Result.AGAIN, "The mail server broke off the connection.")


class OutboxUnderFaults(RuleBasedStateMachine):
    """Two dispatchers over one outbox; what arrived is told by the mail server, which forgets nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.clock = MemoryStore(), Clock()
        self.dispatchers = [Sending(self.store, self.clock) for _ in range(2)]
        self.claimed: list[list[Outgoing]] = [[], []]
        self.queued: set[str] = set()
        self.arrived: Counter[str] = Counter()
        self.unsure: Counter[str] = Counter()  # how often somebody could not say that it had arrived
        self.given_up: set[str] = set()
        set_route(self.store, is_open=True)
        with self.store.write() as tx:
            for name in ("carla", "oskar", "ada"):
                tx.users.save(account(name, self.clock))

    @rule(name=PEOPLE)
    def queue(self, name: str) -> None:
        """Let something happen of which somebody is told."""
        self.clock.advance(timedelta(seconds=1))
        with self.store.write() as tx:
            tell_of_account(tx, name, AccountMail.PASSWORD_CHANGED, name, self.clock())
        self.queued |= {mail.id for mail in self.ledger()}

    @rule(which=DISPATCHERS, most=strategies.integers(1, 5))
    def claim(self, which: int, most: int) -> None:
        """Claim a few, which nobody else has."""
        new = self.dispatchers[which].claim(most)
        present = {mail.id for mails in self.claimed for mail in mails if mail.due_at > self.clock()}
        assert not present & {mail.id for mail in new}
        self.claimed[which] += new

    @precondition(lambda self: any(self.claimed))
    @rule(which=DISPATCHERS, fate=strategies.sampled_from(["sent", "again", "refused", "dropped line", "killed"]))
    def send(self, which: int, fate: str) -> None:
        """Try the next mail, as long as its lease is worth it."""
        if not self.claimed[which]:
            return
        mail = self.claimed[which].pop(0)
        if not self.dispatchers[which].holds(mail):
            self.dispatchers[which].release([mail])
            return
        assert not isinstance(self.dispatchers[which].letter(mail), Outcome)
        if fate in {"sent", "dropped line", "killed"}:
            self.arrived[mail.id] += 1
        if fate in {"dropped line", "killed"}:
            self.unsure[mail.id] += 1
        if fate != "killed":
            outcomes = {"sent": Outcome(Result.SENT), "refused": Outcome(Result.REFUSED, "550 No such mailbox")}
            self.dispatchers[which].settle(mail, outcomes.get(fate, AGAIN))
        if fate == "refused":
            self.given_up.add(mail.id)

    @rule(which=DISPATCHERS)
    def crash(self, which: int) -> None:
        """Kill a dispatcher with all that it has claimed; another one takes its place."""
        self.claimed[which] = []
        self.dispatchers[which] = Sending(self.store, self.clock)

    @rule(which=DISPATCHERS)
    def stop(self, which: int) -> None:
        """Stop as one should, and give back what was not tried."""
        self.dispatchers[which].release(self.claimed[which])
        self.claimed[which] = []

    @rule(minutes=strategies.sampled_from([1, 5, 11, 60]))
    def wait(self, minutes: int) -> None:
        """Let time go by."""
        self.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def nothing_is_lost(self) -> None:
        """See that what was queued waits, or has arrived, or was given up with a reason."""
        found = {mail.id: mail for mail in self.ledger()}
        assert found.keys() == self.queued
        for key, mail in found.items():
            if mail.state is MailState.SENT:
                assert self.arrived[key]
            elif mail.state is MailState.FAILED:
                assert mail.error
            else:
                assert mail.state is MailState.WAITING

    @invariant()
    def nothing_arrives_twice_without_cause(self) -> None:
        """See that all arrived once, and once more for each time that nobody could say so."""
        for key, times in self.arrived.items():
            assert times <= 1 + self.unsure[key]

    def teardown(self) -> None:
        """See that in the end, when all is well again, each has arrived that was not given up."""
        for _ in range(200):
            self.clock.advance(timedelta(hours=1))
            for mail in self.dispatchers[0].claim():
                self.arrived[mail.id] += 1
                self.dispatchers[0].settle(mail, Outcome(Result.SENT))
        for mail in self.ledger():
            assert mail.state is (
                MailState.FAILED if mail.id in self.given_up and not self.arrived[mail.id] else mail.state
            )
            assert self.arrived[mail.id] or mail.state is MailState.FAILED
        assert not [mail for mail in self.ledger() if mail.state is MailState.WAITING]

    def ledger(self) -> list[Outgoing]:
        """Return all mails that there are."""
        with self.store.read() as tx:
            return list(tx.outgoing.search(OutgoingQuery(size=200)).items)


def account(name: str, clock: Clock) -> User:
    """Return an agent with an address, who gets as many mails as here may happen."""
    fields: dict[str, Any] = {"created_at": clock(), "password_changed_at": clock(), "role": Role.AGENT}
    return User(id=name, display_name=name, email=f"{name}@example.org", password="none", **fields)


TestOutboxUnderFaults = OutboxUnderFaults.TestCase
TestOutboxUnderFaults.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
