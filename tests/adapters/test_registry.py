from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from gallery.adapters.entries import DETECTORS, EMBEDDERS
from gallery.adapters.registry import TomlRegistry, load
from gallery.domain.errors import BadArgument, NotWritten, RegistryUnusable, UnknownName
from gallery.domain.models import CohortEntry, Crop, Kind, ModelCard, Normalisation, Thresholds
from gallery.resources import resource

DETECTOR: dict[str, Any] = {
    "kind": "detector",
    "architecture": "yunet",
    "file": "some.onnx",
    "sha256": "a" * 64,
    "size": 10,
    "licence": "MIT",
}
EMBEDDER: dict[str, Any] = DETECTOR | {
    "kind": "embedder",
    "architecture": "vgg-face",
    "input_size": [224, 224],
    "colour": "BGR",
    "mean": [103.939, 116.779, 123.68],
    "scale": 1,
    "crop": "box",
    "margin": 0,
    "dimension": 2622,
    "normalisation": "none",
    "thresholds": {"cosine": 0.4, "euclidean": 120, "origin": "measured"},
    "floors": {"size": 20, "sharpness": 0, "origin": "guessed"},
}


def own_card(tmp_path: Path, name: str = "mine") -> ModelCard:
    return replace(load(tmp_path)["vgg-face"], name=name, file="/weights/mine.h5", urls=(), sha256="b" * 64, size=7)


def load_one(tmp_path: Path, entry: Any) -> ModelCard:
    path = tmp_path / "list.toml"
    path.write_text(tomli_w.dumps({"some": entry}))
    return load(tmp_path, path)["some"]


def test_the_built_in_list_names_what_the_program_can_run(tmp_path: Path) -> None:
    cards = load(tmp_path)
    assert {"yunet", "yunet-float", "haar", "sface", "sface-float", "vgg-face", "vgg-face-aligned"} <= set(cards)
    assert {card.architecture for card in cards.values()} == {*DETECTORS, *EMBEDDERS}
    assert all(name == card.name for name, card in cards.items())
    assert cards["vgg-face"].spec.thresholds.cosine == 0.4
    assert cards["vgg-face"].spec.thresholds.euclidean == 120
    assert cards["vgg-face-aligned"].spec.crop is Crop.ALIGNED
    assert cards["sface"].spec.normalisation is Normalisation.L2


def test_every_built_in_model_can_be_downloaded_and_says_so(tmp_path: Path) -> None:
    for card in load(tmp_path).values():
        assert card.urls or card.wheel, card.name
        assert all(url.startswith("https://") for url in card.urls), card.name
        assert card.size > 0
        assert card.licence
        assert card.source
        if card.kind is Kind.EMBEDDER:
            assert card.spec.thresholds.origin
            assert card.spec.measured == (card.name != "auraface")
            assert card.spec.floors.origin


def test_the_float_file_of_sface_is_used_like_the_quantised_one(tmp_path: Path) -> None:
    cards = load(tmp_path)
    one, other = cards["sface"].spec, cards["sface-float"].spec
    assert replace(other, thresholds=one.thresholds, floors=one.floors, cohort=one.cohort) == one
    assert other.cohort is None  # a cohort belongs to one set of weights
    assert other.thresholds.cosine == one.thresholds.cosine
    assert "quantised" in other.thresholds.origin
    assert not cards["sface"].space.comparable(cards["sface-float"].space)


def test_the_grey_band_has_a_default(tmp_path: Path) -> None:
    assert load_one(tmp_path, EMBEDDER).spec.grey_band == 0.05
    assert load_one(tmp_path, EMBEDDER | {"grey_band": 0}).spec.grey_band == 0


def test_the_margin_between_faces_has_a_default(tmp_path: Path) -> None:
    assert load_one(tmp_path, EMBEDDER).spec.rival_margin == 0.17
    assert load_one(tmp_path, EMBEDDER | {"rival_margin": 1}).spec.rival_margin == 1


@pytest.mark.parametrize("field", sorted(EMBEDDER))
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(RegistryUnusable) as failure:
        load_one(tmp_path, {key: value for key, value in EMBEDDER.items() if key != field})
    assert str(tmp_path / "list.toml") in failure.value.message
    assert "[some]" in failure.value.message
    assert f"'{field}'" in failure.value.message
    assert failure.value.hint


@pytest.mark.parametrize(
    ("table", "field"), [("thresholds", "euclidean"), ("thresholds", "origin"), ("floors", "size")]
)
def test_a_missing_field_of_a_table_is_named(tmp_path: Path, table: str, field: str) -> None:
    inner = {key: value for key, value in EMBEDDER[table].items() if key != field}
    with pytest.raises(RegistryUnusable, match=rf"\[some\], table '{table}' lacks the field '{field}'"):
        load_one(tmp_path, EMBEDDER | {table: inner})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "classifier"),
        ("kind", 3),
        ("architecture", "resnet"),
        ("architecture", "yunet"),
        ("file", ""),
        ("file", "../elsewhere.h5"),
        ("file", ".."),
        ("file", 5),
        ("size", "10"),
        ("size", 0),
        ("size", True),
        ("size", 1.5),
        ("urls", "https://example.org/a"),
        ("urls", [1]),
        ("package", "a.b"),
        ("input_size", [224]),
        ("input_size", [224, 0]),
        ("input_size", [224, 224.5]),
        ("input_size", 224),
        ("crop", "round"),
        ("margin", -0.1),
        ("margin", float("nan")),
        ("margin", "0"),
        ("dimension", 0),
        ("dimension", 2622.0),
        ("normalisation", "l1"),
        ("rival_margin", 1.01),
        ("grey_band", 1),
        ("grey_band", float("inf")),
        ("thresholds", 0.4),
        ("mean", [0, 0]),
        ("scale", False),
    ],
)
def test_a_wrong_field_is_named_with_its_value(tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(RegistryUnusable) as failure:
        load_one(tmp_path, EMBEDDER | {field: value})
    assert "[some]" in failure.value.message
    assert f"'{field}'" in failure.value.message
    assert "must be" in failure.value.message


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"sha256": "A" * 64}, "SHA-256"),
        ({"thresholds": EMBEDDER["thresholds"] | {"cosine": 2.5}}, "at most 2"),
    ],
)
def test_what_the_domain_refuses_is_said_with_file_and_entry(tmp_path: Path, change: Any, word: str) -> None:
    with pytest.raises(RegistryUnusable, match=rf"list\.toml: \[some\].*{word}"):
        load_one(tmp_path, EMBEDDER | change)


@pytest.mark.parametrize("change", [{"treshold": 0.4}, {"thresholds": EMBEDDER["thresholds"] | {"cosin": 1}}])
def test_an_unknown_field_is_refused(tmp_path: Path, change: Any) -> None:
    with pytest.raises(RegistryUnusable, match=r"there is no field '(treshold|cosin)'"):
        load_one(tmp_path, EMBEDDER | change)


def test_a_detector_has_no_fields_of_an_embedder(tmp_path: Path) -> None:
    assert load_one(tmp_path, DETECTOR).embedder is None
    with pytest.raises(RegistryUnusable, match="there is no field 'dimension'"):
        load_one(tmp_path, DETECTOR | {"dimension": 128})


@pytest.mark.parametrize(
    ("field", "value"), [("colour", "RGB"), ("mean", [123.68, 116.779, 103.939]), ("scale", 0.0078125)]
)
def test_a_preprocessing_the_code_does_not_do_is_refused(tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(RegistryUnusable, match=rf"'{field}' must be .* what the architecture vgg-face does"):
        load_one(tmp_path, EMBEDDER | {field: value})


@pytest.mark.parametrize("text", ["[some", "some = 3", "\ufeff[x]\x00"])
def test_a_file_that_is_no_list_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registry.toml"
    path.write_text(text)
    with pytest.raises(RegistryUnusable) as failure:
        load(tmp_path)
    assert str(path) in failure.value.message
    assert str(path) in failure.value.hint


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "registry.toml").write_bytes(b"\xff\xfe[x]")
    with pytest.raises(RegistryUnusable, match="not valid TOML"):
        load(tmp_path)


def test_a_folder_in_place_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "registry.toml").mkdir()
    with pytest.raises(RegistryUnusable, match="cannot be read"):
        load(tmp_path)


def test_a_users_entry_may_not_have_a_built_in_name(tmp_path: Path) -> None:
    (tmp_path / "registry.toml").write_text(tomli_w.dumps({"sface": DETECTOR}))
    with pytest.raises(RegistryUnusable, match=r"\[sface\] has the name of a model that comes with gallery"):
        load(tmp_path)


@pytest.mark.parametrize("folder", ["", "nowhere", "a file/below"])
def test_without_a_users_list_there_are_the_built_in_models(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").write_text("")
    assert load(tmp_path / folder) == load(tmp_path)


@pytest.mark.parametrize(("asked", "meant"), [("vggface", "vgg-face"), ("SFACE", "sface"), ("yunett", "yunet")])
def test_an_unknown_name_brings_the_nearest(tmp_path: Path, asked: str, meant: str) -> None:
    with pytest.raises(UnknownName, match=asked) as failure:
        TomlRegistry(tmp_path).card(asked)
    assert meant in failure.value.hint
    assert "gallery models list" in failure.value.hint


def test_a_name_like_no_other_brings_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as failure:
        TomlRegistry(tmp_path).card("qqqqqqq")
    assert "Did you mean" not in failure.value.hint


@pytest.mark.parametrize("name", ["mine", "my.model-2_b"])
@pytest.mark.parametrize("like", ["vgg-face", "vgg-face-aligned", "sface", "auraface"])
def test_what_was_added_is_read_back_the_same(tmp_path: Path, name: str, like: str) -> None:
    card = replace(
        load(tmp_path)[like], name=name, file='/home/a "b"/ü\\weights.h5', urls=(), package="", package_path=""
    )
    registry = TomlRegistry(tmp_path / "new" / "folder")
    registry.add(card)
    assert registry.card(name) == card
    assert list(registry.cards()) == [*load(tmp_path), name]


def test_adding_keeps_what_the_user_wrote(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    before = "# my notes\n" + tomli_w.dumps({"old": EMBEDDER}) + "# the end"
    path.write_text(before)
    TomlRegistry(tmp_path).add(own_card(tmp_path))
    assert path.read_text().startswith(before + "\n")
    assert set(load(tmp_path)) - set(load(tmp_path / "nowhere")) == {"old", "mine"}


@pytest.mark.parametrize("name", ["sface", "mine"])
def test_a_name_that_is_taken_is_refused_and_nothing_changes(tmp_path: Path, name: str) -> None:
    registry = TomlRegistry(tmp_path)
    registry.add(own_card(tmp_path))
    before = (tmp_path / "registry.toml").read_bytes()
    with pytest.raises(BadArgument, match=f"model named {name} already") as failure:
        registry.add(own_card(tmp_path, name))
    assert "another name" in failure.value.hint
    assert (tmp_path / "registry.toml").read_bytes() == before


def test_a_broken_list_is_not_added_to(tmp_path: Path) -> None:
    card = own_card(tmp_path)
    (tmp_path / "registry.toml").write_text("[broken")
    with pytest.raises(RegistryUnusable):
        TomlRegistry(tmp_path).add(card)
    assert (tmp_path / "registry.toml").read_text() == "[broken"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotWritten, match="could not be written"):
        TomlRegistry(tmp_path / "file").add(own_card(tmp_path))


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="not valid UTF-8"):
        TomlRegistry(tmp_path).add(replace(own_card(tmp_path), file="/weights/\udcff.h5"))
    assert not (tmp_path / "registry.toml").exists()
    assert [path.name for path in tmp_path.iterdir()] == [".registry.toml.lock"]


def test_what_was_added_can_be_taken_out_again(tmp_path: Path) -> None:
    path, registry = tmp_path / "registry.toml", TomlRegistry(tmp_path)
    registry.add(own_card(tmp_path, "my.model"))
    before = path.read_bytes()
    registry.add(own_card(tmp_path))
    assert list(registry.own()) == ["my.model", "mine"]
    registry.remove("mine")
    assert path.read_bytes().rstrip() == before.rstrip()
    registry.remove("my.model")
    assert load(tmp_path) == load(tmp_path / "nowhere")
    registry.add(own_card(tmp_path))
    assert list(registry.own()) == ["mine"]


def test_taking_one_out_keeps_what_the_user_wrote(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    first, last = (tomli_w.dumps({name: EMBEDDER}).replace("\n", "\r\n") for name in ("first", "last"))
    mine = tomli_w.dumps({"mine": {**EMBEDDER, "urls": ["[first]", "a\n[last]"]}}).replace(
        "[mine]", "[ 'mine' ] # good"
    )
    mine = mine.replace("kind =", "# what it does\n\nkind =")
    path.write_bytes(f"# my notes\n{first}\n# mine!\n{mine}\n# of the last\u2028[x]\n{last}# the end".encode())
    TomlRegistry(tmp_path).remove("mine")
    assert path.read_bytes().decode() == f"# my notes\n{first}\n# mine!\n\n# of the last\u2028[x]\n{last}# the end"
    assert list(TomlRegistry(tmp_path).own()) == ["first", "last"]


@pytest.mark.parametrize("written", ["dotted", "inline", "said in a text"])
def test_one_that_cannot_be_taken_out_alone_stays(tmp_path: Path, written: str) -> None:
    path = tmp_path / "registry.toml"
    mine = tomli_w.dumps({"mine": DETECTOR})
    if written == "dotted":
        text = "".join(f"mine.{line}\n" for line in mine.splitlines()[1:])
    elif written == "inline":
        text = "mine = {" + ", ".join(mine.splitlines()[1:]) + "}\n"
    else:
        said = tomli_w.dumps({"first": DETECTOR | {"source": "S"}}).replace('"S"', '"""\n[mine]\n"""')
        text = f"{said}\n{mine}"
    path.write_text(text)
    assert "mine" in TomlRegistry(tmp_path).own()
    with pytest.raises(RegistryUnusable, match="cannot be taken out alone") as failure:
        TomlRegistry(tmp_path).remove("mine")
    assert str(path) in failure.value.hint
    assert path.read_text() == text


def test_a_list_behind_a_link_is_written_where_it_lies(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "models", tmp_path / "elsewhere" / "mine.toml"
    folder.mkdir()
    elsewhere.parent.mkdir()
    between, link = tmp_path / "between", folder / "registry.toml"
    between.symlink_to(elsewhere)
    link.symlink_to(between)
    for before in (None, "# my notes\r\n"):
        if before:
            elsewhere.write_bytes(before.encode())
        TomlRegistry(folder).add(own_card(tmp_path))
        assert elsewhere.read_bytes().startswith((before or "# Your own").rstrip().encode())
        assert "mine" in TomlRegistry(folder).own()
        TomlRegistry(folder).remove("mine")
        assert elsewhere.exists()
        assert link.is_symlink()
        assert between.is_symlink()
        assert TomlRegistry(folder).own() == {}
    assert [path.name for path in folder.iterdir()] == ["registry.toml"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_list_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("# my notes\n")
    path.chmod(mode)
    TomlRegistry(tmp_path).add(own_card(tmp_path))
    assert path.stat().st_mode & 0o777 == mode
    TomlRegistry(tmp_path).remove("mine")
    assert path.stat().st_mode & 0o777 == mode


def test_adding_keeps_every_byte(tmp_path: Path) -> None:
    before = ("# my notes\n" + tomli_w.dumps({"old": EMBEDDER})).replace("\n", "\r\n").encode()
    (tmp_path / "registry.toml").write_bytes(before)
    TomlRegistry(tmp_path).add(own_card(tmp_path))
    assert (tmp_path / "registry.toml").read_bytes().startswith(before.rstrip())


def test_a_list_that_is_nested_without_end_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "registry.toml").write_text("a = " + "[" * 20_000)
    with pytest.raises(RegistryUnusable, match=r"registry\.toml cannot be read: its brackets are nested") as caught:
        load(tmp_path)
    assert "registry.toml" in caught.value.hint


def test_a_list_that_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    os.mkfifo(path)
    with pytest.raises(RegistryUnusable, match=r"registry\.toml is not a regular file"):
        load(tmp_path)
    with pytest.raises(RegistryUnusable, match="is not a regular file"):
        TomlRegistry(tmp_path).add(own_card(tmp_path / "nowhere"))
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(RegistryUnusable, match="is not a regular file"):
        load(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(RegistryUnusable, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize("margin", [2.01, 1e308])
def test_a_margin_beyond_reason_is_refused(tmp_path: Path, margin: float) -> None:
    assert load_one(tmp_path, EMBEDDER | {"margin": 2}).spec.margin == 2
    with pytest.raises(RegistryUnusable, match="A margin must be a share from 0 to 2"):
        load_one(tmp_path, EMBEDDER | {"margin": margin})


@pytest.mark.parametrize("name", ["sface", "nobody"])
def test_only_an_entry_of_ones_own_is_taken_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownName):
        TomlRegistry(tmp_path / "new").remove(name)
    assert list(tmp_path.iterdir()) == []


ADDS = """
import sys
from dataclasses import replace
from pathlib import Path
from gallery.adapters.registry import TomlRegistry
registry = TomlRegistry(Path(sys.argv[1]))
card = replace(registry.card("vgg-face"), file="/weights/mine.h5", urls=())
for number in range(10):
    registry.add(replace(card, name=f"{sys.argv[2]}-{number}"))
    registry.add(replace(card, name=f"{sys.argv[2]}-{number}-for-a-while"))
    registry.remove(f"{sys.argv[2]}-{number}-for-a-while")
"""


def test_processes_that_add_and_remove_at_once_lose_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    adding = [
        subprocess.Popen([sys.executable, "-c", ADDS, str(tmp_path), f"p{number}"], env=environment)
        for number in range(3)
    ]
    assert [process.wait(60) for process in adding] == [0, 0, 0]
    expected = {f"p{process}-{number}" for process in range(3) for number in range(10)}
    assert set(load(tmp_path)) == expected | set(load(tmp_path / "nowhere"))
    assert {path.name for path in tmp_path.iterdir()} == {"registry.toml", ".registry.toml.lock"}


def test_the_list_that_comes_with_the_program_is_plain_toml() -> None:
    tables = tomllib.loads(resource("models", "registry.toml").read_text("utf-8"))
    assert all(isinstance(table, dict) for table in tables.values())


class TestUnmeasured:
    """Models without thresholds, and what was measured for them on this machine."""

    LIMITS = Thresholds(0.6, 1.095, "measured here")
    COHORT = CohortEntry("/c.npz", "c" * 64, 10, 160, -3.0, 2.5, licence="mine", origin="made here")

    def measured(self, card: ModelCard, limits: Thresholds = LIMITS) -> ModelCard:
        return replace(card, embedder=replace(card.spec, thresholds=limits))

    def test_thresholds_are_left_out_only_by_saying_so(self, tmp_path: Path) -> None:
        without = {key: value for key, value in EMBEDDER.items() if key != "thresholds"}
        card = load_one(tmp_path, without | {"unmeasured": True})
        assert not card.spec.measured
        assert card.spec.thresholds.cosine == card.spec.thresholds.euclidean == 0
        with pytest.raises(RegistryUnusable, match="there is no field 'thresholds'"):
            load_one(tmp_path, EMBEDDER | {"unmeasured": True})

    @pytest.mark.parametrize("name", ["auraface", "mine"])
    def test_what_was_measured_is_read_back(self, tmp_path: Path, name: str) -> None:
        registry = TomlRegistry(tmp_path)
        path = tmp_path / "registry.toml"
        path.write_text("# my notes\n" + tomli_w.dumps({"old": EMBEDDER}))
        registry.add(replace(load(tmp_path)["auraface"], name="mine", file="/w.onnx", urls=()))
        card = self.measured(registry.card(name))
        order = list(registry.cards())

        registry.record(card)

        assert registry.card(name) == card
        assert sorted(registry.cards()) == sorted(order)
        assert path.read_text().startswith("# my notes")
        assert set(registry.own()) == {"old", "mine"}

        stricter = self.measured(card, Thresholds(0.4, 0.894, "measured anew"))
        registry.record(stricter)

        assert registry.card(name) == stricter
        assert path.read_text().count(f"[{name}]") == 1

    def test_the_first_measurement_makes_the_list(self, tmp_path: Path) -> None:
        registry = TomlRegistry(tmp_path / "new")
        registry.record(self.measured(registry.card("auraface")))
        assert registry.card("auraface").spec.thresholds == self.LIMITS
        assert registry.own() == {}

    def test_what_was_measured_with_other_weights_does_not_count(self, tmp_path: Path) -> None:
        registry = TomlRegistry(tmp_path)
        registry.record(self.measured(registry.card("auraface")))
        path = tmp_path / "registry.toml"
        written, card = path.read_text(), registry.card("auraface")
        path.write_text(written.replace(card.sha256, "0" * 64))
        assert not registry.card("auraface").spec.measured
        path.write_text(written.replace(card.spec.preparation, "in another way"))
        assert not registry.card("auraface").spec.measured
        path.write_text(written)
        assert registry.card("auraface").spec.measured

    @pytest.mark.parametrize("name", ["auraface", "vgg-face", "mine"])
    def test_a_cohort_is_recorded_beside_whatever_thresholds_there_are(self, tmp_path: Path, name: str) -> None:
        registry = TomlRegistry(tmp_path)
        registry.add(replace(load(tmp_path)["auraface"], name="mine", file="/w.onnx", urls=()))
        card = registry.card(name)
        with_it = replace(card, embedder=replace(card.spec, cohort=self.COHORT))
        registry.record(with_it)
        assert registry.card(name) == with_it
        if name != "vgg-face":
            both = self.measured(with_it)
            registry.record(both)
            assert registry.card(name) == both

    def test_what_the_program_comes_with_goes_before_what_was_made_here(self, tmp_path: Path) -> None:
        """A later version may bring what this one lacks; the list must not stop it."""
        sface = load(tmp_path)["sface"]
        table = {
            "sha256": sface.sha256,
            "preparation": sface.spec.preparation,
            "thresholds": {"cosine": 2.0, "euclidean": 2.0, "origin": "too good to be true"},
        }
        (tmp_path / "registry.toml").write_text(tomli_w.dumps({"sface": table}))
        assert load(tmp_path)["sface"] == sface
        with pytest.raises(BadArgument, match="cohort, which stays"):
            TomlRegistry(tmp_path).require_measurable("sface", cohort=True)

    def test_thresholds_that_come_with_the_program_stay(self, tmp_path: Path) -> None:
        registry = TomlRegistry(tmp_path / "new")
        for name in ("sface", "vgg-face", "yunet"):
            with pytest.raises(BadArgument):
                registry.require_measurable(name)
        with pytest.raises(BadArgument, match="stay as they are"):
            registry.record(self.measured(registry.card("sface"), Thresholds(2, 2, "too good to be true")))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "table",
        [
            {"sha256": "a" * 64},
            {"sha256": "a" * 64, "preparation": "p"},
            {"thresholds": {"cosine": 0.5, "euclidean": 1.0, "origin": "here"}},
            {"sha256": "a" * 64, "preparation": "p", "thresholds": {"cosine": 0.5, "euclidean": 1.0}},
            {"sha256": "a" * 64, "preparation": "p", "thresholds": {"cosine": 2.5, "euclidean": 1.0, "origin": "here"}},
            {
                "sha256": "a" * 64,
                "preparation": "p",
                "thresholds": {"cosine": 0.5, "euclidean": 1.0, "origin": "here"},
                "file": "/w",
            },
            {"sha256": 5, "preparation": "p", "thresholds": {"cosine": 0.5, "euclidean": 1.0, "origin": "here"}},
        ],
    )
    def test_an_entry_that_is_no_measurement_is_refused(self, tmp_path: Path, table: Any) -> None:
        (tmp_path / "registry.toml").write_text(tomli_w.dumps({"auraface": table}))
        with pytest.raises(RegistryUnusable, match=r"\[auraface\]") as failure:
            load(tmp_path)
        assert "measure it" in failure.value.hint

    def test_a_model_that_was_taken_off_meanwhile_is_not_put_back(self, tmp_path: Path) -> None:
        registry = TomlRegistry(tmp_path)
        registry.add(own_card(tmp_path))
        card = self.measured(registry.card("mine"))
        registry.remove("mine")
        with pytest.raises(UnknownName):
            registry.record(card)
        assert registry.own() == {}
