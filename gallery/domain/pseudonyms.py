"""Pseudonyms for everybody a run mentions, so that its report can be shown to others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gallery.domain.deciding import Decision
from gallery.domain.forgetting import Renaming
from gallery.domain.matching import Candidate
from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSettings

_BY_HAND = re.compile(r"((?:kept|blurred) by hand(?: by (.+?))? on \d{4}-\d{2}-\d{2})(: .*)?", re.DOTALL)
"""`gallery.domain.by_hand.Override.reason`; an override may have been taken back since, and its maker is named here.
What follows the day is a note in whatever words, which may name anybody."""
_WORD = re.compile(r"[^\W\d_]{3,}")
"""Shorter ones are particles more often than names."""
_FORGOTTEN = re.compile(r"forgotten person \d+")


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What stands for each person: `Person 1`, `Person 2` … for who may be seen, `Operator 1` … for who decided.

    Numbers go by the order in which people are mentioned, not by their names, so that they tell nothing of them.
    """

    _words: Mapping[str, str]
    _renaming: Renaming
    _renaming_parts: Renaming

    @classmethod
    def of(cls, people: Iterable[str], operators: Iterable[str]) -> Pseudonyms:
        """Makes them.

        Args:
            people: Names in the order of their numbers; an empty one and one that stands for somebody who was forgotten
                get none.
            operators: Login names, likewise. Who is a person of the gallery, too, keeps that pseudonym.
        """
        words: dict[str, str] = {}
        for kind, names in (("Person", people), ("Operator", operators)):
            fresh = [name for name in dict.fromkeys(names) if _needs_one(name) and name not in words]
            words.update({name: f"{kind} {number}" for number, name in enumerate(fresh, 1)})
        return cls(words, Renaming.of_several(words), Renaming.of_several(words | _parts(words)))

    def name(self, name: str) -> str:
        """What stands for that person."""
        return self._words.get(name, name)

    def text(self, text: str) -> str:
        """A sentence in which nobody is named."""
        return self._renaming(text)

    def path(self, text: str) -> str:
        """A path, or a sentence about one, in which nobody is named, nor by their first name alone."""
        return self._renaming_parts(text)

    def run(self, run: Run) -> Run:
        """A run in which nobody is named: not as the closest, in reasons, paths, errors, remarks and settings."""
        settings = self._settings(run.settings)
        return replace(
            run,
            summary=replace(run.summary, thresholds=settings.thresholds, by=self.name(run.summary.by)),
            settings=settings,
            images=tuple(map(self._image, run.images)),
        )

    def _image(self, image: ImageRecord) -> ImageRecord:
        return replace(
            image,
            source=self.path(image.source),
            output=None if image.output is None else self.path(image.output),
            error=None if image.error is None else self.path(image.error),
            remarks=tuple(map(self.text, image.remarks)),
            faces=tuple(map(self._face, image.faces)),
        )

    def _face(self, face: DecidedFace) -> DecidedFace:
        decision = face.decision
        renamed = Decision(
            decision.verdict,
            decision.rule,
            self.text(_without_note(decision.reason)),
            self._candidate(decision.candidate),
            self._candidate(decision.runner_up),
            None if decision.keeps is None else self.name(decision.keeps),
        )
        return replace(face, decision=renamed)

    def _candidate(self, candidate: Candidate | None) -> Candidate | None:
        return None if candidate is None else replace(candidate, identity=self.name(candidate.identity))

    def _settings(self, settings: RunSettings) -> RunSettings:
        thresholds = replace(settings.thresholds, origin=self.text(settings.thresholds.origin))
        return replace(
            settings,
            thresholds=thresholds,
            policy=self._policy(settings.policy),
            output=self.path(settings.output),
            base="",  # a home folder is called after its owner
        )

    def _policy(self, policy: Mapping[str, Any]) -> dict[str, Any]:
        """Those are named in it who have thresholds of their own, or are kept wherever they match."""
        found = dict(policy)
        if "personal" in found:
            found["personal"] = {
                self.name(name): {key: self.text(v) if isinstance(v, str) else v for key, v in limits.items()}
                for name, limits in found["personal"].items()
            }
        by_hand = found.get("by_hand")
        if by_hand and "all_of" in by_hand:
            found["by_hand"] = {**by_hand, "all_of": [self.name(name) for name in by_hand["all_of"]]}
        return found


def mentioned(run: Run) -> list[str]:
    """The people whom a run names, each once, in the order in which it does."""
    decisions = [face.decision for image in run.images for face in image.faces]
    candidates = [one.identity for d in decisions for one in (d.candidate, d.runner_up) if one is not None]
    kept = [d.keeps for d in decisions if d.keeps is not None]
    by_hand = run.settings.policy.get("by_hand", {})
    return list(dict.fromkeys([*candidates, *kept, *run.settings.personal, *by_hand.get("all_of", ())]))


def deciders(run: Run) -> list[str]:
    """Who decided by hand what a run names, each once."""
    reasons = (face.decision.reason for image in run.images for face in image.faces)
    found = (_BY_HAND.fullmatch(reason) for reason in reasons)
    return list(dict.fromkeys(match[2] for match in found if match and match[2]))


def _without_note(reason: str) -> str:
    match = _BY_HAND.fullmatch(reason)
    return f"{match[1]} (with a note)" if match and match[3] else reason


def _parts(words: Mapping[str, str]) -> dict[str, str]:
    """What stands for each word of the names of several words: files are often named after somebody's first name."""
    found: dict[str, str] = {}
    for name, word in words.items():
        for part in _WORD.findall(name):
            if part not in words:
                found[part] = word if found.get(part, word) == word else word.split()[0]
    return found


def _needs_one(name: str) -> bool:
    return bool(name) and _FORGOTTEN.fullmatch(name) is None
