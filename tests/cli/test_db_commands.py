"""`gallery init` and `gallery db`: what they print, their exit codes, and what they leave alone."""

from __future__ import annotations

import os
import pty
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import gallery as package
from gallery.domain.errors import BadArgument
from gallery.installed import adding, updating

ROOT = Path(package.__file__).resolve().parent.parent
FROZEN = Path(__file__).resolve().parent.parent / "assets" / "upgrade"


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("GALLERY_KEY", raising=False)
    monkeypatch.setattr("gallery.adapters.store.keys._from_keyring", lambda _: None)
    monkeypatch.setattr("gallery.adapters.terminal.asker", lambda: None)


@pytest.fixture
def made(gallery, here) -> Path:
    assert gallery("init").code == 0
    return here / "gallery.db"


def words(said) -> str:
    return " ".join((said.out + said.err).split())


def test_init_makes_an_empty_private_gallery_once(gallery, here):
    said = gallery("init")

    assert (said.code, said.err) == (0, "")
    assert stat.S_IMODE((here / "gallery.db").stat().st_mode) == 0o600
    assert "Nobody is enrolled" in gallery("list").err
    content = (here / "gallery.db").read_bytes()
    again = gallery("init", "--json")
    assert again.code == 1
    assert "already" in words(again)
    assert (here / "gallery.db").read_bytes() == content


def test_status_of_a_new_gallery(gallery, made):
    document = gallery("db", "status", "--json").json

    assert document["gallery"] == str(made)
    assert document["schema"] == document["program_schema"]
    assert document["written_by"] == package.__version__
    assert (document["encrypted"], document["mode"], document["backups"]) == (False, "0600", [])
    assert (document["people"], document["references"], document["models"], document["runs"]) == (0, 0, [], 0)
    said = gallery("db", "status")
    assert (said.code, said.err) == (0, "")
    for word in (made.name, document["schema"], "0600 (rw-------)", "32768", "none to undo"):
        assert word in said.out or word in "".join(said.out.split())


def test_status_and_upgrade_of_an_older_gallery(gallery, here):
    shutil.copyfile(FROZEN / "0001.db", here / "gallery.db")
    (here / "gallery.db").chmod(0o600)

    said = gallery("db", "status")
    assert said.code == 0
    assert "gallery db upgrade" in said.err
    assert "Ada" not in said.out
    upgraded = gallery("db", "upgrade", "--json")
    assert upgraded.json["upgraded"] is True
    backups = gallery("db", "status", "--json").json["backups"]
    assert [one["file"] for one in backups] == [upgraded.json["backup"]]
    assert gallery("db", "upgrade", "--json").json == {
        "gallery": str(here / "gallery.db"),
        "upgraded": False,
        "backup": None,
    }
    assert "up to date" in gallery("db", "upgrade").out


def test_a_newer_gallery_names_the_version(gallery, made):
    with closing(sqlite3.connect(made)) as connection:
        connection.execute("PRAGMA user_version = 705")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    for command in (["list"], ["db", "upgrade"], ["db", "check"]):
        said = gallery(*command)
        assert said.code == 1
        assert "gallery 0.7.5" in said.err
        assert updating("0.7.5") in said.err
    said = gallery("db", "status")
    assert said.code == 0
    assert "Update the program" in said.err


def test_backup_beside_the_gallery_or_elsewhere(gallery, made, here):
    first = gallery("db", "backup", "--json").json
    second = gallery("db", "backup", here / "elsewhere.db")

    assert first["recorded"] is True
    assert Path(first["backup"]).parent == here
    assert Path(first["backup"]).stat().st_size == first["size"]
    assert second.code == 0
    assert "elsewhere.db" in second.out
    assert {stat.S_IMODE(Path(p).stat().st_mode) for p in (first["backup"], here / "elsewhere.db")} == {0o600}
    listed = [one["file"] for one in gallery("db", "status", "--json").json["backups"]]
    assert listed == [first["backup"], str(here / "elsewhere.db")]
    content = (here / "elsewhere.db").read_bytes()
    again = gallery("db", "backup", here / "elsewhere.db")
    assert again.code == 2
    assert (here / "elsewhere.db").read_bytes() == content
    assert gallery("db", "backup", here / "missing" / "copy.db").code == 1


def test_check_of_a_sound_and_of_a_damaged_gallery(gallery, here):
    shutil.copyfile(FROZEN / "0001.db", here / "gallery.db")
    (here / "gallery.db").chmod(0o600)
    assert gallery("db", "upgrade").code == 0
    with closing(sqlite3.connect(here / "gallery.db")) as connection:
        connection.execute("UPDATE model SET preparation = 'box margin 0, none, 8-d'")
        connection.commit()

    sound = gallery("db", "check")
    assert sound.code == 0
    assert "is sound" in sound.out
    assert gallery("db", "check", "--json").json["findings"] == []
    with closing(sqlite3.connect(here / "gallery.db")) as connection:
        connection.execute("UPDATE reference SET landmarks = 'a secret' WHERE id = 2")
        connection.commit()
    damaged = gallery("db", "check")
    assert damaged.code == 1
    assert "reference 2" in damaged.out
    assert "landmarks cannot be read" in damaged.out
    assert "secret" not in damaged.out + damaged.err
    document = gallery("db", "check", "--json")
    assert document.code == 1
    assert document.json["sound"] is False
    assert document.json["findings"] == [{"where": "reference 2", "what": "landmarks cannot be read"}]
    said = gallery("show", "Ada Lovelace")
    assert said.code == 1
    assert "is damaged: reference 2: landmarks cannot be read" in words(said)
    assert "secret" not in words(said)


@pytest.mark.parametrize("command", [["list"], ["audit"], ["db", "status"], ["db", "check"], ["db", "backup"]])
def test_every_command_warns_once_of_a_gallery_that_others_may_read(gallery, made, command):
    assert "chmod" not in gallery(*command).err
    made.chmod(0o644)

    said = gallery(*command)

    assert said.code == 0
    assert said.err.count(f"chmod 600 {made}") == 1
    assert "chmod" not in said.out


def test_warnings_do_not_disturb_json(gallery, made):
    made.chmod(0o666)
    assert gallery("list", "--json").json == []


@pytest.mark.parametrize("command", ["status", "upgrade", "backup", "check", "encrypt", "decrypt", "compact"])
def test_no_gallery_and_no_database(gallery, here, monkeypatch, command):
    monkeypatch.setenv("GALLERY_KEY", "secret")
    said = gallery("db", command)
    assert said.code == 1
    assert "no gallery at" in words(said)
    assert list(here.iterdir()) == []
    (here / "gallery.db").write_text("Dear diary")
    said = gallery("db", command)
    assert said.code == 1
    assert "not a gallery" in words(said)
    assert (here / "gallery.db").read_text() == "Dear diary"


def test_encrypting_and_decrypting(gallery, made, monkeypatch):
    copy = gallery("db", "backup", "--json").json["backup"]
    said = gallery("db", "encrypt")
    assert said.code == 1
    assert "GALLERY_KEY" in said.err
    monkeypatch.setenv("GALLERY_KEY", "")
    said = gallery("db", "encrypt")
    assert said.code == 2
    assert "is empty" in said.err

    monkeypatch.setenv("GALLERY_KEY", "secret")
    said = gallery("db", "encrypt")
    assert said.code == 0
    assert f"are not encrypted; delete them: {copy}" in words(said)
    assert gallery("db", "status", "--json").json["encrypted"] is True
    assert gallery("list", "--json").json == []
    assert gallery("db", "check").code == 0
    assert gallery("db", "compact").code == 0
    assert gallery("db", "encrypt").code == 1
    document = gallery("db", "decrypt", "--json").json
    assert (document["encrypted"], document["backups"]) == (False, [])
    assert gallery("db", "decrypt").code == 1
    assert made.read_bytes().startswith(b"SQLite format 3")


def test_an_encrypted_gallery_from_the_start(gallery, here, monkeypatch):
    said = gallery("init", "--encrypt")
    assert said.code == 1
    assert "key" in said.err
    assert not (here / "gallery.db").exists()

    monkeypatch.setenv("GALLERY_KEY", "secret")
    assert gallery("init", "--encrypt", "--json").json == {"gallery": str(here / "gallery.db"), "encrypted": True}
    assert not (here / "gallery.db").read_bytes().startswith(b"SQLite")
    for key, wanted in (("wrong", "The key does not open"), (None, "no key was given")):
        monkeypatch.delenv("GALLERY_KEY") if key is None else monkeypatch.setenv("GALLERY_KEY", key)
        said = gallery("list")
        assert (said.code, said.out) == (1, "")
        assert wanted in said.err
        assert len(said.err.splitlines()) == 2


def test_without_the_extra(gallery, made, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    monkeypatch.setenv("GALLERY_KEY", "secret")

    said = gallery("db", "encrypt")

    assert said.code == 1
    assert f"Run: {adding('encrypted')}" in said.err
    assert gallery("list").code == 0


def test_the_key_is_no_argument(gallery):
    for command in (["init"], ["db", "encrypt"], ["db", "decrypt"], ["list"]):
        assert "--key" not in gallery(*command, "--help").out
        assert gallery(*command, "--key", "secret").code == 2


def test_the_key_is_asked_for_at_a_terminal_and_not_shown(here):
    path = here / "asked.db"
    assert at_terminal(["init", "--encrypt", "--db", str(path)], "secret", "secret")[0] == 0
    code, shown = at_terminal(["db", "status", "--db", str(path)], "secret")
    assert code == 0
    assert "Key of" in shown
    assert "secret" not in shown
    code, shown = at_terminal(["list", "--db", str(path)], "wrong")
    assert code == 1
    assert "The key does not open" in shown
    code, shown = at_terminal(["init", "--encrypt", "--db", str(here / "other.db")], "secret", "secrte")
    assert code == 2
    assert "differ" in shown
    assert not (here / "other.db").exists()


def at_terminal(arguments: list[str], *typed: str) -> tuple[int, str]:
    """Runs the program at a pseudo-terminal and types a line whenever it asks."""
    environment = {key: value for key, value in os.environ.items() if key != "GALLERY_KEY"}
    environment |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "PYTHONPATH": str(ROOT)}
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gallery", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 - nothing else runs in this process meanwhile
    )
    os.close(slave)
    shown, left = "", list(typed)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            piece = os.read(master, 1000)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece.decode()
        if left and shown.endswith(": "):
            time.sleep(0.1)
            os.write(master, f"{left.pop(0)}\n".encode())
            shown += "\n"
    os.close(master)
    return process.wait(timeout=60), shown


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_terminal_that_cannot_hide_what_is_typed_is_no_way(monkeypatch):
    import getpass
    import warnings

    from gallery.adapters import terminal

    def show(prompt: str) -> str:
        warnings.warn("can not control echo", getpass.GetPassWarning, stacklevel=2)
        return "secret"

    monkeypatch.setattr(getpass, "getpass", show)
    with pytest.raises(BadArgument, match="cannot hide"):
        terminal.ask_secret("Key: ")
