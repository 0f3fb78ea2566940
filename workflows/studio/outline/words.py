"""What the parts of a file are called by people: an element, a property of it, a cell. Chinese message ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ledger.errors import Problem
from registry.access.roles import roles
from workflows.studio.outline.cells import column_of
from workflows.studio.outline.records import ROOT, Outline, Record

KINDS: Mapping[str, str] = {
    "process": "流程", "participant": "泳池", "collaboration": "协作", "lane": "泳道", "sequenceFlow": "顺序流",
    "messageFlow": "消息流", "association": "关联线", "textAnnotation": "注释", "group": "分组",
    "startEvent": "开始事件", "endEvent": "结束事件", "intermediateCatchEvent": "等待事件",
    "intermediateThrowEvent": "抛出事件", "boundaryEvent": "边界事件", "task": "任务", "userTask": "人工任务",
    "serviceTask": "自动步骤", "scriptTask": "脚本任务", "businessRuleTask": "决策任务", "sendTask": "发送任务",
    "receiveTask": "接收任务", "manualTask": "手工任务", "callActivity": "调用流程", "subProcess": "子流程",
    "adHocSubProcess": "自由子流程", "transaction": "事务子流程", "exclusiveGateway": "排他网关",
    "inclusiveGateway": "包容网关", "parallelGateway": "并行网关", "eventBasedGateway": "事件网关",
    "message": "消息", "signal": "信号", "error": "错误", "escalation": "升级", "dataObject": "数据",
    "dataObjectReference": "数据", "dataStoreReference": "数据存储", "definitions": "文件",
    "decision": "决策", "decisionTable": "决策表", "rule": "规则", "input": "条件列", "output": "结果列",
    "annotation": "备注列", "inputData": "输入数据", "businessKnowledgeModel": "函数", "knowledgeSource": "依据",
    "itemDefinition": "类型", "component": "表单栏目", "values": "选项", "licet:verdicts": "按钮",
}  # fmt: skip
FIELDS: Mapping[str, str] = {
    "@name": "名称", "@id": "编号", "tag": "种类", "parent": "所在位置", "lane": "所在泳道",
    "documentation text": "说明", "@sourceRef": "从哪里来", "@targetRef": "到哪里去", "@default": "默认走向",
    "conditionExpression text": "条件", "@attachedToRef": "附着的任务", "@cancelActivity": "是否中断任务",
    "timeDuration text": "等待时长", "timeDate text": "到期时间", "timeCycle text": "重复周期",
    "condition text": "触发条件", "@isExecutable": "是否执行", "@isSequential": "是否逐个办理",
    "completionCondition text": "完成条件", "loopCardinality text": "次数", "@isInterrupting": "是否中断",
    "formDefinition @formId": "表单", "assignmentDefinition @assignee": "办理人",
    "assignmentDefinition @candidateGroups": "办理角色", "assignmentDefinition @candidateUsers": "候选人",
    "taskSchedule @dueDate": "办理期限", "taskSchedule @followUpDate": "跟进日期",
    "priorityDefinition @priority": "优先级", "taskDefinition @type": "执行的步骤",
    "taskDefinition @retries": "重试次数",
    "calledDecision @decisionId": "使用的决策", "calledDecision @resultVariable": "决策结果变量",
    "script @expression": "脚本", "script @resultVariable": "脚本结果变量", "calledElement @processId": "调用的流程",
    "loopCharacteristics @inputCollection": "逐个处理的列表", "loopCharacteristics @inputElement": "每项的名字",
    "loopCharacteristics @outputCollection": "收集到的列表", "loopCharacteristics @outputElement": "每项的结果",
    "subscription @correlationKey": "对应的业务", "text text": "文字", "description text": "说明",
    "@hitPolicy": "命中规则", "@aggregation": "汇总方式", "@typeRef": "类型", "@label": "列名",
    "inputExpression text": "条件取自", "/label": "标题", "/key": "变量名", "/type": "栏目种类",
    "/description": "提示", "/required": "必填", "/validate/required": "必填", "/validate/minLength": "最短字数",
    "/validate/maxLength": "最多字数", "/validate/min": "最小值", "/validate/max": "最大值",
    "/validate/pattern": "格式", "/conditional/hide": "隐藏条件", "/readonly": "只读", "/disabled": "停用",
    "/defaultValue": "预填", "/multiple": "可选多个", "/accept": "可上传的文件", "/valuesKey": "选项取自",
    "/text": "文字", "/value": "值", "/style": "样式", "/needs": "要求填写的栏目", "/partial": "可不填完",
    "/confirm": "确认的问题", "/licet:title": "表单标题", "/properties/licet:check": "核对",
    "/properties/licet:after": "不得早于", "/properties/licet:past": "只能是过去的日期",
    "/properties/licet:all": "须全部勾选", "/subtype": "日期或时间", "/path": "分组变量名",
    "/decimalDigits": "小数位数",
}  # fmt: skip
PROPERTIES: Mapping[str, str] = {
    "licet:sla": "办理时限（工作日）", "licet:escalateAfter": "超时几个工作日后升级", "licet:escalateTo": "升级给",
    "licet:notBy": "不得与之为同一人的任务", "licet:notApplicant": "申请人不得办理",
    "licet:stage": "阶段",
    "licet:outcome": "结果", "licet:handTo": "可转办的角色", "licet:signers": "可加签的角色", "licet:final": "不可退回",
    "licet:keep": "退回后保留", "licet:reads": "依据的内容", "licet:promise": "承诺时限（工作日）",
    "licet:clockStops": "此处停表", "licet:clock": "退回后时限", "licet:copyTo": "抄送",
    "licet:signature": "须签名的意见",
    "licet:signatureBy": "签名方式", "licet:silence": "逾期视为", "licet:silenceAfter": "逾期几个工作日视为",
    "licet:silenceBasis": "逾期视为的依据", "licet:vote": "表决方式", "licet:votePercent": "通过比例",
    "licet:voteWeight": "表决权重", "licet:voteVeto": "一票否决", "licet:voteFor": "赞成意见",
    "licet:voteAbstain": "弃权意见", "licet:voteEarly": "提前结束表决", "licet:voteResult": "表决结果变量",
    "licet:showNames": "申请人看到姓名",
}  # fmt: skip
REFERENCES = frozenset({"parent", "lane", "@sourceRef", "@targetRef", "@default", "@attachedToRef", "@processRef",
                        "licet:notBy"})
"""Fields that name other parts of the file by their ids."""
ROLES = frozenset({"@candidateGroups", "licet:copyTo", "licet:escalateTo", "licet:handTo", "licet:signers"})
"""Fields that name roles by their keys."""
YES_NO = {"true": "是", "false": "否"}
INSIDE = "extensionElements"
"""What lies in there belongs to its element, also where it is called like a part (zeebe:userTask, zeebe:output)."""
PARTS = frozenset(KINDS) - {"definitions", "decisionTable", "collaboration", "error", "values", "licet:verdicts"}
"""Kinds that stand in a list of changes by themselves; what lies in them is told of them."""


def holder(outline: Outline, key: str) -> Record:
    """The part that people know: the element, rule, column or component that something is said of."""
    record = next((one for one in outline.above(key) if one.id and one.kind in PARTS and INSIDE not in one.key), None)
    return record or outline.records[ROOT]


def name_of(outline: Outline, record: Record) -> str:
    """What a part is called, as somebody wrote it; empty where it has no name."""
    for name in ("@label", "@name"):
        if record.fields.get(name):
            return record.fields[name]
    for name in ("/label", "/text", "/licet:title", "/key"):
        if record.fields.get(name):
            return _plain(record.fields[name])[:80]
    inner = (one.fields.get("text", "") for one in outline.within(record.key) if one.kind in ("text", "description"))
    return " ".join(next(inner, "").split())[:80] if record.kind in ("textAnnotation", "rule") else ""


def title(outline: Outline, record: Record) -> Problem:
    """Kind and name of a part: 人工任务“审核”."""
    if record.kind == "rule":
        return _rule(outline, record)
    name, kind = name_of(outline, record) or _ends(outline, record) or record.id, KINDS.get(record.kind, "")
    said = Problem(kind) if kind else record.kind
    return Problem("{kind}“{name}”", {"kind": said, "name": name}) if name else Problem("{kind}", {"kind": said})


def _ends(outline: Outline, record: Record) -> str:
    """A flow without a name is known by what it connects."""
    ends = [record.fields.get(name, "") for name in ("@sourceRef", "@targetRef")]
    return " → ".join(value_of(outline, "@sourceRef", end) for end in ends) if all(ends) else ""


def _rule(outline: Outline, record: Record) -> Problem:
    """A rule is known by its number in the table, and by its description where it has one."""
    held = outline.records.get(record.parent)
    rules = [key for key in held.children if outline.records[key].kind == "rule"] if held else []
    number, name = rules.index(record.key) + 1 if record.key in rules else 0, name_of(outline, record)
    if name:
        return Problem("第 {n} 条规则“{name}”", {"n": number, "name": name})
    return Problem("第 {n} 条规则", {"n": number})


def what(outline: Outline, record: Record, name: str) -> Problem:
    """What one field of a part is called."""
    if column_of(record.key):
        column = outline.records.get(f"#{column_of(record.key)}")
        return Problem("“{column}”一格", {"column": name_of(outline, column) if column else ""})
    if record.kind == "property" and name == "@value":
        said = PROPERTIES.get(record.fields.get("@name", ""))
        return Problem(said) if said else Problem("属性 {name}", {"name": record.fields.get("@name", "")})
    if record.kind in ("input", "output") and "@target" in record.fields:
        return Problem("带入变量 {name}" if record.kind == "input" else "带出变量 {name}",
                       {"name": record.fields["@target"]})
    return _field(record, name)


def _field(record: Record, name: str) -> Problem:
    words = FIELDS.get(f"{record.kind} {name}") or FIELDS.get(name)
    if name == "text" and record.kind == "text" and record.parent:
        above = record.parent.rpartition("/")[2].rpartition("}")[2]
        words = FIELDS.get(f"{above} text", words)
    if words:
        return Problem(words)
    if record.kind in ("values", "licet:verdicts"):
        return Problem("{kind} {name}", {"kind": Problem(KINDS[record.kind]), "name": name.strip("/")})
    plain = name.removeprefix("@").rpartition("}")[2] if name != "text" else ""
    return Problem("{kind} {name}", {"kind": record.kind, "name": plain.strip("/")})


def value_of(outline: Outline, name: str, value: str, record: Record | None = None,
             forms: Mapping[str, str] = MappingProxyType({})) -> str:
    """A field's value as people read it: elements and roles by their names, forms by their titles (`forms`, by key),
    kinds and yes or no by their words (message ids)."""
    word = name
    if record is not None and record.kind == "property" and name == "@value":
        word = record.fields.get("@name", "")
    if word in REFERENCES:
        return "、".join(_called(outline, part) for part in re.split(r"[,\s]+", value) if part)
    if word in ROLES and not value.startswith("="):
        return "、".join(_role(part.strip()) for part in value.split(","))
    if name == "@formId":
        return forms.get(value, value)
    if name == "tag":
        return KINDS.get(value.rpartition("}")[2], value.rpartition("}")[2])
    return YES_NO.get(value) or (_plain(value) if name.startswith("/") else value)


def _called(outline: Outline, part: str) -> str:
    record = outline.records.get(f"#{part.removeprefix('#')}")
    return (record and name_of(outline, record)) or part.removeprefix("#")


def _role(key: str) -> str:
    """With the place where it is held, where that is said."""
    name, _at, place = key.partition("@")
    return (roles()[name].name if name in roles() else name) + (f"@{place}" if place else "")


def _plain(written: str) -> str:
    if written.startswith('"') and written.endswith('"') and len(written) > 1:
        return written[1:-1].replace('\\"', '"').replace("\\n", "\n")
    return written
