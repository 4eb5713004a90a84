"""Which embedder a command uses."""

from __future__ import annotations

import dataclasses

import pytest

from gallery.domain.errors import BadArgument, ModelMismatch
from gallery.domain.models import ModelCard, Precision
from gallery.testing import DETECTOR, EMBEDDER
from gallery.usecases.choose_model import choose_embedder

CARDS = {
    "vgg-face": dataclasses.replace(EMBEDDER, name="vgg-face", sha256="a" * 64, size=580_085_408),
    "sface": dataclasses.replace(EMBEDDER, name="sface", sha256="b" * 64),
    "mine": dataclasses.replace(EMBEDDER, name="mine", sha256="c" * 64),
}


def test_a_new_gallery_takes_what_the_user_names():
    choice = choose_embedder(CARDS["mine"], None, CARDS, lambda _: True)

    assert choice.card.name == "mine"
    assert choice.why == ""


def test_a_new_gallery_prefers_vgg_face_if_its_weights_are_here():
    choice = choose_embedder(None, None, CARDS, lambda card: card.name == "vgg-face")

    assert choice.card.name == "vgg-face"
    assert "--model sface" in choice.why


def test_a_new_gallery_falls_back_on_sface_and_says_how_to_get_the_other():
    choice = choose_embedder(None, None, CARDS, lambda _: False)

    assert choice.card.name == "sface"
    assert "580 MB" in choice.why
    assert "gallery models install vgg-face" in choice.why


def test_a_gallery_keeps_its_model_silently():
    choice = choose_embedder(None, CARDS["mine"].space, CARDS, lambda _: False)

    assert (choice.card.name, choice.why) == ("mine", "")


def test_the_same_weights_under_another_name_are_fine():
    alias = dataclasses.replace(CARDS["mine"], name="alias")

    assert choose_embedder(alias, CARDS["mine"].space, CARDS, lambda _: False).card is alias


def test_another_model_is_refused_with_the_remedy():
    with pytest.raises(ModelMismatch, match="made by mine") as caught:
        choose_embedder(CARDS["sface"], CARDS["mine"].space, CARDS, lambda _: False)
    assert "gallery reembed --model sface" in caught.value.hint


def test_changed_weights_are_refused():
    old = dataclasses.replace(CARDS["mine"], sha256="d" * 64).space

    with pytest.raises(ModelMismatch, match="dddddddddddd"):
        choose_embedder(None, old, CARDS, lambda _: False)


def test_a_model_that_is_gone_from_the_registry():
    gone = dataclasses.replace(CARDS["mine"], name="gone").space

    with pytest.raises(ModelMismatch, match="does not know"):
        choose_embedder(None, gone, CARDS, lambda _: False)


@pytest.mark.parametrize("gallery", [None, CARDS["mine"].space])
def test_a_detector_is_no_embedder(gallery):
    with pytest.raises(BadArgument, match="detector"):
        choose_embedder(DETECTOR, gallery, CARDS, lambda _: False)


def vgg_face(precision: Precision | None = None) -> ModelCard:
    spec = dataclasses.replace(CARDS["mine"].spec, precisions=tuple(Precision))
    return dataclasses.replace(CARDS["mine"], embedder=spec).at(precision)


def test_a_gallery_keeps_the_numbers_its_templates_were_computed_in():
    cards = {**CARDS, "mine": vgg_face()}
    for precision in Precision:
        choice = choose_embedder(None, vgg_face(precision).space, cards, lambda _: False)
        assert choice.card == vgg_face(precision)
        again = choose_embedder(vgg_face(), vgg_face(precision).space, cards, lambda _: False, precision)
        assert again.card == vgg_face(precision)


def test_other_numbers_than_the_templates_are_refused_with_the_remedy():
    cards = {**CARDS, "mine": vgg_face()}
    with pytest.raises(ModelMismatch, match="computed in float32") as caught:
        choose_embedder(None, vgg_face().space, cards, lambda _: False, Precision.INT8)
    assert "gallery reembed --model mine --precision int8" in caught.value.hint


def test_a_new_gallery_computes_in_the_numbers_asked_for():
    cards = {**CARDS, "mine": vgg_face()}
    chosen = choose_embedder(cards["mine"], None, cards, lambda _: True, Precision.INT8).card
    assert chosen.space.preparation.endswith(", int8")
    assert not chosen.space.comparable(vgg_face().space)
    with pytest.raises(BadArgument, match="does not compute in int8"):
        choose_embedder(CARDS["sface"], None, cards, lambda _: True, Precision.INT8)
