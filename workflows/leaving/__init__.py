"""P-LEAVE 离职联动 (domain 4.10): from the last day set to the proof of termination (劳动合同法 50)."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.leaving.answering import ANSWERED, CHECKED, GIVEN
from workflows.leaving.starting import REACTS
from workflows.leaving.steps import STEPS
from workflows.process import Process

LEAVING = Process(
    id="leaving", name="离职联动", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, variables=VARIABLES | {"tied", "posts", "loans", "last_day", "proof_due", "decided"}, reacts=REACTS,
    stages={
        "taking_stock": "清点中", "certificates": "证件待定", "posts": "岗位待接任", "loans": "等待归还原件",
        "shortage": "补员计划待定", "clearing": "待放行", "proof": "待出具证明",
    },
    outcomes={"left": "离职办完", "stayed": "没有离职"},
    words={
        "leaving.listed": "清点：随单位的证件 {tied} 份，须接任的岗位 {posts} 个，借出未还 {loans} 件",
        "leaving.decided": "逐份决定：转注册 {transfer} 份，注销 {cancel} 份，新单位接手 {kept} 份",
        "leaving.post_open": "最后工作日已过，还有 {posts} 个岗位无人接任", "leaving.succeeded": "岗位都已接任",
        "leaving.reminded": "催还借出的原件 {loans} 件", "leaving.shortage": "离职后缺 {lines} 项",
        "leaving.planned": "补员计划定于 {on} 补齐", "leaving.cleared": "核对放行",
        "leaving.proof_late": "15日内没有办完证明和转移（劳动合同法第50条）", "leaving.proved": "证明和转移已办完",
    },
)
