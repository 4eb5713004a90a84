"""Faces with decisions, made up for the pictures that show them."""

from __future__ import annotations

from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus


def kept(box: Box, name: str = "Anna", cosine: float = 0.2) -> DecidedFace:
    return _face(box, Decision(Verdict.KEEP, Rule.MATCH, "matches", Candidate(name, 1, cosine, 0.5)))


def blurred(box: Box, name: str | None = "Anna", cosine: float = 0.7, rule: Rule = Rule.COSINE) -> DecidedFace:
    candidate = None if name is None else Candidate(name, 1, cosine, 1.2)
    return _face(box, Decision(Verdict.BLUR, Rule.NOBODY if name is None else rule, "too far", candidate))


def record(*faces: DecidedFace, source: str = "x.jpg") -> ImageRecord:
    return ImageRecord(source, ImageStatus.OK, faces=faces)


def _face(box: Box, decision: Decision) -> DecidedFace:
    return DecidedFace(Detection(box, 0.9), Quality(min(box.width, box.height), 50.0, True), decision)
