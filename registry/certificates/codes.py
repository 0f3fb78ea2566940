"""The national codes of a licence's state and of what was done to it (interface of 全国工程质量安全监管信息平台)."""

from __future__ import annotations

VALID, SUSPENDED, ANNULLED, CANCELLED, LAPSED, LEAVING, REVOKED, OTHER = "01", "02", "03", "04", "05", "06", "07", "99"
STATES: dict[str, str] = {
    VALID: "有效", SUSPENDED: "暂扣", ANNULLED: "撤销", CANCELLED: "注销",
    LAPSED: "失效", LEAVING: "办理转出", REVOKED: "吊销", OTHER: "其他",
}
WITHDRAWN = "00"
"""Not a state of the interface: brought in by mistake and taken back. No list shows what is in it (people.scope)."""
LIVE = (VALID, SUSPENDED, LEAVING)
"""The states in which a number is taken: no second certificate may carry it."""

ISSUED, RENEWED, SUSPEND, EXPIRED, ENDED = "01", "02", "03", "04", "05"
RETURNED, OTHER_ACT, BROUGHT_IN, CHANGED, TRANSFER_WITHDRAWN = "06", "07", "08", "09", "10"
OPERATIONS: dict[str, str] = {
    ISSUED: "新发", RENEWED: "延续", SUSPEND: "暂扣", EXPIRED: "过期失效",
    ENDED: "注销（撤销、吊销、转出）", RETURNED: "暂扣发还", OTHER_ACT: "其他",
    BROUGHT_IN: "转入", CHANGED: "变更", TRANSFER_WITHDRAWN: "取消转出",
}
CARRY_PREVIOUS_MARK = frozenset({RENEWED, CHANGED, BROUGHT_IN})
"""These operations must name the previous 证照标识."""

DATED, LONG, UNKNOWN = "dated", "long", "unknown"
TERMS: dict[str, str] = {DATED: "有期限", LONG: "长期", UNKNOWN: "期限不明"}

FAMILIES: dict[str, str] = {"E": "企业", "P": "人员", "J": "项目", "Q": "设备"}
