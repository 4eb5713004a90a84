"""People on their way out of a gallery file, and into one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import Session

from gallery.adapters.store import editing, overriding, review_crops, spaces
from gallery.adapters.store.bulk import in_pieces, insert_rows, next_number
from gallery.adapters.store.faces import crop_values, reference_of, reference_values
from gallery.adapters.store.failures import damaged
from gallery.adapters.store.people import find
from gallery.adapters.store.tables import (
    CropRow,
    IdentityRow,
    ModelRow,
    OverrideRow,
    OwnThresholdRow,
    ReferenceRow,
    TagRow,
    TemplateRow,
)
from gallery.adapters.store.vectors import read_into, to_bytes
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.exchanging import Content, Decisions, ExchangedPerson, ExchangedReference
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import Details, FaceCrop, name_key, new_name


class StoredContents:
    """Implements `Contents` for a gallery file, as one transaction sees it.

    Args:
        session: The transaction.
        path: The gallery file, for messages.
        names: Whom to hand out; everybody, if there is none.

    Raises:
        UnknownName: If there is nobody of a name; the hint names the nearest.
    """

    def __init__(self, session: Session, path: Path, names: Sequence[str] = ()) -> None:
        self._session = session
        self._path = path
        self._whole = not names
        self._mine: ColumnElement[bool] = true()
        if names:
            self._mine = IdentityRow.id.in_(sorted({find(session, name).id for name in names}))
        self._models = {row.id: spaces.space_of(row) for row in self._used_models()}
        current = spaces.current_row(session)
        self._own = None if current is None else spaces.space_of(current)

    @property
    def models(self) -> tuple[EmbeddingSpace, ...]:
        """The models there are templates or thresholds of, the gallery's own first."""
        return tuple(self._models.values())

    @property
    def own(self) -> EmbeddingSpace | None:
        """The model that the gallery compares faces under."""
        return self._own

    def people(self) -> Iterator[ExchangedPerson]:
        """Everybody, by name."""
        tags, thresholds, references = self._tags(), self._thresholds(), self._references()
        for row in self._session.scalars(select(IdentityRow).where(self._mine).order_by(IdentityRow.name_key)):
            words = tuple(sorted(tags.get(row.id, ()), key=name_key))
            details = Details(row.enabled, row.expires, row.notes, words, row.keep_crops)
            own = thresholds.get(row.id, {})
            yield ExchangedPerson(
                row.name,
                row.added,
                details,
                tuple(references.get(row.id, ())),
                tuple((space, own[space]) for space in self.models if space in own),
            )

    def decisions(self) -> Decisions:
        """What was decided by hand: the words to blur, if everybody is handed out."""
        words = _words(self._session)
        blurs = tuple(word for word in words if self._whole and word.verdict is Verdict.BLUR)
        return Decisions(blurs, len(words) - len(blurs))

    def templates(self, space: EmbeddingSpace) -> Iterator[NDArray[np.float32]]:
        """The templates under a model, in the order of people and references.

        Raises:
            StoreUnusable: If one is damaged; the message names its reference.
        """
        (model,) = (number for number, one in self._models.items() if one == space)
        of_model = select(TemplateRow.reference_id).where(TemplateRow.model_id == model)
        fetch = select(TemplateRow.reference_id, TemplateRow.vector).where(TemplateRow.model_id == model)
        for some in in_pieces(self._ordered(of_model)):
            rows = self._session.execute(fetch.where(TemplateRow.reference_id.in_(some)))
            vectors = {number: vector for number, vector in rows}  # noqa: C416 - rows are no pairs to mypy
            for number in some:
                row = np.empty(space.dimension, np.float32)
                if not read_into(row, vectors[number]):
                    raise damaged(self._path, f"the template of reference {number} is unreadable")
                yield row

    def crops(self) -> Iterator[FaceCrop]:
        """The pictures, likewise."""
        fetch = select(CropRow.reference_id, CropRow.picture, CropRow.x, CropRow.y, CropRow.scale)
        for some in in_pieces(self._ordered(select(CropRow.reference_id))):
            rows = self._session.execute(fetch.where(CropRow.reference_id.in_(some)))
            found = {number: FaceCrop(picture, x, y, scale) for number, picture, x, y, scale in rows}
            yield from (found[number] for number in some)

    def _used_models(self) -> list[ModelRow]:
        templates = select(TemplateRow.model_id).join(TemplateRow.reference).join(ReferenceRow.identity)
        thresholds = select(OwnThresholdRow.model_id).join(IdentityRow, IdentityRow.id == OwnThresholdRow.identity_id)
        query = select(ModelRow).where(
            or_(
                ModelRow.current,
                ModelRow.id.in_(templates.where(self._mine)),
                ModelRow.id.in_(thresholds.where(self._mine)),
            )
        )
        by_name = query.order_by(ModelRow.current.desc(), ModelRow.name, ModelRow.sha256, ModelRow.preparation)
        return list(self._session.scalars(by_name))

    def _ordered(self, of: Select[Any]) -> list[int]:
        """The numbers of those references that a query gives, in the order of people and references."""
        query = (
            select(ReferenceRow.id)
            .join(ReferenceRow.identity)
            .where(self._mine, ReferenceRow.id.in_(of))
            .order_by(IdentityRow.name_key, ReferenceRow.id)
        )
        return list(self._session.scalars(query))

    def _tags(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        for number, tag in self._session.execute(select(TagRow.identity_id, TagRow.tag)):
            found[number].append(tag)
        return found

    def _thresholds(self) -> dict[int, dict[EmbeddingSpace, Thresholds]]:
        found: dict[int, dict[EmbeddingSpace, Thresholds]] = defaultdict(dict)
        for row in self._session.scalars(select(OwnThresholdRow)):
            if row.model_id in self._models:
                found[row.identity_id][self._models[row.model_id]] = Thresholds(row.cosine, row.euclidean, row.origin)
        return found

    def _references(self) -> dict[int, list[ExchangedReference]]:
        """For each person's number their references, oldest first."""
        models: dict[int, set[int]] = defaultdict(set)
        for number, model in self._session.execute(select(TemplateRow.reference_id, TemplateRow.model_id)):
            models[number].add(model)
        pictured = set(self._session.scalars(select(CropRow.reference_id)))
        rows = select(ReferenceRow).join(ReferenceRow.identity).where(self._mine).order_by(ReferenceRow.id)
        found: dict[int, list[ExchangedReference]] = defaultdict(list)
        for row in self._session.scalars(rows.execution_options(yield_per=1000)):
            described = tuple(space for model, space in self._models.items() if model in models[row.id])
            one = ExchangedReference(reference_of(row), row.added, described, row.id in pictured)
            found[row.identity_id].append(one)
        return found


def _words(session: Session) -> list[Override]:
    """All that was decided by hand, whoever it keeps."""
    return [overriding.word_of(row) for row in session.scalars(select(OverrideRow).order_by(OverrideRow.id))]


class StoredPresent:
    """Implements `Present` for a gallery file, as one transaction sees it.

    Args:
        session: The transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def own_model(self) -> EmbeddingSpace | None:
        """The model that the gallery's templates are compared under; None while it holds none."""
        row = spaces.current_row(self._session)
        if row is None or self._session.scalar(select(TemplateRow.model_id).limit(1)) is None:
            return None
        return spaces.space_of(row)

    def models(self) -> tuple[EmbeddingSpace, ...]:
        """All models that it holds templates of, and its own."""
        return tuple(use.space for use in spaces.overview(self._session))

    def named(self, name: str) -> str | None:
        """The person of that name, as it is written there."""
        return self._session.scalar(select(IdentityRow.name).where(IdentityRow.name_key == name_key(name)))

    def faces(self, photos: Collection[str]) -> dict[str, list[tuple[str, Box]]]:
        """For each photo's SHA-256 who is enrolled from it, and from which face."""
        found: dict[str, list[tuple[str, Box]]] = defaultdict(list)
        boxes = (ReferenceRow.box_x, ReferenceRow.box_y, ReferenceRow.box_width, ReferenceRow.box_height)
        query = select(ReferenceRow.sha256, IdentityRow.name, *boxes).join(ReferenceRow.identity)
        for some in in_pieces(sorted(photos)):
            rows = self._session.execute(query.where(ReferenceRow.sha256.in_(some)).order_by(ReferenceRow.id))
            for sha256, name, *box in rows:
                found[sha256].append((name, Box(*box)))
        return found

    def blurred(self) -> list[Override]:
        """The manual decisions to blur that it holds."""
        return [word for word in _words(self._session) if word.verdict is Verdict.BLUR]


class StoredReceiving(StoredPresent):
    """Implements `Receiving` for a gallery file, in one writing transaction.

    Args:
        session: The transaction.
        today: The day on which consent must not have ended.
    """

    def __init__(self, session: Session, today: date) -> None:
        super().__init__(session)
        self._today = today
        self._numbers: dict[EmbeddingSpace, int] = {}
        self._next = next_number(session, ReferenceRow)

    def adopt(self, space: EmbeddingSpace) -> None:
        """Makes a model the gallery's own; it holds no template yet."""
        spaces.make_current(self._session, spaces.add(self._session, space), space.model)
        self._session.flush()

    def add(self, person: ExchangedPerson, contents: Sequence[Content]) -> None:
        """Adds somebody who is not there, with all references."""
        details = person.details
        row = IdentityRow(
            name=new_name(person.name),
            name_key=name_key(person.name),
            added=person.added,
            enabled=details.enabled,
            expires=details.expires,
            notes=details.notes,
            keep_crops=details.keep_crops,
        )
        self._session.add(row)
        self._session.flush()
        insert_rows(self._session, TagRow, [{"identity_id": row.id, "tag": tag} for tag in details.tags])
        insert_rows(
            self._session, OwnThresholdRow, [self._threshold(row.id, space, own) for space, own in person.thresholds]
        )
        self._give(row, list(zip(person.references, contents, strict=True)))

    def append(self, name: str, references: Sequence[tuple[ExchangedReference, Content]]) -> None:
        """Gives somebody who is there more references; without crops, where none may be kept of them.

        Raises:
            UnknownName: If there is nobody of that name.
        """
        self._give(find(self._session, name), references)

    def decide(self, override: Override) -> None:
        """Adds a manual decision, in place of an earlier one on the same face."""
        review_crops.drop_of(self._session, override.sha256, override.box)
        overriding.add(self._session, override, self._today)

    def remove(self, name: str) -> int:
        """Removes somebody; returns how many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
        """
        removed = editing.remove(self._session, name)
        self._session.expunge_all()  # the rows that went with them are not to be met again
        return removed

    def _give(self, owner: IdentityRow, references: Sequence[tuple[ExchangedReference, Content]]) -> None:
        numbers = range(self._next, self._next + len(references))
        self._next = numbers.stop
        rows, templates, crops = [], [], []
        for number, (exchanged, content) in zip(numbers, references, strict=True):
            values = reference_values(exchanged.reference, exchanged.added)
            rows.append({"id": number, "identity_id": owner.id, **values})
            templates += [self._template(number, space, vector) for space, vector in content.templates]
            if content.crop is not None and owner.keep_crops:
                crops.append({"reference_id": number, **crop_values(content.crop)})
        insert_rows(self._session, ReferenceRow, rows)
        insert_rows(self._session, TemplateRow, templates)
        insert_rows(self._session, CropRow, crops)
        self._session.expunge(owner)  # however many come, they are not in memory together

    def _template(self, reference: int, space: EmbeddingSpace, vector: NDArray[np.float32]) -> dict[str, Any]:
        stored = to_bytes(vector, space.dimension)
        return {"model_id": self._number(space), "reference_id": reference, "vector": stored}

    def _threshold(self, identity: int, space: EmbeddingSpace, own: Thresholds) -> dict[str, Any]:
        return {
            "model_id": self._number(space),
            "identity_id": identity,
            "cosine": own.cosine,
            "euclidean": own.euclidean,
            "origin": own.origin,
        }

    def _number(self, space: EmbeddingSpace) -> int:
        """The number of a model's row, made where there is none."""
        if space not in self._numbers:
            self._numbers[space] = spaces.add(self._session, space).id
        return self._numbers[space]
