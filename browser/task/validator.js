// form-js's own checks say English sentences and know no verdicts; these are the same rules as forms/check.py, in the page's language.
import { runExpressionEvaluation } from "@bpmn-io/form-js-viewer";
import { text } from "../app/text.js";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const PHONE = /^\+?[0-9][0-9 -]{5,19}$/;
const empty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
const decimals = (value) => (String(value).split(".")[1] ?? "").length;

export class Validator {
  constructor(expressionLanguage, formFieldRegistry) {
    Object.assign(this, { expressionLanguage, formFieldRegistry, partial: false, needs: [] });
  }

  /** For a verdict with `partial`, only what it needs must be there; what is there must still be right. */
  choose(verdict) {
    this.partial = Boolean(verdict?.partial);
    this.needs = verdict?.needs ?? [];
  }

  validateField(field, value) {
    return this.check(field, value, field.validate ?? {});
  }

  validateFieldInstance({ id, expressionContextInfo }, value) {
    const field = this.formFieldRegistry.get(id);
    if (!field) return [];
    const evaluated = ([name, rule]) => [name, runExpressionEvaluation(this.expressionLanguage, rule, expressionContextInfo)];
    return this.check(field, value, Object.fromEntries(Object.entries(field.validate ?? {}).map(evaluated)));
  }

  check(field, value, rules) {
    const inRow = this.formFieldRegistry.get(field._parent)?.isRepeating;
    const wanted = this.needs.includes(field.key) || (rules.required && (!this.partial || inRow));
    if (empty(value) || (field.type === "checkbox" && value === false)) return wanted ? [this.missing(field)] : [];
    return [...ofText(value, rules), ...ofNumber(field, value, rules), ...ofDate(field, value)];
  }

  missing(field) {
    if (field.type === "checkbox") return text("请勾选");
    if (field.type === "licet-signature") return text("请签名");
    return text(field.values || field.valuesKey || field.valuesExpression ? "请选择" : /file/.test(field.type) ? "请上传文件" : "请填写");
  }
}
Validator.$inject = ["expressionLanguage", "formFieldRegistry"];

function ofText(value, rules) {
  if (typeof value !== "string") return [];
  const found = [];
  const length = value.trim().length;
  if (rules.pattern && !new RegExp(rules.pattern, "u").test(value)) found.push(rules.patternErrorMessage || text("格式不对"));
  if (rules.minLength && length < rules.minLength) found.push(text("至少 {n} 个字", { n: rules.minLength }));
  if (rules.maxLength && length > rules.maxLength) found.push(text("最多 {n} 个字", { n: rules.maxLength }));
  if (rules.validationType === "email" && !EMAIL.test(value)) found.push(text("不是有效的邮箱"));
  if (rules.validationType === "phone" && !PHONE.test(value)) found.push(text("不是有效的电话号码"));
  return found;
}

function ofNumber(field, value, rules) {
  if (field.type !== "number") return [];
  if (value === "NaN" || Number.isNaN(Number(value))) return [text("请填写数字")];
  const found = [];
  if (field.decimalDigits >= 0 && decimals(value) > field.decimalDigits)
    found.push(field.decimalDigits ? text("小数最多 {n} 位", { n: field.decimalDigits }) : text("请填写整数"));
  if (!empty(rules.min) && Number(value) < Number(rules.min)) found.push(text("不能小于 {n}", { n: rules.min }));
  if (!empty(rules.max) && Number(value) > Number(rules.max)) found.push(text("不能大于 {n}", { n: rules.max }));
  return found;
}

function ofDate(field, value) {
  if (field.type !== "datetime" || (field.subtype ?? "date") !== "date") return [];
  const date = new Date(`${value}T00:00:00Z`);
  const real = /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(value);
  return real ? [] : [text("日期要写成 2026-11-22 这样")];
}
