"""A process that was forked after models and galleries were opened works on by itself."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

import arcface_files
from gallery import load_detector, load_embedder
from gallery.adapters.embedders.arcface import ArcFace
from gallery.adapters.embedders.vgg_face_network import _in_this_process
from gallery.adapters.forking import ForkAware
from gallery.adapters.photos import guard
from gallery.adapters.photos.read import read
from gallery.adapters.registry import load
from gallery.adapters.store.store import SqliteStore
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import NewReference, Reference
from made_photos import drawn, file_of
from portraits import hopper

# Python warns of forking with threads, which is what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
SECONDS = 60


def in_a_child(work: Callable[[], Any]) -> None:
    """Runs something in a fork of this process, from the thread that asks."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    waited_until = monotonic() + SECONDS
    while monotonic() < waited_until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    pytest.fail(f"the child was still waiting after {SECONDS} s")


def from_a_thread(work: Callable[[], Any]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            in_a_child(work)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert not failures


def test_a_network_that_onnx_runtime_runs_works_on(tmp_path: Path) -> None:
    file = arcface_files.write(tmp_path / "small.onnx")
    card = load(tmp_path)["auraface"]
    embedder = ArcFace(replace(card, sha256=hashlib.sha256(file.read_bytes()).hexdigest()), file)
    chips = np.random.default_rng(0).integers(0, 255, (4, 112, 112, 3), dtype=np.uint8)
    before = embedder.embed(chips)

    def work() -> None:
        assert np.array_equal(embedder.embed(chips), before)

    from_a_thread(work)
    assert np.array_equal(embedder.embed(chips), before)


class Networks:
    """Detector and embedder, loaded and used in the parent."""

    def __init__(self) -> None:
        self.detector, self.embedder = load_detector("yunet"), load_embedder("sface")
        self.picture = hopper()
        self.chips = np.random.default_rng(1).integers(0, 255, (5, 112, 112, 3), dtype=np.uint8)
        self.seen, self.told = self.detector.detect(self.picture), self.embedder.embed(self.chips)

    def agree(self) -> bool:
        for _ in range(2):
            assert self.detector.detect(self.picture) == self.seen
            assert np.allclose(self.embedder.embed(self.chips), self.told, atol=1e-6)
        return True


networks: list[Networks] = []


def agree(_: int = 0) -> bool:
    return networks[0].agree()


@pytest.fixture(scope="module")
def loaded() -> Networks:
    networks[:] = [Networks()]
    return networks[0]


@pytest.mark.models
class TestNetworks:
    @pytest.mark.parametrize("fork", [in_a_child, from_a_thread])
    def test_after_a_fork(self, loaded, fork):
        fork(loaded.agree)
        assert loaded.agree()

    def test_in_a_grandchild(self, loaded):
        in_a_child(lambda: in_a_child(loaded.agree))

    def test_in_a_process_pool(self, loaded):
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
            assert all(pool.map(agree, range(4), timeout=SECONDS))

    def test_in_processes_by_multiprocessing(self, loaded):
        process = multiprocessing.get_context("fork").Process(target=agree)
        process.start()
        process.join(SECONDS)
        assert process.exitcode == 0

    def test_while_other_threads_are_at_work(self, loaded):
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                loaded.agree()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                in_a_child(loaded.agree)
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def test_tensorflow_is_refused_in_a_child_where_it_would_wait_for_ever():
    forward = _in_this_process(lambda chips: chips.astype(np.float32))
    assert forward(np.zeros(1, np.uint8)) == 0

    def refused() -> None:
        with pytest.raises(ModelFailed, match="forked"):
            forward(np.zeros(1, np.uint8))

    in_a_child(refused)


def add(store: SqliteStore, name: str) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    reference = Reference("a.jpg", digest, Detection(Box(1, 2, 3, 4), 0.9), Quality(3, 1.0, True), "yunet")
    space = EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 4-d", 4)
    store.add(name, NewReference(reference, np.ones(4, np.float32)), space)


@pytest.mark.parametrize("fork", [in_a_child, from_a_thread])
def test_parent_and_child_use_one_gallery(tmp_path, fork):
    file = tmp_path / "g.db"
    with SqliteStore.open(file, create=True) as store:
        add(store, "Ada")

        def work() -> None:
            assert [one.name for one in store.identities()] == ["Ada"]
            add(store, "Grace")

        fork(work)
        assert [one.name for one in store.identities()] == ["Ada", "Grace"]
        add(store, "Mary")
    with SqliteStore.open(file, create=False) as again:
        assert [one.name for one in again.identities()] == ["Ada", "Grace", "Mary"]
    assert [path.name for path in tmp_path.iterdir()] == ["g.db"]


def test_many_children_write_at_once(tmp_path):
    file = tmp_path / "g.db"
    with SqliteStore.open(file, create=True) as store:
        add(store, "Ada")
        children = []
        for number in range(4):
            child = os.fork()
            if not child:
                for turn in range(5):
                    add(store, f"Child {number} {turn}")
                os._exit(0)
            children.append(child)
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
        assert len(store.identities()) == 21


def test_a_photo_is_read_although_a_thread_of_the_parent_was_at_it(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(file_of(drawn(), "PNG"))
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with guard.pillow_guarded(10**7), guard._lock:
            inside.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait()
    try:
        in_a_child(lambda: read(path, 10**7))
    finally:
        leave.set()
        thread.join()


def test_what_was_made_before_stays_alive_in_the_child(tmp_path: Path):
    class Made(ForkAware):
        times = 0

        def begin(self) -> None:
            self.times += 1

    made = Made()

    def work() -> None:
        assert made.times == 2

    in_a_child(work)
    assert made.times == 1
