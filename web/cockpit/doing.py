"""A deed on one instance: asked for with a reason, done or refused in a sentence that says who was first."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict
from web.errors import field_problems, sentence
from web.guard import actor
from web.session import db
from workflows.cockpit import deeds, reach

Act = Callable[[Session, Actor, str], object]


def done(instance_id: int, act: Act, said: str, *, back: str = "", incident: int | None = None) -> ResponseReturnValue:
    """Do it with the reason that was given, say so (`said`), and go `back` (to the instance, if nothing else is said).

    A refusal undoes all of it; `incident` is the one that it was about. NotFound, NotAllowed as everywhere.
    """
    session, person = db.session(), actor()
    reach.to_act(session, person, instance_id)
    try:
        act(session, person, deeds.reason_of(request.form.get("reason", "")))
        session.flush()
    except BadAnswer as error:
        db.session.rollback()
        flash("；".join(words for found in field_problems(error).values() for words in found), "bad")
    except Conflict as error:
        db.session.rollback()
        late = (deeds.late_for(session, incident, error) if incident else deeds.late(session, instance_id, error))
        flash(sentence(late), "bad")
    else:
        flash(said, "ok")
    return redirect(back or url_for("instance.show", instance_id=instance_id), 303)
