"""The mailbox: follows one IMAP folder, hands over what arrives, and moves what is done with out of the way.

A mail stays in the folder until it is dealt with, so the folder itself says what is still open, to people who look into the same mailbox and
to the next start after a crash. Then it goes to the folder of mails that are done, or to that of mails that somebody has to look at.
"""

from __future__ import annotations

import logging
import random
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Thread
from typing import Protocol

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from assistant.ports.outside import Unavailable

log = logging.getLogger("firstline.mail")
RENEW_SECONDS = 60.0
"""IDLE is begun anew after this time, with a look at the folder. Servers end it after 30 minutes, routers forget a silent connection sooner; and what
a server says of new mail within the answer to another command is not heard as a notice: that mail waits until then."""
SLICE_SECONDS = 1.0
POLL_SECONDS = 30.0
"""How often a server without IDLE is asked."""
OPEN_SECONDS = 2.0
"""How soon it is looked whether a mail that was taken is dealt with."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
STOP_SECONDS = 5.0
BEGINNING = 262_144
"""Bytes that are read of a mail that is too long to be read whole."""
MOST_AT_ONCE = 50
SEEN, DELETED = b"\\Seen", b"\\Deleted"


class Standing(StrEnum):
    """What became of a mail."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    """Somebody has to look at it."""


class Security(StrEnum):
    """How the way to the server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Unfit(Exception):
    """The mail itself cannot be handled, now or later; the message says why and holds nothing of it."""


class Pausing(Exception):
    """No mail can be taken now, whichever it is: the database or the directory is away."""


class Taking(Protocol):
    """What takes mails over."""

    def take(self, raw: bytes, cut_short: bool) -> str:
        """Store a mail durably, or know it again, and return its id. ``cut_short``: only its beginning was read.

        Raises:
            Unfit: somebody has to look at this mail.
            Unavailable: no mail can be taken now.
        """

    def standing(self, mail_id: str) -> Standing:
        """Return what became of a mail."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mailbox is. ``timeout`` is in seconds, for connecting and for each answer."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    ca_file: str = ""
    timeout: float = 20.0

    @contextmanager
    def connected(self) -> Iterator[IMAPClient]:
        """Connect, protect and sign in; sign out at the end.

        Raises:
            OSError: no connection, no TLS, or a certificate that nobody vouches for.
            IMAPClientError: the server refuses.
        """
        trust = ssl.create_default_context(cafile=self.ca_file or None)
        client = IMAPClient(self.host, self.port, ssl=self.security is Security.TLS, ssl_context=trust, timeout=self.timeout)
        try:
            if self.security is Security.STARTTLS:
                client.starttls(trust)
            client.login(self.user, self.password)
            yield client
        finally:
            with suppress(OSError, IMAPClientError):
                client.logout()
            with suppress(OSError, IMAPClientError):
                client.shutdown()


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder that is followed, and where mails go from there."""

    inbox: str = "INBOX"
    done: str = "Firstline done"
    failed: str = "Firstline failed"


@dataclass
class Mailbox:
    """Follows a mailbox on a thread of its own until it is stopped."""

    server: Server
    folders: Folders
    taking: Taking
    max_bytes: int
    renew: float = RENEW_SECONDS
    poll: float = POLL_SECONDS
    trouble: str = field(default="not connected yet", init=False)
    """Why mails do not come in now; "" while they do."""
    tried: bool = field(default=False, init=False)
    """Whether a first connection was made, or failed."""
    _validity: int = field(default=0, init=False)
    _known: dict[int, str] = field(default_factory=dict, init=False)
    """Ids of the mails that are taken and still in the folder, by their number there; None of them once its validity changes."""
    _failures: int = field(default=0, init=False)
    _unfit: set[int] = field(default_factory=set, init=False)
    _absent: set[int] = field(default_factory=set, init=False)
    _stop: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to follow."""
        self._thread = Thread(target=self._follow, name="mailbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following; what was not taken is found again at the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    # -- connection ---------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with self.server.connected() as client:
                    self._prepare(client)
                    self._serve(client)
            except (OSError, IMAPClientError, Pausing) as error:
                self._down(error)
            except Exception:
                log.exception("the mailbox could not be followed; it will be tried again")
                self._down(RuntimeError("see the log"))

    def _down(self, error: Exception) -> None:
        self._failures += 1
        if self._stop.is_set():
            return
        why = "the server refuses the user or the password" if isinstance(error, LoginError) else type(error).__name__
        why = f"nothing can be taken now: {error}" if isinstance(error, Pausing) else why
        if why != self.trouble:
            log.warning("the mailbox cannot be reached: %s", why)
        self.trouble, self.tried = why, True
        pause = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
        self._stop.wait(pause * random.uniform(0.7, 1.0))  # noqa: S311 - spreads reconnecting, protects nothing

    def _prepare(self, client: IMAPClient) -> None:
        for folder in (self.folders.done, self.folders.failed):
            if not client.folder_exists(folder):
                client.create_folder(folder)
                with suppress(IMAPClientError):
                    client.subscribe_folder(folder)
        chosen = client.select_folder(self.folders.inbox)
        validity = int(chosen.get(b"UIDVALIDITY", 0))
        if validity != self._validity:
            if self._validity:
                log.warning("the mailbox numbers its mails anew; all of them are looked at again")
            self._validity, self._known, self._unfit, self._absent = validity, {}, set(), set()
        if self.trouble:
            log.info("the mailbox is followed")
        self.trouble, self.tried = "", True

    def _serve(self, client: IMAPClient) -> None:
        while not self._stop.is_set():
            busy = self._look(client)
            self._failures = 0
            if not busy:
                self._wait(client, still_open=bool(self._known))

    def _wait(self, client: IMAPClient, still_open: bool) -> None:
        """Wait until the server says that something came, something was dealt with, or it is time to look again."""
        if not client.has_capability("IDLE"):
            self._stop.wait(OPEN_SECONDS if still_open else self.poll)
            client.noop()
            return
        client.idle()
        until = time.monotonic() + (OPEN_SECONDS if still_open else self.renew)
        while time.monotonic() < until and not self._stop.is_set():
            began = time.monotonic()
            said = client.idle_check(timeout=SLICE_SECONDS)
            if any(len(one) > 1 and one[1] in (b"EXISTS", b"EXPUNGE") for one in said) or time.monotonic() - began < SLICE_SECONDS / 2:
                break  # something came; or the line is dead, which the next command will say
        client.idle_done()

    # -- one look -----------------------------------------------------------------------------------------------------

    def _look(self, client: IMAPClient) -> bool:
        """Take over what is new, move what is done with; return whether there was anything, because more may have come meanwhile."""
        present = client.search(["UNDELETED"])
        self._known = {uid: mail for uid, mail in self._known.items() if uid in set(present)}
        new = [uid for uid in present if uid not in self._known and uid not in self._unfit]
        for uid in new[:MOST_AT_ONCE]:
            if self._stop.is_set():
                return False
            self._take(client, uid)
        moved = self._put_away(client)
        return bool(new) or moved

    def _take(self, client: IMAPClient, uid: int) -> None:
        size = int(client.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE", 0))
        too_long = size > self.max_bytes
        got = client.fetch([uid], [f"BODY.PEEK[]<0.{BEGINNING}>" if too_long else "BODY.PEEK[]"]).get(uid, {})
        raw = next((value for key, value in got.items() if key.startswith(b"BODY[]")), None)
        if raw is None:  # somebody took it out meanwhile; or it is still there the next time, and cannot be read
            (self._unfit if uid in self._absent else self._absent).add(uid)
            return
        try:
            self._known[uid] = self.taking.take(raw, too_long)
        except Unfit as why:
            log.warning("a mail cannot be handled and goes to the folder %s: %s", self.folders.failed, why)
            self._unfit.add(uid)
        except Exception as error:
            if isinstance(error, Unavailable) or type(error).__module__.startswith("sqlalchemy"):
                raise Pausing(type(error).__name__) from error
            log.exception("a mail could not be taken; it goes to the folder %s", self.folders.failed)
            self._unfit.add(uid)

    def _put_away(self, client: IMAPClient) -> bool:
        standings = {uid: self.taking.standing(mail) for uid, mail in self._known.items()}
        done = [uid for uid, standing in standings.items() if standing is Standing.DONE]
        failed = [uid for uid, standing in standings.items() if standing is Standing.FAILED] + sorted(self._unfit)
        if done:
            client.add_flags(done, [SEEN], silent=True)
            self._move(client, done, self.folders.done)
        if failed:
            self._move(client, failed, self.folders.failed)
            self._unfit.clear()
        for uid in (*done, *failed):
            self._known.pop(uid, None)
        return bool(done or failed)

    @staticmethod
    def _move(client: IMAPClient, uids: list[int], folder: str) -> None:
        if client.has_capability("MOVE"):
            client.move(uids, folder)
            return
        client.copy(uids, folder)
        client.add_flags(uids, [DELETED], silent=True)
        if client.has_capability("UIDPLUS"):
            client.uid_expunge(uids)
