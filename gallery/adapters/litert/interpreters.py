"""Runs LiteRT models: interpreters side by side, each on cores of its own.

The work of everybody who asks goes through one queue, so that threads never fight for the cores. A network that fits
into memory once per core runs best on one core each: cores that work by themselves never wait for one another.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.forking import ForkAware, ForkedLock, keep
from gallery.adapters.quiet import without_chatter

Values = NDArray[np.float32]
_first = ForkedLock()
_said: list[bool] = []
"""Filled once an interpreter has been made in this process: the first one says so, which is held back."""


@contextmanager
def _quietly() -> Iterator[None]:
    if _said:
        yield
        return
    with _first, without_chatter():
        yield
        _said.append(True)


class Interpreters(ForkAware):
    """A model, ready to run; in a forked child, too.

    Args:
        model: The model's file, which is mapped into memory, or its bytes.
        count: Interpreters to run side by side, each with the weights in a form of its own.
        threads: Of each.

    Raises:
        ValueError: If it is no model that LiteRT runs.
    """

    def __init__(self, model: Path | NDArray[np.uint8], count: int, threads: int = 1) -> None:
        self._model: str | bytes = str(model) if isinstance(model, Path) else model.tobytes()
        self._count, self._threads = count, threads
        super().__init__()
        self._pool.submit(self._interpreter).result()

    def begin(self) -> None:
        """Makes the threads, which make their interpreters when they are first asked."""
        keep(self.__dict__.get("_own"), self.__dict__.get("_pool"))
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="network")

    def run(self, inputs: Values) -> Values:
        """What the network gives for each input, in their order.

        Args:
            inputs: `(N, …) float32`, each of the shape the model takes; at least one.

        Raises:
            ValueError: If they have another shape.
            RuntimeError: If LiteRT reports an error.
        """
        return np.stack(list(self._pool.map(self._one, inputs)))

    def _one(self, values: Values) -> Values:
        found = self._interpreter()
        found.set_tensor(self._own.input, values[None])
        found.invoke()
        return np.asarray(found.get_tensor(self._own.output)[0], np.float32)

    def _interpreter(self) -> Any:
        """This thread's own."""
        if not hasattr(self._own, "interpreter"):
            made = _ready(self._model, self._threads)
            self._own.input = made.get_input_details()[0]["index"]
            self._own.output = made.get_output_details()[0]["index"]
            self._own.interpreter = made
        return self._own.interpreter


class Sized(ForkAware):
    """A model that runs on pictures of any size; in a forked child, too.

    To make an interpreter ready for a size takes as long as to run it once. So those for the sizes that were met last
    are kept, as many as `ROOM` allows, for whichever thread comes next.

    Args:
        model: The bytes of a model without dense layers.
        threads: Pictures that are worked on at once.

    Raises:
        ValueError: If it is no model that LiteRT runs.
    """

    def __init__(self, model: NDArray[np.uint8], threads: int) -> None:
        self._model, self._threads = model.tobytes(), threads
        super().__init__()
        _ready(self._model)

    def begin(self) -> None:
        """Makes the threads; interpreters are made when they are first needed."""
        keep(self.__dict__.get("_idle"), self.__dict__.get("_pool"))
        self._idle: list[tuple[tuple[int, ...], Any]] = []
        self._used = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="network")

    def run(self, inputs: Sequence[Values]) -> list[list[Values]]:
        """What the network gives for each picture: all outputs, in the model's order.

        Args:
            inputs: `(height, width, channels) float32`, each of its own size.

        Raises:
            RuntimeError: If LiteRT reports an error.
        """
        return list(self._pool.map(self._one, inputs))

    def _one(self, picture: Values) -> list[Values]:
        with self._taken(picture.shape) as found:
            found.set_tensor(found.get_input_details()[0]["index"], picture[None])
            found.invoke()
            return [found.get_tensor(output["index"])[0] for output in found.get_output_details()]

    @contextmanager
    def _taken(self, shape: tuple[int, ...]) -> Iterator[Any]:
        """An interpreter for that size, which nobody else has meanwhile; one that failed is not used again."""
        area = shape[0] * shape[1]
        found = self._kept(shape)
        try:
            found = found or _ready(self._model, shape=shape)
            yield found
        except BaseException:
            found = None
            raise
        finally:
            with self._lock:
                self._used -= area
                if found is not None:
                    self._idle.append((shape, found))

    def _kept(self, shape: tuple[int, ...]) -> Any | None:
        """The interpreter for that size that was used last; if there is none, room is made for it."""
        area = shape[0] * shape[1]
        with self._lock:
            self._used += area
            for place in range(len(self._idle) - 1, -1, -1):
                if self._idle[place][0] == shape:
                    return self._idle.pop(place)[1]
            while self._idle and self._used + sum(height * width for (height, width, *_), _ in self._idle) > ROOM:
                del self._idle[0]
        return None


def _ready(model: str | bytes, threads: int = 1, shape: tuple[int, ...] | None = None) -> Any:
    """A new interpreter of a model, given by its path or its bytes; for pictures of that shape, or the model's own."""
    from ai_edge_litert.interpreter import Interpreter

    given = {"model_path": model} if isinstance(model, str) else {"model_content": model}
    with _quietly():
        made = Interpreter(**given, num_threads=threads)
        if shape is not None:
            made.resize_tensor_input(made.get_input_details()[0]["index"], (1, *shape))
        made.allocate_tensors()
    return made


ROOM = 4_800_000
"""Pixels of the sizes for which there are interpreters, where no more are at work: two tiles of the largest size. YuNet
takes 80 bytes for each."""
