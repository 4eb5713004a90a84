"""How long the work on photos takes, stage by stage and as a run, beside what the machine can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

STAGES = ("decode", "detect", "crop", "embed", "match", "redact", "encode", "verify")
"""What is done with a photo, in this order. To match is to compare and to decide; to verify, to open the output again
and look at it as at the photo."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Time that something took.

    Attributes:
        wall: Seconds that passed.
        cpu: Seconds that all cores together worked on it, in this process.
        busy: Seconds that they worked on anything, whoever's; 0 where that cannot be told.
    """

    wall: float = 0.0
    cpu: float = 0.0
    busy: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu, self.busy + other.busy)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.wall - other.wall, self.cpu - other.cpu, self.busy - other.busy)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the machine reaches with nothing around it; 0 where that could not be measured.

    Attributes:
        matrix: Floating-point operations a second of NumPy's product of two float32 matrices, on all cores.
        copying: Bytes a second, read and written counted both, of copying a large array, on one core.
        decoding: Pixels a second of Pillow's JPEG decoder alone, on one core.
        encoding: Pixels a second of its encoder alone, likewise.
    """

    matrix: float
    copying: float
    decoding: float
    encoding: float


class Machine(Protocol):
    """What the work runs on."""

    @property
    def cores(self) -> int:
        """How many this process may use."""

    def now(self) -> Spent:
        """Time since some moment, always the same one."""

    def peak_memory(self) -> int:
        """The most memory, in bytes, that this process has held so far."""

    def limits(self, photos: Sequence[Path]) -> Limits:
        """What the machine reaches.

        Args:
            photos: What JPEG is measured on; those in other formats are made JPEGs of first.
        """


@dataclass(frozen=True, slots=True)
class Benched:
    """What was measured.

    Attributes:
        photos: How many were done.
        faces: How many were found in them.
        pixels: Of all of them together.
        stages: Each stage by itself, over all photos, one photo at a time.
        run: The same photos as one run, several at a time.
        jobs: So many.
        cores: Of the machine.
        memory: The most memory, in bytes, that the process held so far.
        limits: What the machine reaches.
        failed: Photos that could not be done, with the reason; they are not counted.
    """

    photos: int
    faces: int
    pixels: int
    stages: Mapping[str, Spent]
    run: Spent
    jobs: int
    cores: int
    memory: int
    limits: Limits
    failed: Mapping[Path, str]

    @property
    def parts(self) -> Spent:
        """All stages together."""
        return sum(self.stages.values(), Spent())

    @property
    def cpu_use(self) -> float:
        """Share of all cores that the run kept busy."""
        return self.run.cpu / self.run.wall / self.cores

    @property
    def others(self) -> float:
        """Share of all cores that other programs kept busy meanwhile, so that the run could not have it."""
        return max(0.0, self.run.busy - self.run.cpu) / self.run.wall / self.cores

    @property
    def overhead(self) -> float:
        """How many times longer the run took than its parts would, divided among the cores without a gap.

        The parts are taken by the time that cores worked on them: one that keeps all busy by itself cannot be divided
        again, and one that waits for the disk keeps none busy.
        """
        return self.run.wall / (self.parts.cpu / self.cores)

    @property
    def overhead_of_ours(self) -> float:
        """The same with the cores as far as other programs left them to the run."""
        return self.overhead * (1 - self.others)
