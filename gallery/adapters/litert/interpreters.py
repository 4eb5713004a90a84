"""Runs LiteRT models: interpreters side by side, each on cores of its own.

The work of everybody who asks goes through one queue, so that threads never fight for the cores. A network that fits
into memory once per core runs best on one core each: cores that work by themselves never wait for one another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.quiet import without_chatter

Values = NDArray[np.float32]
_ONE_AT_A_TIME = threading.Lock()
"""While one is made, what it says is held back, which is done for the whole process."""


class Interpreters:
    """A model, ready to run.

    Args:
        model: The model's file, which is mapped into memory, or its bytes.
        count: Interpreters to run side by side, each with the weights in a form of its own.
        threads: Of each.

    Raises:
        ValueError: If it is no model that LiteRT runs.
    """

    def __init__(self, model: Path | NDArray[np.uint8], count: int, threads: int = 1) -> None:
        self._model: str | bytes = str(model) if isinstance(model, Path) else model.tobytes()
        self._threads = threads
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="network")
        self._pool.submit(self._interpreter).result()

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
            with _ONE_AT_A_TIME, without_chatter():
                made = self._made()
                made.allocate_tensors()
            self._own.input = made.get_input_details()[0]["index"]
            self._own.output = made.get_output_details()[0]["index"]
            self._own.interpreter = made
        return self._own.interpreter

    def _made(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        if isinstance(self._model, str):
            return Interpreter(model_path=self._model, num_threads=self._threads)
        return Interpreter(model_content=self._model, num_threads=self._threads)


class Sized:
    """A model that runs on pictures of any size.

    To change an interpreter's size takes as long as to run it once. So each thread keeps interpreters for the sizes it
    met last, as many as `ROOM` allows.

    Args:
        model: The bytes of a model without dense layers.
        threads: Pictures that are worked on at once.

    Raises:
        ValueError: If it is no model that LiteRT runs.
    """

    def __init__(self, model: NDArray[np.uint8], threads: int) -> None:
        self._model = model.tobytes()
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="network")
        self._made(None)

    def run(self, inputs: Sequence[Values]) -> list[list[Values]]:
        """What the network gives for each picture: all outputs, in the model's order.

        Args:
            inputs: `(height, width, channels) float32`, each of its own size.

        Raises:
            RuntimeError: If LiteRT reports an error.
        """
        return list(self._pool.map(self._one, inputs))

    def _one(self, picture: Values) -> list[Values]:
        found = self._of_size(picture.shape)
        found.set_tensor(found.get_input_details()[0]["index"], picture[None])
        found.invoke()
        return [found.get_tensor(output["index"])[0] for output in found.get_output_details()]

    def _of_size(self, shape: tuple[int, ...]) -> Any:
        kept: OrderedDict[tuple[int, ...], Any] = self._own.__dict__.setdefault("kept", OrderedDict())
        if shape not in kept:
            while kept and sum(height * width for height, width, *_ in (*kept, shape)) > ROOM:
                kept.popitem(last=False)
            kept[shape] = self._made(shape)
        kept.move_to_end(shape)
        return kept[shape]

    def _made(self, shape: tuple[int, ...] | None) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        with _ONE_AT_A_TIME, without_chatter():
            made = Interpreter(model_content=self._model, num_threads=1)
            if shape is not None:
                made.resize_tensor_input(made.get_input_details()[0]["index"], (1, *shape))
            made.allocate_tensors()
        return made


ROOM = 2_700_000
"""Pixels of the sizes for which a thread keeps interpreters; YuNet takes 80 bytes for each."""
