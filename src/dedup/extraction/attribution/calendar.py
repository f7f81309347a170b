"""Dated public events that reports name instead of years: congresses, plenary sessions, five-year plans, anniversaries.

Sources: the published records of the congresses of the Communist Party of China and of the National People's
Congress, the plan outlines of the State Council, and the campaigns' own opening documents. Months matter, since a
report of January cites the session of the autumn before.
"""

from __future__ import annotations

#: Congress of the party -> (year, month) of its opening.
CONGRESSES: dict[str, tuple[int, int]] = {
    "十四": (1992, 10),
    "十五": (1997, 9),
    "十六": (2002, 11),
    "十七": (2007, 10),
    "十八": (2012, 11),
    "十九": (2017, 10),
    "二十": (2022, 10),
}

#: (congress, nth plenary session of its committee) -> (year, month).
PLENUMS: dict[tuple[str, str], tuple[int, int]] = {
    (congress, nth): date
    for congress, sessions in {
        "十四": {"二": (1993, 3), "三": (1993, 11), "四": (1994, 9), "五": (1995, 9), "六": (1996, 10)},
        "十五": {"二": (1998, 2), "三": (1998, 10), "四": (1999, 9), "五": (2000, 10), "六": (2001, 9)},
        "十六": {"二": (2003, 2), "三": (2003, 10), "四": (2004, 9), "五": (2005, 10), "六": (2006, 10)},
        "十七": {"二": (2008, 2), "三": (2008, 10), "四": (2009, 9), "五": (2010, 10), "六": (2011, 10)},
        "十八": {"二": (2013, 2), "三": (2013, 11), "四": (2014, 10), "五": (2015, 10), "六": (2016, 10)},
        "十九": {"二": (2018, 1), "三": (2018, 2), "四": (2019, 10), "五": (2020, 10), "六": (2021, 11)},
        "二十": {"二": (2023, 2), "三": (2024, 7), "四": (2025, 10)},
    }.items()
    for nth, date in sessions.items()
}

#: Sessions of spring deal with personnel and are seldom cited: a report need not name them.
AUTUMN_SESSIONS: tuple[tuple[int, int], ...] = tuple(
    sorted(set(CONGRESSES.values()) | {date for (_, nth), date in PLENUMS.items() if nth != "二" and date[1] > 6})
)

#: Five-year plan -> its first year; it ends four years later.
FIVE_YEAR_PLANS: dict[str, int] = {
    "七五": 1986,
    "八五": 1991,
    "九五": 1996,
    "十五": 2001,
    "十一五": 2006,
    "十二五": 2011,
    "十三五": 2016,
    "十四五": 2021,
    "十五五": 2026,
}

#: What an nth anniversary counts from, as a pattern -> that year.
FOUNDATIONS: dict[str, int] = {
    "建国|新中国成立|中华人民共和国成立|共和国成立|国庆": 1949,
    "建党|中国共产党成立|党成立": 1921,
    "改革开放": 1978,
    "抗日战争(?:暨世界反法西斯战争)?胜利|抗战胜利": 1945,
    "(?:红军)?长征胜利": 1936,
    "香港回归(?:祖国)?": 1997,
    "澳门回归(?:祖国)?": 1999,
}

#: First year of a National People's Congress -> its number; the nth session of it meets n - 1 years later in March.
PEOPLES_CONGRESSES: dict[str, int] = {
    "八": 1993,
    "九": 1998,
    "十": 2003,
    "十一": 2008,
    "十二": 2013,
    "十三": 2018,
    "十四": 2023,
}

#: Years in which new county governments take office after the elections before (县乡换届).
COUNTY_TERMS: tuple[int, ...] = (2007, 2012, 2017, 2022)

#: Words that did not exist before an event -> its year. No report that uses them was written earlier.
FIRST_USED: dict[str, int] = {
    "三个代表": 2000,
    "抗击非典": 2003,
    "“非典”": 2003,
    "科学发展观": 2003,
    "社会主义新农村": 2005,
    "八荣八耻": 2006,
    "汶川地震": 2008,
    "汶川特大地震": 2008,
    "学习实践科学发展观": 2008,
    "供给侧": 2015,
    "精准扶贫": 2013,
    "三严三实": 2014,
    "营改增": 2011,
    "习近平新时代": 2017,
    "乡村振兴战略": 2017,
    "两个维护": 2018,
    "新冠": 2020,
    "双碳": 2020,
    "全过程人民民主": 2019,
    "共同富裕示范区": 2021,
    "中国式现代化": 2021,
    "新质生产力": 2023,
}
