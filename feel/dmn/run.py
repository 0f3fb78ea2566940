"""One evaluation of a model: each decision at most once, with the trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from feel.compiler import Names
from feel.dmn.trace import TRACE, Visit
from feel.errors import FeelError
from feel.functions import typed_call
from feel.size import measured
from feel.types import Type, coerce
from feel.values import Function, Value, feel_value

if TYPE_CHECKING:
    from feel.dmn.model import Decision, Knowledge, Model, Node, Service


class Run:
    """What is known so far about one set of inputs."""

    def __init__(
        self,
        model: Model,
        context: Mapping[str, Any],
        functions: Mapping[str, Function],
        trace: list[Visit] | None = None,
    ) -> None:
        self.model = model
        self.context = context
        self.functions = functions
        self.trace: list[Visit] = [] if trace is None else trace
        self.known: dict[str, Value] = {}
        self.imported: dict[str, Run] = {}

    def value(self, node: Node) -> Value:
        """A decision's value, an input's value, or the function that a knowledge model is."""
        if node.kind == "decisionService":
            return self.serve(node)  # type: ignore[arg-type]
        return self.of(node)

    def of(self, node: Node) -> Value:
        if node.id not in self.known:
            self.known[node.id] = PROVIDERS[node.kind](self, node)
        return self.known[node.id]

    def input(self, node: Node) -> Value:
        value = feel_value(self.context.get(node.name))
        return fitted(value, node.type)

    def decide(self, node: Decision) -> Value:
        if node.code is None:
            return self.told(node)
        names = self.names(node, node.defaults)
        missing = self.fill(names, node)
        names[TRACE] = self.trace
        try:
            value = measured(fitted(node.code(names), node.type))
        except FeelError as problem:
            raise problem if problem.where.startswith("decision ") else problem.at(f"decision “{node.name}”") from None
        self.trace.append(Visit("decision", node.id, node.name, value, missing=missing))
        return value

    def told(self, node: Decision) -> Value:
        """A decision that is drawn but not worked out (somebody decides it): its value comes with the inputs."""
        value = self.input(node)
        missing = () if node.name in self.context else (node.name,)
        self.trace.append(Visit("decision", node.id, node.name, value, missing=missing))
        return value

    def names(self, node: Node, defaults: Names) -> Names:
        """What the node's requirements provide, by name; what is imported hangs under its import's name."""
        names = dict(defaults)
        for href in node.requires:
            where, target = self.model.target(href)
            if where is None:
                names[target.name] = self.of(target)
            elif not where:
                names[target.name] = self.run_of(where).of(target)
            else:
                box = names.get(where)
                box = names[where] = dict(box) if type(box) is dict else {}
                box[target.name] = self.run_of(where).of(target)
        return names

    def run_of(self, where: str) -> Run:
        """The run of an imported model; its inputs come under the import's name, or beside our own."""
        if where not in self.imported:
            inner = self.context.get(where)
            context = {**self.context, **inner} if isinstance(inner, Mapping) else self.context
            self.imported[where] = Run(self.model.imports[where], context, self.functions, self.trace)
        return self.imported[where]

    def fill(self, names: Names, node: Decision) -> tuple[str, ...]:
        """Names no requirement provides come from the context or the functions handed in; gives those that do not.

        What the model itself declares (an input, another decision) reaches a decision only through a requirement.
        """
        provided = {self.model.target(href)[1].name for href in node.requires} | set(self.model.imports)
        missing = []
        for name in node.defaults.keys() - provided:
            if name in self.context and name not in self.model.declared:
                names[name] = feel_value(self.context[name])
            elif name in self.functions:
                names[name] = self.functions[name]
            elif names[name] is None and name in node.reads:
                missing.append(name)
        for where, target in map(self.model.target, node.requires):
            if where is None and target.kind == "inputData" and target.name not in self.context:
                missing.append(target.name)
        return tuple(sorted(missing))

    def knowledge(self, node: Knowledge) -> Value:
        """The function; it is known before its own requirements are, so that it may call itself."""
        if node.make is None:
            return None
        shell = self.known[node.id] = Function(lambda *given: None, (), name=node.name)
        names = self.names(node, node.defaults)
        for name in node.defaults.keys() & self.functions.keys():
            names[name] = self.functions[name]
        missing = tuple(sorted(name for name in self.model.unprovided(node.id) if names[name] is None))
        if missing:
            self.trace.append(Visit("knowledge", node.id, node.name, missing=missing))
        names[node.name] = shell
        names[TRACE] = self.trace
        made = node.make(names)
        shell.apply, shell.parameters, shell.types, shell.result_type = (
            made.apply, made.parameters, made.types, made.result_type,
        )  # fmt: skip
        return shell

    def service(self, node: Service) -> Value:
        """A decision service as a function of its input data and input decisions."""
        targets = [self.model.target(href)[1] for href in node.inputs]
        types = [target.type for target in targets]

        def call(arguments: Any) -> Value:
            inner = Run(self.model, {}, self.functions, self.trace)
            inner.known.update({target.id: value for target, value in zip(targets, arguments, strict=True)})
            return inner.outputs(node)

        return Function(typed_call(call, types), tuple(t.name for t in targets), name=node.name, types=tuple(types))

    def serve(self, node: Service) -> Value:
        """A service called with the context as its arguments."""
        inner = Run(self.model, self.context, self.functions, self.trace)
        for href in node.inputs:
            target = self.model.target(href)[1]
            inner.known[target.id] = inner.input(target)
        return inner.outputs(node)

    def outputs(self, node: Service) -> Value:
        """One output decision is its value, several are a context."""
        found = {target.name: self.of(target) for target in (self.model.target(href)[1] for href in node.outputs)}
        value = next(iter(found.values())) if len(found) == 1 else found
        return fitted(value, node.type if node.type is None or node.type.name != "function" else node.type.result)


PROVIDERS: dict[str, Any] = {
    "inputData": Run.input,
    "decision": Run.decide,
    "businessKnowledgeModel": Run.knowledge,
    "decisionService": Run.service,
}


def fitted(value: Value, kind: Type | None) -> Value:
    """The value as its type, null when it is of another (10.3.2.9.4)."""
    return value if kind is None else coerce(value, kind)[1]
