"""P-RENEW 续期、延期、延续 (domain 4.3): from a window that opens to a new term, or to what follows from a lapse."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.process import Process
from workflows.registration import REGISTRATION
from workflows.renewal import starting, steps, telling, term_end
from workflows.renewal.answered import ANSWERED, CHECKED
from workflows.renewal.given import GIVEN
from workflows.submission import SUBMISSION

STAGES: dict[str, str] = {
    "deciding": "待决定是否续期", "refusing": "不能续期，待处理", "closing_gaps": "补齐缺口",
    "renewal_review": "续期审核",
    "approval": "单位审批", "denied": "不予许可，待处理", "lapse_handling": "已失效，待处理",
}
OUTCOMES: dict[str, str] = {
    "renewed": "已续期", "handed_over": "已转其他流程", "not_renewable": "不能续期", "rejected": "驳回",
    "disputed": "转复议或诉讼", "denied": "未获许可", "expired": "到期失效", "reapplied": "已转重新申领",
}
WORDS: dict[str, str] = {
    "renewal.decided": "决定是否续期", "renewal.checked": "核对续期条件", "renewal.reopened": "列出要再补的内容",
    "renewal.gap_closed": "补齐一项缺口（第 {no} 份）",
    "renewal.warned": "法定申请日 {target} 临近，仍有缺口（{level} 级预警）",
    "renewal.handed_over": "转到其他流程", "renewal.filed_late": "受理截止日 {closes} 之后申报，已写明理由",
    "renewal.presumed": "届满未答复，视为准予延续（{basis}），证据已保存",
    "renewal.held_back": "自 {since} 起至批准不得承接新工程",
    "renewal.released": "已批准，恢复承接新工程", "renewal.lapsed": "未在期内续期，已通报安全与法务",
    "certificate.renewed": "新的有效期入库，有效至 {until}", "certificate.lapsed": "证件到期失效",
}
NEWS: dict[str, str] = {
    "renewal.warned": "{title}：法定申请日临近，仍有缺口未补齐。", "renewal.lapsed": "{title}：没有在期内续期。",
}

RENEWAL = Process(
    id="renewal", name="证件续期", folder=Path(__file__).parent, calls=(SUBMISSION, REGISTRATION),
    steps={**steps.STEPS, **term_end.STEPS}, checked=CHECKED, answered=ANSWERED, given=GIVEN,
    forms={"register": "register-term"}, stages=STAGES, outcomes=OUTCOMES, words=WORDS, news=NEWS,
    variables=VARIABLES | {
        "target_on", "level1_on", "level2_on", "closes_on", "expires_on", "holder_person_id", "gaps", "hopeless",
        "full_materials", "accident", "granted", "in_time", "accepted", "filed", "ending",
    },
    reacts=(("certificate.window_opened", starting.opened), *telling.REACTS),
    choices=starting.choices, begin=starting.begin,
)
