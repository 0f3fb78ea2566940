"""Item definitions: the model's own types, with allowed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from feel.budget import spend
from feel.compiler import Scope, build
from feel.dmn.xml import Element, child, children, label, line_of, text_of
from feel.errors import FeelError
from feel.lexer import normal
from feel.nodes.calls import FUNCTIONS
from feel.nodes.tests import SUBJECT
from feel.parser import parse
from feel.types import ANY, Type, simple
from feel.values import Value


class ItemTypes:
    """The types a model defines, made when first asked for (they may refer to each other)."""

    def __init__(
        self, root: Element, names: frozenset[str], imported: Mapping[str, Type], fault: Callable[[FeelError], None]
    ) -> None:
        self.fault = fault
        self.definitions = {normal(e.get("name") or ""): e for e in children(root, "itemDefinition")}
        self.names = names
        self.made: dict[str, Type] = dict(imported)
        self.open: set[str] = set()
        for name in self.definitions:
            self.named(name)

    def named(self, reference: str | None) -> Type | None:
        """The type a `typeRef` names; None when there is none (anything goes)."""
        if not reference:
            return None
        bare = normal(reference)
        if bare in self.made:
            return self.made[bare]
        if bare in self.definitions:
            return self.defined(bare)
        prefix, colon, rest = bare.partition(":")
        if colon:
            return self.named(rest)
        built_in = simple(bare)
        return built_in if built_in.known and built_in is not ANY else None

    def defined(self, name: str) -> Type | None:
        element = self.definitions[name]
        if name in self.open:
            text = f"类型“{name}”引用了自身", f"the type {name!r} refers to itself"
            self.fault(FeelError(*text, line=element.sourceline))
            return ANY
        self.open.add(name)
        made = self.made[name] = self.item(element, name)
        self.open.discard(name)
        return made

    def item(self, element: Element, name: str = "") -> Type:
        """The type of an `itemDefinition` or `itemComponent`; a context type may contain itself."""
        collection = element.get("isCollection") == "true"
        allowed = self.allowed(child(element, "allowedValues"))
        whole = self.allowed(child(element, "typeConstraint"))
        parts = list(children(element, "itemComponent"))
        function = child(element, "functionItem")
        if function is not None:
            made = self.function(function)
        elif parts:
            made = Type("context", check=allowed)
            if name:
                self.made[name] = made
            made.entries.update((normal(p.get("name") or ""), self.item(p)) for p in parts)
        else:
            made = self.named(text_of(child(element, "typeRef"))) or ANY
            made = _narrowed(made, allowed, text_of(child(element, "allowedValues"))) if allowed else made
        if collection:
            made = Type("list", element=made)
        return _narrowed(made, whole) if whole else made

    def function(self, element: Element) -> Type:
        parameters = tuple(self.named(p.get("typeRef")) or ANY for p in children(element, "parameters"))
        return Type("function", parameters=parameters, result=self.named(element.get("outputTypeRef")) or ANY)

    def allowed(self, element: Element | None) -> Callable[[Value], bool] | None:
        text = text_of(element)
        if element is None or not text:
            return None
        scope = Scope()
        try:
            code = build(parse(text, self.names, unary=True), scope)
        except FeelError as problem:
            problem.line += line_of(element) - 1
            self.fault(problem.at(f"{label(element.getparent())} allowedValues", element.sourceline))
            return None
        names = {name: FUNCTIONS.get(name) for name in scope.free | scope.perhaps}

        def check(value: Value) -> bool:
            spend(5)
            return code({**names, SUBJECT: value}) is True

        return check


def _narrowed(wider: Type, check: Callable[[Value], bool], allowed: str = "") -> Type:
    inner = wider.check
    both = check if inner is None else (lambda value: inner(value) and check(value))
    return Type(wider.name, wider.element, wider.entries, wider.parameters, wider.result, both, allowed)
