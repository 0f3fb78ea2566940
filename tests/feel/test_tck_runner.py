"""The examiner itself: it counts what passes, and names file, case, expected and got for what does not."""

from tests.conformance.dmn_tck import main
from tests.feel.diagrams import decision, file, literal

CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <modelName>small.dmn</modelName>
  <testCase id="right"><inputNode name="x"><value xsi:type="xsd:decimal">2</value></inputNode>
    <resultNode name="d"><expected><value xsi:type="xsd:decimal">4</value></expected></resultNode></testCase>
  <testCase id="wrong"><resultNode name="d"><expected><value xsi:type="xsd:string">four</value></expected></resultNode>
  </testCase></testCases>"""


def test_a_folder_is_examined_and_failures_are_explained(tmp_path, capsys):
    (tmp_path / "small.dmn").write_bytes(file(decision("d", literal("x * 2"))))
    (tmp_path / "small-test-01.xml").write_text(CASES, encoding="utf-8")
    assert main([str(tmp_path), "--json", str(tmp_path / "report.json")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 1 failed"
    assert lines[0].startswith("small-test-01.xml wrong: d: expected") and "got null" in lines[0]


def test_a_model_that_cannot_be_read_fails_its_cases(tmp_path, capsys):
    (tmp_path / "small.dmn").write_text("nonsense", encoding="utf-8")
    (tmp_path / "small-test-01.xml").write_text(CASES, encoding="utf-8")
    main([str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 2 failed"


def test_a_decision_that_cannot_be_read_fails_alone(tmp_path, capsys):
    (tmp_path / "small.dmn").write_bytes(file(decision("d", literal("x * 2")), decision("e", literal("1 +"))))
    asked = CASES.replace('id="wrong"><resultNode name="d">', 'id="wrong"><resultNode name="e">')
    (tmp_path / "small-test-01.xml").write_text(asked, encoding="utf-8")
    main([str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 passed, 1 failed"
    assert "the expression ends too early" in lines[0]


def test_a_test_file_that_cannot_be_read_is_a_failure(tmp_path, capsys):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "broken.xml").write_text("<testCases", encoding="utf-8")
    (tmp_path / "other.xml").write_text("<something/>", encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("deep/broken.xml -: the test file cannot be read")
    assert lines[-1] == "0 passed, 1 failed"


def test_an_empty_folder_has_nothing_to_pass(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "0 passed, 0 failed\n"


UNTYPED = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase">
  <modelName>small.dmn</modelName>
  <testCase id="1"><inputNode name="people"><list>
    <item><component name="age"><value>30</value></component>
      <component name="since"><value>2026-11-22</value></component></item>
    <item><component name="age"><value/></component><component name="since"><value/></component></item>
    </list></inputNode>
    <resultNode name="d"><expected><list><item><value>31</value></item><item><value/></item></list></expected>
    </resultNode>
    <resultNode name="e"><expected><value>2026</value></expected></resultNode></testCase></testCases>"""


def test_a_value_without_a_type_is_of_the_declared_one(tmp_path, capsys):
    kind = (
        '<itemDefinition name="t" isCollection="true">'
        '<itemComponent name="age"><typeRef>number</typeRef></itemComponent><itemComponent name="since">'
        "<typeRef>date</typeRef></itemComponent></itemDefinition>"
        '<inputData id="people" name="people"><variable name="people" typeRef="t"/></inputData>'
    )
    ages = decision("d", literal("for p in people return p.age + 1"), "requiredInput people")
    year = decision("e", literal("people[1].since.year"), "requiredInput people")
    (tmp_path / "small.dmn").write_bytes(file(kind, ages, year))
    (tmp_path / "small-test-01.xml").write_text(UNTYPED, encoding="utf-8")
    assert main([str(tmp_path)]) == 0, capsys.readouterr().out
