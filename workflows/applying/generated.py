"""The forms of a type that has none of its own: what is applied for (A1) and what is registered (A10), from its data.

The same data makes the same schema, to the byte. What a person's file says (name, identity) is asked in no form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ledger.errors import fill
from registry.certificates.kinds import CertificateType, Document, Field
from registry.certificates.numbers import rule_of
from workflows.applying.components import TEXTS as PARTS
from workflows.applying.components import Component, Said, Sheet, files, of_field, paired, part

PERSONAL = frozenset({"name", "gender", "born_on", "id_number", "id_type"})
"""Keys of what stands in a person's file: taken from there when the certificate is entered."""
AUTHORITY = frozenset({"first_issued_on", "issuer_code", "operation", "previous_mark", "province_code", "reviewed_on",
                       "old_number", "certificate_class", "speciality_code", "valid_from", "valid_until"})
"""Keys of what only the issued paper says, in rows too: not asked of an applicant."""
CARRIED = frozenset({"operation", "previous_mark"})
"""Keys of what the register itself knows of a new certificate."""
TEXTS: dict[str, str] = {
    "apply": "{type} 申领", "register": "登记 {type}", "person": "持证人", "person_name": "姓名", "enterprise": "企业",
    "enterprise_name": "企业名称", "project": "工程", "project_name": "所属项目", "equipment": "设备",
    "equipment_name": "设备名称", "known": "来自组织与人员档案，如有变化请先在那里修改", "documents": "材料",
    "other": "其他材料", "note": "说明", "remark": "需要说明的情况", "promise": "承诺",
    "declaration": "我承诺以上内容和材料真实、完整，与原件一致，并愿意承担提供虚假材料的法律责任",
    "submit": "提交申请", "abandon": "放弃申请", "sure": "放弃后这份申请作废，已填内容不能再提交。确定放弃吗？",
    "certificate": "证书", "number": "证书编号", "mark": "电子证照标识",
    "mark_hint": "1.2.156.3005.2 开头；没有电子证照可不填", "issuer": "发证机关", "issued": "发证日期",
    "from": "有效期起", "until": "有效期至", "unwritten": "证书上没有写就不填", "endless": "长期有效的不填",
    "review": "应复审日期",
    "qr": "二维码内容", "opaque": "扫描二维码得到的网址，照原样填写", "fields": "证书内容", "scan": "扫描件",
    "scans": "证书扫描件",
    "copies": "正本、副本都要；电子证照上传 OFD 或 PDF 原文件", "enter": "登记",
}


def applied(kind: CertificateType) -> dict[str, Any]:
    """The form in which a certificate of this type is applied for."""
    sheet, asked = Sheet(), [_asked(field) for field in contents(kind) if field.key not in AUTHORITY]
    name = part("textfield", "holder_name", TEXTS[f"{kind.holder}_name"], says=[(TEXTS["known"], {})], readonly=True)
    remark = part("textarea", "remark", TEXTS["remark"], longest=2000)
    promise = part("checkbox", "declaration", TEXTS["declaration"], required=True)
    groups = [
        sheet.group(TEXTS[kind.holder], paired([name, *(of_field(field) for field in asked if field.kind != "rows")])),
        _lists(sheet, asked), sheet.group(TEXTS["documents"], [[one] for one in _documents(kind)]),
        sheet.group(TEXTS["note"], [[remark]]) if all(field.key != "remark" for field in asked) else [],
        sheet.group(TEXTS["promise"], [[promise]]),
    ]
    verdicts: list[dict[str, Any]] = [
        {"value": "submit", "label": TEXTS["submit"], "style": "primary", "key": "s"},
        {"value": "abandon", "label": TEXTS["abandon"], "style": "secondary", "partial": True,
         "confirm": TEXTS["sure"]},
    ]
    return _schema("apply", kind, verdicts, groups)


def registered(kind: CertificateType) -> dict[str, Any]:
    """The form in which what an authority issued is entered."""
    sheet, entered = Sheet(), contents(kind)
    scans = files("scans", TEXTS["scans"], required=True, says=[(TEXTS["copies"], {})])
    plain = [of_field(field) for field in entered if field.kind != "rows"]
    groups = [
        sheet.group(TEXTS["certificate"], _paper(kind)), sheet.group(TEXTS["fields"], paired(plain)),
        _lists(sheet, entered), sheet.group(TEXTS["scan"], [[scans]]),
    ]
    return _schema("register", kind, [{"value": "done", "label": TEXTS["enter"], "style": "primary", "key": "s"}],
                   groups)


def contents(kind: CertificateType) -> list[Field]:
    """What a certificate of this type says beside number, dates and issuer, as far as somebody must type it."""
    known = CARRIED | (PERSONAL if kind.holder == "person" else frozenset())
    return [field for field in kind.fields if not field.column and field.key not in known
            and field.kind not in ("file", "image")]


def _asked(field: Field) -> Field:
    """A list without what only the issued paper says of its rows."""
    kept = tuple(one for one in field.fields if one.key not in AUTHORITY)
    return msgspec.structs.replace(field, fields=kept) if kept else field


def _lists(sheet: Sheet, fields: Iterable[Field]) -> list[Component]:
    """Lists of rows stand between the groups, as wide as the form."""
    return sheet.laid([[of_field(field)] for field in fields if field.kind == "rows"])


def _documents(kind: CertificateType) -> list[Component]:
    """The papers of the type, its pictures and files among them, and room for others."""
    found = {document.key: _document(document) for document in kind.documents}
    for field in kind.fields:
        if field.kind in ("file", "image"):
            wanted = field.required or bool((found.get(field.key) or {}).get("validate"))
            found[field.key] = {**of_field(field, required=wanted), "id": f"doc_{field.key}", "key": f"doc_{field.key}"}
    found.setdefault("other", files("doc_other", TEXTS["other"]))
    return list(found.values())


def _document(document: Document) -> Component:
    return files(f"doc_{document.key}", document.name, required=document.required, says=[(document.text, {})],
                 picture=document.key == "photo")


def _paper(kind: CertificateType) -> list[list[Component]]:
    """Number, mark, issuer and days: what every certificate has."""
    known: dict[str, Field] = {field.column: field for field in kind.fields if field.column}

    def label(column: str, otherwise: str) -> str:
        return known[column].label if column in known else TEXTS[otherwise]

    mark = part("licet-number", "licence_mark", label("licence_mark", "mark"), check="licence-id", longest=120,
                says=[(TEXTS["mark_hint"], {})])
    number = part("licet-number", "number", label("number", "number"), required=True, check="certificate-number",
                  longest=100, says=_example(kind, known.get("number")))
    issuer = part("textfield", "issuer", label("issuer", "issuer"), required=True, longest=100)
    code = part("textfield", "qr", label("qr", "qr"), longest=500, says=[(TEXTS["opaque"], {})])
    return [[number, mark], [issuer, *([code] if "qr" in known else [])], *_days(kind, label, known)]


def _example(kind: CertificateType, field: Field | None) -> list[Said]:
    rule = rule_of(kind.number.rule)
    sample = (field.sample if field else "") or (rule.example if rule.key != "free" else "")
    return [(PARTS["sample"], {"sample": sample})] if sample else []


def _days(
    kind: CertificateType, label: Callable[[str, str], str], known: Mapping[str, Field]
) -> list[list[Component]]:
    """The days that a term of this kind has: an end is asked where the paper states one, never where there is none."""
    term = kind.validity.kind
    ends = term in ("months", "dated") and not kind.validity.open_ended
    hint = TEXTS["endless"] if kind.validity.open_ended else TEXTS["unwritten"]
    issued = part("datetime", "issued_on", label("issued_on", "issued"), required=True,
                  properties={"licet:past": "true"})
    begins = part("datetime", "valid_from", label("valid_from", "from"), required=ends)
    until = part("datetime", "valid_until", label("valid_until", "until"), required=ends,
                 says=[] if ends else [(hint, {})], properties={"licet:after": "valid_from"})
    days = [issued] if term in ("long", "none") else [issued, begins, until]
    review = bool(kind.review and kind.review.lapses) or "review_on" in known
    wanted = "review_on" in known and known["review_on"].required
    due = part("datetime", "review_on", label("review_on", "review"), required=wanted,
               properties={"licet:after": "issued_on"})
    return [days, [due]] if review else [days]


def _schema(
    key: str, kind: CertificateType, verdicts: list[dict[str, Any]], groups: Iterable[list[Component]]
) -> dict[str, Any]:
    params = {"type": kind.name}
    return {
        "id": f"{key}-{kind.code}", "type": "default", "schemaVersion": 19,
        "licet:title": fill(TEXTS[key], params), "licet:says": {"licet:title": [[TEXTS[key], params]]},
        "licet:verdicts": verdicts, "components": [one for group in groups for one in group],
    }


MAKERS: dict[str, Callable[[CertificateType], dict[str, Any]]] = {"apply": applied, "register": registered}
