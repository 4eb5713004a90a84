"""One download, from address to address and from try to try, into a file that may hold the start already."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BufferedRandom
from typing import TYPE_CHECKING, cast

from gallery.adapters.in_time import TooLate, in_time
from gallery.domain.models import ModelCard
from gallery.domain.ports import Progress

if TYPE_CHECKING:
    from requests import RequestException, Response, Session

_PIECE = 1 << 16
"""Bytes asked of the connection at a time; a break loses at most so many."""

_Coming = Iterator["Response | bytes"]
"""An answer's head, and then its body in pieces."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and how often to try.

    Attributes:
        connect: Seconds until a server must have taken the connection.
        read: Seconds until a server must have sent something more.
        piece: Seconds until it must have sent the head of its answer, or 64 KiB more: so a byte a second is too slow.
        tries: How often each address is tried before the next.
        pause: Seconds before the second try; doubled before each one after that.
    """

    connect: float = 10.0
    read: float = 30.0
    piece: float = 60.0
    tries: int = 3
    pause: float = 1.0


class _Refused(Exception):
    """This address does not have the file; trying again would not help."""


class _Broken(Exception):
    """The connection failed or broke; what came so far is good, and another try may bring the rest."""


class _Wrong(Exception):
    """What this address sent is not the file."""


class Transfer:
    """Brings one file.

    Args:
        card: What is fetched: its addresses, size and hash.
        file: Opened for appending; may hold the start of the file already. Afterwards it holds the whole file, or a
            start of it that can be built upon, or nothing.
        patience: How long to wait, and how often to try.
        progress: Is told how far it has come.
    """

    def __init__(self, card: ModelCard, file: BufferedRandom, patience: Patience, progress: Progress) -> None:
        self._card = card
        self._file = file
        self._patience = patience
        self._progress = progress
        self._start = 0  # the byte at which what the present try sends begins
        self._validators: dict[str, str] = {}

    def run(self) -> list[str]:
        """Fetches what is missing.

        Returns:
            Nothing if the file is whole and has the right hash, else what is wrong with each address.
        """
        import requests

        troubles = []
        with requests.Session() as session:
            for url in self._card.urls:
                trouble = self._try(session, url)
                if not trouble:
                    return []
                troubles.append(f"{url} {trouble}")
        return troubles

    def _try(self, session: Session, url: str) -> str:
        """Tries one address until the file is whole; else says what was wrong the last time."""
        breaks = 0
        while True:
            try:
                self._receive(session, url)
                self._require_right()
            except _Refused as error:
                return str(error)
            except _Wrong as error:
                self._restart()
                if not self._start:
                    return str(error)
            except _Broken as error:
                breaks += 1
                if breaks == self._patience.tries:
                    return str(error)
                time.sleep(self._patience.pause * 2 ** (breaks - 1))
            else:
                return ""

    def _receive(self, session: Session, url: str) -> None:
        """Asks an address for all that is missing, and appends it."""
        from requests import exceptions

        self._start = self._length()
        if self._start >= self._card.size:
            return
        headers, timeout = self._headers(url), (self._patience.connect, self._patience.read)

        def coming() -> Generator[Response | bytes]:
            with session.get(url, headers=headers, stream=True, timeout=timeout) as response:
                yield response
                yield from response.iter_content(_PIECE)

        try:
            with closing(in_time(coming, self._patience.piece)) as pieces:
                response = cast("Response", next(pieces))
                self._accept(url, response)
                self._append(response, pieces)
        except TooLate as error:
            raise _Broken(f"sends too slowly ({self._length():,} of {self._card.size:,} bytes came)") from error
        except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema) as error:
            raise _Refused("is not an address that can be downloaded from") from error
        except exceptions.TooManyRedirects as error:
            raise _Refused("redirects without end") from error
        except exceptions.RequestException as error:
            raise _Broken(f"{_what_broke(error)} ({self._length():,} of {self._card.size:,} bytes came)") from error

    def _headers(self, url: str) -> dict[str, str]:
        # Compressed, a byte's number would mean something else.
        headers = {"Accept-Encoding": "identity"}
        if self._start:
            headers["Range"] = f"bytes={self._start}-"
            if url in self._validators:
                headers["If-Range"] = self._validators[url]
        return headers

    def _accept(self, url: str, response: Response) -> None:
        """Judges an answer by its head, and settles at which byte its body goes on."""
        status = response.status_code
        answer = f"answered HTTP {status} {response.reason}"
        if response.ok and response.headers.get("Content-Encoding", "identity") != "identity":
            raise _Refused("sends nothing but compressed data")
        if status == 206 and _first_byte(response) == self._start:
            return
        if status in (206, 416):  # another part than was asked for, or none
            self._restart()
            raise _Broken(answer)
        if status in (408, 429) or status >= 500:
            raise _Broken(answer)
        if status != 200:
            raise _Refused(answer)
        self._restart()
        self._start = 0
        self._remember(url, response)

    def _remember(self, url: str, response: Response) -> None:
        """Notes by what to recognise this version of the file; RFC 9110, 13.1.5, forbids weak entity tags here."""
        tag = response.headers.get("ETag", "")
        validator = tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
        if validator:
            self._validators[url] = validator
        else:
            self._validators.pop(url, None)

    def _append(self, response: Response, pieces: _Coming) -> None:
        done, size = self._start, self._card.size
        for piece in cast("Iterator[bytes]", pieces):
            done += len(piece)
            if done > size:
                raise _Wrong(f"sent more than the {size:,} bytes expected")
            self._file.write(piece)
            self._progress(done, size)
        self._file.flush()
        if done < size and not _says_it_is_whole(response, done - self._start):
            raise _Broken(f"broke off ({done:,} of {size:,} bytes came)")

    def _require_right(self) -> None:
        self._file.flush()
        self._file.seek(0)
        sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
        if sha256 != self._card.sha256:
            raise _Wrong(
                f"sent another file: expected SHA-256 {self._card.sha256} ({self._card.size:,} bytes), "
                f"got {sha256} ({self._length():,} bytes)"
            )

    def _length(self) -> int:
        self._file.flush()
        return self._file.seek(0, 2)

    def _restart(self) -> None:
        self._file.truncate(0)


def _first_byte(response: Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _says_it_is_whole(response: Response, received: int) -> bool:
    """Whether the server meant its body to end where it did, rather than the connection having broken."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal():
        return received >= int(announced)
    return "chunked" in response.headers.get("Transfer-Encoding", "").lower()


def _what_broke(error: RequestException) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "has a certificate that could not be checked"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off"
    return "could not be reached"
