"""What the names are called that requests begin with and that the steps of shipped processes set."""

NAMES = {
    "subtype": "事项的种类", "type_code": "证件种类的代码", "family": "证件大类（P 人员、E 企业、J 项目、Q 设备）",
    "decision_days": "法定办理期限（工作日）", "supplement_days": "补正期限（工作日）", "reviewers": "负责审核的角色",
    "answer": "机关的答复", "accepted": "期内受理", "accident": "发生过死亡事故", "approved": "同意借出",
    "block_at": "停止再借的时间", "bring": "由集团内的公司接收", "chases": "催办的次数",
    "children_open": "还没办完的下级申请数", "clear": "没有障碍", "closes_on": "最晚申请日",
    "comparers": "负责复核的角色", "decided": "每本证件怎样处理", "due_on": "要办完的日期",
    "duties": "这一年要办的事", "electronic": "是电子证照", "ended_on": "终止的日期", "ending": "怎样结束",
    "expires_on": "有效期届满日", "filed": "期内申报", "fits": "继任人符合条件", "from_on": "开始的日期",
    "full_materials": "要交全套材料", "gaps": "还缺的条件", "granted": "机关已准予", "held": "公司持有的证件种类",
    "hopeless": "不可能续期", "in_time": "在法定申请日前申报", "item": "清单里的这一项", "item.how": "这一本怎样处理",
    "items": "要逐项办理的清单", "kind": "借阅的种类", "last_day": "最后工作日", "late_at": "算逾期的时间",
    "level1_on": "第一次预警的日期", "level2_on": "第二次预警的日期", "loans": "没有归还的原件数",
    "outside": "带出公司", "percent": "通过的比例", "personal": "是个人证件", "posts": "担任的岗位",
    "prepared": "已经准备好", "proof_due": "离职证明的截止日期", "received": "对方已经接收",
    "remind_at": "提醒的时间", "roles": "负责的角色", "rule": "通过的规则", "second_by_type": "这种证件要二级审批",
    "served_on": "送达的日期", "short": "人员不足的项数", "signers": "会签的人", "silent": "逾期不答怎样算",
    "supplement_by": "负责补正的角色", "supplement_due": "补正的截止日期", "suspect_at": "视为遗失的时间",
    "target_on": "计划申请的日期", "tied": "随人走的证件", "tries": "补考的次数", "until": "到哪一天为止",
    "valid": "预检通过", "way": "办理的方式",
}
"""Names as people say them, those of every request first; gettext msgids."""
HIDDEN = frozenset({"request_id", "applicant_id", "certificate_id", "holder_id", "holder_person_id", "carrier_id"})
"""Numbers of rows: nobody compares them."""
