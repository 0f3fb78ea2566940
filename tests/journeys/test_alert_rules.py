"""A process owner sets stages and ladder for a type, tries them on a real certificate, and the next alert follows."""

from __future__ import annotations

import datetime as dt

import pytest

from ledger.clock import SHANGHAI
from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", ["desk", "phone"])
def test_a_rule_is_set_for_a_type_tried_on_a_real_certificate_and_followed(
    site: Site, arrive: Arrive, way: str
) -> None:
    held(site, "E03")  # it ends on 2027-02-20, a Saturday
    site.work()
    owner = arrive("owner", phone=way == "phone")
    owner.go("/types")
    owner.follow("提醒规则")
    owner.sees("还没有自己的规则", "证件种类里写的天数")
    owner.follow("新增规则")
    owner.page.select_option("#f-type", "E03")
    owner.follow("下一步")
    owner.expected.add(400)
    owner.write("提前几天", "80、三十")
    owner.follow("检查并看影响")
    owner.sees("没有保存", "“三十”不是天数")
    owner.write("提前几天", "80、30")
    owner.write("提前几个工作日", "3")
    owner.write("法务", "80")
    owner.write("几个工作日没人处理就上报一级", "2")
    owner.follow("检查并看影响")
    owner.sees("1 件会收到提醒，共 1 次", "2026-12-02", "韩立", "到期前 3 个工作日", "2027-02-")
    owner.follow("保存规则")
    owner.sees("规则已保存", "华建集团", "到期前 3 个工作日", "钱程")
    owner.follow("用一张证件试试")
    owner.write("持有人、编号或内部编码", "000777")
    owner.follow("查找")
    owner.follow("安全生产许可证")
    owner.sees("到期前 80 天", "方芳", "韩立", "系统通知")
    owner.follow("发给我试试")
    owner.sees("测试通知已发给您自己")
    site.clock.move_to(dt.datetime(2026, 12, 2, 9, tzinfo=SHANGHAI))
    site.work()
    owner.go("/notices")
    owner.sees("【测试】", "还有 80 天")
    legal = arrive("legal")
    legal.go("/alerts")
    legal.sees("到期前 80 天", "华建第一建筑有限公司")
