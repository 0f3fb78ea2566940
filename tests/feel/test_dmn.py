"""DMN files: what they may hold, what they require of each other, and what is refused."""

import datetime

import pytest

from feel import FeelError, OverBudget, dmn
from tests.feel.diagrams import SPACE, decision, file, literal, model, table

INPUT = '<inputData id="age" name="age"><variable name="age" typeRef="number"/></inputData>'
BKM = (
    '<businessKnowledgeModel id="double" name="double"><encapsulatedLogic>'
    '<formalParameter name="n" typeRef="number"/>' + literal("n * 2") + "</encapsulatedLogic></businessKnowledgeModel>"
)


def test_decisions_require_each_other():
    made = model(decision("a", literal("1 + 1")), decision("b", literal("a * 10"), "requiredDecision a"))
    assert made.evaluate("b").value == 20


def test_a_decision_is_found_by_id_or_name():
    made = dmn.parse(file(decision("a", literal("1")).replace('name="a"', 'name="所需 材料"')))
    assert made.evaluate("所需 材料").value == made.evaluate("a").value == 1


def test_an_input_of_another_type_is_null():
    made = model(INPUT, decision("d", literal("age"), "requiredInput age"))
    assert made.evaluate("d", {"age": 30}).value == 30
    assert made.evaluate("d", {"age": "old"}).value is None


def test_allowed_values_bind_inputs():
    kind = (
        '<itemDefinition name="colour"><typeRef>string</typeRef><allowedValues><text>"red", "blue"</text>'
        "</allowedValues></itemDefinition>"
    )
    made = model(kind, INPUT.replace("number", "colour"), decision("d", literal("age"), "requiredInput age"))
    assert made.evaluate("d", {"age": "red"}).value == "red"
    assert made.evaluate("d", {"age": "green"}).value is None


def test_a_declared_input_reaches_only_who_requires_it():
    made = model(INPUT, decision("d", literal("age")))
    result = made.evaluate("d", {"age": 30})
    assert result.value is None
    assert result.trace[-1].missing == ("age",)


def test_a_file_without_declared_inputs_takes_them_from_the_context():
    made = model(decision("d", table(["kind"], ["out"], [['"permit"', "1"], ['not("permit")', "2"]])))
    assert made.evaluate("d", {"kind": "permit"}).value == 1
    assert made.unprovided("d") == {"kind"}


def test_knowledge_is_called_as_a_function():
    made = model(BKM, decision("d", literal("double(21)"), "requiredKnowledge double"))
    assert made.evaluate("d").value == 42


def test_knowledge_may_call_itself():
    again = BKM.replace("n * 2", "if n &lt; 2 then 1 else n * double(n - 1)")
    made = model(again, decision("d", literal("double(5)"), "requiredKnowledge double"))
    assert made.evaluate("d").value == 120


def test_an_invocation_binds_by_name():
    call = f'<invocation>{literal("double")}<binding><parameter name="n"/>{literal("4")}</binding></invocation>'
    assert model(BKM, decision("d", call, "requiredKnowledge double")).evaluate("d").value == 8


def test_a_boxed_context_gives_its_last_unnamed_entry():
    entry = f'<contextEntry><variable name="a"/>{literal("2")}</contextEntry>'
    boxed = f"<context>{entry}<contextEntry>{literal('a + 1')}</contextEntry></context>"
    assert model(decision("d", boxed)).evaluate("d").value == 3


def test_a_relation_is_a_list_of_contexts():
    rows = f"<row>{literal('1')}{literal('2')}</row>"
    boxed = f'<relation><column name="a"/><column name="b"/>{rows}</relation>'
    assert model(decision("d", boxed)).evaluate("d").value == [{"a": 1, "b": 2}]


def test_boxed_iteration_and_filter():
    each = f'<for iteratorVariable="x"><in>{literal("[1, 2]")}</in><return>{literal("x * 2")}</return></for>'
    assert model(decision("d", each)).evaluate("d").value == [2, 4]
    some = f"<filter><in>{literal('[1, 2, 3]')}</in><match>{literal('item > 1')}</match></filter>"
    assert model(decision("d", some)).evaluate("d").value == [2, 3]


def test_a_decision_service_takes_its_inputs_as_arguments():
    service = (
        '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#out"/>'
        '<inputData href="#age"/></decisionService>'
    )
    out = decision("out", literal("age + 1"), "requiredInput age")
    asking = decision("d", literal("s(41)"), "requiredKnowledge s")
    made = model(INPUT, out, service, asking)
    assert made.evaluate("d").value == 42
    assert made.evaluate("s", {"age": 1}).value == 2


def test_functions_handed_in_are_there_in_every_cell():
    made = model(decision("d", table(["date"], ["due"], [["-", "working days after(date, 5)"]])))
    later = {"working days after": lambda date, n: f"{date}+{n}"}
    assert made.evaluate("d", {"date": "today"}, later).value == "today+5"


def test_the_trace_says_which_rule_matched_with_which_inputs():
    made = model(decision("d", table(["x"], ["out"], [["< 5", '"small"'], [">= 5", '"big"']])))
    first, last = made.evaluate("d", {"x": 9}).trace
    assert first.inputs == {"x": 9}
    assert [(match.rule, match.id, match.outputs) for match in first.matches] == [(2, "r2", {"out": "big"})]
    assert (last.kind, last.name, last.value) == ("decision", "d", "big")


def test_the_trace_names_what_nothing_provided():
    made = model(decision("d", literal("amuont > 100")))
    assert made.evaluate("d", {"amount": 5}).trace[-1].missing == ("amuont",)


@pytest.mark.parametrize(
    "space",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_every_version_is_read(space):
    assert dmn.parse(file(decision("d", literal("1")), space=space)).evaluate("d").value == 1


def refusal(xml):
    with pytest.raises(FeelError) as refused:
        dmn.parse(xml)
    return refused.value


def test_a_broken_cell_is_named_with_its_rule():
    problem = refusal(file(decision("d", table(["x"], ["out"], [["1", "2"], ["[1..", "2"]]))))
    assert "rule 2, input 1" in problem.where and "decision" in problem.where


def test_an_expression_of_another_language_is_refused():
    python = literal("__import__('os')").replace("<literalExpression", '<literalExpression expressionLanguage="python"')
    assert "python" in refusal(file(decision("d", python))).message_en


@pytest.mark.parametrize(
    "language",
    ["feel", "FEEL", "http://www.omg.org/spec/FEEL/20140401", "https://www.omg.org/spec/DMN/20230324/FEEL/", ""],
)
def test_feel_is_known_by_the_names_every_version_gives_it(language):
    named = literal("1 + 1").replace("<literalExpression", f'<literalExpression expressionLanguage="{language}"')
    assert model(decision("d", named)).evaluate("d").value == 2


def test_a_circle_of_decisions_is_refused():
    one = decision("a", literal("b"), "requiredDecision b")
    assert "circle" in refusal(file(one, decision("b", literal("a"), "requiredDecision a"))).message_en


def test_a_reference_to_nothing_is_refused():
    assert "nowhere" in refusal(file(decision("a", literal("1"), "requiredDecision nowhere"))).message_en


def test_an_unknown_hit_policy_is_refused():
    refusal(file(decision("a", table(["x"], ["y"], [], hit="LAST"))))


def test_a_rule_with_a_missing_cell_is_refused():
    refusal(file(decision("a", table(["x", "y"], ["z"], [["1", "2", "3"], ["1", "2"]]))))


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"<a/>",
        b"<definitions/>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><definitions>&e;</definitions>',
        f'<!DOCTYPE x><definitions xmlns="{SPACE}"/>'.encode(),
        b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><definitions>&b;</definitions>',
        f'<definitions xmlns="{SPACE}">'.encode() + b"<x>" * 5000 + b"</x>" * 5000 + b"</definitions>",
        b"\xff\xfe" + "<definitions/>".encode("utf-16-le"),
        b" " * 5_000_000,
    ],
    ids=["empty", "text", "other", "no namespace", "entity", "doctype", "laughs", "deep", "utf-16", "huge"],
)
def test_an_unsafe_or_foreign_file_is_refused(xml):
    refusal(xml)


def test_a_table_cannot_run_away():
    rules = [["-", "count(for i in 1..1000000000 return i)"]]
    with pytest.raises(OverBudget):
        model(decision("d", table(["x"], ["out"], rules))).evaluate("d")


def test_java_is_never_called():
    text = 'function(x) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}'
    assert model(decision("d", literal(f'({text})("id")'))).evaluate("d").value is None


def test_a_few_pure_functions_of_java_are_done_here():
    text = 'function(a, b) external {java: {class: "java.lang.Math", method signature: "max(double, double)"}}'
    assert model(decision("d", literal(f"({text})(3, 7)"))).evaluate("d").value == 7


@pytest.mark.parametrize(("name", "call"), [("lib", "lib.double(21)"), ("", "double(21)")])
def test_an_imported_model_is_reached_under_its_imports_name(name, call):
    library = dmn.parse(file(BKM).replace(b'namespace="n"', b'namespace="library"'))
    imported = f'<import name="{name}" namespace="library" importType="{SPACE}"/>'
    asking = decision("d", literal(call)).replace(
        "<literal", '<knowledgeRequirement><requiredKnowledge href="library#double"/></knowledgeRequirement><literal'
    )
    assert dmn.parse(file(imported, asking), imports=[library]).evaluate("d").value == 42


def test_a_model_that_imports_what_is_not_given_is_refused():
    refusal(file(f'<import name="lib" namespace="library" importType="{SPACE}"/>'))


def test_every_fault_of_a_file_is_told_at_once_and_the_rest_runs():
    faults = []
    xml = file(decision("a", literal("1 +")), decision("b", literal("2")), decision("c", literal("(")))
    made = dmn.parse(xml, faults=faults)
    assert [fault.where for fault in faults] == ["decision “a” a", "decision “c” c"]
    assert made.evaluate("b").value == 2
    with pytest.raises(FeelError) as refused:
        made.evaluate("a")
    assert refused.value.line == 1


def test_a_decision_that_is_only_drawn_is_told_with_the_inputs():
    made = model(decision("opinion", ""), decision("d", literal("opinion"), "requiredDecision opinion"))
    assert made.evaluate("d", {"opinion": "fit"}).value == "fit"
    assert made.evaluate("d", {}).trace[0].missing == ("opinion",)


def test_what_is_declared_decides_what_a_function_gives():
    kind = (
        '<itemDefinition name="days" isCollection="true"><typeRef>Any</typeRef></itemDefinition>'
        '<itemDefinition name="listing"><functionItem outputTypeRef="days"/></itemDefinition>'
    )
    inner = decision("day", literal("date(2026, 11, 22)"), type="date")
    service = (
        '<decisionService id="s" name="s"><variable name="s" typeRef="listing"/>'
        '<outputDecision href="#day"/></decisionService>'
    )
    assert model(kind, inner, service).evaluate("s").value == [datetime.date(2026, 11, 22)]


CONSTRAINED = '<itemDefinition name="t"><allowedValues><text>"a",</text></allowedValues></itemDefinition>'


@pytest.mark.parametrize(
    ("element", "where", "zh", "line"),
    [
        (decision("d", table(["x"], ["o"], [["1", "1"], ["[1..", "2"]])), "“d” rule 2, input 1", "规则 2, 输入列 1", 2),
        (decision("d", table(["x"], ["o"], [["1", "(2"]])), "decision “d” rule 1, output 1", "规则 1, 输出列 1", 2),
        (decision("d", table(["x +"], ["o"], [["1", "1"]])), "decision “d” input 1 “x +”", "输入列 1 “x +”", 2),
        (decision("d", table(["x"], ["o"], [["1", "1"]], values=['"a",'])), "outputValues", "允许的输出值", 2),
        (decision("rule", literal("\n\n1 +")), "decision “rule”", "决策 “rule”", 4),
        (decision("d", "<surprise/>"), "decision “d”", "不支持的内容 surprise", 2),
        (CONSTRAINED, "itemDefinition “t” allowedValues", "数据类型 “t” 允许值", 2),
        (BKM.replace("n * 2", "n *"), "businessKnowledgeModel “double”", "业务知识模型 “double”", 2),
    ],
)
def test_a_broken_file_is_told_with_element_rule_column_and_line(element, where, zh, line):
    with pytest.raises(FeelError) as refused:
        dmn.parse(file("\n", element))
    assert where in refused.value.message("en")
    assert zh in refused.value.message("zh")
    assert refused.value.line == line


def test_a_model_tells_which_names_a_decision_takes_from_the_context():
    made = model(
        INPUT,
        decision("rate", literal("if age > limit then 1 else 2"), "requiredInput age"),
        decision("d", literal("rate * count([today()])"), "requiredDecision rate"),
    )
    assert made.wants("d") == {"age", "limit"}


def test_a_value_of_another_type_or_not_allowed_is_null_in_a_table_and_noted():
    columns = (
        '<input label="colour"><inputExpression typeRef="string"><text>colour</text></inputExpression>'
        '<inputValues><text>"red", "blue"</text></inputValues></input><output name="o" typeRef="number"/>'
    )
    rule = "<rule><inputEntry><text>{}</text></inputEntry><outputEntry><text>{}</text></outputEntry></rule>"
    rules = rule.format('"red", "green"', "1") + rule.format("null", "2") + rule.format('"blue"', '"two"')
    made = model(decision("d", f"<decisionTable>{columns}{rules}</decisionTable>"))
    assert made.evaluate("d", {"colour": "red"}).value == 1
    for colour, value, refused in [("green", 2, ["colour"]), (5, 2, ["colour"]), ("blue", None, ["o"])]:
        result = made.evaluate("d", {"colour": colour})
        assert (result.value, result.trace[0].refused) == (value, refused)


def test_an_output_that_is_not_an_allowed_value_is_null():
    made = model(decision("d", table(["x"], ["o"], [["1", '"grant"'], ["2", '"maybe"']], values=['"grant", "refuse"'])))
    assert made.evaluate("d", {"x": 1}).value == "grant"
    assert made.evaluate("d", {"x": 2}).value is None


def test_a_decision_required_twice_by_each_is_made_once():
    chain = [decision("d0", literal("1"))]
    chain += [decision(f"d{n}", literal(f"d{n - 1} + d{n - 1}"), f"requiredDecision d{n - 1}") for n in range(1, 60)]
    result = model(*chain).evaluate("d59")
    assert result.value == 2**59
    assert len(result.trace) == 60


def test_the_trace_names_what_nothing_provided_to_knowledge_too():
    broken = BKM.replace("n * 2", "if n = 0 then 0 else n * rate + double(0)")
    made = model(broken, decision("d", literal("double(21)"), "requiredKnowledge double"))
    seen = [(visit.kind, visit.missing) for visit in made.evaluate("d").trace]
    assert ("knowledge", ("rate",)) in seen
    assert made.wants("d") == {"rate"}


def test_output_values_that_run_away_are_refused_when_the_file_is_read():
    endless = table(["x"], ["o"], [["1", "1"]], values=["for i in 1..1000000000 return i"])
    with pytest.raises(OverBudget) as refused:
        dmn.parse(file(decision("d", endless)))
    assert "outputValues" in refused.value.where
