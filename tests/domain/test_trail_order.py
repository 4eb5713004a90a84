"""Which entry of a trail may follow which."""

from __future__ import annotations

import pytest

from gallery.domain.trail import Event
from gallery.domain.trail_order import Order

BEGUN, ENDED, AMENDED = Event.BEGUN, Event.ENDED, Event.AMENDED
ADOPTED, RECORDED, FORGOTTEN, PRUNED = Event.ADOPTED, Event.RECORDED, Event.FORGOTTEN, Event.PRUNED
RUN, PHOTO = (1, None), (1, 7)


def read(*entries: tuple[Event, tuple[int, int | None]]) -> list[str]:
    order = Order()
    return [order.misfit(event, *record) for event, record in entries]


@pytest.mark.parametrize(
    "entries",
    [
        [(BEGUN, RUN), (RECORDED, PHOTO), (AMENDED, PHOTO), (ENDED, RUN), (FORGOTTEN, PHOTO), (PRUNED, RUN)],
        [(ADOPTED, RUN), (ADOPTED, PHOTO), (BEGUN, (2, None)), (FORGOTTEN, RUN), (ENDED, (2, None))],
        [(BEGUN, RUN), (BEGUN, (2, None)), (RECORDED, PHOTO), (ENDED, RUN), (RECORDED, (2, 8)), (ENDED, (2, None))],
        [(BEGUN, RUN), (RECORDED, PHOTO), (FORGOTTEN, PHOTO), (FORGOTTEN, RUN), (AMENDED, PHOTO), (ENDED, RUN)],
    ],
)
def test_what_the_program_does_fits(entries):
    assert not any(read(*entries))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([(BEGUN, RUN), (RECORDED, PHOTO), (ENDED, RUN), (AMENDED, PHOTO)], "when its run had ended"),
        ([(BEGUN, RUN), (ENDED, RUN), (RECORDED, PHOTO)], "when its run had ended"),
        ([(BEGUN, RUN), (ENDED, RUN), (ENDED, RUN)], "when its run had ended"),
        ([(BEGUN, RUN), (RECORDED, PHOTO), (RECORDED, PHOTO)], "recorded before"),
        ([(BEGUN, RUN), (BEGUN, RUN)], "recorded before"),
        ([(BEGUN, RUN), (ADOPTED, PHOTO)], "while there was a trail"),
        ([(ADOPTED, RUN), (ADOPTED, PHOTO), (AMENDED, PHOTO)], "when its run had ended"),
        ([(BEGUN, RUN), (AMENDED, PHOTO)], "never recorded"),
        ([(BEGUN, RUN), (FORGOTTEN, PHOTO)], "never recorded"),
        ([(RECORDED, PHOTO)], "when its run had ended"),
    ],
)
def test_what_it_does_not_do_is_a_misfit(entries, said):
    *before, last = read(*entries)
    assert not any(before)
    assert said in last
