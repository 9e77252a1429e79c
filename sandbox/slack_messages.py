"""`chat.*` and reading messages, with what local-slack drops: metadata, paging, who sees what."""

import base64
import binascii
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.slack_upstream import Edge, Refusal
from sandbox.slack_views import name_blocks

Args = dict[str, Any]


def is_true(value: Any) -> bool:
    """A boolean argument as Slack reads it: clients send true, "true" or "1"."""
    return value is True or str(value).lower() in ("1", "true")


def page(items: list[Any], args: Args, *, most: int, usual: int) -> tuple[list[Any], str]:
    """The part of `items` that `limit` and `cursor` ask for, and the next cursor ("" at the end).

    Raises Refusal for a limit or cursor that Slack would not take.
    """
    try:
        limit = int(args.get("limit") or usual)
        start = int(base64.b64decode(args.get("cursor") or b"MA==", validate=True))
    except (ValueError, binascii.Error) as error:
        raise Refusal("invalid_cursor" if args.get("cursor") else "invalid_limit") from error
    if not 1 <= limit <= most:
        raise Refusal("invalid_limit")
    following = start + limit
    cursor = base64.b64encode(str(following).encode()).decode() if following < len(items) else ""
    return items[start:following], cursor


async def _postable(edge: Edge, args: Args) -> dict[str, Any]:
    channel = await edge.channel(str(args.get("channel", "")), by_name=True)
    if edge.state.overlay(channel["id"]).archived:
        raise Refusal("is_archived")
    return channel


async def post_message(edge: Edge, args: Args) -> Args:
    """`chat.postMessage`."""
    channel = await _postable(edge, args)
    sent = {**args, "channel": channel["id"], "blocks": name_blocks(args.get("blocks"))}
    answer = await edge.upstream.call("chat.postMessage", sent)
    metadata = args.get("metadata")
    if metadata:
        edge.state.metadata[channel["id"], answer["ts"]] = metadata
        answer["message"]["metadata"] = metadata
    return answer


async def post_ephemeral(edge: Edge, args: Args) -> Args:
    """`chat.postEphemeral`."""
    channel = await _postable(edge, args)
    if args.get("user") not in edge.state.members(channel):
        raise Refusal("user_not_in_channel")
    sent = {**args, "channel": channel["id"], "blocks": name_blocks(args.get("blocks"))}
    return await edge.upstream.call("chat.postEphemeral", sent)


async def _own_message(edge: Edge, args: Args, refusal: str) -> tuple[dict[str, Any], Args]:
    channel = await edge.channel(str(args.get("channel", "")))
    message = await edge.message(channel["id"], str(args.get("ts", "")))
    if not message.get("bot_id"):
        raise Refusal(refusal)
    return channel, message


async def update(edge: Edge, args: Args) -> Args:
    """`chat.update`: what is not given (text, blocks, metadata) stays as it was."""
    channel, message = await _own_message(edge, args, "cant_update_message")
    if edge.state.overlay(channel["id"]).archived:
        raise Refusal("is_archived")
    blocks = name_blocks(args["blocks"]) if "blocks" in args else message.get("blocks")
    sent = {
        "channel": channel["id"],
        "ts": args["ts"],
        "text": args.get("text", message.get("text", "")),
        "blocks": blocks,
    }
    answer = await edge.upstream.call("chat.update", sent)
    key = channel["id"], args["ts"]
    if "metadata" in args:
        edge.state.metadata.pop(key, None)
        if args["metadata"]:
            edge.state.metadata[key] = args["metadata"]
    return answer


async def delete(edge: Edge, args: Args) -> Args:
    """`chat.delete`."""
    channel, _ = await _own_message(edge, args, "cant_delete_message")
    answer = await edge.upstream.call("chat.delete", {"channel": channel["id"], "ts": args["ts"]})
    edge.state.metadata.pop((channel["id"], args["ts"]), None)
    return answer


async def permalink(edge: Edge, args: Args) -> Args:
    """`chat.getPermalink`."""
    channel = await edge.channel(str(args.get("channel", "")))
    await edge.message(channel["id"], str(args.get("message_ts", "")))
    return await edge.upstream.call("chat.getPermalink", args)


def _moment(args: Args, name: str, default: str) -> Decimal:
    try:
        return Decimal(str(args.get(name) or default))
    except InvalidOperation as error:
        raise Refusal(f"invalid_ts_{name}") from error


def _between(messages: list[Args], args: Args) -> list[Args]:
    """The messages that everybody sees, between `oldest` and `latest`."""
    oldest, latest = _moment(args, "oldest", "0"), _moment(args, "latest", "Infinity")
    inclusive = is_true(args.get("inclusive"))

    def within(ts: Decimal) -> bool:
        return oldest <= ts <= latest if inclusive else oldest < ts < latest

    return [
        message
        for message in messages
        if message.get("subtype") != "ephemeral" and within(Decimal(message["ts"]))
    ]


def with_metadata(edge: Edge, channel: str, message: Args) -> Args:
    """The message with the metadata it was posted with, if it was."""
    metadata = edge.state.metadata.get((channel, message["ts"]))
    return {**message, "metadata": metadata} if metadata else message


def _told(edge: Edge, channel: str, messages: list[Args], args: Args, *, usual: int) -> Args:
    shown, cursor = page(messages, args, most=1000, usual=usual)
    if is_true(args.get("include_all_metadata")):
        shown = [with_metadata(edge, channel, message) for message in shown]
    return {
        "ok": True,
        "messages": shown,
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


async def history(edge: Edge, args: Args) -> Args:
    """`conversations.history`: newest first, without replies and without ephemerals."""
    channel = (await edge.channel(str(args.get("channel", ""))))["id"]
    answer = await edge.upstream.call("conversations.history", {"channel": channel})
    newest_first = sorted(answer["messages"], key=lambda each: Decimal(each["ts"]), reverse=True)
    return _told(edge, channel, _between(newest_first, args), args, usual=100)


async def replies(edge: Edge, args: Args) -> Args:
    """`conversations.replies`: the first message of the thread, then its replies, oldest first."""
    channel = (await edge.channel(str(args.get("channel", ""))))["id"]
    ts = str(args.get("ts", ""))
    answer = await edge.upstream.call("conversations.replies", {"channel": channel, "ts": ts})
    if not any(message["ts"] == ts for message in answer["messages"]):
        raise Refusal("thread_not_found")
    return _told(edge, channel, _between(answer["messages"], args), args, usual=1000)


METHODS = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": permalink,
    "conversations.history": history,
    "conversations.replies": replies,
}
