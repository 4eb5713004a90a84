"""The same photos in two runs, and the same faces in two looks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decided_faces import kept
from gallery.domain.by_hand import SAME_PLACE
from gallery.domain.geometry import Box
from gallery.domain.pairing import pair_faces, pair_photos
from gallery.domain.runs import ImageRecord, ImageStatus

BOXES = st.lists(
    st.builds(Box, st.integers(0, 12), st.integers(0, 12), st.integers(1, 12), st.integers(1, 12)), max_size=6
)


def photo(source: str, content: str | None = "a", failed: bool = False) -> ImageRecord:
    status = ImageStatus.FAILED if failed else ImageStatus.OK
    return ImageRecord(source, status, content and content * 64, error="It is broken." if failed else None)


PHOTOS = st.lists(
    st.builds(photo, st.sampled_from(["1", "2", "3", "4"]), st.sampled_from(["a", "b", "c", None])), max_size=6
)


def names(pairs) -> list[tuple[str, str]]:
    return [(pair.before.source, pair.after.source) for pair in pairs.both]


def test_photos_are_the_same_if_their_bytes_are():
    before = [photo("x.jpg", "a"), photo("y.jpg", "b")]
    after = [photo("y.jpg", "a"), photo("z.jpg", "b"), photo("new.jpg", "c")]

    pairs = pair_photos(before, after)

    assert names(pairs) == [("x.jpg", "y.jpg"), ("y.jpg", "z.jpg")]
    assert [one.source for one in pairs.after] == ["new.jpg"]
    assert not any(pair.edited for pair in pairs.both)


def test_copies_are_paired_by_their_paths_first():
    pairs = pair_photos([photo("1"), photo("2")], [photo("3"), photo("2")])

    assert sorted(names(pairs)) == [("1", "3"), ("2", "2")]


def test_edited_and_broken_photos_are_paired_by_their_paths():
    broken = photo("2", None, failed=True)

    pairs = pair_photos([photo("1", "a"), photo("2", "b")], [photo("1", "c"), broken])

    assert [(pair.edited, pair.failed_once) for pair in pairs.both] == [(True, False), (False, True)]


def test_of_several_records_of_a_photo_the_last_holds():
    first, last = photo("1"), ImageRecord("1", ImageStatus.OK, "a" * 64, faces=(kept(Box(0, 0, 9, 9)),))

    assert pair_photos([first, last], [first]).both[0].before == last
    assert not pair_photos([first, last], [first]).before


@given(PHOTOS, PHOTOS)
def test_each_photo_is_in_one_place(before, after):
    pairs = pair_photos(before, after)

    assert sorted([p.before.source for p in pairs.both] + [p.source for p in pairs.before]) == sorted(
        {one.source for one in before}
    )
    assert sorted([p.after.source for p in pairs.both] + [p.source for p in pairs.after]) == sorted(
        {one.source for one in after}
    )
    left = {one.sha256 for one in pairs.before} & {one.sha256 for one in pairs.after}
    assert left <= {None}, "photos of the same bytes are found"
    assert not {one.source for one in pairs.before} & {one.source for one in pairs.after}


@given(PHOTOS)
def test_a_run_has_all_its_own_photos(images):
    pairs = pair_photos(images, images)

    assert len(pairs.both) == len({image.source for image in images})
    assert all(pair.before == pair.after for pair in pairs.both)


@given(BOXES, BOXES)
def test_faces_are_paired_one_to_one_the_best_overlaps_first(before, after):
    pairs = pair_faces(before, after)

    assert sorted(i for i, _ in pairs if i is not None) == list(range(len(before)))
    assert sorted(j for _, j in pairs if j is not None) == list(range(len(after)))
    found = {(i, j): before[i].overlap(after[j]) for i, j in pairs if i is not None and j is not None}
    assert all(overlap >= SAME_PLACE for overlap in found.values())
    for i, one in enumerate(before):
        for j, other in enumerate(after):
            overlap = one.overlap(other)
            if overlap >= SAME_PLACE and (i, j) not in found:
                rivals = [value for (k, m), value in found.items() if k == i or m == j]
                assert max(rivals, default=0) >= overlap, "a pair may be missed only for one as good"


@given(BOXES)
def test_a_look_finds_all_its_own_faces(boxes):
    assert all(None not in pair and boxes[pair[0]] == boxes[pair[1]] for pair in pair_faces(boxes, boxes))
