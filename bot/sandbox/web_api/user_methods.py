"""users.* and usergroups.*: who is who."""

from typing import Any

from bot.sandbox.state.directory import Profile
from bot.sandbox.state.ids import BOT_NAME, BOT_USER_ID, TEAM_ID
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.paging import page

Json = dict[str, Any]


def info(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """users.info; the locale only with `include_locale`."""
    user = arguments.text("user")
    if user == BOT_USER_ID:
        return {"user": _bot()}
    person = workspace.people.get(user)
    if person is None:
        raise Refusal("user_not_found")
    return {"user": _profile(workspace, person, arguments)}


def list_(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """users.list: everybody, deactivated people and the bot included."""
    profiles = [_profile(workspace, person, arguments) for person in workspace.people.values()]
    members, metadata = page([*profiles, _bot()], arguments)
    return {"members": members, "cache_ts": int(workspace.now().timestamp()), **metadata}


def lookup_by_email(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """users.lookupByEmail: a deactivated person is not found, as Slack documents."""
    email = arguments.text("email").lower()
    for person in workspace.people.values():
        if not person.deleted and person.email is not None and person.email.lower() == email:
            return {"user": _profile(workspace, person, arguments)}
    raise Refusal("users_not_found")


def usergroups(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """usergroups.list; members only with `include_users`."""
    with_users = arguments.flag("include_users")
    disabled_too = arguments.flag("include_disabled")
    groups = [g for g in workspace.usergroups.values() if disabled_too or not g.disabled_at]
    return {"usergroups": [group.to_slack(include_users=with_users) for group in groups]}


def usergroup_members(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """usergroups.users.list."""
    group = workspace.usergroups.get(arguments.text("usergroup"))
    if group is None or (group.disabled_at and not arguments.flag("include_disabled")):
        raise Refusal("no_such_subteam")
    return {"users": list(group.members)}


def _profile(workspace: WorkspaceState, person: Profile, arguments: Arguments) -> Json:
    """A profile; the e-mail address needs a scope of its own."""
    user = person.to_slack()
    if "users:read.email" not in workspace.scopes:
        user["profile"].pop("email", None)
    if arguments.flag("include_locale"):
        user["locale"] = person.locale
    return user


def _bot() -> Json:
    profile = {"real_name": BOT_NAME, "display_name": BOT_NAME}
    bot: Json = {"id": BOT_USER_ID, "team_id": TEAM_ID, "name": BOT_NAME, "deleted": False}
    return bot | {"real_name": BOT_NAME, "is_bot": True, "profile": profile}
