"""What people do with a request, and which of these acts end its review. No end has a way out."""

from enum import StrEnum

from store.domain.request import Status, Verdict


class Act(StrEnum):
    """What somebody wants to do with a request."""

    SEE = "see"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    MOVE = "move"
    RESUBMIT = "resubmit"
    SEND = "send"
    ASK = "ask"
    ANSWER = "answer"
    TEST = "test"
    LET_GO = "let_go"
    HAND = "hand"
    EMERGENCY = "emergency"
    MARK_REVIEWED = "mark_reviewed"
    NOTE = "note"
    HIDE = "hide"

    @property
    def verdict(self) -> Verdict | None:
        """The vote this act is; None for what is no vote."""
        return Verdict(self.value) if self.value in set(Verdict) else None


TRANSITIONS: dict[tuple[Status, Act], Status] = {
    (Status.UNDER_REVIEW, Act.APPROVE): Status.APPROVED,
    (Status.UNDER_REVIEW, Act.EMERGENCY): Status.APPROVED,
    (Status.UNDER_REVIEW, Act.REJECT): Status.REJECTED,
    (Status.UNDER_REVIEW, Act.WITHDRAW): Status.WITHDRAWN,
}


def after(status: Status, act: Act) -> Status | None:
    """The status an act leads to, or None where the table has no such transition."""
    return TRANSITIONS.get((status, act))
