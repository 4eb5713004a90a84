"""The tables. The migrations make them; a test compares the two."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gallery.adapters.store.columns import AnyText, JsonText, LandmarksText, UtcTime, WordsText, choice
from gallery.domain.deciding import Rule, Verdict
from gallery.domain.geometry import Landmarks
from gallery.domain.matching import Fusion
from gallery.domain.people import LONGEST_NAME
from gallery.domain.runs import ImageStatus, RunStatus, Verification
from gallery.domain.trail import Event

SHA256 = String(64)
SALT = String(32)
NAME = String(LONGEST_NAME)
LARGEST_NUMBER = 2**63 - 1
"""SQLite's largest whole number; its driver fails at a larger one."""


class Base(DeclarativeBase):
    """What all tables share: how times are kept, and how constraints are named, so that a migration can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcTime, float: Double}  # noqa: RUF012 - SQLAlchemy reads it from the class


class FaceColumns:
    """Where a face is in its photo, and how good it is."""

    box_x: Mapped[int]
    box_y: Mapped[int]
    box_width: Mapped[int]
    box_height: Mapped[int]
    score: Mapped[float]
    landmarks: Mapped[Landmarks | None] = mapped_column(LandmarksText)
    size: Mapped[int]
    sharpness: Mapped[float]
    as_meant: Mapped[bool]


def _face_checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("box_width > 0 AND box_height > 0", name="box"),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("as_meant IN (0, 1)", name="as_meant"),
    )


def _threshold_check() -> CheckConstraint:
    return CheckConstraint("cosine >= 0 AND cosine <= 2 AND euclidean >= 0", name="thresholds")


class IdentityRow(Base):
    """One named person. Numbers are never given twice, so that a record cannot come to mean somebody else.

    Attributes:
        enabled: Whether the person may stay visible at all.
        expires: The last day on which they may; None for no end.
        keep_crops: Whether pictures of their references may be kept.
    """

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    name_key: Mapped[str] = mapped_column(String, unique=True)
    added: Mapped[datetime]
    enabled: Mapped[bool] = mapped_column(default=True)
    expires: Mapped[date | None] = mapped_column(Date)
    notes: Mapped[str] = mapped_column(Text, default="")
    keep_crops: Mapped[bool] = mapped_column(default=True)
    references: Mapped[list[ReferenceRow]] = relationship(
        back_populates="identity", order_by="ReferenceRow.id", passive_deletes=True
    )
    tags: Mapped[list[TagRow]] = relationship(order_by="TagRow.tag", passive_deletes=True, cascade="all, delete-orphan")

    __table_args__ = (
        CheckConstraint("length(name) > 0 AND length(name_key) > 0", name="name"),
        CheckConstraint("enabled IN (0, 1)", name="enabled"),
        CheckConstraint("keep_crops IN (0, 1)", name="keep_crops"),
        {"sqlite_autoincrement": True},
    )


class FormerNameRow(Base):
    """A name that a person had before they were renamed or merged; the record of runs may still hold it."""

    __tablename__ = "former_name"

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(NAME, primary_key=True)


class TagRow(Base):
    """A word that groups people."""

    __tablename__ = "tag"

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(NAME, primary_key=True)

    __table_args__ = (CheckConstraint("length(tag) > 0", name="tag"),)


class AbsorbedRow(Base):
    """The number of an identity that was merged into another: decisions made for it were made for that other one."""

    __tablename__ = "absorbed"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"), index=True)


class LastMatchRow(Base):
    """When a face was last kept for an identity. No part of the gallery's content, so a change undone leaves it."""

    __tablename__ = "last_match"

    identity_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class ReferenceRow(FaceColumns, Base):
    """One photo's face of an identity. Numbers are never given twice."""

    __tablename__ = "reference"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(AnyText)
    sha256: Mapped[str] = mapped_column(SHA256)
    detector: Mapped[str]
    added: Mapped[datetime]
    flaws: Mapped[tuple[str, ...]] = mapped_column(WordsText, default=())
    identity: Mapped[IdentityRow] = relationship(back_populates="references")
    crop: Mapped[CropRow | None] = relationship(passive_deletes=True)
    templates: Mapped[list[TemplateRow]] = relationship(
        back_populates="reference", order_by="TemplateRow.model_id", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint(
            "sha256", "identity_id", "box_x", "box_y", "box_width", "box_height", name="uq_reference_face"
        ),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        *_face_checks(),
        {"sqlite_autoincrement": True},
    )


class CropRow(Base):
    """The part of a reference's photo around the face, from which a template under another model can be made.

    Attributes:
        picture: A JPEG file.
        x: Left edge of that part in the photo, in pixels.
        y: Its top edge.
        scale: Pixels of the picture for each pixel of the photo.
    """

    __tablename__ = "crop"

    reference_id: Mapped[int] = mapped_column(ForeignKey("reference.id", ondelete="CASCADE"), primary_key=True)
    picture: Mapped[bytes] = mapped_column(deferred=True)
    x: Mapped[int]
    y: Mapped[int]
    scale: Mapped[float]

    __table_args__ = (
        CheckConstraint("length(picture) > 0", name="picture"),
        CheckConstraint("x >= 0 AND y >= 0 AND scale > 0 AND scale <= 1", name="place"),
    )


class ModelRow(Base):
    """A space that templates live in. At most one is the gallery's own."""

    __tablename__ = "model"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(SHA256)
    preparation: Mapped[str]
    dimension: Mapped[int]
    current: Mapped[bool]

    __table_args__ = (
        UniqueConstraint("sha256", "preparation", "dimension", name="uq_model_space"),
        Index("uq_model_current", "current", unique=True, sqlite_where=text("current = 1")),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("dimension > 0", name="dimension"),
        CheckConstraint("current IN (0, 1)", name="current"),
    )


class TemplateRow(Base):
    """A reference's embedding under one model, as little-endian float32.

    The key begins with the model, so that all templates of one are found in order: sorting them would write a copy of
    the vectors to a temporary file.

    Attributes:
        cohort: SHA-256 of the cohort that `standing` was measured against; None where it was not measured.
        standing: How the template stands to it (`gallery.domain.cohorts.Standing`), as little-endian float32.
    """

    __tablename__ = "template"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    reference_id: Mapped[int] = mapped_column(
        ForeignKey("reference.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    vector: Mapped[bytes] = mapped_column(deferred=True)
    cohort: Mapped[str | None] = mapped_column(SHA256)
    standing: Mapped[bytes | None] = mapped_column(deferred=True)
    reference: Mapped[ReferenceRow] = relationship(back_populates="templates")
    model: Mapped[ModelRow] = relationship()

    __table_args__ = (
        CheckConstraint("length(vector) > 0 AND length(vector) % 4 = 0", name="vector"),
        CheckConstraint("length(cohort) = 64", name="cohort"),
        CheckConstraint("(cohort IS NULL) = (standing IS NULL) AND length(standing) = 12", name="standing"),
    )


class CalibrationRow(Base):
    """The thresholds derived for the templates of one model, and what they rest on. They go with the model."""

    __tablename__ = "calibration"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)
    cosine: Mapped[float]
    euclidean: Mapped[float]
    origin: Mapped[str]
    fmr: Mapped[float]
    fusion: Mapped[Fusion] = mapped_column(choice(Fusion, "fusion"))
    method: Mapped[str]
    detector: Mapped[str]
    genuine: Mapped[int]
    impostors: Mapped[int]
    strangers: Mapped[int]
    reference_count: Mapped[int]
    last_reference: Mapped[int]
    made: Mapped[datetime]
    personal: Mapped[list[PersonalThresholdRow]] = relationship(passive_deletes=True)

    __table_args__ = (
        _threshold_check(),
        CheckConstraint("fmr > 0 AND fmr < 1", name="fmr"),
        CheckConstraint(
            "genuine >= 0 AND impostors > 0 AND strangers >= 0 AND reference_count > 0 AND last_reference > 0",
            name="counts",
        ),
    )


class PersonalThresholdRow(Base):
    """The stricter thresholds of one person. They go with the person, and with the calibration."""

    __tablename__ = "personal_threshold"

    model_id: Mapped[int] = mapped_column(ForeignKey("calibration.model_id", ondelete="CASCADE"), primary_key=True)
    identity_id: Mapped[int] = mapped_column(
        ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    cosine: Mapped[float]
    euclidean: Mapped[float]
    origin: Mapped[str]

    __table_args__ = (_threshold_check(),)


class OwnThresholdRow(Base):
    """The thresholds that somebody set for one person by hand, under one model."""

    __tablename__ = "own_threshold"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)
    identity_id: Mapped[int] = mapped_column(
        ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    cosine: Mapped[float]
    euclidean: Mapped[float]
    origin: Mapped[str]

    __table_args__ = (_threshold_check(),)


class ChangeRow(Base):
    """The last change to the gallery's people, which can be undone; there is at most one. Numbers are never reused."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    made: Mapped[datetime]

    __table_args__ = ({"sqlite_autoincrement": True},)


class UndoStepRow(Base):
    """What takes one row's change back; the steps are taken from the last to the first."""

    __tablename__ = "undo_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    statement: Mapped[str]


class BackupRow(Base):
    """A copy of the gallery that this program made, so that who is forgotten is forgotten there, too."""

    __tablename__ = "backup"

    path: Mapped[str] = mapped_column(AnyText, primary_key=True)
    made: Mapped[datetime]


class ArchiveRow(Base):
    """Where an archive of people was to be written, so that what a killed export left there is found again."""

    __tablename__ = "archive"

    path: Mapped[str] = mapped_column(AnyText, primary_key=True)
    made: Mapped[datetime]


class RunRow(Base):
    """One run over photos, with everything that shaped it. Numbers are never given twice.

    Attributes:
        settings_sha256: Tells whether another run had the same settings; None for runs of earlier versions.
        by: Who ran it; empty where that is not known.
        salt: Of the record's digest in the trail.
        pruned: When its photos and decisions were removed; None while they are there.
        counts: How many of them there were.
        pruned_by: Who did that.
    """

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[RunStatus] = mapped_column(choice(RunStatus, "status"))
    started: Mapped[datetime]
    finished: Mapped[datetime | None]
    program: Mapped[str]
    model: Mapped[str]
    model_sha256: Mapped[str] = mapped_column(SHA256)
    preparation: Mapped[str]
    dimension: Mapped[int]
    detector: Mapped[str]
    detector_sha256: Mapped[str] = mapped_column(SHA256)
    cosine: Mapped[float]
    euclidean: Mapped[float]
    threshold_origin: Mapped[str]
    policy: Mapped[dict[str, Any]] = mapped_column(JsonText)
    redaction: Mapped[dict[str, Any]] = mapped_column(JsonText)
    identities: Mapped[int]
    templates: Mapped[int]
    output: Mapped[str] = mapped_column(AnyText)
    settings_sha256: Mapped[str | None] = mapped_column(SHA256)
    by: Mapped[str] = mapped_column(AnyText, default="")
    salt: Mapped[str] = mapped_column(SALT)
    pruned: Mapped[datetime | None]
    pruned_by: Mapped[str | None] = mapped_column(AnyText)
    counts: Mapped[dict[str, Any] | None] = mapped_column(JsonText)

    __table_args__ = (
        CheckConstraint("(status = 'running') = (finished IS NULL)", name="finished"),
        CheckConstraint("length(settings_sha256) = 64", name="settings_sha256"),
        CheckConstraint("length(salt) = 32", name="salt"),
        CheckConstraint(
            "(pruned IS NULL) = (pruned_by IS NULL) AND (pruned IS NULL) = (counts IS NULL)", name="pruned"
        ),
        CheckConstraint("dimension > 0", name="dimension"),
        _threshold_check(),
        CheckConstraint("identities >= 0 AND templates >= 0", name="counts"),
        {"sqlite_autoincrement": True},
    )


class RunImageRow(Base):
    """What a run did with one photo.

    The hash of the output is the one that a file is looked for by: photos are copied about, outputs hardly ever.

    Attributes:
        earlier: The number of the run that did it; no foreign key, as with the numbers of a decision.
        salt: Of the record's digest in the trail, which covers the photo's decisions, too.
        output_mark: Where the output's path was replaced because it named somebody who was forgotten, a keyed hash of
            what it was (see `gallery.adapters.store.marks`).
    """

    __tablename__ = "run_image"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(AnyText)
    status: Mapped[ImageStatus] = mapped_column(choice(ImageStatus, "status"))
    sha256: Mapped[str | None] = mapped_column(SHA256)
    width: Mapped[int | None]
    height: Mapped[int | None]
    output: Mapped[str | None] = mapped_column(AnyText)
    output_sha256: Mapped[str | None] = mapped_column(SHA256, index=True)
    error: Mapped[str | None] = mapped_column(AnyText)
    remarks: Mapped[tuple[str, ...]] = mapped_column(WordsText, default=())
    verified: Mapped[Verification | None] = mapped_column(choice(Verification, "verified"))
    state: Mapped[str | None] = mapped_column(SHA256)
    earlier: Mapped[int | None]
    salt: Mapped[str] = mapped_column(SALT)
    output_mark: Mapped[str | None] = mapped_column(String(96))
    decisions: Mapped[list[DecisionRow]] = relationship(order_by="DecisionRow.position", passive_deletes=True)

    __table_args__ = (
        CheckConstraint("length(sha256) = 64 AND length(output_sha256) = 64", name="sha256"),
        CheckConstraint("width > 0 AND height > 0", name="size"),
        CheckConstraint("(status IN ('failed', 'not verified')) = (error IS NOT NULL)", name="error"),
        CheckConstraint("status IN ('ok', 'done before') OR output IS NULL", name="output"),
        CheckConstraint("length(state) = 64", name="state"),
        CheckConstraint("(status = 'done before') = (earlier IS NOT NULL)", name="earlier"),
        CheckConstraint("length(salt) = 32", name="salt"),
        CheckConstraint("length(output_mark) = 96", name="output_mark"),
    )


class DecisionRow(FaceColumns, Base):
    """What was decided for one face, and why. Names stay when the person is removed, so that the record does too.

    The numbers of identities are no foreign keys: they stay, too, so that `gallery forget` finds what was decided for
    a person who has been renamed since. The face's embedding is not kept: it may be a bystander's.

    Attributes:
        keeps_id: The number of the person whom a manual decision kept the face for, who need not be the closest.
        keeps: Their name.
    """

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_image_id: Mapped[int] = mapped_column(ForeignKey("run_image.id", ondelete="CASCADE"))
    position: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict, "verdict"))
    rule: Mapped[Rule] = mapped_column(choice(Rule, "rule"))
    reason: Mapped[str] = mapped_column(AnyText)
    identity_id: Mapped[int | None] = mapped_column(index=True)
    identity: Mapped[str | None]
    reference_id: Mapped[int | None]
    cosine: Mapped[float | None]
    euclidean: Mapped[float | None]
    runner_up_id: Mapped[int | None]
    runner_up: Mapped[str | None]
    runner_up_reference_id: Mapped[int | None]
    runner_up_cosine: Mapped[float | None]
    runner_up_euclidean: Mapped[float | None]
    residual: Mapped[float | None]
    keeps_id: Mapped[int | None]
    keeps: Mapped[str | None]
    normalised: Mapped[float | None]
    age: Mapped[float | None]
    runner_up_normalised: Mapped[float | None]
    runner_up_age: Mapped[float | None]

    __table_args__ = (
        UniqueConstraint("run_image_id", "position"),
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint("rule = 'by hand' OR (verdict = 'keep') = (rule = 'matches')", name="keep_rests_on_a_match"),
        CheckConstraint("rule = 'by hand' OR verdict = 'blur' OR identity IS NOT NULL", name="keep_is_for_somebody"),
        CheckConstraint(
            "(identity IS NULL) = (reference_id IS NULL) AND (identity IS NULL) = (cosine IS NULL)"
            " AND (identity IS NULL) = (euclidean IS NULL)",
            name="candidate",
        ),
        CheckConstraint(
            "(runner_up IS NULL) = (runner_up_reference_id IS NULL)"
            " AND (runner_up IS NULL) = (runner_up_cosine IS NULL)"
            " AND (runner_up IS NULL) = (runner_up_euclidean IS NULL)",
            name="runner_up",
        ),
        *_face_checks(),
    )


class ReviewCropRow(Base):
    """A picture of a blurred face that waits for a person's word, kept on request until the review is done."""

    __tablename__ = "review_crop"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"), primary_key=True)
    picture: Mapped[bytes] = mapped_column(deferred=True)

    __table_args__ = (CheckConstraint("length(picture) > 0", name="picture"),)


class TrailRow(Base):
    """One entry of the trail: a chain of hashes over all that was recorded. Entries are only ever added.

    It names nobody and holds no content, so that it can stay as it is when somebody is forgotten or a run is removed.

    Attributes:
        run: The run's number; no foreign key, as a run may go.
        image: The number of the photo's row; None where the entry is about the run itself.
        digest: Of the record as it was then, salted.
        previous: `sha256` of the entry before.
        sha256: Of this entry.
    """

    __tablename__ = "trail"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[Event] = mapped_column(choice(Event, "event"))
    run: Mapped[int] = mapped_column(index=True)
    image: Mapped[int | None]
    digest: Mapped[str] = mapped_column(SHA256)
    previous: Mapped[str] = mapped_column(SHA256)
    sha256: Mapped[str] = mapped_column(SHA256)

    __table_args__ = (
        CheckConstraint("length(digest) = 64 AND length(previous) = 64 AND length(sha256) = 64", name="sha256"),
        {"sqlite_autoincrement": True},
    )


class OverrideRow(Base):
    """A person's word on one face of one photo. Numbers are never given twice.

    It is no change to the gallery's people, so it cannot be undone like one; it is removed by its number.

    Attributes:
        identity_id: The number of the person whom it keeps; no foreign key, so that a removal which is undone leaves
            it as it was. None where it blurs, or keeps nobody because an earlier version did not note whom.
    """

    __tablename__ = "override"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(SHA256, index=True)
    box_x: Mapped[int]
    box_y: Mapped[int]
    box_width: Mapped[int]
    box_height: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict, "verdict"))
    source: Mapped[str] = mapped_column(AnyText)
    by: Mapped[str] = mapped_column(AnyText)
    made: Mapped[datetime]
    note: Mapped[str] = mapped_column(AnyText, default="")
    identity_id: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("box_width > 0 AND box_height > 0", name="box"),
        {"sqlite_autoincrement": True},
    )
