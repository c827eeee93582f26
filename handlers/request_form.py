"""The request form: opened, walked through step by step, submitted.

What must stay true: what stands in a form is in its draft before anything else happens, so that
an error, the way back, a restart or another replica loses nothing of it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, notices
from blocks.categories.inputs import LANGUAGES
from blocks.request_form import field as form_field
from blocks.request_form import steps
from blocks.request_form.fields import TARGET_APP
from blocks.request_form.steps import Step
from blocks.text import escape, names, unmarked
from handlers import clicks, views
from handlers.clicks import Click
from handlers.deps import Deps
from store import drafts, known_programs
from store.domain import draft as drafting
from store.domain import form_checks, submission
from store.domain.access import Denial, Refused
from store.domain.draft import Draft
from store.domain.json_values import FieldProblem
from store.domain.submission import SubmissionError
from store.domain.typed_text import folded, one_line
from store.known_programs import Known, Program
from store.messages import homes
from store.requests.submit import NewRequest, Submitted, submit

SHORTCUT = "request.new"
_GONE = (
    "This draft is gone: drafts are kept for a day after their last change. "
    "`/mp-requests new` starts another."
)


def register(app: AsyncApp) -> None:
    """Listen to what opens the form, and to its steps."""
    app.shortcut(SHORTCUT)(open_form)
    app.action(buttons.NEW)(open_form)
    app.action(buttons.AGAIN)(submit_again)
    app.action(buttons.FORM_BACK)(previous_step)
    app.action(buttons.FORM_CATEGORY)(choose_category)
    app.action(buttons.FORM_PROGRAM)(choose_program)
    app.options(buttons.FORM_PROGRAM)(offer_programs)
    app.options(TARGET_APP.path)(offer_target_apps)
    app.options("details.language")(offer_languages)
    for step in (Step.REQUEST, Step.DETAILS):
        app.view(step.value)(next_step)
    app.view(Step.CHECK.value)(submit_form)
    app.action(buttons.FORM_CONTINUE)(take_up)
    app.action(buttons.FORM_DISCARD)(discard)
    for step in Step:
        app.view_closed(step.value)(closed)


async def take_up(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the form of a draft again, at its first step that lacks something."""
    click = Click.read(body)
    draft = await drafts.find(deps.db, click.value, owner=click.user)
    view = no_such_draft()
    if draft:
        view = steps.build(draft, steps.where(draft, problems_of(draft, deps.clock())))
    await clicks.open_view(client, click, view)
    await ack()


async def discard(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Delete a draft, and draw Home without it."""
    click = Click.read(body)
    await drafts.discard(deps.db, click.value, owner=click.user)
    await homes.redraw(deps.db, click.user, now=deps.clock())
    await ack()


async def closed(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Keep what was typed in a form that was closed; Home offers to go on with it."""
    await keep_typed(body, deps)
    await homes.redraw(deps.db, body["user"]["id"], now=deps.clock())
    await ack()


async def begin_draft(user: str, deps: Deps) -> View:
    """An empty form, its draft begun; a sentence for who may submit nothing."""
    offered = await known_programs.offered(deps.db, user, deps.policy)
    if offered is not None and not offered:
        why = await clicks.worded(Refused(Denial.NOT_A_SUBMITTER), user, deps)
        return notices.notice_view("New request", why)
    values: drafting.Values = {} if offered is None else {drafting.OFFERED: offered}
    draft = await drafts.begin(deps.db, owner=user, values=values, now=deps.clock())
    return steps.build(draft, Step.REQUEST)


async def open_form(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Open an empty form."""
    view = await begin_draft(body["user"]["id"], deps)
    await views.shown(client.views_open(trigger_id=body["trigger_id"], view=view))
    await ack()


async def submit_again(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Open the form filled in with what a request had, for who may submit it again."""
    click = Click.read(body)
    answer = await drafts.repeat(
        deps.db, click.request.id, owner=click.user, policy=deps.policy, now=deps.clock()
    )
    if isinstance(answer, Refused):
        await clicks.refuse(click, answer, deps, client)
    else:
        await clicks.open_view(client, click, steps.build(answer, Step.REQUEST))
    await ack()


async def next_step(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Keep this step; then the next one, or what has to change first."""
    step, draft = Step(body["view"]["callback_id"]), await keep_typed(body, deps)
    if draft is None:
        await ack(response_action="update", view=no_such_draft())
        return
    known = await known_programs.known(deps.db, draft, deps.policy)
    problems = [*problems_of(draft, deps.clock()), *form_checks.problems(draft, known.released)]
    if refused := known.refused:
        why = unmarked(await clicks.worded(refused, draft.owner, deps))
        problems.append(FieldProblem(refused.field or "", why))
    asked, shown = steps.fields(draft, step), form_field.block_ids(body["view"])
    wrong = steps.errors(problems, asked)
    if not wrong:
        said = _to_know(draft, step.next, known)
        await ack(response_action="update", view=steps.build(draft, step.next, said=said))
    elif shown.keys() >= wrong.keys():
        errors = {shown[path]: sentence for path, sentence in wrong.items()}
        await ack(response_action="errors", errors=errors)
    else:
        # Slack has errors for inputs that are there only, and a list of features is none.
        remarks = steps.remarks(problems, asked)
        view = steps.build(draft, step, remarks=remarks)
        await ack(response_action="update", view=view)


def _to_know(draft: Draft, step: Step, known: Known) -> list[str]:
    """Sentences of mrkdwn for the next step: what looks odd, and at the last who decides it."""
    odd = form_checks.odd_id(draft.values, known.id_lengths)
    said = [f"⚠️ {escape(odd)}"] if odd else []
    if step is Step.CHECK and known.reviewers:
        channel = f", with a copy in <#{known.channel}>" if known.channel else ""
        said.append(f"📨 It goes to {names(known.reviewers, known.people)}{channel}.")
    return said


async def choose_category(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Keep what was typed, and ask for what this category needs."""
    draft = await keep_typed(body, deps)
    if draft and shown_step(body) is Step.REQUEST:
        view = steps.build(draft, Step.REQUEST)
        await redraw(view, (body.get("view") or {}).get("id"), client)
    await ack()


async def choose_program(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Fill the form in with what the last release of this mini program had."""
    draft = await keep_typed(body, deps)
    if draft and shown_step(body) is Step.REQUEST:
        chosen, owner = draft.program, draft.owner
        name, found = chosen.removeprefix(drafting.NEW), None
        program: Program | None = None
        if not chosen.startswith(drafting.NEW):
            program, found = await known_programs.last_release(
                deps.db, chosen, asker=owner, policy=deps.policy
            )
            name = program.name if program else ""
        number = program.id if program else None
        if program or chosen.startswith(drafting.NEW):
            draft = await drafts.change(
                deps.db,
                draft.id,
                owner=owner,
                to=lambda now: now.with_program(chosen, number, name, found),
                now=deps.clock(),
            )
        if draft:
            view = steps.build(draft, Step.REQUEST)
            await redraw(view, (body.get("view") or {}).get("id"), client)
    await ack()


async def offer_programs(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Mini programs with what was typed in their name or id, and what was typed as another one."""
    asker, typed = body["user"]["id"], one_line(str(body.get("value") or ""))
    found = await known_programs.programs(
        deps.db, typed, asker=asker, policy=deps.policy, draft=await _draft_of(body, deps)
    )
    options = [(each.id, f"{each.name} · {each.id}") for each in found]
    if typed:
        options.append((f"{drafting.NEW}{typed}", f"Another one: “{typed}”"))
    await ack(options=form_field.offered(options))


async def offer_target_apps(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Target apps with what was typed in them, and what was typed as another one."""
    asker, typed = body["user"]["id"], one_line(str(body.get("value") or ""))
    found = await known_programs.target_apps(
        deps.db, typed, asker=asker, policy=deps.policy, draft=await _draft_of(body, deps)
    )
    await ack(
        options=form_field.offered([*((each, each) for each in found), *_typed(typed, found)])
    )


async def offer_languages(ack: AsyncAck, body: dict[str, Any]) -> None:
    """Languages with what was typed in their name or code, and what was typed as another one."""
    typed = one_line(str(body.get("value") or ""))
    near = [each for each in LANGUAGES if folded(typed) in folded(each[1])]
    await ack(options=form_field.offered([*near, *_typed(typed, [code for code, _ in near])]))


async def _draft_of(body: dict[str, Any], deps: Deps) -> Draft | None:
    """The draft as it was kept last: what stands in the form may be more."""
    id_ = (body.get("view") or {}).get("private_metadata", "")
    return await drafts.find(deps.db, id_, owner=body["user"]["id"])


def _typed(typed: str, offered: Collection[str]) -> list[tuple[str, str]]:
    """What was typed as an option of its own, where it is none of those that are offered."""
    return [(typed, f"Use “{typed}”")] if typed and typed not in offered else []


async def previous_step(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """Keep this step, right or wrong, and show the one before."""
    draft, step = await keep_typed(body, deps), shown_step(body)
    view = steps.build(draft, step.previous) if draft and step else no_such_draft()
    await redraw(view, (body.get("view") or {}).get("id"), client)
    await ack()


async def submit_form(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Check, store, owe the cards; then close the form.

    A refusal leads to the step it is about, with everything that was typed.
    """
    user, view = body["user"]["id"], body["view"]
    draft = await drafts.find(deps.db, view["private_metadata"], owner=user)
    if draft is None:
        await ack(response_action="update", view=no_such_draft())
        return
    refused = await _submit_draft(draft, deps)
    if refused is None:
        await ack()
    else:
        await ack(response_action="update", view=refused)


async def keep_typed(body: dict[str, Any], deps: Deps) -> Draft | None:
    """The draft with what stands in the form now; None when it is not this person's."""
    view, step = body.get("view") or {}, shown_step(body)
    state = form_field.state_of(view)

    def filled(draft: Draft) -> drafting.Values:
        asked = steps.fields(draft, step) if step else ()
        return form_field.fill(draft.values, asked, state)

    return await drafts.change(
        deps.db,
        view.get("private_metadata", ""),
        owner=body["user"]["id"],
        to=filled,
        now=deps.clock(),
    )


def shown_step(body: dict[str, Any]) -> Step | None:
    """The step a form is at; None for a view that is not one of its steps."""
    shown = (body.get("view") or {}).get("callback_id")
    return Step(shown) if shown in tuple(Step) else None


def problems_of(draft: Draft, now: datetime) -> Sequence[FieldProblem]:
    """All that is wrong with what the draft has come to."""
    try:
        submission.read(draft.interchange(), now=now)
    except SubmissionError as error:
        return error.problems
    return ()


async def redraw(view: View, view_id: str | None, client: AsyncWebClient) -> None:
    """Draw this view in place of the form; nothing for a click that came from no form."""
    if view_id:
        await views.shown(client.views_update(view_id=view_id, view=view))


def no_such_draft() -> View:
    """A modal in place of the form, when there is no such draft for this person."""
    return notices.notice_view("No such draft", _GONE)


async def _submit_draft(draft: Draft, deps: Deps) -> View | None:
    """None when the request is stored; else the step where something has to change."""
    try:
        accepted = submission.read(draft.interchange(), now=deps.clock())
    except SubmissionError as error:
        return _problem_view(draft, error.problems)
    before = draft.repeats.id if draft.repeats else None
    new = NewRequest(accepted, draft.owner, deps.clock(), resubmission_of=before)
    answer = await submit(deps.db, new, deps.policy)
    if isinstance(answer, Submitted):
        # The same form sent twice is one request, as long as it says the same.
        other = notices.other_content(answer.request, answer.unlike)
        return notices.notice_view("Submitted before", f"{other}.") if answer.unlike else None
    return _refusal_view(draft, answer.field, await clicks.worded(answer, draft.owner, deps))


def _refusal_view(draft: Draft, field: str | None, sentence: str) -> View:
    """A refusal, as finished mrkdwn, below the input it is about; else on top of the last step."""
    problem = [FieldProblem(field or "", "")]
    step = steps.where(draft, problem)
    asked = steps.errors(problem, steps.fields(draft, step))
    remarks = dict.fromkeys(asked, sentence)
    return steps.build(draft, step, remarks=remarks, notice="" if remarks else sentence)


def _problem_view(draft: Draft, problems: Sequence[FieldProblem]) -> View:
    """The first step with something wrong in it, and what; on the last, what no step asks for."""
    step = steps.where(draft, problems)
    remarks = steps.remarks(problems, steps.fields(draft, step))
    notice = " ".join(escape(str(problem)) for problem in problems)
    return steps.build(draft, step, remarks=remarks, notice="" if remarks else notice)
