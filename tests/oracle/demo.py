"""Counts independently what `cargo xtask demo --record` sent, and compares it with what the demo showed.

Written from docs/queries/*.md, in another language and style, sharing no code with the
product: sessions as plain groups, the funnel by trying every first step of a visitor.

    python3 tests/oracle/demo.py RECORD SUMMARY
"""

import bisect
import collections
import json
import statistics
import sys

SESSION_GAP_MS = 30 * 60_000
PAGE_VIEWS = {"page_view", "pageview", "$pageview", "page", "view", "screen_view", "screen"}


def main(record, summary):
    shown = json.loads(open(summary).read().strip().splitlines()[-1])
    events = [event for line in open(record) for event in json.loads(line)["events"]]
    problems = []

    def same(what, got, expected):
        if got is None or expected is None or abs(got - expected) > 1e-6 * max(1, abs(expected)):
            if not (got is None and expected is None):
                problems.append(f"{what}: shown {got}, counted {expected}")

    same("sent", shown["sent"], len(events))
    same("stored", shown["stored"], len(events))
    for name, expected in sessions(events, shown["from_ms"], shown["to_ms"]).items():
        same(f"sessions.{name}", shown["sessions"][name], expected)
    steps = [
        lambda e: e["type"] == "page_view" and e["path"] == "/",
        lambda e: e["type"] == "page_view" and e["path"] == "/pricing",
        lambda e: e["type"] == "sign_up",
        lambda e: e["type"] == "purchase" and e["path"].startswith("/checkout/"),
    ]
    counts, medians = funnel(events, steps, 7 * 86_400_000, shown["from_ms"], shown["to_ms"])
    for at, row in enumerate(shown["funnel"]):
        same(f"funnel[{at}].count", row["count"], counts[at])
        same(f"funnel[{at}].rate", row["rate"], counts[at] / counts[0])
        same(f"funnel[{at}].median_s", row["median_s"], medians[at])
    for problem in problems:
        print(problem)
    print(f"{len(events)} events: {len(problems)} differences")
    return 1 if problems else 0


def visitor(event):
    return event.get("user_id") or event.get("anonymous_id") or event.get("session_id")


def sessions(events, from_ms, to_ms):
    by_id, without_id = collections.defaultdict(list), collections.defaultdict(list)
    for event in events:
        if event.get("session_id"):
            by_id[event["session_id"]].append(event)
        else:
            without_id[visitor(event)].append(event)
    groups = [sorted(g, key=lambda e: e["timestamp"]) for g in by_id.values()]
    for own in without_id.values():
        last = None
        for event in sorted(own, key=lambda e: e["timestamp"]):
            if last is None or event["timestamp"] - last > SESSION_GAP_MS:
                groups.append([])
            groups[-1].append(event)
            last = event["timestamp"]
    groups = [g for g in groups if from_ms <= g[0]["timestamp"] < to_ms]
    n = len(groups)
    views = sum(e["type"] in PAGE_VIEWS for g in groups for e in g)
    return {
        "sessions": n,
        "visitors": len({visitor(g[0]) for g in groups}),
        "events": sum(map(len, groups)),
        "page_views": views,
        "avg_duration_s": sum(g[-1]["timestamp"] - g[0]["timestamp"] for g in groups) / 1000 / n,
        "pages_per_session": views / n,
        "bounce_rate": sum(len(g) == 1 for g in groups) / n,
    }


def funnel(events, steps, window_ms, from_ms, to_ms):
    """For each first step, the chain of earliest next steps; among the deepest chains the one
    that completes first, and among those with the same end the one that started last."""
    by_visitor = collections.defaultdict(lambda: [[] for _ in steps])
    for event in sorted(events, key=lambda e: e["timestamp"]):
        for at, matches in enumerate(steps):
            if matches(event):
                by_visitor[visitor(event)][at].append(event["timestamp"])
    counts, gaps = [0] * len(steps), [[] for _ in steps]
    for times in by_visitor.values():
        chains = []
        for start in times[0]:
            if not from_ms <= start < to_ms:
                continue
            # Forward: how deep, and the earliest possible end.
            chain = [start]
            for later in times[1:]:
                at = bisect.bisect_left(later, chain[-1])
                if at == len(later) or later[at] > start + window_ms:
                    break
                chain.append(later[at])
            chains.append(chain)
        if not chains:
            continue
        depth = max(map(len, chains))
        best = max((c for c in chains if len(c) == depth), key=lambda c: (-c[-1], c[0]))
        # The documented chain uses, for each step, the latest event from which the next
        # step is still reached: walk it backward from its end.
        walked = [best[-1]]
        for at in range(depth - 2, -1, -1):
            candidates = [t for t in times[at] if t <= walked[0]]
            walked.insert(0, candidates[-1])
        for at in range(depth):
            counts[at] += 1
            if at:
                gaps[at].append(walked[at] - walked[at - 1])
    return counts, [statistics.median(g) / 1000 if g else None for g in gaps]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
