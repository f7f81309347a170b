"""Driving the command as a user does, and small pages to drive it on."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dedup.cli import main

LINDU = (
    "各位代表：\n现在，我代表林渡县人民政府，向大会报告政府工作，请予审议。\n一、2009年工作回顾\n"
    "2009年，全县实现生产总值46.3亿元，比上年增长11.6%；财政一般预算收入2.85亿元，增长14.2%；"
    "城镇居民人均可支配收入11240元，农民人均纯收入4870元。人口自然增长率控制在5.2‰以内。\n"
    "农业结构调整迈出新步伐。新建蔬菜大棚1360座，发展林果2.4万亩，粮食总产量达到18.7万吨。\n"
    "基础设施不断改善。改造县乡公路126公里，新建桥梁9座，解决了3.1万人的饮水困难。\n"
    "社会事业全面进步。新建校舍2.2万平方米，新型农村合作医疗参合率达到93.5%。\n"
    "二、2010年主要任务\n今年要突出抓好项目建设，全年安排重点项目42个，总投资28亿元。\n"
)
KANGYUAN = (
    "各位代表：\n我受康源区人民政府委托，向大会作工作报告，请审查。\n一、过去五年的工作\n"
    "五年来，全区完成固定资产投资214亿元，建成商贸综合体6个，社会消费品零售总额年均增长13.8%。\n"
    "城市面貌明显变化。改造老旧小区58个，新增停车泊位4200个，绿化覆盖率提高到41.5%。\n"
    "改革创新持续深入。办结行政审批事项9.6万件，引进高层次人才312名，授权专利1875件。\n"
    "民生保障更加有力。新增城镇就业5.4万人，建成保障性住房3860套，居家养老服务站实现全覆盖。\n"
    "二、今后的工作\n要加快建设科技园区，力争高新技术企业达到260家，让群众生活更加美好。\n"
)
FISHERY = (
    "Report of the harbour board for the past year.\nThe fleet landed 1,420 tonnes of herring, 6% more than in the "
    "year before, and the new ice plant worked on 311 days.\nThe quay was lengthened by 85 metres, the fairway dredged "
    "to 7.5 metres, and the lighthouse on the north mole got a new lamp.\nNext year the board will build a shed for "
    "nets and repair the slipway before the autumn storms.\n"
)
#: The same report as another site shows it: years masked, a figure changed, a unit lost, a line broken.
LINDU_COPIED = (
    LINDU.replace("2009年", "20xx年")
    .replace("林渡", "xx")
    .replace("126公里", "162公里")
    .replace("5.2‰", "5.2%")
    .replace("粮食总产量", "粮食总\n产量")
)
PAGES = {
    "gov/lindu.txt": LINDU,
    "gov/kangyuan.txt": KANGYUAN,
    "share/fanwen.txt": f"政府工作报告范文\n区政府工作报告篇一\n{LINDU_COPIED}\n区政府工作报告篇二\n{KANGYUAN}\n",
    "harbour/board.txt": FISHERY,
}


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read standard output as JSON."""
        return json.loads(self.out)


def call(*arguments: str | Path) -> Result:
    """Run `dedup` with these arguments inside this process."""
    stdout, stderr = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch.object(sys, "argv", ["dedup", *map(str, arguments)]),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
    return Result(code, stdout.getvalue(), stderr.getvalue())


def write_pages(folder: Path) -> Path:
    """Write the pages, a file that nobody can read, and a configuration without validation; return the latter."""
    for name, text in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "share" / "scan.txt").write_bytes(bytes(range(256)) * 40)
    sources = "".join(f'[[source]]\nname = "{name}"\npath = "{name}"\n' for name in ("gov", "share", "harbour"))
    config = folder / "dedup.toml"
    config.write_text(f"{sources}[quality]\nenabled = false\n", encoding="utf-8")
    return config
