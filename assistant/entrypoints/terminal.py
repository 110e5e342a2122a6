"""Replies on a terminal, and turns through a running service."""

from __future__ import annotations

from typing import Any

from assistant.domain.reply import Reply


class ServiceUnreachable(RuntimeError):
    """The running service did not do what was asked; the words say why. ``status`` is its answer's, 0 when there was none."""

    def __init__(self, words: str, status: int = 0) -> None:
        """Remember both."""
        super().__init__(words)
        self.status = status


def show(reply: Reply) -> str:
    """Return a reply as plain lines: text, sources, ticket, choices, and how to go on."""
    lines = [reply.text, ""]
    for number, citation in enumerate(reply.citations, 1):
        place = f", {citation.heading}" if citation.heading else ""
        systems = f", for {', '.join(citation.platforms)}" if citation.platforms else ""
        lines.append(
            f"  [{number}] {citation.title}{place}{systems}; {citation.article} revision {citation.revision}, {citation.start}-{citation.end}"
        )
    if reply.device:
        lines.append(f"  Device: {reply.device.name}{f', {reply.device.os}' if reply.device.id else ''}")
    if reply.ticket:
        lines.append(f"  Ticket: {reply.ticket.id}, {reply.ticket.status.replace('_', ' ')}")
    if reply.choices:
        lines.append(f"  Choices: {', '.join(f'{choice.label} (--choice {choice.id})' for choice in reply.choices)}")
    lines.append(f"  Conversation: {reply.conversation}, {reply.state.replace('_', ' ')}")
    return "\n".join(lines)


def ask_service(url: str, token: str, conversation: str, message: dict[str, Any]) -> Reply:
    """Take one turn through the service at ``url``.

    Raises:
        ServiceUnreachable: it cannot be reached or refuses.
    """
    path = f"/v1/conversations/{conversation}/messages" if conversation else "/v1/conversations"
    return Reply.model_validate(call_service(url, token, path, message))


def call_service(url: str, token: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return what the service at ``url`` answers as JSON: to a POST of ``body``, or to a GET without one.

    Raises:
        ServiceUnreachable: it cannot be reached or refuses.
    """
    import httpx

    headers = {"Authorization": f"Bearer {token}"}
    try:
        answer = httpx.request("GET" if body is None else "POST", f"{url}{path}", json=body, headers=headers, timeout=30)
    except httpx.HTTPError as error:
        raise ServiceUnreachable(f"the service at {url} does not answer ({type(error).__name__})") from error
    if answer.status_code >= 400:
        detail = answer.json().get("detail", answer.text) if "json" in answer.headers.get("content-type", "") else answer.text[:200]
        raise ServiceUnreachable(f"the service refused: {detail}", answer.status_code)
    return answer.json()
