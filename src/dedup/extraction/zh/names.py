"""What a number measures, in the words of the text: the subject before it, or the noun behind it.

Numbers follow their subject (`财政收入达到8亿元`) or stand before the noun they count (`建成4条主干道`). A clause
without a subject of its own speaks of the last one (`增长8%`, `达到6个`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from dedup.extraction.zh.reading import REMARK

_YEAR = r"(?:[0-9]{2,4}|[12][0-9][xX×*]{1,2}|[xX×*～]{1,4}|二[〇○零][〇○零一二三四五六七八九]{2})年"
_SPAN = r"(?:[一两二三四五六七八九十几近数]|[0-9]{1,2})"
#: An expression of time, as it stands before a subject.
TIME = (
    rf"(?:(?:截至|截止|到|至|从|自)?(?:{_YEAR}|“[十一二三四五]{{1,3}}五?”|[0-9]{{4}})"
    rf"(?:[-—－～至到](?:{_YEAR}|[0-9]{{2,4}}))?(?:[0-9一二三四五六七八九十]{{1,2}}月(?:份|底|末)?)?(?:末|底|初|度|上半年|下半年|全年|期间|时期|规划|以来|来|前|内|间|期末|计划|的)*"
    rf"|(?:过去|近|最近|今后|未来|这|前|本届政府)?(?:的)?{_SPAN}(?:年|个月)(?:来|以来|间|中|内|里|时间|前)?"
    r"|[0-9一二三四五六七八九十]{1,2}[-—－～至到]?[0-9一二三四五六七八九十]{0,2}月(?:份|底|末)?"
    r"|今年以来|今年|去年|上年|明年|前年|全年|年内|当年|本年度?|年末|年底|年初|上半年|下半年|前[一二三]季度|[一二三四]季度|近年来?|几年来|多年来|历年"
    r"|截至目前|截至|截止|目前|至今|迄今|届时|期末|本届政府任期内|本届政府以来|任期内|同期|当前|现阶段|日前|现在|眼下|近期|期间|常年)"
)
_LEAD_WORDS = (
    "其中 其次 首先 第一 第二 第三 同时 并且 并 而且 此外 另外 还 也 又 再 则 但 且 即 以及 以 包括 特别是 尤其是 特别 即使 一方面 另一方面 "
    "与此同时 预计 力争 确保 争取到 努力 计划 将 要 拟 必须 使 让 把 预期 保证 保持 继续 着力 全力 积极 可望 能 应 进一步 加快 大力 切实 基本 "
    "全面 全部 成功 顺利 先后 相继 提前 超额 圆满 首次 率先 已经 已 共 共计 累计 总共 合计 总计 平均 均 都 分别 各 约 达 达到 有 共有 为 是 了 "
    "仅 就 只 至少 超 近 实现 完成 取得 于是 从而 因此 由此 据统计 据测算 经过努力 初步 初步预计 初步统计 初步核算 高质量 高标准 高起点 高效 突出 重点 "
    "截至 当年 可 会 通过 我们 千方百计 扎实 稳步 有效 有力 有序 不断 持续 着眼 主动 认真 严格 坚决 进行 按 按照 根据 其 在 对 从 由 至 到 的 和 与 及 "
    "历史性 一举 总量 又有 累计有 现有 现已 原有 还有 另有 共同 务必 力求 着重 拥有 辖 下辖 得到 争创"
)
_SCOPE = r"(?:全|本|我)(?:国|省|市|县|区|镇|乡|州|旗|盟|村|街道|街|场|园区|园|地区|域|部)|辖区内?|境内|区属|县属|市属"
_LEAD = re.compile(
    rf"(?P<list>[0-9]{{1,2}}[.、)）。]|[一二三四五六七八九十]{{1,2}}(?:是|、)|第[一二三四五六七八九十]{{1,2}}(?:，|、)?|[（(][一二三四五六七八九十0-9]{{1,2}}[)）])"
    rf"|(?P<time>{TIME})|(?P<scope>{_SCOPE})"
    f"|(?P<word>{'|'.join(sorted(map(re.escape, _LEAD_WORDS.split()), key=len, reverse=True))})"
    rf"|(?P<mark>[{REMARK}、，；：>#*·\-—－ \"’”]+)"
)
# Words of which a leading word is only the beginning.
_LEAD_WHOLE = re.compile(
    "全社会|全民|全员|全口径|全要素|全体|全域|全球|全过程|全程|全市场|全区域|全省一|有效|有机|有线|有色|有害|有偿|有证|有警|共享|共建|共青|就业|就医|就学|就读|就诊|要素|要客|可支配|可再生|可比|可用|可燃|可吸入|会议|会展"
    "|对外|对俄|对口|对美|对台|对共|对|从业|从事|由于|约束|达标|达产|达成|为民|为群众|为农|为企|为困|为参|为患|为|是否|超市|超低|超高|超限|超大|超额税|超|近海|近郊|近视|近岸|近"
    "|把握|使用|让利|让|应急|应税|应届|应收|应|能源|能耗|能力|各类|各级|各项|各业|各种|各|并网|并购|并|以工代赈|以奖代补|以商|以|按揭|按|在校|在园|在建|在册|在岗|在职|在编|在外|在地|在库|在学|在|到位|到港|到户|到|与会|与"
    "|及|和|其他|其它|其|再就业|再生|再贷款|再|保持|保证金|都市|都|重点|分别|平均|均|总量|通过|总|继续教育|高标准|高效|高质量|持续|严格|突出|严|进行|全面|全部|基本|计划生育|计划|首次|实际|年内|由|有|要"
)
_KEEP = re.compile(
    "全社会|全民|全员|全口径|全要素|全体|全域|全球|全过程|全程|有效灌溉|有机|有线|有色|有害|有偿|共享|共建|共青|就业|就医|就学|就读|就诊|要素|可支配|可再生|可比|可用|可燃|可吸入|会议|会展"
    "|对外|对俄|对口|对美|对台|对共建|对[^，。]{1,10}(?:进出口|出口|投资|贡献)|从业|约束|达标|达产|为民|为群众|为农|为企|为困|为参|为患|为[^，。]{1,8}(?:减|节|增|办|报|提|补|争|解|发)|超市|超低|超高|超限|超大"
    "|近海|近郊|近视|近岸|使用|让利|应急|应税|应届|应收|能源|能耗|能力|各类|各级|各项|各业|各种|并网|并购|以工代赈|以奖代补|以商招商|按揭|在校|在园|在建|在册|在岗|在职|在编|在外|在库|在学|到位|到港|到户|与会|其他|其它"
    "|再就业|再生|再贷款|保证金|都市|重点(?!抓|做|打造|推进|实施|建设|发展|支持|扶持|培育)|平均(?!每)|均衡|总量|继续教育|高标准|高效|高质量|持续经营|由表及里|计划生育|计划内|计划外|拟上市|拟建|通过率|将军|将台|要客|实际|已建|已签|已落户"
    "|一事一议|基本[^上完实建形满]|至尊|到期|其间|还贷|还款|还林|还建|又好|也门|且末|即墨|即期|严格|进行曲|约定|突出贡献|第一产业|第二产业|第三产业|首次公开|一次性|一般|一产|二产|三产|同时在线|平均数|十大|以上|全日制|全部(?:财政|工业|税收|收入|贷款|从业)"
    "|在[^，。]{1,6}(?:资金|项目|面积|人数)|将[^，。]{2,}|初步设计"
)
#: Heads of indicators: a number behind such a word measures it, whatever noun follows.
HEAD = re.compile(
    "(?:值|额|率|量|收入|投资|面积|支出|余额|存款|贷款|人数|里程|资金|产能|总产|单产|消费|税收|税|利税|税金|利润|覆盖面|改制面|面|比重|占比|比例|份额|指数|价格|能耗|水耗|电耗"
    "|水平|密度|浓度|人口|寿命|标准|规模|用电|用水|天数|时间|时限|排放|利用外资|外资|内资|出口|进口|进出口|成本|债务|负债|能力|容量|装机|流量|户数|总数|数|工资|待遇|补助|补贴|低保金|养老金|费用|经费|缺口|利息"
    "|GDP|gdp|GDp|Gdp|生产总值|存栏|出栏|吨位|高度|长度|宽度|深度|气温|降水|海拔|盖度|强度|进度|程度|营收|产量|产出|销售|融资|授信|引资|产值)\\Z"
)
_VERBS_BEFORE = (
    "建成投用 建成 新建成 新建 新改建 改扩建 扩建 改建 续建 在建 兴建 建设 修建 开工建设 开工 竣工 改造提升 改造 新增 净增 增加 引进 引入 引导 培育 新培育 培植 发展 扶持 支持 推进 推动 实施 启动 抓好 抓 办好 办 "
    "打造 创建 新创建 成立 设立 组建 开发 开展 举办 组织 承办 完成 实现 解决 提供 安排 安置 培训 招聘 招收 聘请 选派 选拔 评选 表彰 发放 兑现 落实 拨付 拆除 拆迁 搬迁 整治 治理 查处 打掉 破获 抓获 "
    "处理 办理 办结 受理 接待 调处 化解 调解 排查 整改 淘汰 关闭 关停 转移 种植 栽植 植树 栽种 铺设 架设 安装 配备 购置 添置 更新 硬化 绿化 亮化 修复 疏浚 清淤 加固 除险加固 新修 维修 整修 修缮 "
    "搭建 建立 健全 制定 出台 争取 申报 获得 获 荣获 签约 签订 落户 入驻 投产 投用 列入 储备 谋划 策划 收购 收储 征收 征用 征地 流转 救助 资助 帮扶 帮助 惠及 覆盖 保障 减免 减少 取消 下放 精简 压减 清理 "
    "规范 巩固 扩大 延长 拓展 拓宽 升级 提升 整合 盘活 出让 保护 界定 划定 认证 授权 研发 转化 推广 应用 示范 启用 开通 打通 接通 解除 防治 监测 检查 抽检 登记 注册 新登记 新注册 举行 放映 送戏 演出 出版 创作 "
    "完善 优化 强化 加强 规划 编制 设计 论证 跟踪 服务 走访 慰问 看望 投放 投入 成功解决 解决了 确定 选定 命名 授予 涌现 挂牌 上市 招引 招商 对接 协助 参加 参与 撤并 合并 组织实施 集中 重点建设 重点 "
    "贯彻 执行 推行 试点 探索 建起 建 修 上 有 是 为 辖 含 涉及 涵盖 包括 造福 受益 聘任 交流 调整 购买 采购 引种 扩种 新植 新造 营造 补植 收治 诊治 接种 免费 发出 下达 筹建 创办 改制 破产 兼并 组团 依托 凭借 占地 "
    "聚集 集聚 吸引 孵化 认定 通过 评定 评为 创成 争创 打响 叫响 唱响 做强 做大 壮大 新发展 新引进 新签约 新开工 新实施 新认定 新注册 复垦 开垦 整理 平整 验收 交付 分配 输转 输送 转产 分流 消化 紧跟 瞄准 围绕"
)
_VERB = re.compile(rf"(?:{'|'.join(sorted(set(_VERBS_BEFORE.split()), key=len, reverse=True))})(?:了|到|好|起)?\Z")
#: A clause that begins so goes on to tell something: the number before it counts nothing in it.
_PREDICATE_AHEAD = re.compile(
    "创(?!建|新|业|投|意|伤)|比(?!例|重|亚)|较(?!大)|同比|环比|占(?!地|道)|为(?!民|农)|是|在(?!建|校|职|岗|园|册|编|外|库|学|线)|已|均(?!衡)|全部|全面|正式|顺利|如期|相继|先后|提前|基本|超|再创|再次|位居|居(?!民|住|家)|列(?!车)|名列|排(?!污|水|放|涝|查)|稳居|保持|高于|低于"
    "|增长|增速|增幅|下降|提高|分别|其中|并|且|以|用于|得到|取得|达(?!标)|达到|突破|实现|完成|建成|新建|开工|竣工|投产|投入(?!品)|通过|获|荣获|进行|惠及|从|由|与(?!会)|和(?!谐)|及|等|切实|有效|使|让|对(?!外|口)|确保|力争|将|要(?!素)|也|又|都(?!市)|主要|大大|明显|极大|促进|带动|解决|用|支持|扶持"
    "|完善|改善|提升|推动|推进|保障|不低于|不少于|即|左右|以上|以下|以内|之间|，|。|；|：|、|”|）|\n|的(?:目标|任务|速度|水平|增长|高速|较快|快速|奋斗|基础|好成绩|历史|规模|速率|台阶|大关|关口|资金|贷款|投资|收入|财政|税收|成本)|大关|关口|台阶|新台阶|整|于|给|向|到|至|作为|成为|构成|组成|形成|拥有|累计|共(?!同|享|建|青)|目标|任务"
)
_TRAIL = re.compile("(?:等|的|工作|任务|和|及|与|、|以及|并|了|" + REMARK + ")+\\Z")
_STOP_IN_NOUN = re.compile("(?:正式|全部|全面|顺利|如期|相继|先后|已经|已|均|基本|提前|投入使用|投入运行|投入|开工建设|开工|建成投产|建成|竣工|达产|达标|并网发电|完工|落户|用于|达到|同比|比上年|较上年|稳步|扎实|有序|有效|列入|通过|获得|荣获|进入|以上|涉及|惠及|进行|分别|实现|新增|增长|创)")


@lru_cache(maxsize=32768)
def strip_lead(phrase: str) -> tuple[int, str | None, str]:
    """Strip what stands before a subject: list marks, time, connectives, modal words, whose figure it is.

    Returns
    -------
    where the subject begins; the scope (`全市`) or None; the words that were stripped, joined by blanks
    """
    at = 0
    scope: str | None = None
    words: list[str] = []
    while at < len(phrase):
        if _KEEP.match(phrase, at) is not None:
            time = re.compile(TIME).match(phrase, at)
            if time is None or time.group()[:2] in ("一般",):
                break
        match = _LEAD.match(phrase, at)
        if match is None or match.end() == at:
            break
        if match.lastgroup == "scope":
            scope = match.group()
        if match.lastgroup == "word":
            words.append(match.group())
        at = match.end()
    return at, scope, " ".join(words)


@lru_cache(maxsize=32768)
def is_verb(phrase: str) -> bool:
    """Say whether a phrase is a verb only, whose object follows the number."""
    match = _VERB.match(phrase)
    return match is not None and match.end() == len(phrase)


_VERB_LEAD = re.compile(rf"(?:{'|'.join(sorted(set(_VERBS_BEFORE.split()) - {'有', '是', '为', '上', '建', '修', '含', '抓', '办', '辖', '重点', '获', '示范'}, key=len, reverse=True))})(?:了|到|好|起)?")


@lru_cache(maxsize=32768)
def leading_verb(phrase: str) -> str:
    """Return the verb that begins a phrase, or nothing."""
    match = _VERB_LEAD.match(phrase)
    return match.group() if match is not None and match.end() < len(phrase) else ""


@lru_cache(maxsize=32768)
def noun_behind(right: str) -> str:
    """Return the noun that a number stands before, from what follows it in its clause; empty where none does."""
    if not right or _PREDICATE_AHEAD.match(right) is not None or not ("一" <= right[0] <= "龥" or right[0] in "“《" or right[0].isascii() and right[0].isalnum()):
        return ""
    noun = right
    if len(noun) > 8:
        stop = _STOP_IN_NOUN.search(noun, 2)
        if stop is not None and not noun.startswith("成功", max(0, stop.start() - 2)):
            noun = noun[: stop.start()]
    if len(noun) > 28:
        cut = noun.find("、", 2)
        noun = noun[:cut] if 0 < cut <= 28 else noun[:28]
    trail = _TRAIL.search(noun)
    return noun[: trail.start()] if trail is not None and trail.start() > 0 else noun


_AND = re.compile("、|以及|(?<![共饱缓温总祥呼中谦])和(?!谐|平|解|睦|美|田|县|顺|气|善|政)|(?<![参])与(?!会)|(?<![普以涉惠])及(?!时|以上)")
_SUM_UP = re.compile("(?:等)?(?:[两二三四五六七八九十0-9]{1,2}(?:项|大|个|类)?)?(?:主要)?(?:经济|发展)?(?:指标|方面)?\\Z")


@lru_cache(maxsize=16384)
def conjuncts(phrase: str) -> tuple[str, ...]:
    """Part a coordinated subject: `城镇、农村居民人均可支配收入` is two, each with the head they share."""
    summed = _SUM_UP.search(phrase)
    if summed is not None and summed.start() > 3:
        phrase = phrase[: summed.start()]
    depth = 0
    parts: list[str] = []
    last = 0
    for match in _AND.finditer(phrase):
        depth = phrase.count("“", 0, match.start()) - phrase.count("”", 0, match.start())
        if depth > 0 or match.start() == last:
            continue
        parts.append(phrase[last : match.start()])
        last = match.end()
    parts.append(phrase[last:])
    if len(parts) == 1:
        pair = re.match("(.*?)(城乡|存贷款|一二三产业|三次产业|产供销)(.*)", phrase)
        if pair is None:
            return (phrase,)
        front, word, tail = pair.groups()
        if word == "城乡":
            return (f"{front}城镇{tail}", f"{front}农村{tail}")
        if word == "存贷款":
            return (f"{front}存款{tail}", f"{front}贷款{tail}")
        if word in ("三次产业", "一二三产业"):
            return tuple(f"{front}第{n}产业{tail}" for n in "一二三")
        return (phrase,)
    final = parts[-1]
    if HEAD.search(final) is not None:
        full = []
        for part in parts[:-1]:
            if HEAD.search(part) is None and len(final) > len(part) + 1:
                tail = _shared_tail(part, final)
                full.append(part + tail)
            else:
                full.append(part)
        parts = [*full, final]
    return tuple(part.strip(REMARK) for part in parts)


def _shared_tail(part: str, final: str) -> str:
    """Return the head of `final` that `part` lacks: for 城镇 and 农村居民收入, 居民收入."""
    head = part[-1]
    # 存、贷款余额 share what follows one character; 城镇、农村… what follows a word of the same length.
    size = len(part) if len(part) <= 4 else 2
    at = final.find(head) if len(part) > 4 else -1
    if at >= 0:
        return final[at + 1 :]
    return final[size:] if len(part) <= 4 else ""
