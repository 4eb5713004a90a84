"""The gallery's calibration, kept and dropped."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.tables import CalibrationRow, IdentityRow, PersonalThresholdRow
from gallery.domain.calibrated import Calibration
from gallery.domain.matching import Fusion


def keep(session: Session, new: Calibration) -> None:
    """Puts a calibration in the place of the former one. Those who are no longer enrolled get no thresholds.

    Raises:
        ModelMismatch: If it is not of the gallery's own model.
    """
    model = spaces.current_row(session)
    if model is None or not spaces.space_of(model).comparable(new.space):
        raise spaces.mismatch(new.space if model is None else spaces.space_of(model), new.space)
    session.execute(delete(CalibrationRow).where(CalibrationRow.model_id == model.id))
    names = select(IdentityRow.name, IdentityRow.id).where(IdentityRow.name.in_(new.personal))
    session.add(
        CalibrationRow(
            model_id=model.id,
            cosine=float(new.thresholds.cosine),
            euclidean=float(new.thresholds.euclidean),
            origin=new.thresholds.origin,
            fmr=float(new.fmr),
            fusion=Fusion(new.fusion),
            method=new.method,
            detector=new.detector,
            genuine=int(new.genuine),
            impostors=int(new.impostors),
            strangers=int(new.strangers),
            reference_count=int(new.references),
            last_reference=int(new.last_reference),
            made=new.made,
            personal=[
                PersonalThresholdRow(
                    identity_id=row.id,
                    cosine=float(new.personal[row.name].cosine),
                    euclidean=float(new.personal[row.name].euclidean),
                    origin=new.personal[row.name].origin,
                )
                for row in session.execute(names).all()
            ],
        )
    )


def drop(session: Session) -> bool:
    """Drops the calibration of the gallery's own model; returns whether there was one."""
    model = spaces.current_row(session)
    row = None if model is None else session.get(CalibrationRow, model.id)
    if row is None:
        return False
    session.delete(row)
    return True
