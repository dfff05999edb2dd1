"""
Accounts: `create-agent`, `reset-password`, `turn-off-two-step`, `rotate-token-key`.

They are for whoever can run commands here.
"""

import sys
from contextlib import closing
from datetime import timedelta

import click

from ticketing.cli.options import opens_store
from ticketing.desk import open_desk
from ticketing.domain.people import Actor, Role
from ticketing.domain.tokens import ACCESS_LIFETIME


@click.command()
@opens_store
@click.argument("name")
@click.option("--role", type=click.Choice(["agent", "admin"]), default="agent", show_default=True)
@click.option("--email", default="", help="Where this person gets mail.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create_agent(name: str, role: str, email: str, *, password_stdin: bool) -> None:
    """Make the account NAME for an agent or an admin."""
    password = _password(from_stdin=password_stdin)
    with closing(open_desk()) as desk:
        person = desk.agents.create_agent(Actor.console(), name, password, role=Role(role), email=email)
    click.echo(f"The account “{person.username}” is made; its role is {person.role}.")


@click.command()
@opens_store
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def reset_password(name: str, *, password_stdin: bool) -> None:
    """Give the account NAME another password, and sign it out everywhere."""
    password = _password(from_stdin=password_stdin)
    with closing(open_desk()) as desk:
        desk.agents.set_password(Actor.console(), name, password)
    click.echo(f"The password of “{name}” is changed.")


@click.command()
@opens_store
@click.argument("name")
def turn_off_two_step(name: str) -> None:
    """Let the account NAME sign in by its password alone, whose owner has lost phone and recovery codes."""
    with closing(open_desk()) as desk:
        desk.agents.turn_off_second_factor(Actor.console(), name)
    click.echo(f"Two-step sign-in of “{name}” is turned off.")


@click.command()
@opens_store
def rotate_token_key() -> None:
    """Sign the access tokens of the API with a new key; those that are about are good until they are over."""
    with closing(open_desk()) as desk:
        desk.tokens.rotate_signing_key(Actor.console())
    minutes = ACCESS_LIFETIME // timedelta(minutes=1)
    click.echo(f"Access tokens are signed with a new key; those signed with the old one end within {minutes} minutes.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
