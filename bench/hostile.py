"""Expressions written to take as much time or memory as they can; each must be stopped, or be small after all."""

from __future__ import annotations


def doubled(kind: str, times: int, end: str) -> str:
    """A context whose entries each hold the one before twice: small to keep, endless to walk. `end` is asked of it."""
    pair = "{{a: x{0}, b: x{0}}}" if kind == "context" else "[x{0}, x{0}]"
    entries = [f"x{n}: {pair.format(n - 1)}" for n in range(1, times)]
    return f"{{x0: [1], {', '.join(entries)}, end: {end}}}.end"


def text_of(length: int) -> str:
    return f'string join(for i in 1..{length // 40} return "{"a" * 40}")'


LOOPS = [
    "for i in 1..1000000000 return i",
    "for i in [1..1e30] return i",
    "count(for i in 1..1000000, j in 1..1000000 return 1)",
    "some x in 1..9999, y in 1..9999, z in 1..9999 satisfies x + y + z > 999999",
    "every x in 1..99999999 satisfies x > 0",
    'for d in date("-999999999-01-01")..date("999999999-12-31") return d',
    "{f: function(n) f(n + 1), r: f(1)}.r",
    "{f: function(n) if n <= 0 then 0 else f(n - 1) + f(n - 1), r: f(35)}.r",
    "{f: function(a) a + 1, r: for i in 1..1000000 return f(i)}.r",
    "for i in 1..100000 return function(x) x + i",
    "(for i in 1..1000 return i)[count((for j in 1..1000 return j)[item > 0]) > 0]",
    "for i in 1..100000 return [" + ", ".join(["i"] * 450) + "]",
    "for i in 1..100000 return {a: i, b: i, c: i, d: i}",
    " + ".join(["count(for i in 1..500 return i)"] * 70),
]
GROWTH = [
    "for i in 1..60 return [partial[-1], partial[-1]]",
    "string(for i in 1..60 return [partial[-1], partial[-1]])",
    "flatten(for i in 1..60 return [partial[-1], partial[-1]])",
    '(for i in 1..60 return if i = 1 then "xxxxxxxxxxxxxxxx" else partial[-1] + partial[-1])[-1]',
    '{f: function(s, n) if n = 0 then s else f(s + s, n - 1), r: f("aaaaaaaaaaaaaaaa", 39)}.r',
    "count(for i in 1..30 return if i = 1 then [1, 2, 3, 4] else concatenate(partial[-1], partial[-1]))",
    "for i in 1..3000 return concatenate(partial, partial)",
    "for i in 1..100000 return append(partial, i)",
    "for i in 1..3000 return if i = 1 then [1] else insert before(partial[-1], 1, i)",
    "for i in 1..3000 return union(partial, partial)",
    "(for i in 1..3000 return if i = 1 then {a: 1} else context put(partial[-1], string(i), i))[-1]",
    "count(for i in 1..1000 return context(for j in 1..1000 return {key: string(j), value: j}))",
    "for i in 1..10000 return string(1e6000 + i)",
    f"{{s: {text_of(40_000)}, r: for i in 1..10000 return s + string(i)}}.r",
    f"{{s: {text_of(400_000)}, r: for i in 1..10000 return substring(s, i)}}.r",
    f"{{s: {text_of(400_000)}, r: for i in 1..10000 return upper case(s)}}.r",
    f'{{s: {text_of(10_000)}, r: replace(s, "a", "{"b" * 100}")}}.r',
    "{l: for i in 1..10000 return i, r: for i in 1..10000 return reverse(l)}.r",
    *(doubled("context", 40, end) for end in ("x39 = {a: x38, b: x38}", "string(x39)", "distinct values([x39, x39])")),
    *(doubled("list", 55, end) for end in ("x54", "x54 = [x53, x53]", "x54.a", "flatten(x54)", "x54 in [[x53, x53]]")),
]
FUNCTIONS = [
    "sort(for i in 1..30000 return modulo(i * 7919, 30011))",
    "sort(for i in 1..30000 return -i, function(a, b) a < b)",
    'sort(for i in 1..9000 return time("10:00:00+01:00") + duration("PT1S") * modulo(i * 7919, 9001))',
    "distinct values(for i in 1..4000 return {a: i})",
    "for i in 1..1000 return index of(for j in 1..1000 return {a: j}, {a: 1})",
    "{l: for i in 1..1000 return i, r: every x in 1..1000000 satisfies -1 in l or true}.r",
    '{l: for i in 1..9000 return @"10:00:00+01:00", r: for i in 1..1000 return min(l)}.r',
    "for i in 1..1000 return stddev(for j in 1..1000 return j)",
    "for i in 1..100000 return 9.999999999999999999999999999999999 ** 6000.123456789",
    "for i in 1..100000 return exp(14000.123456789 - i / 1e20)",
    "for i in 1..100000 return log(9.999999999999999999999999999999999e6000 - i)",
    "for i in 1..100000 return decimal(1e6000, 6000)",
    'for i in 1..100000 return date("999999999-12-31") - duration("P1D") * i',
    'for i in 1..100000 return string(@"2020-01-01T00:00:00@Asia/Shanghai")',
    f'for i in 1..100000 return number("{"1" * 9000}")',
    f'{{s: {text_of(20_000)}, r: for i in 1..1000 return matches(s, "(a?){{500}}b")}}.r',
    f'{{s: {text_of(20_000)}, r: for i in 1..1000 return matches(s, "(a|aa)+$b")}}.r',
    f'{{s: {text_of(20_000)}, r: replace(s, "a*b|a", "c")}}.r',
    f'{{s: {text_of(40_000)}, r: split(s, "a*b|a")}}.r',
    'for i in 1..1000 return matches("x", "(a{0,90}){10}" + string(i))',
    rf'matches("{"a" * 40}", "^(a+)+\1b$")',
    rf'{{s: {text_of(20_000)}, r: matches(s, "(.*)\1\1b")}}.r',
    r'for i in 1..1000 return matches("证件", "^[\\p{L}\\p{N}]{1,20}-\\d{4}" + string(i))',
]
TEXTS = [
    "(" * 5000 + "1" + ")" * 4000,
    "[" * 5000 + "]" * 4000,
    "if a then 1 else " * 500 + "1",
    "-" * 9000 + "1",
    "a" + ".b" * 4900,
    "1" + "+1" * 4900,
    " and ".join(["true"] * 1400),
    "[" + ", ".join(["1"] * 3000) + "]",
    "{" + ", ".join(f"a-{n}: 1" for n in range(900)) + "}",
    "{" + ", ".join(f"a{'-b' * n}: 1" for n in range(80)) + "}",
    "{" + ", ".join(f"a - b-{n}: 1" for n in range(600)) + "}.a" + " - a" * 200,
    "/*" * 4990,
    '"' + "\\u0041" * 1600 + '"',
    '@"' + "1" * 9000 + '"',
    f'range("[{"(" * 9000}..1]")',
    f'duration("P{"1" * 9000}Y")',
    "1e999999999999",
    'duration("P999999999999999999D") * 1e30',
    "+".join(["exp(14000.5)"] * 190),
    "1" + "+1" * 500_000,
]
HOSTILE = [*LOOPS, *GROWTH, *FUNCTIONS, *TEXTS]
