"""The list of models: `models/registry.toml`, which comes with the program, and the user's own beside the weights.

Both files have one table per model with the same fields. The user's is written by `gallery models add`, `gallery models
measure` and `gallery models remove` and may be edited by hand; it may not give another meaning to a name of the
built-in list. What it may add to such a name is what was measured on this machine for a model that has no thresholds of
its own. Where it is a symbolic link, what that leads to is written.
"""

from __future__ import annotations

import difflib
import fcntl
import io
import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gallery.adapters.entries import read_entry, read_measured, write_entry, write_measured
from gallery.adapters.placing import place, unfinished, writing
from gallery.domain.errors import BadArgument, RegistryUnusable, UnknownName
from gallery.domain.models import ModelCard
from gallery.domain.texts import decoded
from gallery.resources import resource

FILE = "registry.toml"

_HEADER = "# Your own models, for gallery. 'gallery models add' adds an entry, 'gallery models remove' takes it out.\n"


def load(models_dir: Path, builtin: Path | None = None) -> dict[str, ModelCard]:
    """Reads all models by name: the built-in ones in their order, then the user's.

    Args:
        models_dir: Folder of the user's `registry.toml`; neither need exist.
        builtin: The built-in list, if not the one that comes with the program.

    Raises:
        RegistryUnusable: If a list cannot be read; if an entry lacks a field, has one of the wrong type or one that is
            not known; if it states a preprocessing that its architecture does not do; or if an entry of the user has
            the name of a built-in model.
    """
    cards = _builtin(builtin)
    theirs = models_dir / FILE
    hint = f"Correct the entry in {theirs}, or delete it and add the model again."
    try:
        tables = _tables(theirs, hint)
    except (FileNotFoundError, NotADirectoryError):
        return cards
    for name, table in tables.items():
        if name not in cards:
            cards[name] = read_entry(theirs, name, table, hint)
        elif _says_what_was_made(cards[name], table):
            cards[name] = read_measured(
                theirs, cards[name], table, f"Delete [{name}] in {theirs} and measure it again."
            )
        else:
            raise RegistryUnusable(
                f"{theirs}: [{name}] has the name of a model that comes with gallery.",
                f"Give the entry another name in {theirs}, or delete it.",
            )
    return cards


def _says_what_was_made(card: ModelCard, table: Any) -> bool:
    """Whether a table adds to a model that comes with the program, rather than describe another."""
    return card.embedder is not None and isinstance(table, dict) and "kind" not in table


def _builtin(path: Path | None) -> dict[str, ModelCard]:
    return _read(path or resource("models", FILE), "Install gallery again.")


class TomlRegistry:
    """The list of models in two TOML files, read afresh at every call.

    Args:
        models_dir: Folder of the user's `registry.toml`; neither need exist.
        builtin: The built-in list, if not the one that comes with the program.
    """

    def __init__(self, models_dir: Path, builtin: Path | None = None) -> None:
        self._folder = models_dir
        self._builtin = builtin

    def cards(self) -> dict[str, ModelCard]:
        """All models by name, the built-in ones first.

        Raises:
            RegistryUnusable: As `load` does.
        """
        return load(self._folder, self._builtin)

    def card(self, name: str) -> ModelCard:
        """One model.

        Raises:
            UnknownName: If there is none of that name; the hint names the nearest.
            RegistryUnusable: As `load` does.
        """
        cards = self.cards()
        if name in cards:
            return cards[name]
        near = difflib.get_close_matches(name.lower(), cards, n=3, cutoff=0.5)
        raise UnknownName(
            f"There is no model named {name!r}.",
            (f"Did you mean {' or '.join(near)}? " if near else "") + "'gallery models list' shows them all.",
        )

    def add(self, card: ModelCard) -> None:
        """Adds a user's own model, all or nothing.

        What the file held is kept byte for byte, comments included. Processes that add at the same time wait for one
        another.

        Raises:
            BadArgument: If the name is taken.
            RegistryUnusable: As `load` does.
            NotWritten: If the list could not be written; it is as it was.
        """
        with writing(self._folder / FILE):
            self._folder.mkdir(parents=True, exist_ok=True)
            target = self._target()
            with _alone(target):
                if card.name in self.cards():
                    raise BadArgument(
                        f"There is a model named {card.name} already.",
                        f"Choose another name, or, if it is yours, first run: gallery models remove {card.name}",
                    )
                before = _text(target) if target.exists() else _HEADER
                _write(target, _encoded(f"{before.rstrip()}\n\n{write_entry(card)}", card))

    def require_measurable(self, name: str, cohort: bool = False) -> None:
        """Checks that `record` takes thresholds for a model of that name, or a cohort.

        Args:
            name: The model.
            cohort: Whether it is about a cohort.

        Raises:
            BadArgument: If it is a detector, or comes with what is to be recorded.
        """
        shipped = _builtin(self._builtin).get(name)
        if shipped is None:
            return
        if shipped.embedder is None:
            raise BadArgument(
                f"{name} is a detector, which has no thresholds and no cohort.",
                "Name an embedder, see 'gallery models list'.",
            )
        if cohort and shipped.embedder.cohort is not None:
            raise BadArgument(
                f"The model {name} comes with the program, and so does its cohort, which stays as it is.",
                "'gallery models list' says what it was made of.",
            )
        if not cohort and shipped.embedder.measured:
            raise BadArgument(
                f"The model {name} comes with the program, and so do its thresholds, which stay as they are.",
                "To make the gallery's thresholds stricter by photos of your own: gallery calibrate",
            )

    def record(self, card: ModelCard) -> None:
        """Puts what was measured for a model into the user's list, in place of what stood there, all or nothing.

        What the file holds besides is kept byte for byte. Processes that write to it at the same time wait for one
        another.

        Args:
            card: The model with its thresholds and cohort: the user's own, or one that comes with the program without
                them.

        Raises:
            BadArgument: If it comes with the program and has what would be replaced.
            UnknownName: If it is not on the list any more.
            RegistryUnusable: As `remove` does.
            NotWritten: If the list could not be written; it is as it was.
        """
        shipped = _builtin(self._builtin).get(card.name)
        if shipped is None or card.spec.thresholds != shipped.spec.thresholds:
            self.require_measurable(card.name)
        if shipped is None or card.spec.cohort != shipped.spec.cohort:
            self.require_measurable(card.name, cohort=True)
        with writing(self._folder / FILE):
            self._folder.mkdir(parents=True, exist_ok=True)
            target = self._target()
            with _alone(target):
                self.card(card.name)  # another process may have taken it out
                before = _without(target, card.name) if target.exists() else _HEADER
                entry = write_entry(card) if shipped is None else write_measured(card, shipped)
                _write(target, _encoded(f"{before.rstrip()}\n\n{entry}", card))

    def own(self) -> dict[str, ModelCard]:
        """The models of the user's list by name, without those that come with the program.

        Raises:
            RegistryUnusable: As `load` does.
        """
        builtin = _builtin(self._builtin)
        return {name: card for name, card in self.cards().items() if name not in builtin}

    def require_removable(self, name: str) -> None:
        """Checks that `remove` could take an entry out; changes nothing.

        Raises:
            UnknownName: If there is none of that name in the user's list.
            RegistryUnusable: As `remove` does.
        """
        self._require_own(name)
        _without(self._folder / FILE, name)

    def remove(self, name: str) -> None:
        """Takes an entry out of the user's list, all or nothing.

        What the file holds besides is kept byte for byte. Processes that write to it at the same time wait for one
        another.

        Raises:
            UnknownName: If there is none of that name in it.
            RegistryUnusable: As `load` does, or if the entry is written in a way that it cannot be taken out alone.
            NotWritten: If the list could not be written; it is as it was.
        """
        self._require_own(name)
        target = self._target()
        with writing(target), _alone(target):
            self._require_own(name)  # another process may have taken it out
            _write(target, _without(target, name).encode("utf-8"))

    def _target(self) -> Path:
        """The user's list itself, behind whatever links lead to it."""
        return Path(os.path.realpath(self._folder / FILE))

    def _require_own(self, name: str) -> None:
        if name not in self.own():
            raise UnknownName(f"There is no model named {name!r} of your own.", "'gallery models list' shows them all.")


def _read(path: Path, hint: str) -> dict[str, ModelCard]:
    return {name: read_entry(path, name, table, hint) for name, table in _tables(path, hint).items()}


def _tables(path: Path, hint: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise RegistryUnusable(
            f"{path} cannot be read: {error.strerror or error}.", "Check that it is a file and that you may read it."
        ) from error
    except ValueError as error:  # bad TOML, or not even text
        raise RegistryUnusable(f"{path} is not valid TOML: {error}.", hint) from error
    except RecursionError as error:
        raise RegistryUnusable(f"{path} cannot be read: its brackets are nested too deeply.", hint) from error


def _text(path: Path) -> str:
    """What a list holds, character for character.

    Raises:
        RegistryUnusable: If it is a pipe or a device, which would be read for ever.
        OSError: If it cannot be read.
        ValueError: If it is no text.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise RegistryUnusable(f"{path} is not a regular file.", "Put the list itself in its place, or delete it.")
        return decoded(file.read())


def _open_at_once(path: str, flags: int) -> int:
    """Opens a pipe, too, without waiting for somebody at its other end."""
    return os.open(path, flags | os.O_NONBLOCK)


def _without(path: Path, name: str) -> str:
    """A list without the tables of one entry. Comments after its last field are taken for the next entry's."""
    text = _text(path)
    kept: list[str] = []
    inside = False
    waiting: list[str] = []
    for line in io.StringIO(text, newline="\n"):
        header = _header(line)
        if header:
            inside = header == name
        if not inside:
            kept += [*waiting, line]
            waiting = []
        elif line.strip() and not line.lstrip().startswith("#"):
            waiting = []
        else:
            waiting.append(line)
    left = "".join([*kept, *waiting])
    if _parsed(left) != {other: table for other, table in tomllib.loads(text).items() if other != name}:
        raise RegistryUnusable(
            f"{path}: [{name}] is written in a way that it cannot be taken out alone; nothing was changed.",
            f"Delete its tables from {path} by hand.",
        )
    return left


def _header(line: str) -> str:
    """The entry that a line begins a table of; empty if it begins none."""
    if not line.lstrip().startswith("["):
        return ""
    parsed = _parsed(line)
    return next(iter(parsed), "") if parsed is not None else ""


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Waits until no other process is writing to the list. The empty lock file stays; removing it would let two in."""
    with target.with_name(f".{target.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _encoded(text: str, card: ModelCard) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadArgument(
            f"The path {card.file!r} is not valid UTF-8, so no registry can hold it.", "Give the file another name."
        ) from error


def _write(target: Path, data: bytes) -> None:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    with unfinished(target) as hidden:
        with hidden.open("wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        place(hidden, target)
