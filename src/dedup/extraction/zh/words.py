"""Closed classes of words that the grammar of figures knows: verbs, connectives, heads of indicators.

They are classes of the language of reports, not names of things: which verb takes the counted thing as its object,
which adverb may stand before a subject, which noun is a measure. A word that is missing costs a longer name, no more.
"""

from __future__ import annotations

import re

YEAR = r"(?:[0-9]{4}|[0189][0-9]|2[0-9]|[12][0-9][xX×*]{1,2}|[xX×*～]{1,4}|二[〇○零][〇○零一二三四五六七八九]{2})年"
_SPAN = r"(?:[一两二三四五六七八九十几近数]|[0-9]{1,2})"
#: An expression of time.
TIME = (
    rf"(?:(?:截至|截止|到|至|从|自)?(?:{YEAR}|[0-9]{{4}}(?=[-—－～至到][0-9]{{4}}年))"
    rf"(?:[-—－～至到](?:{YEAR}|[0-9]{{2,4}}年?))?(?:[0-9一二三四五六七八九十]{{1,2}}月(?:份|底|末)?)?"
    r"(?:末|底|初|度|上半年|下半年|全年|期间|时期|以来|来|前|内|间|的)*"
    r"|“[十一二三四五]{1,3}五?”(?:时期|期间|以来|末|期末|计划末|规划末|时|前|初)(?:的)?"
    rf"|(?:(?:过去|近|最近|今后|未来|这|前|本届政府)的?{_SPAN}(?:年|个月)(?:来|以来|间|中|内|里|时间|前)?"
    rf"|{_SPAN}(?:年|个月)(?:来|以来|间|中|内|里|前|(?=累计|共|平均|[，。])))"
    r"|[0-9一二三四五六七八九十]{1,2}[-—－～至到]?[0-9一二三四五六七八九十]{0,2}月(?:份|底|末)?"
    r"|今年以来|今年|去年|上年|明年|前年|全年|年内|当年|本年度?|年末|年底|年初|上半年|下半年|前[一二三]季度|[一二三四]季度|近年来?|几年来"
    r"|多年来|历年|截至目前|截至|截止|目前|至今|迄今|届时|期末|本届政府任期内|本届政府以来|任期内|同期|当前|现阶段|日前|现在|眼下|近期|期间)"
)
#: Whose figure it is.
SCOPE = "(?:全|本|我)(?:国|省|市|县|区|镇|乡|州|旗|盟|村|街道|街|场|园区|园)|辖区内?|境内"


#: First characters of `TIME`: a class in front lets the regex engine pass over the rest fast.
TIME_FIRST = "0-9*Xx×～“一七三上下两九二五今从任全八六几到前十历去同四多届年当截数日明最期未本现目眼自至迄过近这"


def pattern(words: str) -> str:
    """Return an alternation of the words of a string, the longest first."""
    return "|".join(sorted(map(re.escape, set(words.split())), key=lambda w: (-len(w), w)))


#: Before a subject, never part of it.
CONNECTIVES = (
    "其中 其次 首先 同时 并且 并 而且 此外 另外 以及 包括 特别是 尤其是 即使 一方面 另一方面 与此同时 于是 从而 因此 由此 据统计 据测算 "
    "建议 经过努力 初步预计 初步统计 初步核算 预计 力争 力促 确保 争取到 努力 必须 预期 保证 继续 着力 全力 积极 可望 进一步 加快 大力 切实 顺利 先后 "
    "相继 提前 超额 圆满 率先 已经 共计 累计 总共 合计 总计 千方百计 扎实 稳步 有序 不断 着眼 主动 认真 坚决 我们 历史性 一举 又有 现已 原有 还有 "
    "另有 共同 务必 力求 着重 争创 使 让 把 即 且 和 与 及 的 了 达到 达 至 到 为 是 有 共有 仅 突出 截至 将使 受益于 受"
)
#: Before a subject too, but only where a verb or another such word follows: 全部完成, but 全部财政收入.
CONNECTIVES_BEFORE_VERBS = (
    "全部 全面 基本 重点 平均 计划 高标准 高质量 高起点 高效 持续 有效 有力 首次 成功 通过 拟 可 会 能 应 要 将 再 还 又 也 均 都 就 只 已 共 但 则 "
    "分别 各 约 近 超 初步 保持 按 按照 在 从 由 总量 当年 新"
)
#: Verbs that say no more than that the number holds.
LIGHT_VERBS = (
    "实现 完成 取得 推进 推动 实施 抓好 办好 抓 做好 组织实施 加快推动 加快推进 拥有 得到 获得 获 有 辖 下辖 现有 已有 含 突出 落实好 争取"
)
#: Verbs whose object is what a number counts.
VERBS = (
    "建成投用 建成 新建成 新建 新改建 改扩建 扩建 改建 续建 在建 兴建 建设 修建 开工建设 开工 竣工 改造提升 改造 新增 净增 增加 引进 引入 引导 培育 新培育 "
    "培植 新培植 发展 扶持 支持 启动 打造 创建 新创建 成立 设立 组建 开发 开展 举办 组织 承办 解决 提供 安排 安置 培训 招聘 招收 聘请 选派 选拔 评选 表彰 "
    "发放 兑现 落实 拨付 拆除 拆迁 搬迁 整治 治理 查处 打掉 破获 抓获 处理 办理 办结 受理 接待 调处 化解 调解 排查 整改 淘汰 关闭 关停 转移 种植 栽植 植树 "
    "栽种 铺设 架设 安装 配备 购置 添置 更新 硬化 绿化 亮化 修复 疏浚 清淤 加固 除险加固 新修 维修 整修 修缮 搭建 建立 健全 制定 出台 申报 荣获 签约 "
    "签订 入驻 投产 储备 谋划 谋划引进 策划 收购 收储 收到 征收 征用 征地 流转 救助 资助 帮扶 帮助 惠及 覆盖 保障 减免 减少 取消 下放 精简 压减 清理 规范 巩固 扩大 延长 "
    "拓展 拓宽 升级 提升 整合 盘活 出让 保护 界定 划定 认证 研发 转化 推广 推广应用 应用 启用 开通 打通 接通 监测 检查 抽检 登记 注册 新登记 新注册 举行 放映 "
    "送戏 演出 出版 创作 完善 优化 加强 编制 跟踪 走访 慰问 看望 投放 投入 成功解决 确定 选定 命名 授予 涌现 挂牌 招引 招商 协助 参加 参与 撤并 合并 "
    "执行 推行 建起 建 修 上 新上 造福 受益 聘任 交流 调整 购买 采购 引种 扩种 新植 新造 营造 补植 收治 诊治 接种 下达 筹建 创办 改制 依托 占地 聚集 集聚 "
    "吸引 吸纳 带动 孵化 认定 评定 评为 成创 打响 做强 做大 壮大 新发展 新引进 新签约 新开工 新实施 新认定 复垦 开垦 整理 平整 验收 交付 分配 输转 输送 分流 "
    "消化 涉及 安置 累计安置 布局 布设 上线 转让 争取到 下辖 抓好"
)
#: Verbs that reach those who are counted: 惠及3000户 names the benefit, then the verb.
REACHING_VERBS = "惠及 涉及 受益 覆盖 带动 吸纳 造福"
#: Heads of indicators: a number behind such a word measures it, whatever noun follows.
HEAD = re.compile(
    "(?:值|额|率|量|收入|投资|面积|支出|余额|存款|贷款|人数|里程|资金|产能|总产|单产|消费|税收|税|利税|税金|利润|覆盖面|面|比重|占比|比例|份额|指数|价格"
    "|能耗|水耗|电耗|水平|密度|浓度|人口|寿命|标准|规模|用电|用水|天数|时间|时限|排放|利用外资|外资|内资|出口|进口|进出口|成本|债务|负债|能力|容量|装机"
    "|流量|户数|总数|数|工资|待遇|补助|补贴|低保金|养老金|费用|经费|缺口|利息|GDP|gdp|GDp|Gdp|存栏|出栏|吨位|高度|长度|宽度|深度|气温|降水|海拔|盖度"
    "|强度|进度|程度|营收|产出|销售|融资|授信|引资|投入)\\Z"
)
#: Measures that say nothing without what they measure.
BARE_HEAD = re.compile(
    "(?:年|总|实现|完成)?(?:增加值|产值|产量|总产|单产|面积|收入|金额|人数|产能|总额|总量|税收|利润|利税|价格|价值|总数|数量|总产值|营业收入|销售收入)\\Z"
)
BARE_TOTAL = re.compile("(?:总数|总量|总额|数量|总计|存量)\\Z")
#: Money that is spent, as a verb or as a noun.
MONEY = (
    "(?:(?:先后|累计|共|再|又|总|计划|概算|财政|直接|预计|多方|自筹)*(?:投资|投入|筹资|筹措|筹集|安排|拨付|募集|集资|拨出|列支|争取|整合|落实)"
    "(?:各类|专项|财政|建设|项目|各级|上级)*(?:资金|经费|贷款)?|总投资|投资总额|投资额)"
)
