"""The migrations make the tables that the program works with: pytest-alembic's checks, and what those leave out."""

from __future__ import annotations

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from pytest_alembic.tests import (  # noqa: F401 - collected here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
from sqlalchemy import Engine, create_engine, inspect, text

from gallery.adapters.store.migrating import alembic_config as make_config
from gallery.adapters.store.schema import APPLICATION_ID, REVISIONS, this_schema
from gallery.adapters.store.tables import Base
from gallery.resources import resource


@pytest.fixture
def alembic_config() -> Config:
    return make_config(resource("migrations"))


@pytest.fixture
def alembic_engine():
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def test_the_revisions_the_program_knows_are_the_migrations(alembic_config):
    script = ScriptDirectory.from_config(alembic_config)
    assert script.get_current_head() == this_schema().head
    assert [one.revision for one in reversed(list(script.walk_revisions()))] == list(REVISIONS)


def checks(engine: Engine) -> dict[str, set[tuple[str | None, str]]]:
    seen = inspect(engine)
    return {
        table: {(check["name"], check["sqltext"]) for check in seen.get_check_constraints(table)}
        for table in Base.metadata.tables
    }


def foreign_keys(engine: Engine) -> dict[str, list[tuple[str | None, str]]]:
    seen = inspect(engine)
    return {
        table: sorted((key["name"], str(key["options"])) for key in seen.get_foreign_keys(table))
        for table in Base.metadata.tables
    }


def indexes(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        query = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        return set(connection.scalars(query))


def test_check_constraints_cascades_and_partial_indexes_match_too(alembic_runner, alembic_engine):
    """Alembic's own comparison leaves them out."""
    alembic_runner.migrate_up_to("heads", return_current=False)
    models = create_engine("sqlite://")
    Base.metadata.create_all(models)
    try:
        assert checks(alembic_engine) == checks(models)
        assert foreign_keys(alembic_engine) == foreign_keys(models)
        assert indexes(alembic_engine) == indexes(models)
    finally:
        models.dispose()
    assert sum(map(len, checks(alembic_engine).values())) > 20


def test_every_constraint_has_a_name(alembic_runner, alembic_engine):
    """A later migration can only change what it can name; a primary key it can always name."""
    alembic_runner.migrate_up_to("heads", return_current=False)
    seen = inspect(alembic_engine)
    for table in Base.metadata.tables:
        named = [
            *seen.get_foreign_keys(table),
            *seen.get_unique_constraints(table),
            *seen.get_check_constraints(table),
        ]
        assert all(constraint["name"] for constraint in named), table


def test_the_header_says_that_it_is_a_gallery(alembic_runner, alembic_engine):
    alembic_runner.migrate_up_to("heads", return_current=False)
    with alembic_engine.connect() as connection:
        assert connection.scalar(text("PRAGMA application_id")) == APPLICATION_ID
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")) == 6


def test_everything_can_be_undone(alembic_runner, alembic_engine):
    alembic_runner.migrate_up_to("heads", return_current=False)
    alembic_runner.migrate_down_to("base", return_current=False)
    assert set(inspect(alembic_engine).get_table_names()) == {"alembic_version"}
