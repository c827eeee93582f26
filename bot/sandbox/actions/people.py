"""People at their Slack: what they do.

They can only use what is on their screen; everything else is a LookupError that lists what is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.actions import modals, use_controls
from bot.sandbox.actions.command_text import escape
from bot.sandbox.actions.member import Answer, Member
from bot.sandbox.delivery import payloads
from bot.sandbox.delivery.acks import Ack
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.views import View
from bot.sandbox.web_api.responses import command_answer

Json = dict[str, Any]


class Person(Member):
    """Somebody who uses the workspace; what they see is in `Member`."""

    async def command(self, text: str, *, channel: Conversation | None = None) -> Answer:
        """Type a slash command, by default to the bot directly."""
        self.require_active()
        workspace, where = self.workspace, channel or self.dm
        if self.id not in where.members:
            raise LookupError(f"{self.handle} is not in {where.name or where.id}")
        name, _, rest = text.strip().partition(" ")
        path = workspace.response_urls.new(where.id, self.id)
        payload = payloads.command(
            self,
            where,
            name,
            escape(rest.strip(), workspace),
            trigger_id=workspace.triggers.new(self.id),
            response_url=workspace.root_url + path,
        )
        ack = await workspace.deliver("slash_commands", payload)
        if not ack.acked:
            return self.answer(ack, warning=f"{name} failed because the app did not respond.")
        try:
            message = command_answer(workspace, where.id, self.id, ack.body or {})
        except Refusal as refusal:
            return self.answer(ack, warning=f'{name} failed with the error "{refusal.code}"')
        return self.answer(ack, message=message)

    async def click(
        self,
        where: Message | View,
        action_id: str,
        *,
        value: str | None = None,
        confirm: bool = True,
    ) -> Answer:
        """Click a button, or choose `value` in an overflow menu.

        With `confirm=False` they press Cancel in the button's confirmation, if it has one.
        """
        return await use_controls.click(self, where, action_id, value, confirm=confirm)

    async def choose(
        self, where: Message | View, action_id: str, value: object, *, confirm: bool = True
    ) -> Answer:
        """Give a select, picker, checkbox group or text field a value.

        The app hears of it only where Block Kit says so; a plain form field just keeps it.
        """
        return await use_controls.choose(self, where, action_id, value, confirm=confirm)

    async def type_options(self, view: View, action_id: str, typed: str) -> list[Json]:
        """Type into an external select and look at the options the app offers."""
        return await use_controls.type_options(self, view, action_id, typed)

    async def submit(self, view: View, values: Mapping[str, object] | None = None) -> Answer:
        """Fill in fields (by action id or block id) and press the submit button.

        LookupError or ValueError where Slack's own form would not let them.
        """
        return await modals.submit(self, view, values or {})

    async def close(self, view: View) -> Answer:
        """Close a modal by its close button."""
        return await modals.close(self, view)

    async def shortcut(self, callback_id: str) -> Answer:
        """Run a global shortcut."""
        return await self._run(callback_id, payloads.interaction("shortcut", self))

    async def message_shortcut(self, callback_id: str, message: Message) -> Answer:
        """Run a shortcut from the menu of a message. LookupError for one they do not see."""
        current, place = use_controls.seen(self, message)
        path = self.workspace.response_urls.new(place.id, self.id, current)
        payload = payloads.interaction("message_action", self)
        payload |= {"message_ts": current.ts, "message": current.to_slack()}
        payload |= {"channel": {"id": place.id, "name": place.spoken_name}}
        payload |= {"response_url": self.workspace.root_url + path}
        return await self._run(callback_id, payload)

    async def _run(self, callback_id: str, payload: Json) -> Answer:
        self.require_active()
        payload |= {"callback_id": callback_id, "action_ts": self.workspace.new_ts()}
        payload["trigger_id"] = self.workspace.triggers.new(self.id)
        return self.answer(await self.workspace.deliver("interactive", payload))

    async def open_home(self) -> Answer:
        """Open the app's home tab."""
        self.require_active()
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": self.dm.id}
        event["tab"] = "home"
        if self.home is not None:
            event["view"] = self.home.to_slack()
        ack = await self.workspace.emit(event)
        return self.answer(ack or Ack(acked=False, reason="not_subscribed"))

    def say(
        self,
        text: str,
        conversation: Conversation,
        *,
        thread_ts: str | None = None,
        files: Sequence[Json] = (),
    ) -> Message:
        """Write a message, in a thread or not; in their direct messages with the app, it is told of
        it.
        """
        content = {"text": text, "thread_ts": thread_ts}
        message = self.workspace.post(conversation, content, user=self.id, files=files)
        if conversation is self.dm:
            event = _message_event(conversation) | _written(message, text)
            self.workspace.emit_soon(event | ({"subtype": "file_share"} if files else {}))
        return message

    async def reply(self, text: str, to: Message) -> Answer:
        """Write in the thread of a message in their direct messages with the app; what the app
        answers when it is told of it for the first time.
        """
        self.require_active()
        content = {"text": text, "thread_ts": to.thread_ts or to.ts}
        message = self.workspace.post(self.dm, content, user=self.id)
        ack = await self.workspace.emit(_message_event(self.dm) | _written(message, text))
        return self.answer(ack or Ack(acked=False, reason="not_subscribed"))

    def edit(self, message: Message, text: str) -> None:
        """Edit a message of theirs in their direct messages with the app, which is told of it."""
        self.workspace.fill(message, {"text": text})
        edited = {"edited": {"user": self.id, "ts": self.workspace.new_ts()}}
        event = _message_event(self.dm) | {"subtype": "message_changed"}
        self.workspace.emit_soon(event | {"message": _written(message, text) | edited})

    def read(self, conversation: Conversation | None = None) -> None:
        """Look at a conversation: its messages are no longer unread."""
        (conversation or self.dm).read_by(self.id)


def _message_event(where: Conversation) -> Json:
    return {"type": "message", "channel_type": "im", "channel": where.id}


def _written(message: Message, text: str) -> Json:
    """A message as its event has it."""
    said: Json = {"user": message.user, "text": text, "ts": message.ts}
    optional = {"thread_ts": message.thread_ts, "files": message.files}
    return said | {name: value for name, value in optional.items() if value}
