// Our properties (engine/vocabulary.py PROPERTIES), where each belongs and how it is filled in. A test holds the two together.
import { text } from "../text.js";

const USER = ["bpmn:UserTask"];
const NODES = ["bpmn:FlowNode"];
const WAITS = ["bpmn:UserTask", "bpmn:ReceiveTask", "bpmn:IntermediateCatchEvent", "bpmn:EventBasedGateway"];

/** [{id, label, voting, fields: [{name, label, kind, on, description}]}] */
export const groups = () => [
  { id: "licet-time", label: text("工程证件：期限"), fields: [
    field("licet:sla", text("办理期限"), "days", USER, text("工作日，按日历计算；从任务开始的次日起算。")),
    field("licet:escalateAfter", text("逾期几天后升级"), "days", USER, text("工作日；0 为到期即升级。")),
    field("licet:escalateTo", text("升级给"), "role", USER),
    field("licet:clock", text("退回后再来时"), "clock", USER),
    field("licet:promise", text("承诺办结"), "days", ["bpmn:StartEvent"], text("整个申请的工作日数。")),
    field("licet:clockStops", text("这里不计入承诺时间"), "flag", WAITS, text("例如等申请人补正、等主管部门答复。")),
  ] },
  { id: "licet-people", label: text("工程证件：谁能办"), fields: [
    field("licet:notBy", text("办过这些任务的人不得办"), "elements", USER, text("四眼原则。")),
    field("licet:notApplicant", text("申请人不得办"), "flag", USER, text("代为填写的人也不得办。")),
    field("licet:handTo", text("可转交给"), "roles", USER),
    field("licet:signers", text("可请来会签"), "roles", USER),
    field("licet:copyTo", text("办完抄送"), "roles", ["bpmn:UserTask", "bpmn:EndEvent"]),
    field("licet:signature", text("要手写签名的结论"), "verdicts", USER),
    field("licet:signatureBy", text("签名方式"), "ways", USER),
  ] },
  { id: "licet-return", label: text("工程证件：退回"), fields: [
    field("licet:final", text("过了这里不能退回"), "flag", NODES),
    field("licet:reads", text("判断依据"), "words", USER, text("表单项和任务的编号，用逗号分开。这些没有改动时，退回后结论保留。")),
    field("licet:keep", text("退回后保留结论"), "flag", USER),
  ] },
  { id: "licet-silence", label: text("工程证件：逾期未办"), fields: [
    field("licet:silence", text("视为"), "verdict", USER),
    field("licet:silenceAfter", text("到期后几天"), "days", USER),
    field("licet:silenceBasis", text("依据"), "text", USER, text("哪条规定允许这样做。")),
  ] },
  { id: "licet-vote", label: text("工程证件：表决"), voting: true, fields: [
    field("licet:vote", text("怎样算通过"), "vote", USER),
    field("licet:votePercent", text("比例（%）"), "text", USER),
    field("licet:voteFor", text("算赞成的结论"), "verdicts", USER),
    field("licet:voteAbstain", text("算弃权的结论"), "verdicts", USER),
    field("licet:voteWeight", text("每人几票"), "text", USER, text("FEEL，例如 =item.weight")),
    field("licet:voteVeto", text("谁可一票否决"), "text", USER, text("FEEL，例如 =item.role = \"chief\"")),
    field("licet:voteEarly", text("结果已定就不再等"), "flag", USER),
    field("licet:voteResult", text("结果变量"), "text", USER),
  ] },
  { id: "licet-said", label: text("工程证件：显示"), fields: [
    field("licet:stage", text("阶段"), "stage", NODES, text("申请人看到的进度。")),
    field("licet:outcome", text("结果"), "outcome", ["bpmn:EndEvent"]),
    field("licet:showNames", text("申请人看到办理人姓名"), "flag", ["bpmn:Process", "bpmn:Participant"], text("选“否”则只显示角色。")),
  ] },
];

function field(name, label, kind, on, description = "") {
  return { name, label, kind, on, description };
}

/** The choices of a kind that are always the same. */
export const fixed = {
  clock: () => [["restart", text("重新计时")]],
  vote: () => [["all", text("全部赞成")], ["any", text("一人赞成")], ["percent", text("达到比例")]],
  ways: () => [["drawn", text("手写")], ["stored", text("预存的签名")], ["typed", text("键入姓名")]],
};
