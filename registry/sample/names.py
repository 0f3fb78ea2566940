"""Invented names: common surnames and given-name characters, places that do not exist. Nobody real is meant."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷龙黎史陶贺顾毛郝龚邵万钱严覃武戚莫孔单"
)
MALE = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢阳建国志文海峰松柏庆永德福生荣安康"
FEMALE = "芳娜敏静丽艳娟霞秀燕玲桂英萍红梅莉倩雪琳慧颖洁云莹婷晶欣怡佳璐瑶蕾薇"
TOWNS = ("云溪", "澄江", "枫桥", "临川", "望湖", "长宁", "青禾", "白鹭", "南塘", "北辰", "石桥", "秋浦")
COMPANIES = ("第一建筑工程", "市政工程", "路桥建设", "装饰工程", "机电安装", "地基基础工程", "园林建设", "钢结构工程")
WORKS: dict[str, tuple[str, ...]] = {
    "房建": ("花园一期", "学校教学楼", "人民医院门诊楼", "保障房二标", "科创园研发楼", "文化中心"),
    "市政": ("路道路改造工程", "污水处理厂扩建", "综合管廊一标", "雨水泵站工程", "环路高架二标", "水厂深度处理"),
    "公路": ("至望湖公路一标", "大桥改扩建", "绕城高速三标", "互通立交工程"),
}


class Names:
    """Draws names; the same random source gives the same ones."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._weights = [1 / (rank + 6) for rank in range(len(SURNAMES))]
        self._works: set[str] = set()

    def person(self, gender: str) -> str:
        """A name of two or three characters."""
        surname = self.random.choices(SURNAMES, self._weights)[0]
        given = FEMALE if gender == "2" else MALE
        count = 2 if self.random.random() < 0.8 else 1
        return surname + "".join(self.random.choice(given) for _ in range(count))

    def project(self, work: str) -> str:
        """A name of works that was not drawn before."""
        for attempt in range(1000):
            name = self.random.choice(TOWNS) + self.random.choice(WORKS[work])
            name += f"（{attempt // 20 + 1}段）" if attempt >= 20 else ""
            if name not in self._works:
                break
        self._works.add(name)
        return name
