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
