"""Every kind of definition has its place, so that stores, backups and moves know it."""

import inspect
import pkgutil
from importlib import import_module

from ticketing import domain
from ticketing.domain.definitions import Definition
from ticketing.domain.kinds import KINDS


def test_every_kind_is_known_by_its_name() -> None:
    modules = [import_module(f"ticketing.domain.{found.name}") for found in pkgutil.iter_modules(domain.__path__)]
    found = {
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Definition) and member is not Definition
    }

    assert found == set(KINDS.values())
    assert all(name == kind.kind for name, kind in KINDS.items())
