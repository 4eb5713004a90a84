"""How many strangers a gallery of each size would keep, from a folder of single faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from gallery.domain.deciding import Policy
from gallery.domain.errors import BadArgument
from gallery.domain.faces import Face
from gallery.domain.models import ModelCard
from gallery.domain.progress import Advance, unwatched
from gallery.domain.simulating import SIZES, Simulated, simulate
from gallery.usecases.faces import Recogniser
from gallery.usecases.portraits import Failures, ReadPortraits


@dataclass(frozen=True, slots=True)
class Draws:
    """Which galleries are drawn.

    Attributes:
        sizes: People enrolled; None for the usual ones, as far as there are people for them.
        galleries: Of each size; None for the usual.
        seed: Of the lot.
    """

    sizes: tuple[int, ...] | None = None
    galleries: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sizes is not None and min(self.sizes, default=0) < 1:
            raise BadArgument("A gallery to simulate holds at least one person.", "Give --size 1 or more.")
        if self.galleries is not None and self.galleries < 1:
            raise BadArgument(f"So many galleries cannot be drawn: {self.galleries}.", "Give --repeats 1 or more.")


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulation found out.

    Attributes:
        detector: Its entry in the registry.
        embedder: Its entry in the registry.
        policy: The rules' numbers for the smallest gallery.
        draws: Which galleries were drawn.
        people: How many people there are.
        faces: Faces of all of them.
        failures: Photos that were not used.
        results: One for each size, from the smallest on.
    """

    detector: ModelCard
    embedder: ModelCard
    policy: Policy
    draws: Draws
    people: int
    faces: int
    failures: Failures
    results: tuple[Simulated, ...]


@dataclass(frozen=True, slots=True)
class SimulateGalleries:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces.
        read: Reads the portraits.
        policy: The rules' numbers, by how many people are enrolled.
    """

    recogniser: Recogniser
    read: ReadPortraits
    policy: Callable[[int], Policy]

    def __call__(self, photos: Mapping[str, Sequence[Path]], draws: Draws, progress: Advance = unwatched) -> Simulation:
        """Simulates galleries of each size.

        Args:
            photos: Everybody's portraits, by name.
            draws: Which galleries to draw.
            progress: Is told how many photos are read.

        Raises:
            BadArgument: If there are not more people than the smallest gallery holds.
            ModelFailed: If the detector or the embedder could not do its work.
        """
        portraits = self.read(self.recogniser, [path for own in photos.values() for path in own], progress)
        faces = dict(zip(portraits.paths, portraits.faces, strict=True))
        people: dict[str, list[Face]] = {
            name: [faces[path] for path in own if path in faces] for name, own in photos.items()
        }
        people = {name: own for name, own in people.items() if own}
        sizes = _sizes(draws.sizes, len(people))
        lot = Random(draws.seed)  # noqa: S311 - a choice to be repeated, not a secret
        cohort = self.recogniser.cohort
        results = tuple(
            simulate(people, size, self.policy(size), lot, draws.galleries, cohort=cohort) for size in sizes
        )
        return Simulation(
            self.recogniser.detector.card,
            self.recogniser.embedder.card,
            self.policy(sizes[0]),
            draws,
            len(people),
            len(faces),
            portraits.failures,
            results,
        )


def _sizes(asked: tuple[int, ...] | None, people: int) -> list[int]:
    """The sizes that leave strangers."""
    wanted = sorted(set(SIZES if asked is None else asked))
    possible = [size for size in wanted if size < people]
    if not possible or (asked is not None and len(possible) < len(wanted)):
        raise BadArgument(
            f"There are faces of {people} people, so nobody is a stranger to a gallery of {wanted[len(possible)]}.",
            "Give photos of more people, or smaller galleries with --size.",
        )
    return possible
