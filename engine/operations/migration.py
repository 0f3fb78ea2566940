"""Moving running instances to another version of their drawing: planned, rehearsed on a copy, undone if need be.

Nothing is moved that would not go on as drawn. What is going on keeps what people know of it: the same task rows with
their holders and deadlines, timers with the moments already set, variables with their types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import catalog, expressions, run, state
from engine.causes import plain
from engine.dialect.gateways import ParallelGateway
from engine.dialect.scopes import Process
from engine.dialect.tasks import UserTask
from engine.figures.model import recount
from engine.findings import Finding
from engine.model import Definition, Instance, Migration, Subscription, Timer
from engine.operations import redrawing, snapshots
from engine.operations.fitting import Fit, Fitting, rebind
from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp
from ledger.workdays import calendar

MOVABLE = ("active", "suspended")


class CannotMigrate(Conflict):
    """该实例不能迁移：{cause}。"""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        super().__init__(cause="；".join(found.text() for found in findings))


class UnknownElement(Conflict):
    """对照表中的“{element}”不在新版本里。"""


class CannotUndo(Conflict):
    """迁移之后该实例又有了进展，不能撤销迁移。"""


@dataclass(frozen=True)
class Verdict:
    """What a migration would do to one instance; nothing was written.

    `kind`: "fine", "map" (say which new elements `unmapped` become) or "impossible". `findings` are the reasons and,
    as warnings, what will change; each speaks Chinese and English (`text(language)`).
    """

    instance_id: int
    kind: Literal["fine", "map", "impossible"]
    findings: tuple[Finding, ...] = ()
    unmapped: tuple[str, ...] = ()


def plan(session: Session, to: int, *, instance_ids: Iterable[int] | None = None, definition_id: int | None = None,
         mapping: Mapping[str, str] | None = None, after: int = 0, limit: int = 500) -> list[Verdict]:
    """Rehearse moving instances to definition `to`, each on a copy of its state.

    Either the ids are given, or the running instances of a definition are taken in the order of their ids, `limit` at
    a time from the one `after`. `mapping` is {old element id: new element id}; ids of sequence flows may be in it.
    Raises UnknownElement for a mapping to what is not in the new drawing, NotFound for an unknown definition.
    """
    wanted = select(Instance).order_by(Instance.id)
    if instance_ids is None:
        wanted = wanted.where(Instance.definition_id == definition_id, Instance.state.in_(MOVABLE), Instance.id > after)
        wanted = wanted.limit(limit)
    else:
        wanted = wanted.where(Instance.id.in_(list(instance_ids)))
    names = _checked(session, to, mapping)
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        return [_verdict(session, instance, to, names) for instance in session.scalars(wanted)]


def _checked(session: Session, to: int, mapping: Mapping[str, str] | None) -> dict[str, str]:
    if session.get(Definition, to) is None:
        raise NotFound()
    blueprint, names = catalog.plan(session, to).blueprint, dict(mapping or {})
    specs = (blueprint.spec, *blueprint.inner.values())
    known = {node.bpmn_id for spec in specs for node in spec.task_specs.values()}
    known |= {flow.id for spec in specs for node in spec.task_specs.values() for flow in node.flows}
    for new in names.values():
        if new not in known:
            raise UnknownElement(element=new)
    return names


def _verdict(session: Session, instance: Instance, to: int, mapping: Mapping[str, str]) -> Verdict:
    try:
        return _rehearse(session, instance, to, mapping)
    except UNREADABLE as error:  # one broken state says so and stops no other
        return unreadable(instance.id, error)


UNREADABLE = (ValueError, KeyError, IndexError, TypeError)
"""What reading a broken state raises."""


def unreadable(instance_id: int, error: Exception) -> Verdict:
    """The verdict on an instance whose state cannot be read."""
    zh, en = plain(error)
    broken = Finding("state", f"该实例的状态读不出来：{zh}", f"the state of the instance cannot be read: {en}")
    return Verdict(instance_id, "impossible", (broken,))


def _rehearse(session: Session, instance: Instance, to: int, mapping: Mapping[str, str]) -> Verdict:
    refused = _unfit(session, instance, to)
    if refused:
        return Verdict(instance.id, "impossible", (refused,))
    old = catalog.plan(session, instance.definition_id)
    copy = run.read_only(session, instance)
    return judged(instance.id, instance.state, copy, old, catalog.plan(session, to), mapping)


def judged(instance_id: int, standing: str, copy: Process, old: catalog.Plan, new: catalog.Plan,
           mapping: Mapping[str, str]) -> Verdict:
    """The same for a copy of an instance's process, whose state is `standing`, and a drawing that need not be
    deployed; the copy is used up."""
    fit = Fitting(copy, old, new, mapping).check()
    if fit.hindrances or (fit.released and standing == "suspended"):
        return Verdict(instance_id, "impossible", tuple(fit.hindrances or fit.remarks))
    if fit.unmapped:
        return Verdict(instance_id, "map", tuple(_unmapped(old, fit)), tuple(sorted(set(fit.unmapped))))
    rebind(copy, new, fit, mapping)
    state.prune(copy)
    state.load(new.blueprint, state.dump(copy))
    return Verdict(instance_id, "fine", tuple(fit.remarks))


def _unfit(session: Session, instance: Instance, to: int) -> Finding | None:
    if instance.state not in MOVABLE:
        return Finding("over", "该实例已结束", "the instance is over")
    if instance.definition_id == to:
        return Finding("same", "该实例已经在这个版本上", "the instance is on this version already")
    if session.get_one(Definition, to).process_id != instance.process_id:
        return Finding("process", "目标是另一个流程的版本", "the target is a version of another process")
    return None


def _unmapped(old: catalog.Plan, fit: Fit) -> list[Finding]:
    names = old.names()
    return [
        Finding("gone", f"“{names.get(each, each)}”（{each}）正在进行，新版本里没有，请指定对应的新环节",
                f'"{names.get(each, each)}" ({each}) is in progress and gone in the new version: say what it becomes',
                element=each, name=names.get(each, ""))
        for each in sorted(set(fit.unmapped))
    ]


def migrate(session: Session, instance_id: int, to: int, *, by: Actor, reason: str,
            mapping: Mapping[str, str] | None = None) -> Migration:
    """Move one instance; its row is locked. Many: `many.each(engine, ids, lambda s, id: migrate(s, id, ...))`.

    Newly attached events begin to wait now (a duration counts from now); what waits already keeps its moment.
    Raises CannotMigrate with the findings of `plan`, UnknownElement, NotFound.
    """
    names, instance = _checked(session, to, mapping), run.lock(session, instance_id)
    refused = _unfit(session, instance, to)
    if refused:
        raise CannotMigrate([refused])
    process, old, new = run.read_only(session, instance), instance.definition_id, catalog.plan(session, to)
    was = catalog.plan(session, old)
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        fit = Fitting(process, was, new, names).check()
    problems = fit.hindrances + _unmapped(was, fit)
    if problems or (fit.released and instance.state == "suspended"):
        raise CannotMigrate(problems or fit.remarks)
    before, blob, serial = snapshots.image(session, instance_id), state.dump(process), process.serial
    redrawing.rename(session, instance_id, {**fit.renames, **names})
    moved = _move(session, instance, by, process, to, fit, names)
    after = snapshots.image(session, instance_id, before)
    made = Migration(
        instance_id=instance_id, from_id=old, to_id=to, mapping=names, reason=reason[:500], at=clock.now(),
        by_id=by.id, by_name=by.name, serial=serial, version=instance.version, moved=moved, state=blob,
        rows=snapshots.difference(before, after))
    session.add(made)
    recount(session, instance)
    session.flush()
    record(session, "instance.migrated", ("instance", instance_id), by=by, group_id=instance.group_id,
           before={"definition": old}, after={"definition": to, "migration": made.id, "reason": made.reason,
                                              "mapping": names})
    fp("engine.migrate.before_commit")
    return made


def _move(session: Session, instance: Instance, by: Actor, process: Process, to: int, fit: Fit,
          names: Mapping[str, str]) -> bool:
    """Put the process on the new drawing and let it wait for what is new there; whether a token went on at once,
    or somebody lost a task: neither can be undone."""
    rebind(process, catalog.plan(session, to), fit, names)
    instance.definition_id = to
    for token, element_id in fit.unwaits:
        _unwait(session, instance.id, token.thread_id, names.get(element_id, element_id))
    session.flush()
    gone = False
    with run.act(session, instance, by, fresh=process) as act:
        for token, event in fit.arms:
            event.arm(token)
        for token, event in fit.waits:
            act.wait(token, event)
        for token, target in fit.targets:
            if isinstance(target, UserTask):
                gone |= redrawing.redraw(act, token, target)
            elif isinstance(target, ParallelGateway) and "arrived" in token.internal_data:
                target.arrived(token)
        act.advance()
        return gone or bool(act.entries or act.departures)


def _unwait(session: Session, instance_id: int, number: int, element_id: str) -> None:
    session.execute(update(Timer).where(
        Timer.instance_id == instance_id, Timer.token == number, Timer.element_id == element_id,
        Timer.state.in_(("waiting", "suspended"))).values(state="cancelled"))
    session.execute(delete(Subscription).where(
        Subscription.instance_id == instance_id, Subscription.token == number, Subscription.element_id == element_id))


def undo(session: Session, migration_id: int, *, by: Actor, reason: str) -> Instance:
    """Put an instance back to the version it came from, exactly as it was, if nothing has happened since.

    Claiming or releasing a task is no progress and stays. Raises CannotUndo, NotFound.
    """
    made = session.get(Migration, migration_id)
    if made is None:
        raise NotFound()
    instance = run.lock(session, made.instance_id)
    session.refresh(made)
    if made.undone_at is not None or made.moved or instance.version != made.version:
        raise CannotUndo()
    try:
        with session.begin_nested():
            snapshots.restore(session, made.rows)
            redrawing.clocks_as_tasks(session, instance.id)
    except IntegrityError:
        raise CannotUndo() from None
    instance.blob, instance.definition_id, instance.version = made.state, made.from_id, made.version + 1
    made.undone_at, made.undone_by = clock.now(), by.name
    state.in_hand(session).pop(instance.id, None)
    recount(session, instance)
    record(session, "instance.migration_undone", ("instance", instance.id), by=by, group_id=instance.group_id,
           before={"definition": made.to_id}, after={"definition": made.from_id, "migration": made.id,
                                                     "reason": reason[:500]})
    session.flush()
    fp("engine.migrate_undo.before_commit")
    return instance


def of_instance(session: Session, instance_id: int) -> list[Migration]:
    """An instance's migrations, oldest first, those undone included."""
    return list(session.scalars(select(Migration).where(Migration.instance_id == instance_id).order_by(Migration.id)))
