"""Which visitors are one person, by docs/queries/people.md: as simple as possible, and from the events alone."""

MASK = (1 << 64) - 1
KEY = b"footfall.visitor"


def persons(events, undone=()):
    """A function from a visitor to its person; `undone` are pairs of both that count for nothing."""
    undone = {tuple(pair) for pair in undone}
    claims = {}  # visitor -> {(ms, person), ...}
    aliases = {}

    def claim(where, visitor, person, event):
        if visitor != person and (visitor, person) not in undone:
            where.setdefault(visitor, set()).add((event["ms"], person))

    for event in events:
        project, user, device = event["project"], event["user_id"], event.get("anonymous_id", "")
        if user and device:
            claim(claims, number(project, "anonymous", device), event["visitor"], event)
        if event["event"] not in ("alias", "$merge_dangerously"):
            continue
        properties = event["properties"]
        former = properties.get("previous_id") or properties.get("previousId") or properties.get("alias")
        if not former:
            continue
        if user:
            claim(aliases, number(project, "user", former), event["visitor"], event)
            for text in (former, user):
                claim(claims, number(project, "anonymous", text), event["visitor"], event)
        elif device:
            for text in (former, device):
                claim(claims, number(project, "anonymous", text), number(project, "user", former), event)

    def person_of(visitor):
        seen = [min(claims[visitor])[1] if visitor in claims else visitor]
        while seen[-1] in aliases:
            following = min(aliases[seen[-1]])[1]
            if following in seen:
                return min(seen[seen.index(following):])
            seen.append(following)
        return seen[-1]

    return person_of


def number(project, kind, text):
    """A visitor's number: SipHash-2-4 with 128 bits, the first 64, of project, kind and id after their lengths."""
    data = b""
    for part in (project, kind, text):
        data += len(part.encode()).to_bytes(8, "little") + part.encode()
    return sip(data)


def sip(data):
    low, high = (int.from_bytes(KEY[at : at + 8], "little") for at in (0, 8))
    v = [low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D ^ 0xEE, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573]

    def add(a, b, turn):
        v[a] = (v[a] + v[b]) & MASK
        v[b] = turned(v[b], turn) ^ v[a]

    def mix():
        add(0, 1, 13)
        v[0] = turned(v[0], 32)
        add(2, 3, 16)
        add(0, 3, 21)
        add(2, 1, 17)
        v[2] = turned(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        mix()
        mix()
        v[0] ^= word
    v[2] ^= 0xEE
    for _ in range(4):
        mix()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def turned(value, by):
    return ((value << by) | (value >> (64 - by))) & MASK
