"""Notes for the measurements of memory: English, German and Chinese, the same ones every time."""
import datetime
import random

SUBJECTS = {
    "en": (["Bob", "Anna", "the supplier", "the board", "our landlord", "the team"],
           ["discussed", "postponed", "approved", "cancelled", "measured", "repaired"],
           ["the warehouse in Hamburg", "the quarterly budget", "the water pump", "a birthday party", "the new contract",
            "the server room", "a trip to Lisbon", "the garden fence"]),
    "de": (["Frau Müller", "Herr Schmidt", "der Vermieter", "die Werkstatt", "unser Steuerberater"],
           ["bespricht", "verschiebt", "genehmigt", "prüft", "repariert"],
           ["die Datenschutzvereinbarung", "den Mietvertrag", "die Wasserpumpe", "das Geburtstagsfest", "die Lagerhalle",
            "den Kostenvoranschlag"]),
    "zh": (["王先生", "李老师", "我们的团队", "供应商"], ["讨论了", "推迟了", "批准了", "检查了"],
           ["北京大学的合同", "上海仓库的租金", "明年的预算", "生日聚会", "服务器机房"]),
}


def sentence(r, language):
    who, does, what = (r.choice(words) for words in SUBJECTS[language])
    end = {"en": f" for {r.randrange(10000)} euros.", "de": f" für {r.randrange(10000)} Euro.", "zh": f"，{r.randrange(10000)}元。"}[language]
    return f"{who}{does}{what}{end}" if language == "zh" else f"{who} {does} {what}{end}"


def write(folder, n, seed=1):
    """n notes below folder/memory, a hundred to a folder."""
    r = random.Random(seed)
    day = datetime.date(2026, 11, 21)
    for i in range(n):
        language = ("en", "de", "zh")[i % 3]
        path = folder / "memory" / f"{i // 100:03d}" / f"{day - datetime.timedelta(days=i % 2000)}-{i}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"# {sentence(r, language)}", ""]
        for _ in range(r.randrange(1, 4)):
            lines += [f"## {r.choice(SUBJECTS[language][2])}", *(sentence(r, language) for _ in range(r.randrange(2, 7))), ""]
        path.write_text("\n".join(lines), encoding="utf-8")
