"""What every listener is given, as the argument `deps`."""

from dataclasses import dataclass, field

from store.domain.clock import Clock
from store.domain.policy import Policy, PolicyInForce
from store.domain.workspace import Workspace
from store.engine.database import Database


@dataclass(frozen=True, slots=True)
class Deps:
    """The store, the policy in force, the clock and the workspace."""

    db: Database
    in_force: PolicyInForce
    clock: Clock
    workspace: Workspace = field(default_factory=Workspace)

    @property
    def policy(self) -> Policy:
        """The policy as it is at this moment."""
        return self.in_force.policy
