"""What the vitals mean: good, to be watched or broken, in words, with what to do. Pure: the limits stand here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flask_babel import gettext as _

from ledger import clock
from web.cockpit.vitals import MOST, Vitals

Light = Literal["good", "due", "bad"]
ORDER: dict[str, int] = {"good": 0, "due": 1, "bad": 2}
GIGABYTE = 1024 ** 3
SLOW_PART = 20_000
"""Milliseconds of one part of the work in one round: longer, and deadlines wait for it."""
STUCK = dt.timedelta(minutes=10)
LIMITS: dict[str, tuple[float, float]] = {"outbox": (120, 900), "timers": (60, 600), "deliveries": (60, 600),
                                          "jobs": (300, 3600)}
"""Seconds that the oldest may wait before it is to be watched, and before it is broken."""
DISK = ((5 * GIGABYTE, 0.10), (GIGABYTE, 0.03))
"""Free bytes, and share of the disk, below both of which it is to be watched, or broken."""


@dataclass(frozen=True)
class Verdict:
    """One thing that was looked at: how it is, in words, and what to do where it is not well."""

    key: str
    light: Light
    name: str
    words: str
    remedy: str = ""


def verdicts(seen: Vitals) -> list[Verdict]:
    """Everything, worst first."""
    found = [*_workers(seen), _clock(seen), _redis(seen), *_backlogs(seen), _incidents(seen), _jobs(seen), _sums(seen),
             _database(seen), _disk(seen)]
    return sorted(found, key=lambda one: -ORDER[one.light])


def whole(found: list[Verdict]) -> Light:
    """The worst light there is."""
    return max((one.light for one in found), key=lambda light: ORDER[light], default="good")


def _workers(seen: Vitals) -> Iterator[Verdict]:
    kinds = (("worker", _("后台进程"), "licet-worker"), ("imports", _("导入进程"), "licet-imports"))
    for kind, name, command in kinds:
        of_kind = [one for one in seen.workers if one.kind == kind]
        states = [one.state(seen.now) for one in of_kind]
        alive = states.count("alive")
        remedy = _("在服务器上查看 systemctl status %(name)s，必要时重启；期限和通知在此期间不会丢失，只会迟到。",
                   name=f"'{command}@*'")
        if alive:
            stuck = [one for one in of_kind if one.doing_since and one.state(seen.now) == "alive" and kind == "worker"
                     and seen.now - one.doing_since > STUCK]
            words = _("%(n)s 个在工作，最近一次报到 %(s)s 秒前",
                      n=alive, s=round((seen.now - max(one.seen_at for one in of_kind)).total_seconds()))
            yield Verdict(kind, "due" if stuck else "good", name, words, _(
                "有一项工作已进行超过 10 分钟（%(part)s），请查看日志。", part=stuck[0].doing) if stuck else "")
        elif "late" in states:
            yield Verdict(kind, "due", name, _("超过一分钟没有报到"), remedy)
        else:
            last = max((one.seen_at for one in of_kind), default=None)
            words = _("没有在工作，最后一次报到 %(at)s", at=_moment(last)) if last else _(
                "没有在工作，一天内没有报到")
            yield Verdict(kind, "bad", name, words, remedy)


def _clock(seen: Vitals) -> Verdict:
    """The clocks of the workers' machines (ledger/clock_guard.py); the first one that leapt is told of."""
    name = _("服务器时间")
    one = next(iter(seen.doubts), None)
    if one is None:
        return Verdict("clock", "good", name, _("走时连续，可以据此判断到期"))
    words = _("%(place)s 的时间突然快了 %(age)s：本应是 %(expected)s，显示为 %(shown)s。期限、提醒和定时器已暂停触发",
              place=one.place, age=_long(one.ahead.total_seconds()), expected=_moment(one.expected_at),
              shown=_moment(one.doubted_at))
    return Verdict("clock", "bad", name, words, _(
        "时间不对时请校正，恢复后会自动继续；时间正确时（如停机多日后启动、恢复了旧备份）请确认。"))


def _redis(seen: Vitals) -> Verdict:
    name = _("唤醒队列（Redis）")
    if seen.queues is None:
        return Verdict("redis", "due", name, _("连不上，改由每 15 秒的巡查代替：不丢失，只是慢一些"),
                       _("检查 Redis 是否在运行、REDIS_URL 是否正确。"))
    if not seen.queues:
        return Verdict("redis", "good", name, _("没有使用，每 15 秒巡查一次"))
    waiting = sum(seen.queues.values())
    light: Light = "due" if waiting > 200 else "good"
    return Verdict("redis", light, name, _("连接正常，%(n)s 个唤醒在等", n=waiting),
                   _("后台进程可能不够用，或停在一项工作上。") if light != "good" else "")


def _backlogs(seen: Vitals) -> Iterator[Verdict]:
    told = (
        ("timers", _("到期未触发的定时器"), seen.timers, _("期限没有按时触发：先看后台进程是否在工作，再看日志。")),
        ("outbox", _("待发出的通知"), seen.outbox,
         _("通知和后续动作会迟到：先看后台进程，再看 fact 表的 last_error。")),
        ("deliveries", _("待送达的消息"), seen.deliveries, _("流程之间的消息没有送达：先看后台进程，再看异常页。")),
    )
    for key, name, backlog, remedy in told:
        light = _late(key, backlog.age(seen.now))
        if light == "good" and backlog.failing:
            light, remedy = "due", _("有的没有成功，会自动再试；持续不减时请看日志。")
        words = _("没有积压") if not backlog.count and not backlog.failing else _(
            "%(n)s 个在等，最久 %(age)s，%(failing)s 个试过没有成功", n=_at_least(backlog.count),
            age=_long(backlog.age(seen.now)), failing=backlog.failing)
        yield Verdict(key, light, name, words, remedy if light != "good" else "")


def _incidents(seen: Vitals) -> Verdict:
    name = _("流程异常")
    if not seen.incidents.count:
        return Verdict("incidents", "good", name, _("没有未处理的异常"))
    return Verdict("incidents", "due", name, _("%(n)s 处未处理，最早 %(at)s", n=_at_least(seen.incidents.count),
                                               at=_moment(seen.incidents.since)),
                   _("在“异常”页查看原因，重试、跳过或终止。"))


def _jobs(seen: Vitals) -> Verdict:
    light = _late("jobs", seen.jobs.age(seen.now)) if not seen.jobs_running else "good"
    words = _("%(running)s 项正在进行，%(waiting)s 项在等，最近一天 %(failed)s 项出错", running=seen.jobs_running,
              waiting=seen.jobs.count, failed=seen.jobs_failed)
    if light == "good" and seen.jobs_failed:
        return Verdict("jobs", "due", _("长时间的工作"), words, _("出错的工作保留了已完成的部分，可由提出人重新发起。"))
    return Verdict("jobs", light, _("长时间的工作"), words,
                   _("没有进程来做：查看导入进程是否在工作。") if light != "good" else "")


def _sums(seen: Vitals) -> Verdict:
    light: Light = "due" if seen.uncounted >= MOST else "good"
    words = _("已全部汇总") if not seen.uncounted else _("%(n)s 条办结记录待汇总", n=_at_least(seen.uncounted))
    return Verdict("figures", light, _("热力图的汇总"), words,
                   _("首次汇总或积压：后台进程会自动补齐，其间热力图不全。") if light != "good" else "")


def _database(seen: Vitals) -> Verdict:
    known = seen.database
    words = _("%(kind)s %(version)s，%(size)s，结构版本 %(revision)s", version=known.version, size=sized(known.size),
              kind="SQLite" if known.kind == "sqlite" else "PostgreSQL", revision=known.revision or "–")
    if known.revision == known.head:
        return Verdict("database", "good", _("数据库"), words)
    return Verdict("database", "bad", _("数据库"), words,
                   _("程序需要结构版本 %(head)s：请运行升级（make run 或 licet init）并重启。", head=known.head))


def _disk(seen: Vitals) -> Verdict:
    share = seen.disk_free / seen.disk_total if seen.disk_total else 1.0
    light: Light = "good"
    for level, (bytes_, part) in zip(("due", "bad"), DISK, strict=True):
        if seen.disk_free < bytes_ and share < part:
            light = level  # type: ignore[assignment]
    return Verdict("disk", light, _("磁盘空间"), _("还有 %(free)s（%(share)s%%）", free=sized(seen.disk_free),
                                                share=round(share * 100)),
                   _("空间不足时无法上传和写入：清理旧备份或扩容。") if light != "good" else "")


def slow_parts(seen: Vitals) -> list[tuple[str, str, dict[str, object]]]:
    """(worker, part, what is told of it) of the parts of the work, slowest first."""
    found = [(one.place, part, told) for one in seen.workers if one.state(seen.now) != "gone"
             for part, told in one.parts.items()]
    return sorted(found, key=lambda one: -int(one[2].get("slowest", 0)))


def _late(key: str, age: float) -> Light:
    watched, broken = LIMITS[key]
    return "bad" if age > broken else "due" if age > watched else "good"


def _at_least(count: int) -> str:
    return f"{MOST}+" if count >= MOST else str(count)


def _moment(at: dt.datetime | None) -> str:
    return f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}" if at else "–"


def _long(seconds: float) -> str:
    if seconds < 120:
        return _("%(n)d 秒", n=round(seconds))
    if seconds < 7200:
        return _("%(n)d 分钟", n=round(seconds / 60))
    if seconds < 172_800:
        return _("%(n)s 小时", n=f"{seconds / 3600:.1f}")
    return _("%(n)d 天", n=round(seconds / 86_400))


def sized(size: float) -> str:
    """Bytes in words."""
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"
