"""Turns a comparison, negates a condition, moves a number by one and the like, and asks whether the tests notice.

The mutations are those of cosmic-ray, drawn by lot from the modules on which it rests that nobody is visible who must
not be. Each is made in a copy of the project, and the fast tests of that module are run there. What they do not notice
is printed, to be read: some mutations change nothing.

    python tests/mutants.py                      # 20 of each module
    python tests/mutants.py --each 60 --seed 7 gallery/domain/deciding.py
    python tests/mutants.py --all gallery/usecases/second_look.py
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parent.parent
TESTS = {
    "gallery/domain/deciding.py": [
        "tests/domain/test_deciding.py",
        "tests/domain/test_deciding_together.py",
        "tests/domain/test_deciding_by_hand.py",
    ],
    "gallery/domain/matching.py": ["tests/domain/test_matching.py", "tests/domain/test_searching.py"],
    "gallery/domain/searching.py": ["tests/domain/test_searching.py", "tests/domain/test_matching.py"],
    "gallery/usecases/second_look.py": ["tests/usecases/test_second_look.py"],
    "gallery/adapters/verifying/written_pixels.py": ["tests/adapters/verifying/test_written_pixels.py"],
    "gallery/adapters/verifying/tile_errors.py": ["tests/adapters/verifying/test_tile_errors.py"],
    "gallery/adapters/verifying/allowed_errors.py": ["tests/adapters/verifying/test_allowed_errors.py"],
    "gallery/adapters/detectors/pyramid.py": ["tests/adapters/detectors/test_pyramid.py"],
    "gallery/adapters/photos/orientation.py": [
        "tests/adapters/photos/test_orientation_ways.py",
        "tests/adapters/photos/test_photo_orientation.py",
    ],
}
"""The modules, and the tests that must notice."""

KINDS = re.compile(
    r"core/(AddNot|NumberReplacer|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceTrueWithFalse|ReplaceFalseWithTrue"
    r"|ReplaceUnaryOperator_Delete_(Not|USub)|ZeroIterationForLoop|ReplaceContinueWithBreak"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|BitAnd_BitOr)"
    r"|ReplaceComparisonOperator_(Lt_(LtE|GtE)|LtE_(Lt|Gt)|Gt_(GtE|LtE)|GtE_(Gt|Lt)|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is"
    r"|In_NotIn|NotIn_In))"
)
"""Mutations that are tried. Others of cosmic-ray's mostly change nothing (`is` for `==`) or cannot run at all."""

UNTOLD = re.compile(r"@dataclass|strict=")
"""Lines whose mutations change nothing that a program can tell: of a class that is made by the rules anyway, or of a
check that lists are of one length, which they are."""

PATIENCE = 300
"""Seconds after which tests that do not end have noticed."""
ENOUGH = 0.95


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutation of a module, with the code that comes of it."""

    module: str
    kind: str
    before: str
    code: str

    def difference(self, around: int = 1) -> list[str]:
        lines = self.before.splitlines(), self.code.splitlines()
        return list(difflib.unified_diff(*lines, self.module, self.kind, lineterm="", n=around))

    def tells_nothing(self) -> bool:
        return any(UNTOLD.search(line) for line in self.difference(0)[2:])


def mutants(module: str, seed: int) -> Iterator[Mutant]:
    """All of a module, in an order drawn by lot."""
    source = (ROOT / module).read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    operators = [(name, get_operator(name)()) for name in sorted(filter(KINDS.fullmatch, operator_names()))]
    places = [
        (name, operator, occurrence)
        for name, operator in operators
        for occurrence in range(sum(len(list(operator.mutation_positions(node))) for node in nodes))
    ]
    Random(seed).shuffle(places)
    for name, operator, occurrence in places:
        code = mutate_code(source, operator, occurrence)
        if code is not None and code != source and not (one := Mutant(module, name, source, code)).tells_nothing():
            yield one


def copied(folder: Path) -> Path:
    """The project as git knows it, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def notices(folder: Path, tests: Sequence[str]) -> bool:
    """Whether the tests fail, or do not end."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not models and not slow", "-p", "no:cacheprovider"]
    # With CI set, hypothesis draws the same examples every time and waits as long as they take.
    there = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "CI": "true"}
    try:
        done = subprocess.run(
            [*command, *tests], cwd=folder, env=there, timeout=PATIENCE, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def unnoticed(chosen: Sequence[Mutant], jobs: int) -> list[Mutant]:
    """Those that no test notices."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        free: queue.Queue[Path] = queue.Queue()
        for number in range(jobs):
            free.put(copied(Path(scratch, str(number))))
        for module in {one.module for one in chosen}:
            if notices(Path(scratch, "0"), TESTS[module]):
                sys.exit(f"The tests of {module} fail without any mutation.")

        def survives(mutant: Mutant) -> bool:
            folder = free.get()
            changed = folder / mutant.module
            before = changed.read_bytes()
            try:
                changed.write_text(mutant.code, encoding="utf-8")
                return not notices(folder, TESTS[mutant.module])
            finally:
                changed.write_bytes(before)
                free.put(folder)
                print(".", end="", file=sys.stderr, flush=True)

        return [one for one, survived in zip(chosen, pool.map(survives, chosen), strict=True) if survived]


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE")
    wanted.add_argument("--each", type=int, default=20, help="how many of each module")
    wanted.add_argument("--all", action="store_true", help="all of each module")
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = wanted.parse_args()
    if unknown := set(asked.modules) - TESTS.keys():
        wanted.error(f"no tests are named for {', '.join(sorted(unknown))}")
    chosen = []
    for module in asked.modules:
        chosen += itertools.islice(mutants(module, asked.seed), None if asked.all else asked.each)
    left = unnoticed(chosen, asked.jobs)
    for one in left:
        print("\n" + "\n".join(one.difference()))
    for module in asked.modules:
        made, missed = (sum(one.module == module for one in some) for some in (chosen, left))
        print(f"{module}: {made - missed} of {made} noticed")
    share = 1 - len(left) / max(1, len(chosen))
    print(f"all: {len(chosen) - len(left)} of {len(chosen)} noticed, {share:.1%}")
    sys.exit(share < ENOUGH)


if __name__ == "__main__":
    main()
