"""A DMN file as a model: inputs, decisions, knowledge, services and what they require of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from feel import budget as budgets
from feel.budget import Budget
from feel.compiler import Code, Names
from feel.dmn.boxed import BOXES, Reading, expression_in
from feel.dmn.itemtypes import ItemTypes
from feel.dmn.run import Run
from feel.dmn.table import Table
from feel.dmn.trace import Result
from feel.dmn.xml import VERSIONS, Element, child, children, label, local, read, reference
from feel.errors import FeelError
from feel.expression import hard
from feel.functions import handed_in
from feel.lexer import normal
from feel.size import measured, too_deep
from feel.types import Type
from feel.values import Value

NAMED = ("inputData", "decision", "businessKnowledgeModel", "decisionService")
LINKS = ("requiredInput", "requiredDecision", "requiredKnowledge")
BESIDE = {
    "description", "extensionElements", "question", "allowedAnswers", "variable", "informationRequirement",
    "knowledgeRequirement", "authorityRequirement", "supportedObjective", "impactedPerformanceIndicator",
    "decisionMaker", "decisionOwner", "usingProcess", "usingTask",
}  # fmt: skip
"""What a decision may hold beside its logic."""


@dataclass(slots=True)
class Node:
    """One element of the decision requirements graph."""

    model: Model
    kind: str
    id: str
    name: str
    type: Type | None
    line: int = 0
    requires: list[str] = field(default_factory=list)

    def parts(self) -> tuple[Model, str, str, str, Type | None, int, list[str]]:
        return self.model, self.kind, self.id, self.name, self.type, self.line, self.requires


@dataclass(slots=True)
class Decision(Node):
    """Something decided; `reads` are the names its expressions read, built-in functions included."""

    code: Code | None = None
    defaults: Names = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    tables: list[Table] = field(default_factory=list)


@dataclass(slots=True)
class Knowledge(Node):
    """A business knowledge model: `make` gives its function from the names in force."""

    make: Code | None = None
    defaults: Names = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    tables: list[Table] = field(default_factory=list)


@dataclass(slots=True)
class Service(Node):
    outputs: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)


class Model:
    """A parsed DMN file. `decisions` maps ids to decisions; evaluating changes nothing here.

    `faults` collects what cannot be run; without such a list, the first fault is raised.
    """

    def __init__(self, root: Element, imports: Iterable[Model] = (), faults: list[FeelError] | None = None) -> None:
        self.faults = faults
        self.name = str(root.get("name") or "")
        self.namespace = str(root.get("namespace") or "")
        self.version = VERSIONS[root.nsmap.get(root.prefix) or ""]
        self.imports = self._imported(root, {model.namespace: model for model in imports})
        self.names: frozenset[str] = _names(root) | frozenset().union(*(m.names for m in self.imports.values()))
        types = {f"{n}.{k}" if n else k: t for n, m in self.imports.items() for k, t in m.types.made.items()}
        self.types: ItemTypes = ItemTypes(root, self.names, types, self._fault)
        self.nodes: dict[str, Node] = {}
        for element in children(root, *NAMED):
            made = self._node(element)
            if not made.id or made.id in self.nodes:
                raise FeelError(f"编号缺失或重复：{made.id}", f"missing or repeated id {made.id!r}").at(
                    label(element), element.sourceline
                )
            self.nodes[made.id] = made
        self.declared = frozenset(node.name for node in self.nodes.values())
        self._check_links()

    def _fault(self, problem: FeelError) -> None:
        if self.faults is None:
            raise problem from None
        self.faults.append(problem)

    @property
    def decisions(self) -> dict[str, Decision]:
        return {key: node for key, node in self.nodes.items() if isinstance(node, Decision)}

    @property
    def services(self) -> dict[str, Service]:
        return {key: node for key, node in self.nodes.items() if isinstance(node, Service)}

    @property
    def inputs(self) -> dict[str, Node]:
        return {key: node for key, node in self.nodes.items() if node.kind == "inputData"}

    def evaluate(
        self,
        decision: str,
        context: Mapping[str, Any] | None = None,
        functions: Mapping[str, Any] | None = None,
        *,
        budget: Budget | None = None,
    ) -> Result:
        """Decide (a decision or service by id or name) for these inputs; raises FeelError when it cannot be decided."""
        node = self.find(decision)
        run = Run(self, context or {}, handed_in(functions or {}))
        try:
            with budgets.spending(budget):
                value = measured(run.value(node))
        except RecursionError:
            raise too_deep() from None
        return Result(value, run.trace)

    def find(self, key: str) -> Node:
        """The decision, knowledge or service with this id, else this name."""
        wanted = normal(key)
        found = self.nodes.get(key) or next((n for n in self.nodes.values() if n.name == wanted), None)
        if found is None:
            raise FeelError(f"没有名为“{key}”的决策", f"there is no decision {key!r}")
        return found

    def unprovided(self, decision: str) -> frozenset[str]:
        """Names the decision (or knowledge model) reads that no requirement and no built-in function provides."""
        node = self.find(decision)
        if not isinstance(node, Decision | Knowledge):
            return frozenset()
        given = {self.target(href)[1].name for href in node.requires} | set(self.imports)
        return frozenset(name for name in node.reads if name not in given and node.defaults.get(name) is None)

    def wants(self, decision: str) -> frozenset[str]:
        """Names that deciding reads from the context: inputs, and what `unprovided` says, of all it requires here."""
        waiting, seen, wanted = [self.find(decision).id], set[str](), set[str]()
        while waiting:
            node = self.nodes.get(waiting.pop())
            if node is None or node.id in seen:
                continue
            seen.add(node.id)
            if node.kind == "inputData" or (isinstance(node, Decision) and node.code is None):
                wanted.add(node.name)
            wanted |= self.unprovided(node.id)
            waiting += node.requires
        return frozenset(wanted)

    def target(self, href: str) -> tuple[str | None, Node]:
        """The name of the import (None for this file) and the node a reference points to."""
        space, mark, key = href.rpartition("#")
        if mark and space != self.namespace:
            for name, model in self.imports.items():
                if model.namespace == space and key in model.nodes:
                    return name, model.nodes[key]
        elif key in self.nodes:
            return None, self.nodes[key]
        raise FeelError(f"引用的元素“{href}”不存在", f"the reference {href!r} points to nothing")

    def _imported(self, root: Element, models: Mapping[str, Model]) -> dict[str, Model]:
        found: dict[str, Model] = {}
        for element in children(root, "import"):
            model = models.get(element.get("namespace") or "")
            if model is not None:
                found[normal(element.get("name") or "")] = model
            elif "/DMN/" in (element.get("importType") or "").upper():
                problem = FeelError("缺少导入的模型", "an imported model is not given")
                self._fault(problem.at(label(element), element.sourceline))
        return found

    def _node(self, element: Element) -> Node:
        variable = child(element, "variable")
        name = normal(str((variable if variable is not None else element).get("name") or element.get("name") or ""))
        kind = self.types.named(None if variable is None else variable.get("typeRef"))
        tag = str(element.tag).rpartition("}")[2]
        links = [reference(link) for holder in children(element) for link in children(holder, *LINKS)]
        node = Node(self, tag, str(element.get("id") or name), name, kind, element.sourceline, links)
        try:
            if tag == "decision":
                return self._decision(element, node)
            if tag == "businessKnowledgeModel":
                return self._knowledge(element, node)
        except FeelError as problem:
            found = problem.at(label(element), element.sourceline)
            self._fault(found)
            return _broken(node, found)
        if tag == "decisionService":
            outputs = [reference(e) for e in children(element, "outputDecision")]
            inputs = [reference(e) for e in [*children(element, "inputData"), *children(element, "inputDecision")]]
            return Service(*node.parts(), outputs, inputs)
        return node

    def _decision(self, element: Element, node: Node) -> Decision:
        reading = Reading(self.names, self.types)
        inner = expression_in(element)
        for other in children(element):
            if other is not inner and local(other) not in BESIDE:
                text = f"不支持的内容 {local(other)}", f"unsupported content {local(other)}"
                raise FeelError(*text, line=other.sourceline)
        code = None if inner is None else reading.boxed(inner, node.name, node.type)
        reads = frozenset(reading.scope.free)
        return Decision(*node.parts(), code, reading.defaults(), reads, reading.tables)

    def _knowledge(self, element: Element, node: Node) -> Knowledge:
        reading = Reading(self.names, self.types)
        logic = child(element, "encapsulatedLogic")
        make = None if logic is None else BOXES["functionDefinition"](logic, reading, node.name, node.type)
        reads = frozenset(reading.scope.free) - {node.name}
        return Knowledge(*node.parts(), make, reading.defaults(), reads, reading.tables)

    def _check_links(self) -> None:
        """Every reference points to something, and no decision requires itself."""
        for node in self.nodes.values():
            links = [*node.requires, *(node.outputs + node.inputs if isinstance(node, Service) else [])]
            for href in links:
                try:
                    self.target(href)
                except FeelError as problem:
                    self._fault(problem.at(f"{node.kind} “{node.name}”", node.line))
        done: set[str] = set()
        for node in self.nodes.values():
            self._walk(node, (), done)

    def _walk(self, node: Node, above: tuple[str, ...], done: set[str]) -> None:
        if node.id in above or len(above) > 100:
            problem = FeelError("决策之间循环依赖", "the decisions require each other in a circle")
            return self._fault(problem.at(f"decision “{node.name}”", node.line))
        if node.id in done or node.kind != "decision":
            return
        for href in node.requires:
            if href in self.nodes:
                self._walk(self.nodes[href], (*above, node.id), done)
        done.add(node.id)


def _broken(node: Node, problem: FeelError) -> Node:
    """A decision or knowledge model that says, when it is asked, why it cannot be run."""

    def refuse(e: Names) -> Value:
        raise problem

    kind: Callable[..., Node] = Decision if node.kind == "decision" else Knowledge
    return kind(*node.parts(), refuse)


def _names(root: Element) -> frozenset[str]:
    """The names in the file that a reader of its expressions must know."""
    named = ("inputData", "decision", "businessKnowledgeModel", "decisionService", "import", "itemComponent")
    return hard(str(e.get("name")) for tag in named for e in root.iter(f"{{*}}{tag}") if e.get("name"))


def parse(xml: bytes, *, imports: Iterable[Model] = (), faults: list[FeelError] | None = None) -> Model:
    """The model of a DMN file; `imports` are the models it imports.

    Raises FeelError naming element, line and cell for whatever cannot be run faithfully. Given a list, puts every such
    fault there instead, and the broken decision alone cannot be evaluated; a file that is no DMN file is still refused.
    """
    return Model(read(xml), imports, faults)
