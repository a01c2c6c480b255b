"""Compares the results of random queries with what their documentation says.

Written from docs/queries/*.md, in another language and style, sharing no code with the
product: slow, and as simple as possible. Funnels try every possible chain.

    python3 tests/oracle/queries.py CASES
"""

import datetime
import fnmatch
import itertools
import json
import math
import re
import statistics
import sys
import zoneinfo

import people

DAY_MS = 86_400_000
VIEWS = {"page_view", "pageview", "$pageview", "page", "view", "screen_view", "screen"}
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
# How the project of the case is read: docs/projects.md.
AS_STORED = {"path_rules": [], "ignore_trailing_slash": False, "session_timeout_min": 30}
READING = dict(AS_STORED)


def main(path):
    asked = wrong = ambiguous = 0
    for number, line in enumerate(open(path)):
        case = json.loads(line)
        READING.update(case.get("reading") or AS_STORED)
        events = sorted((prepared(e) for e in case["events"]), key=lambda e: (e["ms"], e["tie_order"], e["event_id"]))
        person_of = people.persons(events, case.get("undone", ()))
        for event in events:
            event["person"] = person_of(event["visitor"])
        cohorts_of = {name: known(cohort, person_of) for name, cohort in case.get("cohorts", {}).items()}
        for answer in case["answers"]:
            asked += 1
            query = answer["query"] | {"cohorts": cohorts_of}
            try:
                expected = KINDS[query["queryType"]](events, query, answer["from_ms"], answer["to_ms"], answer["now_ms"])
            except Ambiguous:
                ambiguous += 1
                continue
            rows = answer["rows"]
            if isinstance(expected, Unordered):
                ids = sorted(row[expected.title] for row in rows)
                listed = ids == sorted(expected.actors) and [r["entered"] for r in rows] == sorted((r["entered"] for r in rows), reverse=True)
                expected, rows = in_order(expected), in_order(rows)
                rows = rows if listed else None
            if rows is None or not same(expected, rows):
                wrong += 1
                if wrong <= 3:
                    print("  cohorts ", json.dumps(case.get("cohorts")), "undone", case.get("undone"))
                    print(f"case {number}: {json.dumps(answer['query'])} from {answer['from_ms']} to {answer['to_ms']}")
                    print("  events  ", *[(e["ms"], e["event"], e["path"], e["country"], e["properties"], e["visitor"], e["session_id"]) for e in events], sep="\n    ")
                    print("  answered", json.dumps(answer["rows"]))
                    print("  expected", json.dumps(expected))
    print(f"{asked} queries: {wrong} differences; {ambiguous} ambiguous")
    return 1 if wrong or not asked or ambiguous > asked / 50 else 0


def in_order(rows):
    return sorted(rows, key=lambda r: (r["entered"], r["time_s"]))


def same(expected, rows):
    return len(expected) == len(rows) and all(
        set(e) <= set(r) and all(alike(e[name], r[name]) for name in e) for e, r in zip(expected, rows)
    )


def alike(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def prepared(event):
    at = datetime.datetime.strptime(event["ts"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    return event | {"ms": (at - EPOCH) // datetime.timedelta(milliseconds=1), "path": page_of(event["path"])}


def page_of(path):
    while READING["ignore_trailing_slash"] and len(path) > 1 and path[-1] == "/":
        path = path[:-1]
    return next((rule for rule in READING["path_rules"] if rule[:1] == "/" and is_page(path, rule)), path)


def is_page(path, rule):
    if rule.endswith("/**"):
        return any(path[at] == "/" and path[at + 1 :] and is_page(path[:at], rule[:-3]) for at in range(len(path)))
    parts, wanted = path.split("/"), rule.split("/")
    return len(parts) == len(wanted) and all(map(fits, parts, wanted))


def fits(part, wanted):
    """Sign by sign; a star is one or more."""
    if not wanted:
        return not part
    if wanted[0] == "*":
        return any(fits(part[count:], wanted[1:]) for count in range(1, len(part) + 1))
    return part[:1] == wanted[0] and fits(part[1:], wanted[1:])


def is_over(event, before):
    """Whether a visit ended between two events."""
    return event["ms"] - before["ms"] > READING["session_timeout_min"] * 60_000


# Which events


def value_of(event, field):
    if field.startswith("session:"):
        return event["entry"][field.removeprefix("session:")]
    if field.startswith("property:"):
        return event["properties"].get(field.removeprefix("property:"), "")
    return event[field]


def holds(event, tree):
    if not tree:
        return True
    if "all" in tree:
        return all(holds(event, t) for t in tree["all"])
    if "any" in tree:
        return any(holds(event, t) for t in tree["any"])
    if "not" in tree:
        return not holds(event, tree["not"])
    if "persons" in tree:
        return event["person"] in tree["persons"]
    value, op = value_of(event, tree["field"]), tree.get("op", "=")
    wanted = [str(v) for v in tree.get("values") or [tree.get("value")]]
    if op.startswith("not "):
        return not holds(event, tree | {"op": op[4:]})
    if op in ("is not set", "!="):
        return not holds(event, tree | {"op": {"is not set": "is set", "!=": "="}[op]})
    if op in ("<", "<=", ">", ">="):
        try:
            number = float(value)
        except ValueError:
            return False
        limit = float(wanted[0])
        return {"<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit}[op]
    return {
        "=": lambda: value in wanted,
        "contains": lambda: wanted[0].lower() in value.lower(),
        "wildcard": lambda: fnmatch.fnmatchcase(value, wanted[0]),
        "=~": lambda: re.search(wanted[0], value) is not None,
        "is set": lambda: value != "",
    }[op]()


def matches(event, one):
    name, path = one.get("event") or "", one.get("path") or ""
    return (
        (not name or event["event"] == name)
        and (not path or fnmatch.fnmatchcase(event["path"], path))
        and holds(event, one.get("filter") or one.get("eventFilter"))
    )


def within(events, query, low, high):
    """The query's events in a range, each with the first event of its session."""
    return [e for e in with_entries(events, low, high) if holds(e, query.get("filter"))]


def with_entries(events, low, high):
    """A session is read from the day (UTC) before the range to the day after it."""
    low_day, high_day = max((low // DAY_MS - 1) * DAY_MS, 0), ((high - 1) // DAY_MS + 2) * DAY_MS
    entry = {id(e): group[0] for group in visits([e for e in events if low_day <= e["ms"] < high_day]) for e in group}
    return [e | {"entry": entry[id(e)]} for e in events if low <= e["ms"] < high]


def known(cohort, person_of):
    """A cohort by its persons, or by its definition."""
    return {"persons": {person_of(visitor) for visitor in cohort["list"]}} if "list" in cohort else cohort["definition"]


def settled(events, query, from_ms, to_ms):
    """The query, with the persons in place of what they did, or of the cohort that they are in."""

    def tree_of(tree):
        if not tree or "field" in tree or "persons" in tree:
            return tree
        if "cohort" in tree:
            return tree_of(query["cohorts"][tree["cohort"]])
        if "did" in tree:
            return {"persons": persons_who(tree["did"], events, query, from_ms, to_ms)}
        if "not" in tree:
            return {"not": tree_of(tree["not"])}
        return {name: [tree_of(each) for each in trees] for name, trees in tree.items()}

    return query | {"filter": tree_of(query.get("filter"))}


def persons_who(did, events, query, from_ms, to_ms):
    """All persons that did it, among them those who did it at most so often, or never."""
    low = days_earlier(query, to_ms, did["days"]) if "days" in did else from_ms
    is_first = did.get("firstTime", False)
    least, most = did.get("atLeast", 0 if "atMost" in did else 1), did.get("atMost", math.inf)
    theirs = [e for e in with_entries(events, 0 if is_first else low, to_ms) if matches(e, did.get("events", {}))]
    times = lambda person: sum(e["person"] == person and e["ms"] >= low for e in theirs)
    before = {e["person"] for e in theirs if e["ms"] < low}
    return {p for p in {e["person"] for e in events} if least <= times(p) <= most and p not in before}


def visits(events):
    """By the client's session, or by the visitor's inactivity."""
    groups = list(by_actor(events, "session").values())
    for own in by_actor([e for e in events if not e["session_id"]], "device").values():
        for at, event in enumerate(own):
            if at == 0 or is_over(event, own[at - 1]):
                groups.append([])
            groups[-1].append(event)
    return groups


def value_in(event, breakdown):
    """The value that a breakdown puts an event under; of several dimensions, a list as ClickHouse writes it."""
    if not breakdown.get("and"):
        return value_of(event, breakdown["dimension"])
    values = [value_of(event, field) for field in [breakdown["dimension"], *breakdown["and"]]]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/")


def has_value(event, breakdown):
    return any(value_of(event, field) for field in [breakdown["dimension"], *breakdown.get("and", [])])


def shown_value(value, breakdown):
    return " / ".join(each or "(none)" for each in json.loads(value)) if breakdown.get("and") else value


def title_of(field):
    return field.removeprefix("property:").removeprefix("session:")


def actor_of(event, by):
    return {"visitor": event["person"], "device": event["visitor"], "user": event["user_id"], "session": event["session_id"]}[by] or None


def by_actor(events, by):
    out = {}
    for event in events:
        if actor_of(event, by) is not None:
            out.setdefault(actor_of(event, by), []).append(event)
    return out


def titles_of(breakdown):
    return " / ".join(title_of(field) for field in [breakdown["dimension"], *breakdown.get("and", [])])


# Time


def ns(ms):
    return ms * 1_000_000


def first_at(naive, zone):
    """The first instant at which the zone's clocks show this time; if they skip it, the instant after."""
    for minutes in range(0, 24 * 60, 30):
        shown = naive + datetime.timedelta(minutes=minutes)
        at = shown.replace(tzinfo=zone)
        # A skipped local time does not survive the round trip through UTC.
        if at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == shown:
            return (at.astimezone(UTC) - EPOCH) // datetime.timedelta(milliseconds=1)
    raise ValueError(naive)


def compared_with(query, from_ms, to_ms):
    """The earlier range."""
    if query["compare"] in (True, "before"):
        return 2 * from_ms - to_ms, from_ms
    days = {"week": 7, "4_weeks": 28, "52_weeks": 364}[query["compare"]]
    return days_earlier(query, from_ms, days), days_earlier(query, to_ms, days)


def days_earlier(query, ms, days):
    """The same time of day in the query's zone."""
    zone = zoneinfo.ZoneInfo(query["timezone"])
    local = (EPOCH + datetime.timedelta(milliseconds=ms)).astimezone(zone).replace(tzinfo=None)
    return first_at(local - datetime.timedelta(days=days), zone)


def buckets(from_ms, to_ms, unit, zone):
    """The starts of the buckets that overlap the range, and the end of the last."""
    zone = zoneinfo.ZoneInfo(zone)

    def local(ms):
        return (EPOCH + datetime.timedelta(milliseconds=ms)).astimezone(zone)

    def first_instant(date):
        return first_at(datetime.datetime(date.year, date.month, date.day), zone)

    starts = []
    if unit == "hour":
        offset = local(from_ms).utcoffset() // datetime.timedelta(milliseconds=1)
        at = (from_ms + offset) // 3_600_000 * 3_600_000 - offset
        while at < to_ms:
            starts.append(at)
            at += 3_600_000
        return starts, at
    date = local(from_ms).date()
    if unit == "week":
        date -= datetime.timedelta(days=date.weekday())
    if unit in ("month", "quarter"):
        date = date.replace(day=1)
    if unit == "quarter":
        date = date.replace(month=(date.month - 1) // 3 * 3 + 1)
    after = {
        "day": lambda date: date + datetime.timedelta(days=1),
        "week": lambda date: date + datetime.timedelta(days=7),
        "month": lambda date: (date + datetime.timedelta(days=31)).replace(day=1),
        "quarter": lambda date: (date + datetime.timedelta(days=93)).replace(day=1),
    }[unit]
    while first_instant(date) < to_ms:
        starts.append(first_instant(date))
        date = after(date)
    return starts, first_instant(date)


def bucket(starts, end, ms):
    found = [s for s in starts if s <= ms]
    return found[-1] if found and ms < end else None


# Comparing


def change(now, before):
    return now / before - 1 if before and now is not None else None


def share(part, whole):
    return part / whole if whole else None


def chance(now, before):
    """The two-proportion z-test of two (count, of how many), two-sided and pooled."""
    nothing = {"p_value": None, "significant": None}
    if before is None or not now[1] or not before[1]:
        return nothing
    (a, n), (b, m) = now, before
    pooled = (a + b) / (n + m)
    if min(n * pooled, m * pooled, n * (1 - pooled), m * (1 - pooled)) < 5:
        return nothing
    z = (a / n - b / m) / math.sqrt(pooled * (1 - pooled) / n + pooled * (1 - pooled) / m)
    p = math.erfc(abs(z) / math.sqrt(2))
    return {"p_value": p, "significant": int(p < 0.05)}


# Kinds of queries


def sessions(events, query, from_ms, to_ms, _):
    now = sessions_of(events, query, from_ms, to_ms)
    if not query.get("compare") or query["result"] == "list":
        return now
    # For the values shown, whatever their rank in the earlier range.
    before = sessions_of(events, query | {"limit": sys.maxsize}, *compared_with(query, from_ms, to_ms))
    title = title_of(query.get("dimension", ""))
    rows = []
    for at, row in enumerate(now):
        if query["result"] == "over_time":
            earlier = before[at] if at < len(before) else {}
        else:
            earlier = next((b for b in before if b.get(title) == row.get(title)), {})
        numbers = [name for name in row if name not in ("time", title)]
        previous = {name: earlier.get(name, 0 if name in ("sessions", "visitors", "events", "page_views") else None) for name in numbers}
        changes = {}
        if query["result"] != "over_time":
            changes = {f"change_{name}": row[name] / previous[name] - 1 if previous[name] and row[name] is not None else None for name in numbers}
        rows.append(row | {f"previous_{name}": value for name, value in previous.items()} | changes)
    return rows


def sessions_of(events, query, from_ms, to_ms):
    query = settled(events, query, from_ms, to_ms)
    low, high = (from_ms // DAY_MS - 1) * DAY_MS, ((to_ms - 1) // DAY_MS + 2) * DAY_MS
    groups = [g for g in visits(within(events, query, low, high)) if from_ms <= g[0]["ms"] < to_ms]
    first_of = lambda group: min(group, key=lambda e: (e["ms"], e["visitor"]))
    actor_of = lambda group: first_of(group)["visitor"]

    if query["result"] == "list":
        groups.sort(key=lambda g: (-g[0]["ms"], actor_of(g), g[0]["session_id"]))
        return [
            {
                "time": ns(g[0]["ms"]), "duration_s": (g[-1]["ms"] - g[0]["ms"]) / 1000, "events": len(g),
                "page_views": sum(e["event"] in VIEWS for e in g), "entry_path": g[0]["path"], "exit_path": g[-1]["path"],
                "visitor": str(actor_of(g)), "session_id": g[0]["session_id"], "user_id": g[0]["user_id"],
            }
            for g in groups
        ]

    def row(groups):
        views = sum(e["event"] in VIEWS for g in groups for e in g)
        n = len(groups)
        return {
            "sessions": n,
            "visitors": len({first_of(g)["person"] for g in groups}),
            "events": sum(map(len, groups)),
            "page_views": views,
            "avg_duration_s": sum(g[-1]["ms"] - g[0]["ms"] for g in groups) / 1000 / n if n else None,
            "pages_per_session": views / n if n else None,
            "bounce_rate": sum(len(g) == 1 for g in groups) / n if n else None,
        } | quantiles(groups)

    def quantiles(groups):
        took = sorted(g[-1]["ms"] - g[0]["ms"] for g in groups)
        return {"median_duration_s": quantile(took, 0.5), "p90_duration_s": quantile(took, 0.9)} if query.get("quantiles") else {}

    if query["result"] == "totals":
        return [row(groups)]
    if query["result"] == "over_time":
        starts, end = buckets(from_ms, to_ms, query["interval"], query["timezone"])
        return [{"time": ns(s)} | row([g for g in groups if bucket(starts, end, g[0]["ms"]) == s]) for s in starts]
    label_of = lambda g: g[-1]["path"] if query["dimension"] == "exit_path" else value_of(g[0], query["dimension"])
    labels = {}
    for group in groups:
        labels.setdefault(label_of(group), []).append(group)
    title = title_of(query["dimension"])
    shown = sorted(labels.items(), key=lambda i: (-len(i[1]), i[0]))
    return [{title: label} | row(own) for label, own in shown[: query["limit"]]]


def apart(name, shown):
    """A label such as "(other)", distinct from every value shown."""
    while name in shown:
        name = f"({name})"
    return name


REST, NONE = object(), object()


def of_values(values, kind):
    if kind == "distinct":
        return len(set(values) - {""})
    numbers = []
    for value in values:
        try:
            numbers.append(float(value))
        except ValueError:
            pass
    numbers = sorted(number for number in numbers if math.isfinite(number))
    if kind == "sum":
        return sum(numbers)
    if not numbers:
        return None
    if kind == "avg":
        return sum(numbers) / len(numbers)
    if kind in ("min", "max"):
        return numbers[0 if kind == "min" else -1]
    return quantile(numbers, {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}[kind]) * 1000


def trend(events, query, from_ms, to_ms, _):
    series = query["series"]

    def measured(events, one):
        own = [e for e in events if matches(e, one)]
        distinct = lambda name: len({e[name] for e in own if e[name] != ""})
        kind = one["measure"]
        if kind == "per_visitor":
            return len(own) / distinct("person") if own else 0
        if kind == "count":
            return len(own)
        if kind == "revenue":
            return sum(e["revenue_amount"] for e in own)
        if "property" in one:
            return of_values([value_of(e, one["property"]) for e in own], kind)
        return distinct({"visitors": "person", "users": "user_id", "sessions": "session_id"}[kind])

    def combined(values):
        if "formula" not in query:
            return values[0]
        letters = {letter: value for letter, value in zip("ABCDEFGHIJ", values) if letter in query["formula"]}
        if None in letters.values():
            return None
        try:
            return eval(query["formula"], {"__builtins__": {}}, letters)
        except ZeroDivisionError:
            return None

    breakdown = query.get("breakdown")
    counted = lambda query, low, high: [e for e in within(events, query, low, high) if any(matches(e, s) for s in series)]
    labels = [""]
    if breakdown:
        labels = []
        for low, high in [(from_ms, to_ms)] + ([compared_with(query, from_ms, to_ms)] if query.get("compare") else []):
            totals = {}
            for event in counted(settled(events, query, low, high), low, high):
                label = value_in(event, breakdown)
                totals[label] = totals.get(label, 0) + 1
            new = [label for label, _ in sorted(totals.items(), key=lambda i: (-i[1], i[0])) if label not in labels]
            labels += new[: breakdown["limit"] - len(labels)]

    def label_of(event):
        if not breakdown:
            return ""
        label = value_in(event, breakdown)
        return label if label in labels else REST

    def table(low, high):
        starts, end = [low], high
        if query.get("result") != "total":
            starts, end = buckets(low, high, query["interval"], query["timezone"])
        trailing = query.get("trailing", 1)
        earlier = []
        for _ in range(trailing - 1):
            first = (earlier or starts)[0]
            earlier = buckets(first - 1, first, query["interval"], query["timezone"])[0][:1] + earlier
        read = earlier + starts
        inside = counted(settled(events, query, low, high), read[0] if earlier else low, high)
        rest = any(label_of(e) is REST for e in inside)
        out = {}
        for label in labels + [REST]:
            sums, row = [0] * len(series), []
            for at in range(len(starts)):
                trailed = read[at : at + trailing]
                own = [e for e in inside if label_of(e) == label and bucket(read, end, e["ms"]) in trailed]
                values = [measured(own, s) for s in series]
                if query.get("cumulative"):
                    sums = values = [a + b for a, b in zip(sums, values)]
                row.append(combined(values))
            out[label] = row
        return starts, out, rest

    starts, now, has_rest = table(from_ms, to_ms)
    before = {}
    if query.get("compare"):
        _, before, had_rest = table(*compared_with(query, from_ms, to_ms))
        has_rest = has_rest or had_rest
    rows = []
    for label, values in now.items():
        if label is REST and not has_rest:
            continue
        for at, value in enumerate(values):
            row = {"value": value}
            if query.get("result") != "total":
                row["time"] = ns(starts[at])
            if breakdown:
                shown = [shown_value(each, breakdown) for each in labels]
                row[titles_of(breakdown)] = apart("(other)", shown) if label is REST else shown_value(label, breakdown)
            if query.get("compare"):
                earlier = before[label]
                row["previous"] = earlier[at] if at < len(earlier) else None
            rows.append(row)
    return rows


def retention(events, query, from_ms, to_ms, now_ms):
    starts, size, back = cohorts(events, query, from_ms, to_ms)
    ends = starts[1:] + [buckets(from_ms, to_ms, query["interval"], query["timezone"])[1]]
    cell = lambda cohort, period: size[cohort] if period == 0 else back[cohort][cohort + period]
    if query.get("compare"):
        _, size_before, back_before = cohorts(events, query, *compared_with(query, from_ms, to_ms))
    rows = []
    for cohort in range(len(starts)):
        for period in range(len(starts) - cohort):
            if starts[cohort + period] >= now_ms:
                continue
            count = cell(cohort, period)
            row = {"cohort": ns(starts[cohort]), "period": period, "size": size[cohort], "count": count, "rate": share(count, size[cohort])}
            row["complete"] = int(ends[cohort + period] <= now_ms)
            if query.get("statistics"):
                over = [c for c in range(len(starts) - period) if ends[c + period] <= now_ms and size[c]]
                rates = [cell(c, period) / size[c] for c in over]
                row["mean_rate"] = share(sum(cell(c, period) for c in over), sum(size[c] for c in over))
                row["spread"] = statistics.pstdev(rates) if len(rates) > 1 else None
                row["low"], row["high"] = wilson(count, size[cohort])
            if query.get("compare"):
                there = cohort + period < len(size_before)
                size_then = size_before[cohort] if there else None
                count_then = (size_then if period == 0 else back_before[cohort][cohort + period]) if there else None
                rate_then = share(count_then, size_then) if there else None
                row |= {"previous_size": size_then, "previous_count": count_then, "previous_rate": rate_then}
                row["change_rate"] = change(row["rate"], rate_then)
                row |= chance((count, size[cohort]), (count_then, size_then) if there else None)
            rows.append(row)
    return rows


def wilson(count, of):
    """The rates from which the observed one is at most 1.96 standard errors away: a quadratic equation."""
    if not of:
        return None, None
    z = statistics.NormalDist().inv_cdf(0.975)
    a, b, c = 1 + z * z / of, -(2 * count / of + z * z / of), (count / of) ** 2
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def cohorts(events, query, from_ms, to_ms):
    query = settled(events, query, from_ms, to_ms)
    starts, end = buckets(from_ms, to_ms, query["interval"], query["timezone"])
    size = [0] * len(starts)
    back = [[0] * len(starts) for _ in starts]
    before = by_actor(within(events, query, 0, starts[0]), query["by"])
    for actor, own in by_actor(within(events, query, starts[0], end), query["by"]).items():
        place = lambda e: starts.index(bucket(starts, end, e["ms"]))
        began = sorted({place(e) for e in own if matches(e, query["start"])})
        returns = [place(e) for e in own if matches(e, query["returns"])]
        came = {place for place in returns if returns.count(place) >= query.get("least", 1)}
        if query["firstTime"]:
            if any(matches(e, query["start"]) for e in before.get(actor, [])):
                continue
            began = began[:1]
        for cohort in began:
            size[cohort] += 1
            for period in range(cohort + 1, len(starts)):
                if any(p >= period if query["unbounded"] else p == period for p in came):
                    back[cohort][period] += 1
    return starts, size, back


def presence(events, query, from_ms, to_ms):
    query = settled(events, query, from_ms, to_ms)
    starts, end = buckets(from_ms, to_ms, query["interval"], query["timezone"])
    earlier, _ = buckets(starts[0] - 1, starts[0], query["interval"], query["timezone"])
    all_starts = earlier[:1] + starts
    before = by_actor(within(events, query, 0, all_starts[0]), query["by"])
    for actor, own in by_actor(within(events, query, all_starts[0], end), query["by"]).items():
        yield {all_starts.index(bucket(all_starts, end, e["ms"])) for e in own}, actor in before, len(all_starts)


def lifecycle(events, query, from_ms, to_ms, now_ms):
    rows = lifecycle_of(events, query, from_ms, to_ms)
    for row in rows:
        if row["time"] >= ns(now_ms):
            row.update(new=0, returning=0, resurrecting=0, dormant=0)
    if query.get("compare"):
        before = lifecycle_of(events, query, *compared_with(query, from_ms, to_ms))
        for at, row in enumerate(rows):
            for name in ("new", "returning", "resurrecting", "dormant"):
                row[f"previous_{name}"] = before[at][name] if at < len(before) else None
    return rows


def lifecycle_of(events, query, from_ms, to_ms):
    starts, _ = buckets(from_ms, to_ms, query["interval"], query["timezone"])
    rows = [{"time": ns(s), "new": 0, "returning": 0, "resurrecting": 0, "dormant": 0} for s in starts]
    for there, before, count in presence(events, query, from_ms, to_ms):
        for at in range(1, count):
            if at in there:
                seen = before or any(p < at for p in there)
                kind = "new" if not seen else "returning" if at - 1 in there else "resurrecting"
                rows[at - 1][kind] += 1
            elif at - 1 in there:
                rows[at - 1]["dormant"] -= 1
    return rows


def stickiness(events, query, from_ms, to_ms, _):
    now = stickiness_of(events, query, from_ms, to_ms)
    rows = [{"periods": n, "count": count} for n, count in enumerate(now, 1)]
    if query.get("compare"):
        before = stickiness_of(events, query, *compared_with(query, from_ms, to_ms))
        shown = before[: len(now)]
        for at, row in enumerate(rows):
            there = at < len(before)
            row |= {"previous_count": before[at] if there else None, "change_count": change(now[at], before[at]) if there else None}
            row |= chance((now[at], sum(now)), (before[at], sum(shown)) if there else None)
    return rows


def stickiness_of(events, query, from_ms, to_ms):
    starts, _ = buckets(from_ms, to_ms, query["interval"], query["timezone"])
    counts = [0] * (len(starts) + 1)
    for there, _, _ in presence(events, query, from_ms, to_ms):
        counts[len(there - {0})] += 1
    return counts[1:]


def spikes(events, query, from_ms, to_ms, _):
    """Buckets above twice the median and six times the median deviation from it."""
    query = settled(events, query, from_ms, to_ms)
    starts, end = buckets(from_ms, to_ms, query["interval"], query["timezone"])
    own = [e for e in within(events, query, starts[0], end) if matches(e, query)]
    ends = starts[1:] + [end]
    counts = [sum(a <= e["ms"] < b for e in own) for a, b in zip(starts, ends)]
    if len(counts) < 8:
        return []
    usual = statistics.median(counts)
    deviation = statistics.median(abs(c - usual) for c in counts)
    return [
        {"time": ns(a), "timeEnd": ns(b), "count": c, "usual": usual}
        for a, b, c in zip(starts, ends, counts)
        if c >= query["least"] and c > 2 * usual and c > usual + 6 * deviation
    ]


def cohort_sizes(events, query, from_ms, to_ms, _):
    theirs = within(events, settled(events, query, from_ms, to_ms), 0, to_ms)
    everybody = {e["person"] for e in theirs}
    active = {e["person"] for e in theirs if e["ms"] >= from_ms}
    names = sorted(query["cohort"] or query["cohorts"])[: query["limit"]]
    rows = []
    for name in names:
        tree = settled(events, query | {"filter": {"cohort": name}}, from_ms, to_ms)["filter"]
        persons = {person for person in everybody if holds({"person": person}, tree)}
        kind = "list" if "persons" in query["cohorts"][name] else "definition"
        rows.append({"cohort": name, "kind": kind, "persons": len(persons), "active": len(persons & active), "problem": ""})
    return rows


def paths(events, query, from_ms, to_ms, _):
    now = ways(events, query, from_ms, to_ms)
    before = ways(events, query, *compared_with(query, from_ms, to_ms)) if query.get("compare") else {}
    rows = []
    for step in sorted({way[0] for way in now | before}):
        of_step = [way for way in now | before if way[0] == step]
        of_step.sort(key=lambda way: (-now.get(way, 0), -before.get(way, 0), way[1:]))
        total, total_before = (sum(counts.get(way, 0) for way in of_step) for counts in (now, before))
        groups = [([way], way[1:]) for way in of_step[: query["limit"]]]
        if of_step[query["limit"] :]:
            groups.append((of_step[query["limit"] :], (REST, REST)))
        for group, (source, target) in groups:
            count, then = (sum(counts.get(way, 0) for way in group) for counts in (now, before))
            row = {"step": step, "source": source, "target": target, "count": count}
            if query.get("compare"):
                row |= {"previous_count": then, "change_count": change(count, then)} | chance((count, total), (then, total_before))
            rows.append(row)
    rest = apart("(other)", [row[end] for row in rows for end in ("source", "target")])
    return [{name: rest if value is REST else value for name, value in row.items()} for row in rows]


def ways(events, query, from_ms, to_ms):
    query = settled(events, query, from_ms, to_ms)
    ways = {}
    for own in by_actor(within(events, query, from_ms, to_ms), query["by"]).values():
        visits = []
        for at, event in enumerate(own):
            if at == 0 or (query["by"] == "visitor" and is_over(event, own[at - 1])):
                visits.append([])
            visits[-1].append(event)
        for visit in visits:
            places = []
            for event in visit:
                anchor = "anchor" in query and matches(event, query["anchor"])
                place = value_of(event, query["node"])
                if query["collapse"] and places and places[-1][0] == place:
                    places[-1][1] |= anchor
                else:
                    places.append([place, anchor])
            backward = query["direction"] == "backward"
            if backward:
                places.reverse()
            if "anchor" in query:
                while places and not places[0][1]:
                    places.pop(0)
            places = [name for name, _ in places[: query["steps"]]]
            for step, (a, b) in enumerate(itertools.pairwise(places), 1):
                way = (step, b, a) if backward else (step, a, b)
                ways[way] = ways.get(way, 0) + 1
    return ways


# Attribution


MODELS = ["first", "last", "last_non_direct", "linear", "time_decay", "position_based"]


def attributed(events, query, from_ms, to_ms, _):
    models = query.get("models") or MODELS
    now = credits(events, query, models, from_ms, to_ms)
    before = credits(events, query, models, *compared_with(query, from_ms, to_ms)) if query.get("compare") else {}
    nothing = {"touched": 0} | dict.fromkeys(models, 0.0)
    touched = lambda credits, value: credits.get(value, nothing)["touched"]
    values = sorted(now | before, key=lambda value: (-touched(now, value), -touched(before, value), value))
    groups = [(value or NONE, [value]) for value in values[: query["limit"]]]
    shown = [value for value in values[: query["limit"]] if value]
    if values[query["limit"] :]:
        groups.append((REST, values[query["limit"] :]))
    rows = []
    for name, group in groups:
        named = {NONE: apart("(none)", shown), REST: apart("(other)", shown)}.get(name, name)
        row = {title_of(query["dimension"]): named, "touched": sum(touched(now, value) for value in group)}
        for model in models:
            row[model], then = (sum(credits.get(value, nothing)[model] for value in group) for credits in (now, before))
            if query.get("compare"):
                row |= {f"previous_{model}": then, f"change_{model}": change(row[model], then)}
        rows.append(row)
    return rows


def credits(events, query, models, from_ms, to_ms):
    """By value: in how many conversions it had a part, and how much of them is its own."""
    query = settled(events, query, from_ms, to_ms)
    lookback_ms = query["lookbackDays"] * DAY_MS
    moment = lambda event: (event["ms"], event["tie_order"], event["event_id"])
    theirs = by_actor(within(events, query, from_ms - lookback_ms, to_ms), query["by"])
    out = {}
    for conversion in within(events, query, from_ms, to_ms):
        actor = actor_of(conversion, query["by"])
        if actor is None or not matches(conversion, query["conversion"]):
            continue
        sessions = {moment(e["entry"]): e["entry"] for e in theirs[actor]}
        known = [sessions[m] for m in sorted(sessions) if m <= moment(conversion)]
        touches = [s for s in known if s["ms"] >= conversion["ms"] - lookback_ms] or known[-1:]
        value = lambda session: value_of({"entry": session}, query["dimension"])
        amount = conversion["revenue_amount"] if query["measure"] == "revenue" else 1.0
        for name in {value(session) for session in touches}:
            out.setdefault(name, {"touched": 0} | dict.fromkeys(models, 0.0))["touched"] += 1
        for model in models:
            weights = weights_of(model, touches, conversion["ms"], query["halfLifeDays"] * DAY_MS)
            for session, weight in zip(touches, weights):
                out[value(session)][model] += amount * weight / sum(weights)
    return out


def weights_of(model, touches, conversion_ms, half_life_ms):
    last = len(touches) - 1
    only = lambda chosen: [float(at == chosen) for at in range(len(touches))]
    if model == "last_non_direct":
        return only(max((at for at, s in enumerate(touches) if s["channel"] != "Direct"), default=last))
    if model == "time_decay":
        return [0.5 ** ((conversion_ms - session["ms"]) / half_life_ms) for session in touches]
    if model == "position_based" and last > 1:
        return [0.4 if at in (0, last) else 0.2 / (last - 1) for at in range(len(touches))]
    return {"first": only(0), "last": only(last)}.get(model, [1.0] * len(touches))


# Funnels


def exclusions(query, removes):
    return [e for e in query.get("exclusions") or [] if e.get("removes", False) == removes]


def is_removed(chain, events, query):
    """Whether an event of an exclusion that removes lies between its steps, or after the first of them within the window."""
    when = {step: e["ms"] for step, e in chain}
    for exclusion in exclusions(query, True):
        after, before = exclusion["afterStep"] - 1, exclusion["beforeStep"] - 1
        if after in when:
            until = when.get(before, chain[0][1]["ms"] + query["conversionWindowMs"] + 1)
            if any(when[after] < e["ms"] < until and matches(e, exclusion) for e in events):
                return True
    return False


def chains(events, query, entries_before_ms):
    """Every chain, as a list of (step, event)."""
    steps = query["steps"]
    required = [not s.get("optional") for s in steps]
    window = query["conversionWindowMs"]

    def excluded(chain):
        when = {step: e["ms"] for step, e in chain}
        for exclusion in exclusions(query, False):
            after, before = exclusion["afterStep"] - 1, exclusion["beforeStep"] - 1
            if after in when:
                until = when[before] if before in when else chain[-1][1]["ms"] if chain[-1][0] < before else when[after]
                if any(when[after] < e["ms"] < until and matches(e, exclusion) for e in events):
                    return True
        return False

    def grow(chain):
        last_step, last = chain[-1]
        if last["ms"] - chain[0][1]["ms"] > window or excluded(chain):
            return
        yield list(chain)
        for step in range(last_step + 1, len(steps)):
            for event in events:
                gap = event["ms"] - last["ms"]
                if gap < 0 or not event["steps"][step] or any(e is event for _, e in chain):
                    continue
                if steps[step].get("windowMs") is not None and gap > steps[step]["windowMs"]:
                    continue
                if query["order"] == "strict" and any(last["ms"] < e["ms"] < event["ms"] for e in events):
                    continue
                yield from grow(chain + [(step, event)])
            if required[step]:
                break

    for first in range(len(steps) if query.get("open") else 1):
        if required[first]:
            for event in events:
                if event["steps"][first] and event["ms"] < entries_before_ms:
                    yield from grow([(first, event)])


def ordered(events, query, entries_before_ms):
    required = [not s.get("optional") for s in query["steps"]]

    def key(chain):
        needed = [e["ms"] for step, e in chain if required[step]]
        backwards = [e["ms"] for _, e in reversed(chain)]
        return (len(needed), -needed[-1], chain[0][1]["ms"], len(chain), backwards, -chain[0][0])

    every = list(chains(events, query, entries_before_ms))
    best = max(every, key=key, default=[])
    attributed = {attribution(c, query) for c in every if key(c) == key(best)} if best else set()
    if len(attributed) > 1:
        raise Ambiguous
    return best


def attribution(chain, query):
    """The value a chain counts under: that of the event chosen by the attribution."""
    breakdown = query.get("breakdown") or {}
    named = {"first": lambda: chain[0], "last": lambda: chain[-1], "step": lambda: next((c for c in chain if c[0] == breakdown["step"] - 1), None)}
    kind = breakdown.get("attribution", "all")
    if kind == "first_set":
        first = next((e for _, e in chain if has_value(e, breakdown)), chain[0][1])
        return value_in(first, breakdown)
    taken = named[kind]() if kind in named else None
    return value_in(taken[1], breakdown) if taken else None


def any_order(events, query, entries_before_ms):
    """The largest number of different steps in a window, by trying all pairings of steps and events."""

    def paired(window):
        taken = {}

        def free(event, tried):
            for step in range(len(query["steps"])):
                if window[event]["steps"][step] and step not in tried:
                    tried.add(step)
                    if step not in taken or free(taken[step], tried):
                        taken[step] = event
                        return True
            return False

        return [window[at]["ms"] for at in range(len(window)) if free(at, set())]

    best = []
    for at, event in enumerate(events):
        if any(event["steps"]) and event["ms"] < entries_before_ms:
            window = [e for e in events if 0 <= e["ms"] - event["ms"] <= query["conversionWindowMs"]]
            ends = [e["ms"] for e in window if e["ms"] > event["ms"] and any(matches(e, x) for x in exclusions(query, False))]
            window = [e for e in window if e["ms"] <= min(ends, default=math.inf)]
            times = paired(window)
            if times and (not best or (len(times), -times[-1], times[0]) >= (len(best), -best[-1], best[0])):
                best = times
    return list(enumerate({"ms": ms} for ms in best))


def found_in(inside, query, from_ms, to_ms, mode):
    """The chains that count, as (actor, value, chain); and the actors that have any."""
    required = [not s.get("optional") or query["order"] == "any" for s in query["steps"]]
    last_required = max(s for s in range(len(required)) if required[s])
    inside = [e for e in inside if from_ms <= e["ms"] < to_ms + query["conversionWindowMs"]]
    breakdown, hold = query.get("breakdown"), query.get("hold")
    of_all = breakdown and breakdown["attribution"] == "all"
    best_of = any_order if query["order"] == "any" else ordered
    found, entered = [], set()
    for actor, own in by_actor(inside, query["by"]).items():
        # In walk order; events that are neither step nor exclusion are skipped.
        parts = {}
        for event in own:
            held = value_of(event, hold) if hold else ""
            value = value_in(event, breakdown) if of_all else ""
            parts.setdefault((held, value), None)
        candidates = {}
        for held, value in parts:
            part = []
            for event in own:
                fits = (not hold or value_of(event, hold) == held) and (not of_all or value_in(event, breakdown) == value)
                part.append(event | {"steps": [fits and matches(event, s) for s in query["steps"]]})
            while chain := best_of(part, query, to_ms):
                if not is_removed(chain, part, query):
                    candidates.setdefault(value, []).append(chain)
                if mode != "conversions" or not any(step == last_required for step, _ in chain):
                    break
                part = [e for e in part if e["ms"] > chain[-1][1]["ms"]]

        def key(chain):
            needed = [e["ms"] for step, e in chain if required[step]]
            return (len(needed), -needed[-1], chain[0][1]["ms"], len(chain))

        for value, some in candidates.items():
            entered.add(actor)
            tops = some
            if mode != "conversions":
                top = max(some, key=key)
                tops = [top]
                # Equivalent chains with different held values: either may be shown.
                alike_ = [c for c in some if key(c) == key(top)]
                if len({(*((s, e["ms"]) for s, e in c), attribution(c, query)) for c in alike_}) > 1:
                    raise Ambiguous
            for top in tops:
                own_value = attribution(top, query) if breakdown and not of_all else value
                if own_value is not None:
                    found.append((actor, own_value, top))
    return found, entered


def funnel(events, query, from_ms, to_ms, now_ms):
    steps = query["steps"]
    required = [not s.get("optional") for s in steps]
    before = [max((b for b in range(s) if required[b]), default=None) for s in range(len(steps))]
    window = query["conversionWindowMs"]
    took = lambda chain, step: any(s == step for s, _ in chain)
    result = query.get("result", "steps")
    if result in ("actors", "histogram"):
        query = {name: value for name, value in query.items() if name != "breakdown"}
    counting = "actors" if result == "actors" else query.get("counting", "actors")
    from_step = query["fromStep"] - 1 if "fromStep" in query else None
    to_step = query["toStep"] - 1 if "toStep" in query else max(s for s in range(len(steps)) if required[s])
    breakdown = query.get("breakdown")
    compare = compared_with(query, from_ms, to_ms) if query.get("compare") and result != "actors" else None
    inside = lambda low, high: within(events, settled(events, query, low, high), low, high + window)
    every = lambda low, high: found_in(inside(low, high), query, low, high, counting)

    def when(chain, step):
        return chain[0][1]["ms"] if step is None else next((e["ms"] for s, e in chain if s == step), None)

    if result == "actors":
        found, _ = every(from_ms, to_ms)
        step, dropped = query["step"] - 1, query["outcome"] == "dropped"
        if query["order"] == "any":
            listed = [(a, c) for a, _, c in found if (len(c) == step if dropped else len(c) > step)]
        else:
            listed = [(a, c) for a, _, c in found if (not took(c, step) and took(c, before[step]) if dropped else took(c, step))]
        listed.sort(key=lambda i: -i[1][0][1]["ms"])
        rows = [{"entered": ns(c[0][1]["ms"]), "time_s": (c[-1][1]["ms"] - c[0][1]["ms"]) / 1000} for a, c in listed]
        return Unordered(rows, {"visitor": "visitor", "user": "user_id", "session": "session_id"}[query["by"]], [str(a) for a, _ in listed])
    if result == "histogram":
        bounds = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 10800, 43200, 86400, 259200, 604800, math.inf]

        def classes(low, high):
            times = [(when(c, from_step), when(c, to_step)) for _, _, c in every(low, high)[0]]
            times = [(b - a) / 1000 for a, b in times if a is not None and b is not None]
            return [sum(low < t <= high for t in times) for low, high in zip([-1] + bounds[:-1], bounds)]

        rows = [{"count": count} for count in classes(from_ms, to_ms)]
        for row, then in zip(rows, classes(*compare) if compare else []):
            row |= {"previous_count": then, "change_count": change(row["count"], then)}
        return rows
    if result == "trend":

        def entries(low, high):
            starts, end = buckets(low, high, query["interval"], query["timezone"])
            seen = inside(low, high)
            whole, _ = found_in(seen, query, low, high, counting)
            for start, next_ in zip(starts, starts[1:] + [end]):
                if counting == "actors":
                    own = found_in(seen, query, max(start, low), min(next_, high), "actors")[0]
                else:
                    own = [f for f in whole if start <= f[2][0][1]["ms"] < next_]
                own = [c for _, _, c in own if when(c, from_step) is not None]
                yield start, next_, len(own), sum(took(c, to_step) for c in own)

        rows = []
        earlier = [(n, c) for _, _, n, c in entries(*compare)] if compare else []
        for at, (start, next_, entered, converted) in enumerate(entries(from_ms, to_ms)):
            row = {"time": ns(start), "entered": entered, "converted": converted, "rate": share(converted, entered), "mature": int(next_ + window <= now_ms)}
            if compare:
                then, converted_then = earlier[at] if at < len(earlier) else (None, None)
                rate_then = share(converted_then, then) if then else None
                row |= {"previous_entered": then, "previous_converted": converted_then, "previous_rate": rate_then}
                row |= {"change_rate": change(row["rate"], rate_then)}
                row |= chance((converted, entered), (converted_then, then) if then is not None else None)
            rows.append(row)
        return rows

    def grouped(found):
        groups = {}
        for _, value, chain in found:
            groups.setdefault(value if breakdown else "", []).append(chain)
        return groups

    found, entered = every(from_ms, to_ms)
    now, then = grouped(found), grouped(every(*compare)[0]) if compare else {}
    labels = list(now | then) if breakdown else [""]
    labels.sort(key=lambda label: (-len(now.get(label, [])), -len(then.get(label, [])), label))
    shown = [(label, [label]) for label in labels]
    if breakdown:
        shown = [(shown_value(label, breakdown), of) for label, of in shown]
    if breakdown and len(labels) > breakdown["limit"]:
        limit = breakdown["limit"]
        shown = shown[:limit] + [(apart("(other)", [value for value, _ in shown[:limit]]), labels[limit:])]
    active = {actor_of(e, query["by"]) for e in within(events, settled(events, query, from_ms, to_ms), from_ms, to_ms)} - {None}
    rows = []
    for value, of in shown:
        own, own_then = ([chain for label in of for chain in groups.get(label, [])] for groups in (now, then))
        for step in range(len(steps)):
            taken = [c for c in own if took(c, step)]
            row = {"count": len(taken), "rate": share(len(taken), len(own))}
            if before[step] is None:
                row |= {"step_rate": 1 if taken else None, "drop_off": 0}
            else:
                base = sum(took(c, before[step]) for c in own)
                went_on = sum(took(c, before[step]) for c in taken)
                row |= {"step_rate": went_on / base if base else None, "drop_off": base - went_on}
            gaps = []
            for c in taken:
                at = [s for s, _ in c].index(step)
                if at:
                    gaps.append(c[at][1]["ms"] - c[at - 1][1]["ms"])
            gaps.sort()
            row["median_s"], row["p90_s"] = quantile(gaps, 0.5), quantile(gaps, 0.9)
            row["avg_s"] = statistics.fmean(gaps) / 1000 if gaps else None
            if query.get("neverEntered"):
                row["never_entered"] = len(active - entered)
            if compare:
                count_then = sum(took(c, step) for c in own_then)
                rate_then = share(count_then, len(own_then))
                row |= {"previous_count": count_then, "change_count": change(len(taken), count_then)}
                row |= {"previous_rate": rate_then, "change_rate": change(row["rate"], rate_then)}
                row |= chance((len(taken), len(own)), (count_then, len(own_then)))
            if breakdown:
                row[titles_of(breakdown)] = value
            rows.append(row)
    return rows


def quantile(values, share):
    if not values:
        return None
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return (values[low] + (place - low) * (values[high] - values[low])) / 1000


class Ambiguous(Exception):
    pass


class Unordered(list):
    """Rows whose actors may be in any order if they entered at the same instant."""

    def __init__(self, rows, title, actors):
        super().__init__(rows)
        self.title, self.actors = title, actors


KINDS = {
    "sessions": sessions,
    "trend": trend,
    "retention": retention,
    "lifecycle": lifecycle,
    "stickiness": stickiness,
    "paths": paths,
    "spikes": spikes,
    "attribution": attributed,
    "cohorts": cohort_sizes,
    "funnel": funnel,
}

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
