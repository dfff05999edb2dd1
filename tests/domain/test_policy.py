"""The truth table: for each action, role and relation, whether it is allowed."""

from datetime import UTC, datetime
from itertools import combinations, product

import pytest

from ticketing.domain import policy
from ticketing.domain.articles import Article, Visibility
from ticketing.domain.errors import PermissionDeniedError
from ticketing.domain.people import Actor, Person, Role, User
from ticketing.domain.policy import Action, Relation
from ticketing.domain.queries import Audience
from ticketing.domain.scopes import Scope
from ticketing.domain.statuses import TicketCategory
from ticketing.domain.tickets import Ticket

# Columns are relations: to a ticket (own, watched, foreign), to an account (self, of a user, of an agent, of an admin),
# to the desk. U, A and R mean that a user, an agent or an admin (root) may.
TRUTH = """
    action               own  watched foreign self of_user of_agent of_admin desk
    OPEN_TICKET           .     .       .      .     .       .        .      UAR
    OPEN_FOR_OTHERS       .     .       .      .     .       .        .      AR
    VIEW_TICKET          UAR   UAR      AR     .     .       .        .       .
    REPLY                UAR   UAR      AR     .     .       .        .       .
    WATCH_TICKET         UAR   UAR      AR     .     .       .        .       .
    CHANGE_WATCHERS      AR    AR       AR     .     .       .        .       .
    TAKE_BACK_REPLY      AR    AR       AR     .     .       .        .       .
    CLOSE                UAR   AR       AR     .     .       .        .       .
    REOPEN               UAR   AR       AR     .     .       .        .       .
    RATE_TICKET          UAR    .       .      .     .       .        .       .
    WRITE_NOTE           AR    AR       AR     .     .       .        .       .
    EDIT_TICKET          AR    AR       AR     .     .       .        .       .
    MERGE_TICKETS        AR    AR       AR     .     .       .        .       .
    LINK_TICKETS         AR    AR       AR     .     .       .        .       .
    SPLIT_TICKET         AR    AR       AR     .     .       .        .       .
    BE_ASSIGNED           .     .       .      .     .       .        .      AR
    SEE_ALL_TICKETS       .     .       .      .     .       .        .      AR
    EDIT_OWN_PROFILE      .     .       .     UAR    .       .        .       .
    CHANGE_OWN_PASSWORD   .     .       .     UAR    .       .        .       .
    SET_UP_SECOND_FACTOR  .     .       .     UAR    .       .        .       .
    LINK_IDENTITY         .     .       .     UAR    .       .        .       .
    END_OWN_SESSION       .     .       .     UAR    .       .        .       .
    READ_NOTICES          .     .       .     UAR    .       .        .       .
    SEE_PEOPLE            .     .       .      .     .       .        .      AR
    REGISTER_AGENT        .     .       .      .     .       .        .      AR
    REGISTER_ADMIN        .     .       .      .     .       .        .       R
    CHANGE_ROLE           .     .       .      R     R       R        R       .
    DEACTIVATE            .     .       .      R     AR      R        R       .
    RESET_PASSWORD        .     .       .      .     AR      R        R       .
    TURN_OFF_SECOND_FACTOR .    .       .      .     R       R        R       .
    END_SESSIONS          .     .       .      .     AR      R        R       .
    END_ONE_SESSION       .     .       .      .     R       R        R       .
    LIFT_WAIT             .     .       .      .     AR      R        R       .
    VIEW_AS               .     .       .      .     R       R        .       .
    EXPORT_PERSON         .     .       .     UAR    R       R        R       .
    ANONYMISE             .     .       .      .     R       R        R       .
    SEE_REPORTS           .     .       .      .     .       .        .      AR
    MOVE_DATA             .     .       .      .     .       .        .       R
    SEE_HEALTH            .     .       .      .     .       .        .       R
    LOOK_AFTER_MAILS      .     .       .      .     .       .        .       R
    LOOK_AFTER_WEBHOOKS   .     .       .      .     .       .        .       R
    SEE_SETUP             .     .       .      .     .       .        .      AR
    CHANGE_SETUP          .     .       .      .     .       .        .       R
    KEEP_SHORTCUTS       AR     .       .      .     .       .        .      AR
    READ_ARTICLE          .     .       .      .     .       .        .       .
    WRITE_ARTICLE         .     .       .      .     .       .        .      AR
    READ_AUDIT            .     .       .      .     .       .        .       R
    KEEP_KEYS             .     .       .      UAR   .       .        .       .
    REVOKE_KEYS           .     .       .      .     AR      R        R       .
    ROTATE_SIGNING_KEY    .     .       .      .     .       .        .       R
"""
# For whom an article is.
OF_ARTICLES = """
    action        public  internal
    READ_ARTICLE   UAR       AR
"""
# Which scopes of an API key take an action, whoever its owner is: r(ead), w(rite), n(otes), a(dmin).
OF_KEYS = """
    action                 scopes
    OPEN_TICKET            w
    OPEN_FOR_OTHERS        w
    VIEW_TICKET            rw
    REPLY                  w
    WATCH_TICKET           w
    CHANGE_WATCHERS        w
    TAKE_BACK_REPLY        w
    CLOSE                  w
    REOPEN                 w
    RATE_TICKET            w
    WRITE_NOTE             n
    EDIT_TICKET            w
    MERGE_TICKETS          w
    LINK_TICKETS           w
    SPLIT_TICKET           w
    BE_ASSIGNED            rw
    SEE_ALL_TICKETS        rw
    EDIT_OWN_PROFILE       .
    CHANGE_OWN_PASSWORD    .
    SET_UP_SECOND_FACTOR   .
    END_OWN_SESSION        .
    READ_NOTICES           rw
    SEE_PEOPLE             rwa
    REGISTER_AGENT         a
    REGISTER_ADMIN         a
    CHANGE_ROLE            a
    DEACTIVATE             a
    RESET_PASSWORD         a
    TURN_OFF_SECOND_FACTOR a
    END_SESSIONS           a
    END_ONE_SESSION        a
    LIFT_WAIT              a
    SEE_REPORTS            rw
    MOVE_DATA              a
    SEE_HEALTH             a
    LOOK_AFTER_MAILS       a
    SEE_SETUP              rwa
    CHANGE_SETUP           a
    KEEP_SHORTCUTS         w
    READ_ARTICLE           rw
    WRITE_ARTICLE          w
    READ_AUDIT             a
    KEEP_KEYS              .
    LINK_IDENTITY          .
    REVOKE_KEYS            a
    ROTATE_SIGNING_KEY     a
    VIEW_AS                -
    EXPORT_PERSON          -
    ANONYMISE              a
    LOOK_AFTER_WEBHOOKS    a
"""
SCOPES = {Scope.READ: "r", Scope.WRITE: "w", Scope.NOTES: "n", Scope.ADMIN: "a"}
# Who may make an account of a role, at a desk where agents may register agents and at one where they may not.
REGISTERING = """
    role   agents_may  agents_may_not
    AGENT      AR           R
    ADMIN      R            R
"""
LETTERS = {Role.USER: "U", Role.AGENT: "A", Role.ADMIN: "R"}
MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def truth(table: str) -> dict[tuple[Action, Role, Relation], bool]:
    """Read a table above."""
    heading, *lines = [line.split() for line in table.strip().splitlines()]
    relations = [Relation[name.upper()] for name in heading[1:]]
    return {
        (Action[line[0]], role, relation): letter in cell
        for line in lines
        for relation, cell in zip(relations, line[1:], strict=True)
        for role, letter in LETTERS.items()
    }


ALLOWED = dict.fromkeys(product(Action, Role, Relation), False) | truth(TRUTH) | truth(OF_ARTICLES)


def account(name: str, role: Role) -> User:
    """Return an account."""
    return User(id=name, display_name=name, role=role, password="none", created_at=MOMENT, password_changed_at=MOMENT)


def ticket_of(requester: str, *watchers: str) -> Ticket:
    """Return a ticket of somebody."""
    ticket = Ticket.open(1, requester, "No dial tone", "Dead.", TicketCategory.GENERAL, MOMENT)
    ticket.watchers = list(watchers)
    return ticket


def target_of(relation: Relation, actor: Actor) -> Ticket | User | Article | None:
    """Return something to which the actor stands like that."""
    targets: dict[Relation, Ticket | User | Article | None] = {
        Relation.OWN: ticket_of(actor.username, "somebody"),
        Relation.WATCHED: ticket_of("somebody", actor.username),
        Relation.FOREIGN: ticket_of("somebody", "another"),
        Relation.SELF: account(actor.username, actor.role),
        Relation.OF_USER: account("somebody", Role.USER),
        Relation.OF_AGENT: account("somebody", Role.AGENT),
        Relation.OF_ADMIN: account("somebody", Role.ADMIN),
        Relation.PUBLIC: Article(name="VPN", visibility=Visibility.PUBLIC),
        Relation.INTERNAL: Article(name="VPN", visibility=Visibility.INTERNAL),
        Relation.DESK: None,
    }
    return targets[relation]


def test_z1_the_table_here_is_whole() -> None:
    assert {action for action, _, _ in truth(TRUTH)} == set(Action)
    assert set(ALLOWED) == set(product(Action, Role, Relation))


@pytest.mark.parametrize(
    "article",
    [Article(name="VPN"), Article(name="VPN", visibility=Visibility.PUBLIC, removed=True)],
    ids=["draft", "taken away"],
)
def test_a_draft_and_what_was_taken_away_are_no_more_public_than_an_internal_article(article: Article) -> None:
    assert policy.relation_to_article(article) is Relation.INTERNAL


@pytest.mark.parametrize("action", Action, ids=lambda action: action.name)
def test_z2_each_action_is_allowed_to_exactly_these(action: Action) -> None:
    expected = {key for key, allowed in ALLOWED.items() if key[0] is action and allowed}

    assert {key for key in ALLOWED if key[0] is action and policy.allows(key[1], key[0], key[2])} == expected


@pytest.mark.parametrize(
    ("action", "role", "relation"),
    ALLOWED,
    ids=lambda value: value.name,
)
def test_z1_may_and_require_say_what_the_table_says(action: Action, role: Role, relation: Relation) -> None:
    actor = Actor("actor", "The Actor", role)
    target = target_of(relation, actor)

    allowed = policy.may(actor, action, target)

    assert allowed is ALLOWED[action, role, relation]
    if isinstance(target, User):
        assert policy.may(actor, action, Person.of(target)) is allowed
    if allowed:
        policy.require(actor, action, target)
    else:
        with pytest.raises(PermissionDeniedError) as refusal:
            policy.require(actor, action, target)
        assert str(refusal.value) == f"You may not {action.value}."


@pytest.mark.parametrize("action", Action, ids=lambda action: action.name)
@pytest.mark.parametrize("role", Role)
def test_a_key_may_what_its_scopes_take_and_its_owner_may(action: Action, role: Role) -> None:
    taking = dict(line.split() for line in OF_KEYS.strip().splitlines())[action.name]

    for relation, count in product(Relation, range(len(Scope) + 1)):
        for scopes in map(frozenset, combinations(Scope, count)):
            actor = Actor("actor", "The Actor", role, key="k1", scopes=scopes)
            is_taken = any(SCOPES[scope] in taking for scope in scopes)
            allowed = policy.may(actor, action, target_of(relation, actor))
            assert allowed is (is_taken and ALLOWED[action, role, relation]), (relation, scopes)


@pytest.mark.parametrize(("role", "scopes"), [(Role.USER, "rw"), (Role.AGENT, "rwna"), (Role.ADMIN, "rwna")])
def test_a_role_has_use_for_these_scopes(role: Role, scopes: str) -> None:
    assert policy.scopes_of(role) == {scope for scope, letter in SCOPES.items() if letter in scopes}


@pytest.mark.parametrize("agents_may", [True, False])
@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN])
@pytest.mark.parametrize("own_role", Role)
def test_who_may_register_whom_depends_on_the_desk_for_agents_only(
    own_role: Role, role: Role, *, agents_may: bool
) -> None:
    cells = {line.split()[0]: line.split()[1:] for line in REGISTERING.strip().splitlines()[1:]}
    expected = LETTERS[own_role] in cells[role.name][0 if agents_may else 1]
    actor = Actor("actor", "The Actor", own_role)

    assert policy.may_register(actor, role, agents_may=agents_may) is expected
    if expected:
        policy.require_register(actor, role, agents_may=agents_may)
    else:
        with pytest.raises(PermissionDeniedError, match="You may not register agents"):
            policy.require_register(actor, role, agents_may=agents_may)


def test_a_requester_who_watches_their_own_ticket_is_its_requester(carla: Actor) -> None:
    assert policy.relation_to_ticket(carla, ticket_of("carla", "carla")) is Relation.OWN


def test_an_agent_relates_to_tickets_like_anybody(ada: Actor) -> None:
    assert policy.relation_to_ticket(ada, ticket_of("ada")) is Relation.OWN
    assert policy.relation_to_ticket(ada, ticket_of("carla", "ada")) is Relation.WATCHED
    assert policy.relation_to_ticket(ada, ticket_of("carla", "oskar")) is Relation.FOREIGN


def test_the_command_line_is_nobodys_own_account() -> None:
    console = Actor.console()

    assert policy.relation_to_account(console, account(console.username, Role.ADMIN)) is Relation.OF_ADMIN
    assert policy.may(console, Action.RESET_PASSWORD, account("root", Role.ADMIN))


def test_nobody_but_the_command_line_is_at_the_command_line(root: Actor) -> None:
    policy.require_console(Actor.console(), Action.MOVE_DATA)

    with pytest.raises(PermissionDeniedError, match="You may not move the desk's data"):
        policy.require_console(root, Action.MOVE_DATA)


def test_z4_what_lists_show_follows_from_the_same_table(carla: Actor, ada: Actor, root: Actor) -> None:
    assert policy.audience(carla) == Audience(username="carla", sees_all=False)
    assert policy.audience(ada) == Audience(username="ada", sees_all=True)
    assert policy.audience(root) == Audience(username="root", sees_all=True)


def test_z8_nobody_but_admins_can_do_what_makes_an_admin() -> None:
    powers = [Action.REGISTER_ADMIN, Action.CHANGE_ROLE]

    assert not any(
        ALLOWED[action, role, relation]
        for action in powers
        for role in (Role.USER, Role.AGENT)
        for relation in Relation
    )
