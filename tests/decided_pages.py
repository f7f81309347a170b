"""Small pages to decide about: a report with two copies, last year's issue of it, another one, and a page of advice."""

from __future__ import annotations

from pathlib import Path

from dedup.engines.local import run
from dedup.engines.summary import RunSummary
from dedup.releases import Release, open_release
from dedup.settings import Settings, SourceSettings

REPORT = (
    "各位代表：\n现在，我代表溪渡县人民政府，向大会报告政府工作，请予审议。\n一、2009年工作回顾\n"
    "2009年，全县实现生产总值46.3亿元，比上年增长11.6%；财政一般预算收入2.85亿元，增长14.2%；"
    "城镇居民人均可支配收入11240元，农民人均纯收入4870元。人口自然增长率控制在5.2‰以内。\n"
    "农业结构调整迈出新步伐。新建蔬菜大棚1360座，发展林果2.4万亩，粮食总产量达到18.7万吨。\n"
    "基础设施不断改善。改造县乡公路126公里，新建桥梁9座，解决了3.1万人的饮水困难。\n"
    "社会事业全面进步。新建校舍2.2万平方米，新型农村合作医疗参合率达到93.5%。\n"
    "二、2010年主要任务\n今年要突出抓好项目建设，全年安排重点项目42个，总投资28亿元。\n"
)
OTHER = (
    "各位代表：\n我受康坪区人民政府委托，向大会作工作报告，请审查。\n一、过去五年的工作\n"
    "五年来，全区完成固定资产投资214亿元，建成商贸综合体6个，社会消费品零售总额年均增长13.8%。\n"
    "城市面貌明显变化。改造老旧小区58个，新增停车泊位4200个，绿化覆盖率提高到41.5%。\n"
    "改革创新持续深入。办结行政审批事项9.6万件，引进高层次人才312名，授权专利1875件。\n"
    "民生保障更加有力。新增城镇就业5.4万人，建成保障性住房3860套，居家养老服务站实现全覆盖。\n"
    "二、今后的工作\n要加快建设科技园区，力争高新技术企业达到260家，让群众生活更加美好。\n"
)
ADVICE = (
    "写作工作总结的几点建议。第一，材料要真实，不可夸大成绩，也不可回避问题。第二，结构要清楚，先讲做了什么，"
    "再讲怎么做的，最后讲还要做什么。第三，语言要朴实，少用套话，多用数字和例子。第四，篇幅要适当，领导没有时间看"
    "长文章，同事也没有。第五，写完以后放一放，隔天再读一遍，把多余的话都删掉，把不清楚的话都改清楚。\n"
)
PAGES = {
    "gov/report.txt": REPORT,
    "share/copy.txt": REPORT.replace("溪渡县", "**县").replace("2009年", "20xx年"),
    "share/late.txt": REPORT.replace("突出抓好项目建设", "狠抓项目建设").replace("9座", "8座"),
    "gov/other.txt": OTHER,
    "share/advice.txt": ADVICE,
}


def write_pages(folder: Path, pages: dict[str, str]) -> None:
    """Write pages; what is there already stays."""
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def settings_for(folder: Path, *, quality: bool = False) -> Settings:
    """Return settings of a warehouse beside the pages."""
    return Settings(warehouse=folder / "warehouse", workers=1, quality={"enabled": quality})


def publish(folder: Path, *, quality: bool = False) -> tuple[RunSummary, Release]:
    """Run over the pages and open what was published."""
    settings = settings_for(folder, quality=quality)
    sources = [SourceSettings(path=str(folder / name), name=name) for name in ("gov", "share")]
    summary = run(settings, sources)
    return summary, open_release(settings.warehouse)


def publish_pairs_only(folder: Path, **match: float) -> Release:
    """Run over `pages` up to the clusters: no figures, no shared text, no validation."""
    settings = Settings(
        warehouse=folder / "warehouse",
        workers=1,
        quality={"enabled": False},
        extract={"enabled": False},
        reuse={"enabled": False},
        match={"audit_pairs": 0, **match},
    )
    run(settings, [SourceSettings(path=str(folder / "pages"), name="pages")])
    return open_release(settings.warehouse)


def sections(release: Release) -> dict[str, dict]:
    """Return what is known of the only section of each page, by its path."""
    rows = release.sql(
        "SELECT d.uri, s.section_id, s.content_hash AS key, m.cluster_id, m.is_canonical, m.rule, m.reason,"
        " m.similarity, c.family_id, c.status, c.kind, c.link_rule, r.outcome"
        " FROM membership m JOIN sections s USING (section_id) JOIN documents d USING (doc_id)"
        " JOIN clusters c USING (cluster_id) JOIN records r ON r.uri = d.uri"
    )
    return {row["uri"]: row for row in rows.to_pylist()}
