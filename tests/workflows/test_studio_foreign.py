"""Drawings of other tools: said in our words, nothing lost, everything that does not run named by element."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from engine import catalog
from engine.vocabulary import BPMN, read_extensions
from tests.engine.drawings import NAMESPACES
from tests.workflows.imported import lost
from workflows.studio.foreign import BLOCKING, CONVERTED, WARNING, Imported, Item, read, read_all, report_of
from workflows.studio.foreign.juel import NoFeel, feel_of
from workflows.studio.foreign.opening import opened, parsed
from workflows.studio.foreign.removing import foreign_words

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material")) / "bpmn"
FOLDERS = ("miwg", "camunda7-examples", "camunda-consulting")
SPACES = NAMESPACES + (
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:flowable="http://flowable.org/bpmn"'
    ' xmlns:signavio="http://www.signavio.com" xmlns:other="urn:somebody"')


def drawn(*inner: str, executable: bool = True, root: str = "") -> bytes:
    said = ' isExecutable="true"' if executable else ""
    return (f'<bpmn:definitions {SPACES} targetNamespace="x"{root}><!-- kept --><bpmn:process id="P"{said}>'
            f'{"".join(inner)}</bpmn:process></bpmn:definitions>').encode()


def around(*inner: str, ways: str = "") -> tuple[str, ...]:
    """One element T between a start and an end."""
    return ('<bpmn:startEvent id="S"/>', *inner, '<bpmn:endEvent id="E"/>',
            '<bpmn:sequenceFlow id="f1" sourceRef="S" targetRef="T"/>',
            ways or '<bpmn:sequenceFlow id="f2" sourceRef="T" targetRef="E"/>')


def words(found: Imported, element: str = "T"):  # type: ignore[no-untyped-def]
    assert found.body is not None
    return read_extensions(next(node for node in parsed(found.body).iter("{*}*") if node.get("id") == element))


def items(found: Imported, severity: str = "") -> list[Item]:
    return [item for item in found.report.items if item.severity == (severity or item.severity)]


def only(found: Imported, word: str) -> Item:
    return next(item for item in found.report.items if item.word.startswith(word))


def test_people_form_and_deadline_of_camunda_and_flowable_are_said_beside_what_stands_there() -> None:
    for prefix in ("camunda", "flowable"):
        body = drawn(*around(
            f'<bpmn:userTask id="T" {prefix}:candidateGroups="hr" {prefix}:formKey="embedded:app:forms/approve.html" '
            f'{prefix}:dueDate="${{due}}" {prefix}:priority="70"/>'))
        found = read(body, "a.bpmn")
        said = words(found)
        assert (said.groups, said.form_id, said.due, said.priority) == ("hr", "approve", "=due", "70")
        assert lost(body, found.body or b"") == []
        assert {item.severity for item in items(found) if prefix in item.word} == {CONVERTED}


def test_a_converted_drawing_can_be_released_and_an_unconverted_word_cannot() -> None:
    fine = read(drawn(*around('<bpmn:userTask id="T" camunda:candidateGroups="hr"/>')), "a.bpmn")
    errors = [one for one in catalog.check({"a.bpmn": fine.body or b""}) if one.severity == "error"]
    assert errors == [] and any(one.rule == "foreign" for one in catalog.check({"a.bpmn": fine.body or b""}))
    bare = drawn(*around('<bpmn:userTask id="T" camunda:candidateGroups="hr" camunda:formKey="x"/>'))
    assert {one.rule for one in catalog.check({"a.bpmn": bare}) if one.severity == "error"} >= {"attribute"}


def test_an_account_of_another_system_is_not_taken_for_a_person_here() -> None:
    found = read(drawn(*around('<bpmn:userTask id="T" camunda:assignee="kermit"/>')), "a.bpmn")
    item = only(found, "camunda:assignee")
    assert words(found).assignee is None and item.severity == BLOCKING and "账号" in item.zh and item.fix_zh


def test_whoever_started_it_is_our_applicant() -> None:
    found = read(drawn('<bpmn:startEvent id="S0" camunda:initiator="me"/>',
                       *around('<bpmn:userTask id="T" camunda:assignee="${me}"/>')), "a.bpmn")
    assert words(found).assignee == "=applicant_id"


@pytest.mark.parametrize("how", ['camunda:class="a.B"', 'camunda:type="external" camunda:topic="a.B"',
                                 'flowable:delegateExpression="${a.B}"'])
def test_a_service_keeps_its_name_as_a_step_to_be_chosen(how: str) -> None:
    found = read(drawn(*around(f'<bpmn:serviceTask id="T" {how}/>')), "a.bpmn")
    assert words(found).step == "a.B"
    assert any(item.word == "step" and item.severity == BLOCKING for item in items(found))


def test_a_condition_becomes_feel_and_keeps_its_text() -> None:
    ways = ('<bpmn:sequenceFlow id="f2" sourceRef="T" targetRef="E"><bpmn:conditionExpression '
            'xsi:type="bpmn:tFormalExpression">${amount &gt; 10 and !late}</bpmn:conditionExpression>'
            "</bpmn:sequenceFlow>")
    body = drawn(*around('<bpmn:exclusiveGateway id="T"/>', ways=ways))
    found = read(body, "a.bpmn")
    assert "=amount > 10 and not(late = true)" in [
        node.text for node in parsed(found.body or b"").iter(f"{{{BPMN}}}conditionExpression")]
    assert lost(body, found.body or b"") == [] and only(found, "conditionExpression").severity == CONVERTED


@pytest.mark.parametrize(("juel", "feel"), [
    ("${a == 'x' || b.c['d'] ne null}", 'a = "x" or b.c.d != null'), ("#{not done}", "not(done = true)"),
    ("${a ? 1 : 2}", "(if a then 1 else 2)"), ("n_${i}", '"n_" + string(i)'), ("${n[0]}", "n[1]"),
    ("${nrOfCompletedInstances/nrOfInstances >= 0.5}", "numberOfCompletedInstances / numberOfInstances >= 0.5"),
])
def test_simple_juel_has_a_feel(juel: str, feel: str) -> None:
    assert feel_of(juel) == feel


@pytest.mark.parametrize("juel", ["${bean.run()}", "${execution.id}", "${a", "${" + "(" * 999 + "}", "${a b}", "${}"])
def test_what_calls_java_or_is_broken_has_none_and_says_why(juel: str) -> None:
    with pytest.raises(NoFeel) as why:
        feel_of(juel)
    assert why.value.zh and why.value.en


def test_what_goes_in_and_out_of_a_call_is_mapped() -> None:
    body = drawn(*around(
        '<bpmn:callActivity id="T" calledElement="Q"><bpmn:extensionElements><camunda:in source="a" target="b"/>'
        '<camunda:in variables="all"/><camunda:out sourceExpression="${c.d}" target="e"/></bpmn:extensionElements>'
        "</bpmn:callActivity>"))
    said = words(read(body, "a.bpmn"))
    assert (said.called, said.pass_all_in, said.pass_all_out) == ("Q", True, False)
    assert [(p.source, p.target) for p in (*said.takes, *said.gives)] == [("=a", "b"), ("=c.d", "e")]


def test_rounds_decisions_and_parameters_are_said_too() -> None:
    body = drawn(*around(
        '<bpmn:businessRuleTask id="T" camunda:decisionRef="d" camunda:resultVariable="r"><bpmn:extensionElements>'
        '<camunda:inputOutput><camunda:inputParameter name="l"><camunda:list><camunda:value>x</camunda:value>'
        "<camunda:value>${y}</camunda:value></camunda:list></camunda:inputParameter></camunda:inputOutput>"
        '</bpmn:extensionElements><bpmn:multiInstanceLoopCharacteristics camunda:collection="${items}" '
        'camunda:elementVariable="one"/></bpmn:businessRuleTask>'))
    said = words(read(body, "a.bpmn"))
    assert (said.decision, said.result, said.takes[0].source) == ("d", "r", '=["x", y]')
    assert said.loop and (said.loop.collection, said.loop.element) == ("=items", "one")


def test_fields_in_the_drawing_become_a_form_that_is_ours() -> None:
    body = drawn(*around(
        '<bpmn:userTask id="T" camunda:candidateGroups="hr"><bpmn:extensionElements><camunda:formData>'
        '<camunda:formField id="n" label="数量" type="long"><camunda:validation><camunda:constraint name="required"/>'
        "</camunda:validation></camunda:formField>"
        '<camunda:formField id="k" type="enum"><camunda:value id="a" name="甲"/>'
        "</camunda:formField></camunda:formData></bpmn:extensionElements></bpmn:userTask>"))
    found = read(body, "a.bpmn")
    (name, form), = found.forms.items()
    assert f"{words(found).form_id}.form" == name and found.report.made == (name,)
    made = json.loads(form)["components"]
    assert [(one["type"], one["key"]) for one in made] == [("number", "n"), ("select", "k")]
    assert made[0]["validate"] == {"required": True} and items(read(form, name), BLOCKING) == []


def test_machinery_of_other_engines_is_noted_and_listeners_block() -> None:
    found = read(drawn(*around(
        '<bpmn:userTask id="T" name="审" camunda:asyncBefore="true" camunda:candidateGroups="hr">'
        '<bpmn:extensionElements><camunda:taskListener class="x" event="create"/><signavio:signavioMetaData/>'
        '<signavio:signavioMetaData/></bpmn:extensionElements></bpmn:userTask>')), "a.bpmn")
    assert only(found, "camunda:asyncBefore").severity == WARNING
    listener = only(found, "camunda:taskListener")
    assert (listener.severity, listener.element, listener.name) == (BLOCKING, "T", "审")
    assert "Signavio" in only(found, "signavio:").zh and only(found, "signavio:").severity == WARNING


def test_every_foreign_word_has_an_item_at_its_element() -> None:
    body = drawn(*around('<bpmn:userTask id="T" other:x="1" camunda:unheardOf="2" flowable:candidateUsers="${u}">'
                         '<bpmn:extensionElements><other:y/><camunda:z/></bpmn:extensionElements></bpmn:userTask>'))
    told = {item.word.partition("=")[0]: item for item in items(read(body, "a.bpmn"))}
    for word in ("other:x", "camunda:unheardOf", "other:y", "camunda:z"):
        assert told[word].severity == BLOCKING and told[word].element == "T" and told[word].line
    assert told["flowable:candidateUsers"].severity == CONVERTED


def test_a_drawing_without_an_executable_process_is_checked_as_if_it_had_one() -> None:
    body = drawn(*around('<bpmn:complexGateway id="T"/>'), executable=False)
    found = read(body, "a.bpmn")
    assert only(found, "isExecutable").severity == BLOCKING
    assert any(item.element == "T" and "complexGateway" in item.zh for item in items(found, BLOCKING))
    assert b"isExecutable" not in (found.body or b"")


def test_what_places_nothing_is_laid_out_and_what_is_placed_stays() -> None:
    body = drawn(*around('<bpmn:subProcess id="T"><bpmn:task id="I"/></bpmn:subProcess>'))
    found = read(body, "a.bpmn")
    shapes = {shape.get("bpmnElement") for shape in parsed(found.body or b"").iter("{*}BPMNShape")}
    assert shapes == {"S", "T", "I", "E"} and "BPMNDiagram" in {item.word for item in items(found)}
    assert read(found.body or b"", "a.bpmn").body == found.body
    assert "BPMNDiagram" not in {item.word for item in items(read(found.body or b"", "a.bpmn"))}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gbk", "iso-8859-1", "windows-1252"])
def test_other_encodings_become_utf_8_and_say_so(encoding: str) -> None:
    name = "审核" if encoding in ("utf-16", "utf-16-le", "gbk") else "Prüfung"
    head, body = f'<?xml version="1.0" encoding="{encoding}"?>', drawn(*around(f'<bpmn:task id="T" name="{name}"/>'))
    text = head + body.decode()
    found = read(text.encode(encoding), "a.bpmn")
    assert found.body and name in found.body.decode() and only(found, "encoding").severity == CONVERTED


@pytest.mark.parametrize("body", [
    b"", b"\x00", b"\xff\xfe", b"<a", b"PK\x03\x04", b"{", b"[1]", b"<a/>", b"\xef\xbb\xbf", "流程".encode("gbk"),
    b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b'<?xml version="1.0" encoding="utf-7"?><a/>', b"<a" * 9000,
    '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"), b"<a>" * 500 + b"</a>" * 500,
    b'{"components": [1, {"type": 3}]}', b"x" * 5_000_001,
])
def test_any_bytes_give_a_report_that_says_what_is_wrong(body: bytes) -> None:
    found = read(body, "../../<b>.xml")
    assert items(found, BLOCKING) and all(item.zh and item.en for item in items(found))
    assert "/" not in found.name and "<" not in found.name


def test_a_file_that_was_damaged_anywhere_still_gives_a_report() -> None:
    random, body = Random(8), drawn(*around(
        '<bpmn:userTask id="T" camunda:assignee="${a.b}" camunda:formKey="x"><bpmn:extensionElements>'
        '<camunda:inputOutput><camunda:inputParameter name="p">${q}</camunda:inputParameter></camunda:inputOutput>'
        "</bpmn:extensionElements></bpmn:userTask>"))
    for _ in range(150):
        spoilt = bytearray(body)
        for _ in range(random.randint(1, 5)):
            at = random.randrange(len(spoilt))
            spoilt[at:at + random.randrange(4)] = random.choice([b"<", b"&", b'"', b"${", b"}", b"\xff", b"", b"/>"])
        assert read(bytes(spoilt), "a.bpmn").report.items


def test_what_would_grow_beyond_a_drafts_file_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    body = drawn(*around('<bpmn:userTask id="T" camunda:candidateGroups="hr"/>'))
    monkeypatch.setattr("workflows.studio.foreign.reading.MAX_BYTES", len(body) + 10)
    found = read(body, "a.bpmn")
    assert found.body == body and only(found, "size").severity == BLOCKING


def test_files_that_belong_together_are_checked_together_and_named_once() -> None:
    task = around('<bpmn:userTask id="T" camunda:candidateGroups="hr" camunda:formKey="ask"/>')
    form = json.dumps({"type": "default", "components": [{"type": "textfield", "key": "a", "label": "A"}]}).encode()
    one, two, three = read_all({"a.bpmn20.xml": drawn(*task), "b/ask.form": form, "c/a.bpmn": drawn(*task)})
    assert [each.name for each in (one, two, three)] == ["a.bpmn", "ask.form", "a-2.bpmn"]
    assert report_of(json.loads(json.dumps(one.report.plain()))) == one.report


def sample(step: int) -> list[Path]:
    if not MATERIAL.is_dir():
        pytest.skip("the shared material is not here (LICET_MATERIAL)")
    return [path for name in FOLDERS for path in sorted((MATERIAL / name).rglob("*")) if path.is_file()][::step]


def test_files_of_real_tools_open_with_a_report_and_lose_nothing() -> None:
    """Every ninth file of three collections; LICET_ALL_FOREIGN=1 reads them all (20 s)."""
    for path in sample(1 if os.environ.get("LICET_ALL_FOREIGN") else 9):
        body = path.read_bytes()
        found = read(body, path.name)
        if found.body is None:
            assert b"XMI" in body, path
            continue
        assert lost(body, found.body) == [], path
        assert unnamed(body, found) == [], path


def unnamed(body: bytes, found: Imported) -> list[str]:
    """Foreign words in the file that no item of the report names."""
    told = " ".join(item.word for item in found.report.items)
    held = {word for _, word in foreign_words(opened(body).body) if not word.startswith("zeebe:")}
    return [word for word in held if word not in told and not found.report.left_out]
