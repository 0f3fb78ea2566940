"""Going back to a user task that was completed: what followed from it, told from the drawing and the history.

Tokens that are over are forgotten by the state, so what followed is found by walking the drawing forward from the task
over elements that were visited after it; a branch that ran beside it was not reached on such a way and stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.dialect.gateways import Joining
from engine.dialect.nodes import OVER, Node, Token
from engine.dialect.rounds import Rounds
from engine.dialect.scopes import Process
from engine.model import OPEN, Task, Visit
from engine.operations.fitting import label
from engine.operations.moved import Renaming
from engine.operations.moves import BackTo, Beginning, Draft, one_by_one, refuse
from engine.operations.reach import reach
from ledger import clock


@dataclass(frozen=True)
class Passed:
    """An element that was entered, the scope it is in, and how it was left ("completed", "cancelled")."""

    number: int
    element_id: str
    within: int | None
    left_at: dt.datetime | None
    how: str | None = None


class Backwards:
    """Decides BackTo for one instance by what it passed: the user tasks that were drawn, and every other element.

    `names` are the present ids of elements that a migration renamed.
    """

    def __init__(self, tasks: Iterable[Task], visits: Iterable[Passed], names: Mapping[str, str] | None = None) -> None:
        now = names or {}
        self.tasks = {task.id: task for task in tasks}
        self.passed = {each.number: replace(each, element_id=now.get(each.element_id, each.element_id))
                       for each in visits}
        self.visited = set(self.passed)
        self.passed |= {task.token: Passed(task.token, now.get(task.element_id, task.element_id), task.within,
                                           task.completed_at, None if task.state == OPEN else task.state)
                        for task in self.tasks.values()}

    @classmethod
    def of(cls, session: Session, instance_id: int) -> Self:
        """By the rows of an instance, read once."""
        now = {row.was: row.now for row in session.scalars(
            select(Renaming).where(Renaming.instance_id == instance_id))}
        tasks = session.scalars(select(Task).where(Task.instance_id == instance_id, Task.parent_id.is_(None)))
        visits = session.scalars(select(Visit).where(Visit.instance_id == instance_id))
        return cls(tasks, [Passed(row.token, row.element_id, row.within, row.left_at, row.left_how) for row in visits],
                   now)

    def __call__(self, draft: Draft, move: BackTo) -> None:
        """Add to the draft what going back to the task means. Raises CannotModify."""
        task = self.tasks.get(move.task_id)
        if task is None or task.state != "completed":
            raise refuse("not-done", "只能退回到已办结的任务", "only a completed task can be done again")
        scope, chain = self._climb(draft.process, self.passed[task.token])
        node = self._node(scope.spec, chain[0])
        if isinstance(node, Rounds) and self._round(draft, scope, node, chain, task):
            return
        if any(token.task_spec is node and not token._state & OVER for token in draft.living(scope)):
            raise refuse("there", f"{label(node)}正在进行，不需要退回", f"{node.bpmn_id} is in progress", node.bpmn_id)
        path = [] if isinstance(node, Rounds) else self._path(draft.process, node, chain)
        *containers, last = [node, *path]
        begun = next((one for one in draft.begin if one.scope is scope and one.first is node), None)
        if begun is not None and (not containers or begun.path != containers or last in (begun.node, *begun.also)):
            raise refuse("twice", f"{label(node)}已经在退回之列", f"{node.bpmn_id} is begun already", node.bpmn_id)
        done_at = task.completed_at or clock.now()
        if begun is None:
            self._withdraw(draft, scope, node, chain[0], done_at)
            draft.begin.append(Beginning(scope, last, containers))
        else:  # beside another in the same sub-process, which is over and begins anew for both
            begun.also.append(last)
        self._inside(draft, scope, [node, *path], chain, done_at)
        draft.again += [task.id] if task.id not in draft.again else []

    def overtaken(self, draft: Draft) -> list[Passed]:
        """What was entered after the tasks that are done again, on the ways that lead on from them, oldest first."""
        return sorted((each for each in self.passed.values() if any(
            self._belongs(each, *since) for since in draft.since)), key=lambda each: each.number)

    # where it was
    def _climb(self, process: Process, passed: Passed) -> tuple[Any, list[Passed]]:
        """The innermost scope that still runs, and the way down from it to the task."""
        running = {scope.host_number: scope for scope in process.scopes()}
        chain = [passed]
        while chain[0].within not in running:
            above = self.passed.get(chain[0].within or -1)
            if above is None:
                return self._guess(process, chain[0]), chain
            chain.insert(0, above)
        return running[chain[0].within or 0], chain

    def _guess(self, process: Process, passed: Passed) -> Any:
        """Rows of an earlier release do not say their scope: it is clear where only one can be meant."""
        fits = [scope for scope in process.scopes()
                if passed.element_id in scope.spec.task_specs]
        if len(fits) != 1:
            raise refuse("scope", f"“{passed.element_id}”所在的子流程已经不能确定",
                         f"the sub-process of {passed.element_id} is not known any more", passed.element_id)
        return fits[0]

    @staticmethod
    def _node(spec: Any, passed: Passed) -> Node:
        found: Node | None = spec.task_specs.get(passed.element_id)
        if found is None:
            raise refuse("unknown", f"“{passed.element_id}”不在该实例现在的流程图里",
                         f"{passed.element_id} is not in the drawing that the instance runs by", passed.element_id)
        return found

    def _path(self, process: Process, node: Node, chain: list[Passed]) -> list[Node]:
        """Below the first element: through sub-processes that are over, down to the task (or a multi-instance)."""
        path: list[Node] = []
        for passed in chain[1:]:
            spec = process.subprocess_specs[node.spec]
            node = self._node(spec, passed)
            path.append(node)
            if isinstance(node, Rounds):
                break
        return path

    # a round of a multi-instance that still runs
    def _round(self, draft: Draft, scope: Any, node: Rounds, chain: list[Passed], task: Task) -> bool:
        body = next((token for token in draft.living(scope) if token.task_spec is node), None)
        if body is None:
            draft.remark("rounds", f"{label(node)}已结束，退回后全部轮次重新开始",
                         f"{node.bpmn_id} is over: all its rounds begin again", node.bpmn_id)
            return False
        if len(chain) > 1:
            raise refuse("round-over", f"{label(node)}的这一轮已经结束，其他轮次还在进行，不能单独退回这一轮",
                         f"this round of {node.bpmn_id} is over while others run", node.bpmn_id)
        index = int((task.inputs or {}).get("loopCounter", 0)) - 1
        live = {child.internal_data.get("round"): child for child in body.children if not child._state & OVER}
        if index < 0 or index in live:
            raise refuse("there", f"{label(node)}的这一轮正在进行", f"this round of {node.bpmn_id} is in progress",
                         node.bpmn_id)
        draft.reopen.append((body, index))
        draft.again.append(task.id)
        if one_by_one(node):
            draft.gone += [child for child in live.values() if child.task_spec.body is node]
            draft.again += [each.id for each in self.tasks.values() if each.token > task.token and
                            each.state == "completed" and self.passed[each.token].element_id == node.bpmn_id]
        return True

    # what followed
    def _withdraw(self, draft: Draft, scope: Any, node: Node, since: Passed, done_at: dt.datetime) -> None:
        inside = scope.host_number
        reached = self._followed(scope.spec, inside, node, since, done_at)
        draft.behind |= {each.name for each in reached}
        ours = {each.name for each in reached} | {node.name}
        before = len(draft.gone) + len(draft.uncollect)
        for token in draft.living(scope):
            if token.task_spec.is_boundary or token.task_spec not in reached:
                continue
            if "arrived" in token.internal_data:
                self._uncollect(draft, token, ours)
            elif token.thread_id > since.number:
                draft.gone.append(token)
        if len(draft.gone) + len(draft.uncollect) == before:
            self._not_ahead(draft, scope, node, since)
        self._again(draft, inside, {each.bpmn_id for each in (node, *reached)}, since.number)

    def _inside(self, draft: Draft, scope: Any, path: list[Node], chain: list[Passed], done_at: dt.datetime) -> None:
        """The same below the running scope: in sub-processes that are over, and of a loop that begins again."""
        where = [scope.host_number, *(passed.number for passed in chain)]
        spec = scope.spec
        for node, inside, passed in zip(path, where, chain, strict=False):
            reached = {node} if passed is chain[0] else {node, *self._followed(spec, inside, node, passed, done_at)}
            rounds = isinstance(node, Rounds)
            self._again(draft, inside, {each.bpmn_id for each in reached},
                        self._body(passed, inside) if rounds else passed.number)
            if rounds:
                return
            spec = draft.process.subprocess_specs.get(getattr(node, "spec", None))

    def _body(self, round_: Passed, inside: int) -> int:
        """The token of the loop whose round this was: it came before all of them, and left after them."""
        bodies = [each.number for each in self.passed.values() if each.number in self.visited
                  and each.element_id == round_.element_id and each.within in (inside, None)
                  and each.number < round_.number
                  and (each.left_at is None or round_.left_at is None or each.left_at >= round_.left_at)]
        return min(bodies, default=round_.number - 1)

    def _again(self, draft: Draft, inside: int, names: set[str], since: int) -> None:
        draft.since.append((inside, frozenset(names), since))
        draft.again += [task.id for task in self.tasks.values() if task.id not in draft.again
                        and task.state == "completed"
                        and self._belongs(self.passed[task.token], inside, names, since)]

    @staticmethod
    def _not_ahead(draft: Draft, scope: Any, node: Node, since: Passed) -> None:
        """Nothing follows from it any more: its path ended - or it was taken back already and will come again."""
        leading = reach(scope.spec).before(node)
        for token in draft.living(scope):
            place = token.task_spec.body or token.task_spec
            if token.thread_id > since.number and place.name in leading:
                raise refuse("ahead", f"{label(node)}还在前面，流程会再次走到那里，不需要退回",
                             f"{node.bpmn_id} lies ahead: the process will come to it again", node.bpmn_id)

    def _followed(self, spec: Any, inside: int, node: Node, since: Passed, done_at: dt.datetime) -> set[Node]:
        ways = reach(spec)
        after = {passed.element_id for passed in self.passed.values()
                 if passed.within in (inside, None) and passed.number > since.number}
        joined = {passed.element_id for passed in self.passed.values()
                  if passed.within in (inside, None) and (passed.left_at is None or passed.left_at >= done_at)}
        todo, found = ways.onward(node), set[Node]()
        while todo:
            each = todo.pop()
            known = after | joined if isinstance(each, Joining) and len(each.arrivals) > 1 else after
            if each not in found and each.bpmn_id in known:
                found.add(each)
                todo += ways.onward(each)
        return found

    @staticmethod
    def _uncollect(draft: Draft, join: Token, ours: set[str]) -> None:
        """What the join has from the branch that is done again is taken back; what others brought stays."""
        flows = {flow.id for name in ours for flow in join.workflow.spec.task_specs[name].flows
                 if flow.target is join.task_spec}
        draft.uncollect += [(join, flow) for flow in join.internal_data["arrived"] if flow in flows]

    def _belongs(self, one: Passed, inside: int, names: Collection[str], since: int) -> bool:
        return any(passed.element_id in names and passed.number > since and passed.within in (inside, None)
                   for passed in self._upwards(one))

    def _upwards(self, passed: Passed) -> Iterator[Passed]:
        at: Passed | None = passed
        while at is not None:
            yield at
            at = self.passed.get(at.within) if at.within else None
