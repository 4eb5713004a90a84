"""Makes the cohort of a model anew from FairFace, and prints its entry for `models/registry.toml`.

Of FairFace's pictures only those count whose number leaves 1 when it is divided by four. The others are what the
results are measured on (`bench_strangers.py`), and have no part in the cohort or its limits.

Run: python tests/benchmarks/make_cohort.py MODEL FAIRFACE TARGET.npz, such as sface ../shared/data/fairface
models/cohorts/sface.npz
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from gallery.adapters.cohort_files import write
from gallery.bootstrap import Bootstrap
from gallery.domain.making_cohorts import NEAREST
from gallery.usecases.make_cohort import MakeCohort

YOUNG = 1.15
"""The measure of age up to which a face is taken for a very young child's. Of the cohort's faces aged 0–2, measured
under weights of the others, 97 % lie below."""


def in_cohort(file: str) -> bool:
    """Whether a picture of FairFace is among those that cohorts are made of."""
    return int(Path(file).stem) % 4 == 1


def main() -> None:
    name, folder, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    boot = Bootstrap.of()
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        labels = {row["file"]: row["age"] for row in csv.DictReader(lines)}
    portraits = {folder / "images" / file: age for file, age in labels.items() if in_cohort(file)}
    made = MakeCohort(boot.recogniser(boot.registry().card(name), "yunet"), boot.photos())(portraits)
    sha256 = write(made, target)
    print(f"[{name}.cohort]")
    print(f'file = "{target.name}"')
    print(f'sha256 = "{sha256}"')
    print(f"size = {target.stat().st_size:_}")
    print(f"nearest = {NEAREST}")
    print(f"mean = {made.mean:.3f}")
    print(f"deviation = {made.deviation:.3f}")
    print(f"young = {YOUNG}")
    print('licence = "CC BY 4.0"')
    print(
        f"origin = \"{len(made.members):,} drawn vectors, nobody's, after the spread of {made.faces:,} faces of "
        'FairFace (Kärkkäinen and Joo 2021)"'
    )


if __name__ == "__main__":
    main()
