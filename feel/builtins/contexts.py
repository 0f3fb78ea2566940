"""10.3.4.10 context functions."""

from __future__ import annotations

from feel.budget import paced, spend
from feel.signatures import builtin
from feel.values import Value

Context = dict[str, Value]
PER_STEP = 20  # so many entries are copied in the time of a step


@builtin("get value(m: context, key: string)")
def get_value(context: Context, key: str) -> Value:
    return context.get(key)


@builtin("get value(context: context, keys: list)")
def get_value_at(context: Context, keys: list[Value]) -> Value:
    found: Value = context
    for key in keys:
        found = found.get(key) if type(found) is dict and type(key) is str else None
    return found if keys else None


@builtin("get entries(m: context)")
def get_entries(context: Context) -> list[Context]:
    return [{"key": key, "value": value} for key, value in paced(context.items())]


@builtin("context(entries: list)")
def context_of(entries: list[Value]) -> Context | None:
    made: Context = {}
    for entry in entries:
        if type(entry) is not dict or "value" not in entry:
            return None
        key = entry.get("key")
        if type(key) is not str or key in made:
            return None
        made[key] = entry["value"]
    return made


@builtin("context put(context: context, keys: list, value: any)")
def context_put_at(context: Context, keys: list[Value], value: Value) -> Context | None:
    if not keys or type(keys[0]) is not str:
        return None
    if len(keys) == 1:
        return context_put(context, keys[0], value)
    inner = context.get(keys[0])
    made = (
        context_put_at({} if inner is None else inner, keys[1:], value) if type(inner) in (dict, type(None)) else None
    )
    return None if made is None else context_put(context, keys[0], made)


@builtin("context put(context: context, key: string, value: any)")
def context_put(context: Context, key: str, value: Value) -> Context:
    spend(len(context) // PER_STEP)
    return {**context, key: value}


@builtin("context merge(contexts: list)")
def context_merge(contexts: list[Value]) -> Context | None:
    if any(type(each) is not dict for each in contexts):
        return None
    return {key: value for each in contexts for key, value in paced(each.items())}
