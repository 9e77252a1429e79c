"""The Web API methods about channels, people and views that local-slack lacks or simplifies."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox import slack_messages
from sandbox.slack_messages import is_true, page
from sandbox.slack_state import new_id
from sandbox.slack_upstream import Edge, Refusal
from sandbox.slack_views import DEEPEST_STACK, keep_open, mark, public, remark

Args = dict[str, Any]
Method = Callable[[Edge, Args], Awaitable[Args]]
LONGEST_NAME = 80
LONGEST_TOPIC = 250

_creating = asyncio.Lock()


def _object(edge: Edge, channel: Args) -> Args:
    kept = edge.state.overlay(channel["id"])
    topic = kept.topic or channel.get("topic", "")
    return {
        "id": channel["id"],
        "name": channel["name"],
        "is_channel": channel["is_channel"],
        "is_group": channel["is_private"] and not channel["is_im"],
        "is_im": channel["is_im"],
        "is_private": channel["is_private"],
        "is_member": True,
        "is_archived": kept.archived,
        "num_members": len(edge.state.members(channel)),
        "topic": {"value": topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.get("purpose", ""), "creator": "", "last_set": 0},
    }


async def _named(edge: Edge, args: Args, field: str = "channel") -> Args:
    return await edge.channel(str(args.get(field, "")))


async def _open_channel(edge: Edge, args: Args) -> Args:
    channel = await _named(edge, args)
    if edge.state.overlay(channel["id"]).archived:
        raise Refusal("is_archived")
    if channel["is_im"]:
        raise Refusal("method_not_supported_for_channel_type")
    return channel


def _kind(channel: Args) -> str:
    if channel["is_im"]:
        return "im"
    return "private_channel" if channel["is_private"] else "public_channel"


async def list_channels(edge: Edge, args: Args) -> Args:
    """`conversations.list` and `users.conversations`: public channels unless `types` says more."""
    await edge.refresh_channels()
    kinds = str(args.get("types") or "public_channel").split(",")
    found = [_object(edge, each) for each in edge.state.channels.values() if _kind(each) in kinds]
    if is_true(args.get("exclude_archived")):
        found = [channel for channel in found if not channel["is_archived"]]
    shown, cursor = page(found, args, most=1000, usual=100)
    return {"ok": True, "channels": shown, "response_metadata": {"next_cursor": cursor}}


async def info(edge: Edge, args: Args) -> Args:
    """`conversations.info`."""
    return {"ok": True, "channel": _object(edge, await _named(edge, args))}


async def members(edge: Edge, args: Args) -> Args:
    """`conversations.members`."""
    everybody = edge.state.members(await _named(edge, args))
    shown, cursor = page(everybody, args, most=1000, usual=100)
    return {"ok": True, "members": shown, "response_metadata": {"next_cursor": cursor}}


async def create(edge: Edge, args: Args) -> Args:
    """`conversations.create`: a name is taken for ever, also by an archived channel."""
    name = str(args.get("name", ""))
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise Refusal("invalid_name_maxlength")
    if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
        raise Refusal("invalid_name_specials")
    async with _creating:
        await edge.refresh_channels()
        if any(channel["name"] == name for channel in edge.state.channels.values()):
            raise Refusal("name_taken")
        wanted = {"name": name, "is_private": is_true(args.get("is_private"))}
        answer = await edge.upstream.call("conversations.create", wanted)
        await edge.refresh_channels()
    return {"ok": True, "channel": _object(edge, edge.state.channels[answer["channel"]["id"]])}


async def join(edge: Edge, args: Args) -> Args:
    """`conversations.join`: the bot is a member everywhere, so this only tells."""
    channel = await _open_channel(edge, args)
    return {"ok": True, "channel": _object(edge, channel), "warning": "already_in_channel"}


async def invite(edge: Edge, args: Args) -> Args:
    """`conversations.invite`: everybody or nobody, with one error for each person refused."""
    channel = await _open_channel(edge, args)
    wanted = [user for user in str(args.get("users", "")).split(",") if user]
    if not wanted:
        raise Refusal("no_user")
    present = edge.state.members(channel)
    errors = []
    for user_id in wanted:
        user = edge.state.workspace.user(user_id)
        if user is None or user["deleted"]:
            errors.append({"user": user_id, "ok": False, "error": "user_not_found"})
        elif user_id in edge.state.workspace.bot_tokens.values():
            errors.append({"user": user_id, "ok": False, "error": "cant_invite_self"})
        elif user_id in present:
            errors.append({"user": user_id, "ok": False, "error": "already_in_channel"})
    if errors and not is_true(args.get("force")):
        raise Refusal(str(errors[0]["error"]), errors=errors)
    refused = {error["user"] for error in errors}
    edge.state.overlay(channel["id"]).invited += [each for each in wanted if each not in refused]
    return {"ok": True, "channel": _object(edge, channel)}


async def set_topic(edge: Edge, args: Args) -> Args:
    """`conversations.setTopic`."""
    channel = await _open_channel(edge, args)
    topic = str(args.get("topic", ""))
    if len(topic) > LONGEST_TOPIC:
        raise Refusal("too_long")
    edge.state.overlay(channel["id"]).topic = topic
    return {"ok": True, "channel": _object(edge, channel)}


async def archive(edge: Edge, args: Args) -> Args:
    """`conversations.archive`."""
    channel = await _named(edge, args)
    kept = edge.state.overlay(channel["id"])
    if kept.archived:
        raise Refusal("already_archived")
    kept.archived = True
    return {"ok": True}


async def open_direct(edge: Edge, args: Args) -> Args:
    """`conversations.open` with one person."""
    user = edge.state.workspace.user(str(args.get("users", "")))
    if user is None:
        raise Refusal("user_not_found")
    if user["deleted"]:
        raise Refusal("user_disabled")
    return await edge.upstream.call("conversations.open", {"users": user["id"]})


async def pin(edge: Edge, args: Args) -> Args:
    """`pins.add`."""
    channel = (await _named(edge, args))["id"]
    ts = str(args.get("timestamp", ""))
    await edge.message(channel, ts)
    pins = edge.state.overlay(channel).pins
    if ts in pins:
        raise Refusal("already_pinned")
    pins.append(ts)
    return {"ok": True}


async def list_pins(edge: Edge, args: Args) -> Args:
    """`pins.list`."""
    channel = (await _named(edge, args))["id"]
    pins = edge.state.overlay(channel).pins
    found = {message["ts"]: message for message in await edge.messages(channel)}
    items = [
        {"type": "message", "channel": channel, "message": found[ts]} for ts in pins if ts in found
    ]
    return {"ok": True, "items": items}


async def bookmark(edge: Edge, args: Args) -> Args:
    """`bookmarks.add` of a link."""
    channel = (await _named(edge, args, "channel_id"))["id"]
    if args.get("type") != "link":
        raise Refusal("invalid_bookmark_type")
    if not str(args.get("link", "")).startswith(("https://", "http://")):
        raise Refusal("invalid_link")
    kept = {
        "id": new_id("Bk"),
        "channel_id": channel,
        "title": args.get("title", ""),
        "link": args["link"],
        "type": "link",
    }
    edge.state.overlay(channel).bookmarks.append(kept)
    return {"ok": True, "bookmark": kept}


async def list_bookmarks(edge: Edge, args: Args) -> Args:
    """`bookmarks.list`."""
    channel = (await _named(edge, args, "channel_id"))["id"]
    return {"ok": True, "bookmarks": edge.state.overlay(channel).bookmarks}


async def user_info(edge: Edge, args: Args) -> Args:
    """`users.info`."""
    user = edge.state.workspace.user(str(args.get("user", "")))
    if user is None:
        raise Refusal("user_not_found")
    return {"ok": True, "user": user}


async def list_users(edge: Edge, args: Args) -> Args:
    """`users.list`."""
    shown, cursor = page(list(edge.state.workspace.everyone()), args, most=1000, usual=1000)
    return {"ok": True, "members": shown, "response_metadata": {"next_cursor": cursor}}


async def user_by_email(edge: Edge, args: Args) -> Args:
    """`users.lookupByEmail`: deactivated people are not found."""
    for user in edge.state.workspace.everyone():
        email = user["profile"].get("email", "")
        if email and email == str(args.get("email", "")).lower() and not user["deleted"]:
            return {"ok": True, "user": user}
    raise Refusal("users_not_found")


async def list_usergroups(edge: Edge, args: Args) -> Args:
    """`usergroups.list`."""
    with_users = is_true(args.get("include_users"))
    workspace = edge.state.workspace
    groups = [workspace.usergroup(each, with_users=with_users) for each in workspace.usergroups]
    return {"ok": True, "usergroups": groups}


async def usergroup_users(edge: Edge, args: Args) -> Args:
    """`usergroups.users.list`."""
    group = edge.state.workspace.usergroups.get(str(args.get("usergroup", "")))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"ok": True, "users": group["users"]}


def _spend_trigger(edge: Edge, args: Args) -> str:
    """The user whose click the trigger came from; a trigger lives three seconds and works once."""
    trigger = str(args.get("trigger_id", ""))
    issued, user = edge.state.triggers.get(trigger, (0.0, ""))
    if not user:
        raise Refusal("invalid_trigger_id")
    if trigger in edge.state.spent_triggers:
        raise Refusal("exchanged_trigger_id")
    if time.monotonic() - issued > edge.state.trigger_seconds:
        raise Refusal("expired_trigger_id")
    edge.state.spent_triggers.add(trigger)
    return user


async def _show(edge: Edge, method: str, args: Args, marked: Args) -> Args:
    # Our own check has been made; local-slack does not know the triggers that the edge gave out.
    trigger = {"trigger_id": edge.state.upstream_trigger}
    answer = await edge.upstream.call(method, {**args, **trigger, "view": marked})
    keep_open(edge.state, marked)
    return {"ok": True, "view": public(answer["view"])}


async def open_view(edge: Edge, args: Args) -> Args:
    """`views.open`."""
    user = _spend_trigger(edge, args)
    edge.state.modals.clear()
    return await _show(edge, "views.open", args, mark(args["view"], new_id("V"), user=user))


async def push_view(edge: Edge, args: Args) -> Args:
    """`views.push`."""
    if len(edge.state.modals) >= DEEPEST_STACK:
        raise Refusal("push_limit_reached")
    user = _spend_trigger(edge, args)
    marked = mark(args["view"], new_id("V"), user=user, below=tuple(edge.state.modals))
    return await _show(edge, "views.push", args, marked)


async def update_view(edge: Edge, args: Args) -> Args:
    """`views.update`: the view keeps its id; a stale `hash` is refused."""
    modals = edge.state.modals
    view_id = str(args.get("view_id") or "")
    external = args.get("external_id")
    if not view_id and external:
        found = (each for each, modal in modals.items() if modal.external_id == external)
        view_id = next(found, "")
    if view_id not in modals:
        raise Refusal("not_found")
    if args.get("hash") not in (None, modals[view_id].hash):
        raise Refusal("hash_conflict")
    marked = remark(edge.state, args["view"], view_id)
    return await _show(edge, "views.update", {"view_id": view_id}, marked)


async def publish_view(edge: Edge, args: Args) -> Args:
    """`views.publish`: a person's Home."""
    user = edge.state.workspace.user(str(args.get("user_id", "")))
    if user is None:
        raise Refusal("user_not_found")
    before = edge.state.homes.get(user["id"])
    if before and args.get("hash") not in (None, before["hash"]):
        raise Refusal("hash_conflict")
    view_id = before["id"] if before else new_id("V")
    marked = mark(args["view"], view_id, user=user["id"])
    answer = await edge.upstream.call("views.publish", {"user_id": user["id"], "view": marked})
    edge.state.homes[user["id"]] = public(answer["view"])
    return {"ok": True, "view": edge.state.homes[user["id"]]}


METHODS: dict[str, Method] = {
    **slack_messages.METHODS,
    "conversations.list": list_channels,
    "users.conversations": list_channels,
    "conversations.info": info,
    "conversations.members": members,
    "conversations.create": create,
    "conversations.join": join,
    "conversations.invite": invite,
    "conversations.setTopic": set_topic,
    "conversations.archive": archive,
    "conversations.open": open_direct,
    "pins.add": pin,
    "pins.list": list_pins,
    "bookmarks.add": bookmark,
    "bookmarks.list": list_bookmarks,
    "users.info": user_info,
    "users.list": list_users,
    "users.lookupByEmail": user_by_email,
    "usergroups.list": list_usergroups,
    "usergroups.users.list": usergroup_users,
    "views.open": open_view,
    "views.push": push_view,
    "views.update": update_view,
    "views.publish": publish_view,
}
