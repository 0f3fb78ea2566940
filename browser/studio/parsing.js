// What the parsers of XML, JSON and FEEL say about a text that they cannot read, in the page's language. They write English and
// hand out nothing to translate but the finished sentence.
const english = document.documentElement.lang.startsWith("en");

/** Grammar of FEEL as people know it; the rest keeps its name. */
const PARTS = {
  Expression: "表达式", Expressions: "表达式", UnaryTests: "条件", PositiveUnaryTest: "条件", PositiveUnaryTests: "条件", Interval: "区间",
  ArithmeticExpression: "算式", Comparison: "比较", Conjunction: "“并且”", Disjunction: "“或者”", FunctionInvocation: "函数调用",
  PositionalParameters: "函数的参数", NamedParameters: "函数的参数", FunctionDefinition: "函数定义", List: "清单", Context: "上下文",
  ContextEntry: "上下文的一项", PathExpression: "路径", FilterExpression: "筛选", ParenthesizedExpression: "括号", IfExpression: "if 表达式",
  ForExpression: "for 表达式", QuantifiedExpression: "some、every 表达式", StringLiteral: "文字", VariableName: "名称", InExpression: "in 表达式",
  InstanceOfExpression: "instance of 表达式", NumericLiteral: "数", QualifiedName: "名称", Parameters: "函数的参数", BetweenExpression: "between 表达式",
};
const part = (name) => PARTS[name] ?? name;

const SENTENCES = [
  [/^unparsable content (.*?)\s*detected\s+line: (\d+)\s+column: (\d+)\s+nested error: (.*)$/s,
    (where, line, column, why) => `第 ${Number(line) + 1} 行第 ${Number(column) + 1} 列${where ? `（${where}）` : ""}：${parsed(why)}`],
  [/^unexpected end of file$/, () => "文件不完整，还没写完就结束了"],
  [/^missing start tag$/, () => "开头缺少标签"],
  [/^unclosed (cdata|comment|question|tag)$/, (what) => `${{ cdata: "CDATA", comment: "注释", question: "处理指令", tag: "标签" }[what]}没有结束`],
  [/^missing open tag$/, () => "有结束标签，没有开始标签"],
  [/^(closing tag mismatch|close tag)$/, () => "结束标签与开始标签不一致"],
  [/^(illegal first char nodeName|invalid nodeName)$/, () => "标签的名称不合规定"],
  [/^(?:missing namespace (?:on|for prefix)|no namespace uri given for prefix) <(.*)>$/, (name) => `“${name}”没有说明属于哪个命名空间`],
  [/^(illegal first char attribute name|illegal attribute name char)$/, () => "属性的名称不合规定"],
  [/^missing attribute value$/, () => "属性没有值"],
  [/^(attribute value quote missmatch|missing attribute value quotes|missing closing quotes)$/, () => "属性的引号不成对"],
  [/^(illegal declaration of xmlns|illegal value of xmlns:xml)$/, () => "命名空间的声明不合规定"],
  [/^illegal character after attribute end$/, () => "属性后面有多余的字符"],
  [/^attribute <(.*)> already defined$/, (name) => `属性“${name}”写了两次`],
  [/^illegal ID <(.*)>$/, (id) => `编号“${id}”不合规定`],
  [/^duplicate ID <(.*)>$/, (id) => `编号“${id}”用了两次`],
  [/^expected element$/, () => "这里应当是一个元素"],
  [/^expected no sub nodes$/, () => "这里不能再有下级元素"],
  [/^unexpected body text <(.*)>$/s, (said) => `这里不能有文字“${said.trim().slice(0, 40)}”`],
  [/^(?:unrecognized|unexpected) element <(.*)>$/, (name) => `不认识的元素“${name}”`],
  [/^failed to parse document as <(.*)>$/, (name) => `文件里没有“${name}”，不是这一种文件`],
  [/^(no diagram to display|no process or collaboration to display|no displayable contents)$/, () => "文件里没有可以显示的图"],
  [/^diagram not part of <bpmn:Definitions \/>$/, () => "图不在文件的最外层里"],
  [/^multiple DI elements defined for (?:element )?(.*)$/s, (name) => `元素${name}画了两次`],
  [/^already rendered (.*)$/s, (name) => `元素${name}画了两次`],
  [/^unknown di (.*) for element (.*)$/s, (_, name) => `元素${name}画得不合规定`],
  [/^missing (.*)#attachedToRef$/s, (name) => `边界事件${name}没有附在任务上`],
  [/^element (.*) referenced by (.*)#.* not yet drawn$/s, (one, other) => `${other}连到的${one}没有画出来`],
  [/^unsupported (DMN \S+) file detected.*$/s, (version) => `这是 ${version} 的文件，太旧，打不开；请另存为 DMN 1.3`],
  [/^\/\S+ (\d{3})$/, (status) => `没有取到文件（${status}）`],
  [/^(Failed to fetch|NetworkError.*|Load failed)$/, () => "连不上服务器"],
  [/JSON/, () => "文件不是 JSON，读不出表单"],
  [/^Unrecognized token in <(.*)>$/, (where) => `${part(where)}里有不认识的内容`],
  [/^Unrecognized token <(.*)> in <(.*)>$/, (what, where) => `${part(where)}里不该有${part(what)}`],
  [/^Incomplete <(.*)>$/, (what) => `${part(what)}没有写完`],
  [/^First item is accessed via \[1\]$/, () => "第一项写作 [1]，不是 [0]"],
  [/^Syntax Error$/, () => "语法错误"],
];

/** A parser's sentence in the page's language; one that nobody has translated is quoted. */
export function parsed(message) {
  if (english || !message || !/[A-Za-z]{3}/.test(message) || /[\u4e00-\u9fff]/.test(message)) return message ?? "";
  for (const [pattern, sentence] of SENTENCES) {
    const found = pattern.exec(message);
    if (found) return sentence(...found.slice(1));
  }
  return `读不懂文件的内容（${message}）`;
}

globalThis.licetParsed = parsed; // see patches.mjs
