"""What every listener is given, as the argument `deps`."""

from dataclasses import dataclass

from store.domain.clock import Clock
from store.domain.policy import Policy
from store.engine.database import Database


@dataclass(frozen=True, slots=True)
class Deps:
    """The store, the policy and the clock."""

    db: Database
    policy: Policy
    clock: Clock
