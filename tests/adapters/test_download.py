"""Downloads from a real HTTP server on this machine that can be told to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arcface_files
from gallery.adapters.download import HttpDownloader
from gallery.adapters.embedders.arcface import ArcFace
from gallery.adapters.entries import write_entry
from gallery.adapters.registry import TomlRegistry, load
from gallery.adapters.transfer import Patience
from gallery.adapters.weights import WeightsFolder
from gallery.domain.errors import DownloadFailed, NotWritten
from gallery.domain.models import Kind, ModelCard
from gallery.usecases.models import Models

CONTENT = random.Random(7).randbytes(300_000)
OTHER = random.Random(8).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(connect=2, read=0.3, tries=3, pause=0)

Reply = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Answers each path with the replies it was given, one per request; the last one stays."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.sent: dict[str, int] = defaultdict(int)
        self.closing = threading.Event()

    def at(self, path: str, *replies: Reply) -> str:
        self.replies[path] = list(replies)
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        replies = self.server.replies[self.path]
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def body(self, data: bytes) -> None:
        # Counted first: the other side may be done with the last piece before this thread goes on.
        self.server.sent[self.path] += len(data)
        self.wfile.write(data)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


def whole(content: bytes = CONTENT, tag: str = '"one"', ranges: bool = True, upto: int | None = None) -> Reply:
    """A decent server: ranges, entity tags, If-Range. With `upto` it breaks off after so many bytes of the body."""

    def reply(to: Handler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", to.headers.get("Range", ""))
        start = int(asked[1]) if asked and ranges and to.headers.get("If-Range", tag) == tag else 0
        if start >= len(content):
            to.head(416, 0)
            return
        extra = {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        to.head(206 if start else 200, len(content) - start, ETag=tag, **extra)
        to.body(content[start:][:upto])
        if upto is not None:
            to.hang_up()

    return reply


def status(code: int) -> Reply:
    return lambda to: to.head(code, 0)


def hang(after: int = 0) -> Reply:
    """Sends so many bytes and then nothing more."""

    def reply(to: Handler) -> None:
        if after:
            to.head(200, len(CONTENT), ETag='"one"')
            to.body(CONTENT[:after])
            to.wfile.flush()
        to.server.closing.wait(20)
        to.close_connection = True

    return reply


def without_length(content: bytes, chunked: bool) -> Reply:
    def reply(to: Handler) -> None:
        if chunked:
            to.head(200, None, Transfer_Encoding="chunked")
            to.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content))
        else:
            to.head(200, None, Connection="close")
            to.body(content)
            to.hang_up()

    return reply


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("NO_PROXY", "*")
    running.requests.clear()
    running.sent.clear()
    return running


def a_card(*urls: str) -> ModelCard:
    return ModelCard("some", Kind.DETECTOR, "yunet", "some.onnx", SHA256, len(CONTENT), "MIT", urls=urls)


def fetch(folder: Path, *urls: str, patience: Patience = QUICK) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    HttpDownloader(patience).fetch(a_card(*urls), folder / "some.onnx", lambda *bytes_: seen.append(bytes_))
    return seen


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


WHOLE = {"some.onnx": len(CONTENT)}


def test_a_file_arrives_whole_and_alone(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there yet"
    seen = fetch(folder, server.at("/a", whole()))
    assert files(folder) == WHOLE
    assert (folder / "some.onnx").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_a_break_is_mended_within_one_download(server: Server, tmp_path: Path) -> None:
    url = server.at("/a", whole(upto=150_000), whole(upto=100_000), whole())
    fetch(tmp_path, url)
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT
    assert files(tmp_path) == WHOLE
    # A break may cost the piece that was on its way, not more.
    assert server.sent["/a"] <= len(CONTENT) + 2 * 65_536
    assert [headers.get("If-Range") for _, headers in server.requests] == [None, '"one"', '"one"']


def test_a_break_that_stays_leaves_the_start_for_the_next_download(server: Server, tmp_path: Path) -> None:
    url = server.at("/a", whole(upto=150_000), status(503))
    with pytest.raises(DownloadFailed) as failure:
        fetch(tmp_path, url)
    (name, kept), *more = files(tmp_path).items()
    assert (name, more) == ("some.onnx.part", [])
    assert 150_000 - 65_536 <= kept <= 150_000
    assert str(tmp_path / "some.onnx.part") in failure.value.hint
    assert f"{kept:,} of {len(CONTENT):,} bytes" in failure.value.hint
    assert "HTTP 503" in failure.value.message

    server.requests.clear()
    server.at("/a", whole())
    fetch(tmp_path, url)
    assert [headers["Range"] for _, headers in server.requests] == [f"bytes={kept}-"]
    assert files(tmp_path) == WHOLE
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT


@given(st.integers(0, len(CONTENT)))
@settings(max_examples=25, deadline=None)
def test_going_on_from_any_byte_gives_the_same_file(running: Server, kept: int) -> None:
    url = running.at("/any", whole())
    running.sent.clear()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "some.onnx.part").write_bytes(CONTENT[:kept])
        fetch(folder, url)
        assert files(folder) == WHOLE
        assert (folder / "some.onnx").read_bytes() == CONTENT
    assert running.sent["/any"] == len(CONTENT) - kept


@given(st.lists(st.integers(0, len(CONTENT)), max_size=3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_breaking_off_anywhere_gives_the_same_file(running: Server, breaks: list[int], ranges: bool) -> None:
    url = running.at("/any", *(whole(upto=n, ranges=ranges) for n in breaks), whole(ranges=ranges))
    with tempfile.TemporaryDirectory() as name:
        fetch(Path(name), url, patience=Patience(2, 2, tries=5, pause=0))
        assert (Path(name) / "some.onnx").read_bytes() == CONTENT
        assert files(Path(name)) == WHOLE


def test_a_server_without_ranges_is_asked_for_all_of_it(server: Server, tmp_path: Path) -> None:
    (tmp_path / "some.onnx.part").write_bytes(CONTENT[:1000])
    fetch(tmp_path, server.at("/a", whole(ranges=False)))
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_a_file_that_changes_in_between_is_fetched_afresh(server: Server, tmp_path: Path) -> None:
    url = server.at("/a", whole(OTHER, tag='"old"', upto=150_000), whole(tag='"new"'))
    fetch(tmp_path, url)
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT
    assert len(server.requests) == 2  # If-Range made the second answer a whole one


@pytest.mark.parametrize(
    "start",
    [OTHER[:1000], OTHER, OTHER + b"more", CONTENT + b"more"],
    ids=["start of another", "another", "longer other", "too long"],
)
def test_a_start_that_is_not_this_file_s_is_fetched_afresh(server: Server, tmp_path: Path, start: bytes) -> None:
    (tmp_path / "some.onnx.part").write_bytes(start)
    fetch(tmp_path, server.at("/a", whole()))
    assert files(tmp_path) == WHOLE
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT


@pytest.mark.parametrize("leads", ["a symbolic link", "a dangling link", "a further name", "a pipe", "a folder"])
def test_a_part_that_is_no_plain_file_of_its_own_is_not_written_to(server: Server, tmp_path: Path, leads: str) -> None:
    folder, part, theirs = tmp_path / "models", tmp_path / "models" / "some.onnx.part", tmp_path / "theirs"
    folder.mkdir()
    if leads != "a dangling link":
        theirs.write_bytes(OTHER)
    if leads.endswith("link"):
        part.symlink_to(theirs)
    elif leads == "a further name":
        part.hardlink_to(theirs)
    elif leads == "a pipe":
        os.mkfifo(part)
    else:
        part.mkdir()

    with pytest.raises(
        NotWritten, match=r"some\.onnx\.part, to which the download would be written, is a link"
    ) as caught:
        fetch(folder, server.at("/a", whole()))

    assert "Move it away" in caught.value.hint
    assert server.requests == []
    assert theirs.exists() == (leads != "a dangling link")
    assert not theirs.exists() or theirs.read_bytes() == OTHER
    if leads != "a further name":
        assert HttpDownloader().left(folder / "some.onnx") is None
        HttpDownloader().discard(a_card(), folder / "some.onnx")
        assert os.path.lexists(part)


def test_a_whole_part_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "some.onnx.part").write_bytes(CONTENT)
    fetch(tmp_path, server.at("/a", status(404)))
    assert server.requests == []
    assert files(tmp_path) == WHOLE


def test_wrong_bytes_leave_nothing_and_say_what_was_expected(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed) as failure:
        fetch(tmp_path, server.at("/a", whole(OTHER)))
    assert files(tmp_path) == {}
    assert SHA256 in failure.value.message
    assert hashlib.sha256(OTHER).hexdigest() in failure.value.message
    assert "gallery models install some --from FILE" in failure.value.hint
    assert len(server.requests) == 1


def test_wrong_bytes_do_not_touch_a_file_in_place(server: Server, tmp_path: Path) -> None:
    (tmp_path / "some.onnx").write_bytes(b"as it was")
    with pytest.raises(DownloadFailed):
        fetch(tmp_path, server.at("/a", whole(OTHER)))
    assert (tmp_path / "some.onnx").read_bytes() == b"as it was"
    assert files(tmp_path) == {"some.onnx": 9}


def test_a_server_that_sends_too_much_is_cut_off(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="more than the 300,000 bytes expected"):
        fetch(tmp_path, server.at("/a", whole(CONTENT + OTHER)))
    assert files(tmp_path) == {}


@pytest.mark.parametrize("chunked", [True, False])
def test_a_server_that_gives_no_length(server: Server, tmp_path: Path, chunked: bool) -> None:
    fetch(tmp_path, server.at("/a", without_length(CONTENT, chunked)))
    assert files(tmp_path) == WHOLE


def test_a_page_instead_of_the_file_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="expected SHA-256"):
        fetch(tmp_path, server.at("/a", without_length(b"<html>sign in</html>", chunked=True)))
    assert files(tmp_path) == {}


def test_an_unannounced_end_is_a_break(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="broke off"):
        fetch(tmp_path, server.at("/a", without_length(CONTENT[:1000], chunked=False)))
    assert files(tmp_path) == {"some.onnx.part": 1000}


def test_compressed_data_are_not_taken_for_the_file(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="compressed"):
        fetch(tmp_path, server.at("/a", lambda to: to.head(200, 0, Content_Encoding="gzip")))
    assert server.requests[0][1]["Accept-Encoding"] == "identity"
    assert files(tmp_path) == {}


def test_another_part_than_asked_for_is_not_appended(server: Server, tmp_path: Path) -> None:
    def elsewhere(to: Handler) -> None:
        to.head(206, 1000, Content_Range=f"bytes 0-999/{len(CONTENT)}")
        to.body(CONTENT[:1000])

    (tmp_path / "some.onnx.part").write_bytes(CONTENT[:1000])
    fetch(tmp_path, server.at("/a", elsewhere, whole()))
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT
    assert [headers.get("Range") for _, headers in server.requests] == ["bytes=1000-", None]


def test_the_second_address_serves_where_the_first_does_not(server: Server, tmp_path: Path) -> None:
    fetch(tmp_path, server.at("/a", status(404)), server.at("/b", whole()))
    assert [path for path, _ in server.requests] == ["/a", "/b"]
    assert files(tmp_path) == WHOLE


def test_the_second_address_goes_on_where_the_first_broke_off(server: Server, tmp_path: Path) -> None:
    fetch(tmp_path, server.at("/a", whole(upto=200_000, tag='"a"'), status(500)), server.at("/b", whole(tag='"b"')))
    assert server.sent["/b"] <= len(CONTENT) - 200_000 + 65_536
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT


def test_the_second_address_mends_what_the_first_got_wrong(server: Server, tmp_path: Path) -> None:
    fetch(tmp_path, server.at("/a", whole(OTHER, upto=200_000), status(500)), server.at("/b", whole()))
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT


def test_every_address_that_failed_is_named(server: Server, tmp_path: Path) -> None:
    urls = server.at("/a", status(404)), server.at("/b", whole(OTHER)), "ftp://127.0.0.1/c", "nowhere"
    with pytest.raises(DownloadFailed) as failure:
        fetch(tmp_path, *urls)
    assert all(url in failure.value.message for url in urls)
    assert "HTTP 404" in failure.value.message
    assert files(tmp_path) == {}


def test_a_server_that_hangs_is_given_up(server: Server, tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(DownloadFailed, match="did not answer in time"):
        fetch(tmp_path, server.at("/a", hang()), patience=Patience(1, 0.2, tries=2, pause=0))
    assert time.monotonic() - begun < 5
    assert files(tmp_path) == {}


def test_a_server_that_hangs_half_way_is_asked_for_the_rest(server: Server, tmp_path: Path) -> None:
    fetch(tmp_path, server.at("/a", hang(after=200_000), whole()))
    assert "Range" in server.requests[1][1]
    assert (tmp_path / "some.onnx").read_bytes() == CONTENT


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(DownloadFailed, match="could not be reached"):
        fetch(tmp_path, "http://127.0.0.1:9/some.onnx")
    assert files(tmp_path) == {}


def test_a_folder_made_for_nothing_goes_again(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed):
        fetch(tmp_path / "models", server.at("/a", status(404)))
    assert files(tmp_path) == {}


def test_no_address_on_record(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="no address") as failure:
        fetch(tmp_path)
    assert "--from FILE" in failure.value.hint


def test_no_room_is_said_before_anything_is_fetched(server: Server, tmp_path: Path) -> None:
    card = a_card(server.at("/a", whole()))
    (tmp_path / "some.onnx.part").write_bytes(CONTENT[:100_000])
    with pytest.raises(NotWritten, match=r"needs 0\.2 MB more.*only 0\.1 MB left"):
        HttpDownloader(QUICK, free=lambda _: 100_000).fetch(card, tmp_path / "some.onnx", lambda *_: None)
    assert server.requests == []
    assert files(tmp_path) == {"some.onnx.part": 100_000}
    HttpDownloader(QUICK, free=lambda _: 200_000).fetch(card, tmp_path / "some.onnx", lambda *_: None)


def test_a_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotWritten, match="could not be written"):
        fetch(tmp_path / "file", server.at("/a", whole()))


def test_ctrl_c_leaves_the_start_and_no_lock(server: Server, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    card = a_card(server.at("/a", whole()))
    with pytest.raises(KeyboardInterrupt):
        HttpDownloader(QUICK).fetch(card, tmp_path / "some.onnx", interrupt)
    assert list(files(tmp_path)) == ["some.onnx.part"]
    fetch(tmp_path, *card.urls)
    assert files(tmp_path) == WHOLE


def test_what_a_broken_off_download_left_is_discarded_but_not_under_a_running_one(
    server: Server, tmp_path: Path
) -> None:
    downloader, target = HttpDownloader(QUICK), tmp_path / "some.onnx"
    card = a_card(server.at("/a", whole()))
    assert downloader.left(target) is None
    downloader.discard(card, target)
    assert files(tmp_path) == {}

    def interrupt(done: int, total: int) -> None:
        with pytest.raises(DownloadFailed, match="Another process is downloading"):
            downloader.discard(card, target)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        downloader.fetch(card, target, interrupt)
    part = downloader.left(target)
    assert part is not None
    assert [part.name] == list(files(tmp_path))
    downloader.discard(card, target)
    assert files(tmp_path) == {}


def test_a_second_download_of_the_same_file_is_refused(server: Server, tmp_path: Path) -> None:
    url = server.at("/a", whole())

    def meanwhile(done: int, total: int) -> None:
        with pytest.raises(DownloadFailed, match="Another process is downloading"):
            fetch(tmp_path, url)

    HttpDownloader(QUICK).fetch(a_card(url), tmp_path / "some.onnx", meanwhile)
    assert files(tmp_path) == WHOLE


KILLED = """
import sys
from pathlib import Path
from gallery.adapters.download import HttpDownloader
from gallery.domain.models import Kind, ModelCard
url, sha256, size, target = sys.argv[1:]
card = ModelCard("some", Kind.DETECTOR, "yunet", "some.onnx", sha256, int(size), "MIT", urls=(url,))
HttpDownloader().fetch(card, Path(target), lambda *_: None)
"""


def test_a_killed_download_leaves_nothing_under_the_final_name(server: Server, tmp_path: Path) -> None:
    url, target, part = server.at("/a", hang(after=200_000)), tmp_path / "some.onnx", tmp_path / "some.onnx.part"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url, SHA256, str(len(CONTENT)), str(target)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    until = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size > 100_000):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(files(tmp_path)) == ["some.onnx.part"]
    server.at("/a", whole())
    fetch(tmp_path, url)
    assert files(tmp_path) == WHOLE
    assert server.sent["/a"] < 200_000 + 200_000 + 65_536


class NothingConverted:
    """A converter without anything to convert."""

    def handles(self, _card: ModelCard) -> bool:
        return False


class NothingRead:
    """A reader of weights that nobody adds."""

    def require(self, card: ModelCard, file: Path) -> int:
        raise NotImplementedError


def test_the_use_cases_from_registry_to_file(server: Server, tmp_path: Path) -> None:
    entry = f"""
        [some]
        kind = "detector"
        architecture = "yunet"
        file = "some.onnx"
        sha256 = "{SHA256}"
        size = {len(CONTENT)}
        licence = "MIT"
        urls = ["{server.at("/a", whole())}"]
    """
    (tmp_path / "list.toml").write_text(entry)
    folder = tmp_path / "models"
    models = Models(
        TomlRegistry(folder, tmp_path / "list.toml"),
        WeightsFolder(folder),
        HttpDownloader(QUICK),
        NothingConverted(),
        NothingRead(),
    )
    assert models.install("some").fresh
    assert not models.install("some").fresh
    assert [row.intact for row in models.verify()] == [True]
    (folder / "some.onnx").write_bytes(OTHER)
    assert [row.intact for row in models.verify()] == [False]
    assert models.install("some").fresh
    assert (folder / "some.onnx").read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_auraface_is_brought_as_it_is_on_record_and_runs(server: Server, tmp_path: Path) -> None:
    """On a small network of its form, from an address like its own, with a break on the way."""
    content = arcface_files.made().SerializeToString()
    shipped = load(tmp_path)["auraface"]
    assert shipped.urls == (
        "https://huggingface.co/fal/AuraFace-v1/resolve/af6d057c9b0ec4071d4c49c80e3539258798b609/glintr100.onnx",
    )
    assert shipped.sha256 == "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60"
    url = server.at(shipped.urls[0].removeprefix("https://huggingface.co"), whole(content, upto=1000), whole(content))
    card = replace(shipped, sha256=hashlib.sha256(content).hexdigest(), size=len(content), urls=(url,))
    (tmp_path / "list.toml").write_text(write_entry(card))
    folder = tmp_path / "models"
    registry = TomlRegistry(folder, tmp_path / "list.toml")
    models = Models(registry, WeightsFolder(folder), HttpDownloader(QUICK), NothingConverted(), NothingRead())

    done = models.install("auraface")

    assert done.fresh
    assert files(folder) == {"auraface-v1-glintr100.onnx": len(content)}
    assert len(server.requests) == 2
    chips = np.zeros((1, 112, 112, 3), np.uint8)
    assert ArcFace(registry.card("auraface"), done.installed.path).embed(chips).shape == (1, 512)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_sends_a_byte_at_a_time_is_given_up_on(tmp_path, part):
    """Each byte comes well within the time that a read may take."""
    heard, over = socket.create_server(("127.0.0.1", 0)), threading.Event()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(CONTENT)}\r\n\r\n".encode()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            connection.sendall(b"" if part == "head" else head)
            for byte in head if part == "head" else CONTENT:
                connection.sendall(bytes([byte]))
                if over.wait(0.05):
                    return

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(heard.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{heard.getsockname()[1]}/a"
    begun = time.monotonic()
    with pytest.raises(DownloadFailed, match="sends too slowly"):
        fetch(tmp_path, url, patience=Patience(2, 5, tries=2, pause=0, piece=0.5))
    over.set()
    heard.close()
    assert time.monotonic() - begun < 60
