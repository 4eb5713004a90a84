"""A gallery file that is removed, moved or replaced while it is open."""

from __future__ import annotations

import shutil

import pytest

from gallery.adapters.store import SqliteStore
from gallery.domain.errors import GalleryReplaced


def _remove(path):
    path.unlink()


def _move(path):
    path.rename(path.with_name("elsewhere.db"))


def _move_folder(path):
    path.parent.rename(path.parent.with_name(f"{path.parent.name}-moved"))


def _restore(path):
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.replace(path)


def _remove_log(path):
    path.with_name(f"{path.name}-wal").unlink()


def _remove_index(path):
    path.with_name(f"{path.name}-shm").unlink()


GONE = [_remove, _move, _move_folder, _restore, _remove_log, _remove_index]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "gallery.db"


@pytest.mark.parametrize("go", GONE)
def test_nothing_is_written_or_read_any_more(store, path, make_reference, space, go):
    store.add("Ada", make_reference(1), space)

    go(path)

    with pytest.raises(GalleryReplaced, match="while the gallery was in use"):
        store.add("Grace", make_reference(2), space)
    with pytest.raises(GalleryReplaced):
        store.generation()


@pytest.mark.parametrize("go", [_remove, _move, _move_folder, _restore])
def test_readers_without_a_transaction_notice_it_too(store, path, make_reference, space, go):
    store.add("Ada", make_reference(1), space)

    go(path)

    with pytest.raises(GalleryReplaced):
        store.identities()
    with pytest.raises(GalleryReplaced):
        store.forget("Ada")


@pytest.mark.parametrize("go", GONE)
def test_what_is_being_written_is_not_committed(store, path, make_reference, space, go):
    store.add("Ada", make_reference(1), space)

    def settle(details):
        go(path)
        return details

    with pytest.raises(GalleryReplaced):
        store.edit("Ada", settle)


def test_another_gallery_copied_over_it_is_a_change(store, path, make_reference, space):
    store.add("Ada", make_reference(1), space)
    store.close()
    other = path.with_name("other.db")
    shutil.copy(path, other)
    store.add("Grace", make_reference(2), space)
    with SqliteStore.open(other, create=True) as second:
        second.add("Joan", make_reference(3), space)
    before = store.generation()

    path.write_bytes(other.read_bytes())

    assert store.generation() != before, "as many people, changed as often"


def test_a_store_goes_on_when_another_process_merged_the_log(store, path, make_reference, space):
    store.add("Ada", make_reference(1), space)
    with SqliteStore.open(path, create=True) as second:
        second.add("Grace", make_reference(2), space)
        second.compact()

    store.add("Joan", make_reference(3), space)

    assert [one.name for one in store.identities()] == ["Ada", "Grace", "Joan"]


def test_what_a_run_wrote_is_read_from_the_gallery_that_is_there(store, path):
    assert store.written(1) == frozenset()
    path.unlink()
    assert store.written(1) == frozenset()
