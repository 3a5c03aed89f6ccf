"""People join by a link, for one project; who calls is one annotator in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.services.labelling import NOON, labelling

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import Identity, authorise_token
from driftwheel.services.label.people.describe_invitation import describe_invitation
from driftwheel.services.label.people.find_annotator import find_annotator
from driftwheel.services.label.people.invite_annotators import (
    Told,
    end_invitation,
    invite_annotators,
    join_project,
)
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.store.access.users import create_user
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import annotator_named


def test_who_joins_by_a_link_is_an_annotator_of_that_project_alone(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    project = work.project.key
    made = invite_annotators(
        label_database,
        project,
        by="lead",
        now=NOON,
        most=2,
        languages=["de"],
        tags=["a"],
        expires=NOON + timedelta(days=1),
    )
    joined = join_project(label_database, made.secret, " ann ", now=NOON)
    assert (joined.annotator.name, joined.annotator.languages, joined.annotator.tags) == (
        "ann",
        ("de",),
        ("a",),
    )
    with reading(label_database) as connection:
        who = authorise_token(connection, joined.token, NOON)
    assert who is not None
    assert (who.role, who.models) == ("annotator", frozenset({work.model}))
    assert find_annotator(label_database, project, who, now=NOON).key == joined.annotator.key
    with pytest.raises(UsageError, match="leave the name out"):
        find_annotator(label_database, project, who, now=NOON, name="bob")
    new = [NewClass("a"), NewClass("b")]
    other = create_project(label_database, "other", work.model, "class", new, by="lead", now=NOON)
    with pytest.raises(LookupError, match=f"no project with the key {other.key}"):
        find_annotator(label_database, other.key, who, now=NOON)
    with pytest.raises(UsageError, match="has an annotator 'ann' already"):
        join_project(label_database, made.secret, "ann", now=NOON)
    join_project(label_database, made.secret, "bob", now=NOON)
    for secret, name, time in (
        (made.secret, "cem", NOON),  # it was for two
        ("nothing", "cem", NOON),
    ):
        with pytest.raises(LookupError, match="ask for another"):
            join_project(label_database, secret, name, now=time)
    open_to_all = invite_annotators(
        label_database, project, by="lead", now=NOON, expires=NOON + timedelta(hours=1)
    )
    with pytest.raises(LookupError, match="ask for another"):
        join_project(label_database, open_to_all.secret, "cem", now=NOON + timedelta(hours=1))
    end_invitation(label_database, project, open_to_all.invitation.key, by="lead", now=NOON)
    with pytest.raises(LookupError, match="ask for another"):
        join_project(label_database, open_to_all.secret, "cem", now=NOON)
    with pytest.raises(LookupError, match="no invitation 1"):
        end_invitation(label_database, other.key, made.invitation.key, by="lead", now=NOON)


def test_a_token_acts_for_workers_elsewhere_and_never_for_a_person(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    project = work.project.key
    crowd = Identity("token crowd", "engineer", token=None)
    first = find_annotator(label_database, project, crowd, now=NOON, name="worker 1")
    assert find_annotator(label_database, project, crowd, now=NOON, name="worker 1").key == first.key
    assert find_annotator(label_database, project, crowd, now=NOON).name == "token crowd"
    made = invite_annotators(label_database, project, by="lead", now=NOON)
    join_project(label_database, made.secret, "ann", now=NOON)
    with pytest.raises(UsageError, match="'ann' is the name of a person"):
        find_annotator(label_database, project, crowd, now=NOON, name="ann")
    with pytest.raises(LookupError):
        find_annotator(label_database, project, Identity("token t", "engineer", frozenset({"n"})), now=NOON)
    with reading(label_database) as connection:
        assert annotator_named(connection, project, "worker 1") == first


def test_nobody_takes_the_name_that_a_user_would_get(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    made = invite_annotators(label_database, work.project.key, by="lead", now=NOON, most=3)
    with writing(label_database) as connection:
        user = create_user(connection, "mara", password="x", role="annotator", created=NOON).key
    for name in ("mara", f"mara (user {user})", f"mara (user {user}) 2"):
        join_project(label_database, made.secret, name, now=NOON)
    mara = Identity("mara", "annotator", user=user)
    found = find_annotator(label_database, work.project.key, mara, now=NOON)
    assert (found.name, found.user) == (f"mara (user {user}) 3", user)


def test_who_joins_says_what_the_invitation_lets_them(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    project = work.project.key
    made = invite_annotators(
        label_database,
        project,
        by="lead",
        now=NOON,
        most=5,
        tags=["ward 3"],
        skills_told={"x-ray": 0.5, "mri": 0.25},
        tags_told=["nurse", "doctor"],
    )
    with reading(label_database) as connection:
        facts = describe_invitation(connection, made.secret, NOON)
    assert facts is not None
    assert (facts.skills_told, facts.tags_told) == (("x-ray", "mri"), ("nurse", "doctor"))
    who = join_project(
        label_database, made.secret, "ann", now=NOON, told=Told(skills=["x-ray"], tags=["nurse"])
    ).annotator
    assert (who.skills, who.tags) == ({"x-ray": 0.5}, ("ward 3", "nurse"))
    assert join_project(label_database, made.secret, "bob", now=NOON).annotator.skills == {}
    for told, said in ((Told(skills=["ct"]), "the skill 'ct'"), (Told(tags=["chief"]), "the tag 'chief'")):
        with pytest.raises(UsageError, match=f"lets nobody say that they have {said}"):
            join_project(label_database, made.secret, "mal", now=NOON, told=told)
    with pytest.raises(UsageError, match="level of the skill 'x' is 2"):
        invite_annotators(label_database, project, by="lead", now=NOON, skills_told={"x": 2.0})
