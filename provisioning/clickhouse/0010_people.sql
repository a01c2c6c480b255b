-- Which visitors are one person; the rules are in docs/queries/people.md. Materialized views learn it from the
-- events. A row is a claim that a visitor is a person, with the first and the last instant at which an event
-- made it: a minimum and a maximum, so that neither order nor repetition of events changes anything.
-- * `links`: a visitor with an anonymous id, and the user that was identified on it.
-- * `aliases`: a user, and the user that an alias event says it has become.
-- `decision` is an operator's last word on a claim: when it was given, in milliseconds, times two, plus one if
-- the claim is undone. `is_claimed` is 0 in a row that holds a decision alone.
-- A visitor's number is made as vector-components/src/enrich/visitor.rs makes it: a SipHash of project, kind and
-- id, each after its length.
CREATE TABLE IF NOT EXISTS analytics.links
(
    project    LowCardinality(String),
    visitor    UInt64 CODEC(Delta, ZSTD(1)),
    person     UInt64 CODEC(NONE),
    first_at   SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_at    SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    is_claimed SimpleAggregateFunction(max, UInt8) CODEC(T64, ZSTD(1)),
    decision   SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, visitor, person)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS analytics.aliases
(
    project    LowCardinality(String),
    visitor    UInt64 CODEC(Delta, ZSTD(1)),
    person     UInt64 CODEC(NONE),
    first_at   SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_at    SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    is_claimed SimpleAggregateFunction(max, UInt8) CODEC(T64, ZSTD(1)),
    decision   SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, visitor, person)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Of an event with both ids.
CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.links_of_events TO analytics.links AS
SELECT
    project,
    claim.1 AS visitor,
    claim.2 AS person,
    min(ts) AS first_at,
    max(ts) AS last_at,
    toUInt8(1) AS is_claimed,
    toUInt64(0) AS decision
FROM
(
    SELECT
        project,
        ts,
        (reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(9)), 'anonymous',
            reinterpretAsFixedString(toUInt64(length(anonymous_id))), anonymous_id)), 1, 8)), visitor) AS claim
    FROM analytics.events
    WHERE user_id != '' AND anonymous_id != ''
)
GROUP BY project, visitor, person;

-- Of an alias: the former id may have been an anonymous one, and so may have been the user's. Where no user is
-- known yet, the alias names the user.
CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.links_of_aliases TO analytics.links AS
SELECT
    project,
    claim.1 AS visitor,
    claim.2 AS person,
    min(ts) AS first_at,
    max(ts) AS last_at,
    toUInt8(1) AS is_claimed,
    toUInt64(0) AS decision
FROM
(
    SELECT
        project,
        ts,
        arrayFirst(id -> id != '', [properties['previous_id'], properties['previousId'], properties['alias']]) AS former_id,
        if(user_id != '', visitor, reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(4)), 'user',
            reinterpretAsFixedString(toUInt64(length(former_id))), former_id)), 1, 8))) AS user,
        arrayJoin(arrayMap(id -> (reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(9)), 'anonymous',
            reinterpretAsFixedString(toUInt64(length(id))), id)), 1, 8)), user), [former_id, if(user_id != '', user_id, anonymous_id)])) AS claim
    FROM analytics.events
    WHERE event IN ('alias', '$merge_dangerously') AND (user_id != '' OR anonymous_id != '')
)
WHERE former_id != ''
GROUP BY project, visitor, person;

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.aliases_of_events TO analytics.aliases AS
SELECT
    project,
    claim.1 AS visitor,
    claim.2 AS person,
    min(ts) AS first_at,
    max(ts) AS last_at,
    toUInt8(1) AS is_claimed,
    toUInt64(0) AS decision
FROM
(
    SELECT
        project,
        ts,
        arrayFirst(id -> id != '', [properties['previous_id'], properties['previousId'], properties['alias']]) AS former_id,
        (reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(4)), 'user',
            reinterpretAsFixedString(toUInt64(length(former_id))), former_id)), 1, 8)), visitor) AS claim
    FROM analytics.events
    WHERE event IN ('alias', '$merge_dangerously') AND user_id != ''
)
WHERE former_id != '' AND claim.1 != claim.2
GROUP BY project, visitor, person;

-- What was stored before the views were there; a claim that comes twice changes nothing.
INSERT INTO analytics.links (project, visitor, person, first_at, last_at, is_claimed, decision)
SELECT
    project,
    claim.1 AS visitor,
    claim.2 AS person,
    min(ts) AS first_at,
    max(ts) AS last_at,
    toUInt8(1) AS is_claimed,
    toUInt64(0) AS decision
FROM
(
    SELECT
        project,
        ts,
        (reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(9)), 'anonymous',
            reinterpretAsFixedString(toUInt64(length(anonymous_id))), anonymous_id)), 1, 8)), visitor) AS claim
    FROM analytics.events
    WHERE user_id != '' AND anonymous_id != ''
)
GROUP BY project, visitor, person
SETTINGS max_bytes_before_external_group_by = 4000000000;

INSERT INTO analytics.links (project, visitor, person, first_at, last_at, is_claimed, decision)
SELECT
    project,
    claim.1 AS visitor,
    claim.2 AS person,
    min(ts) AS first_at,
    max(ts) AS last_at,
    toUInt8(1) AS is_claimed,
    toUInt64(0) AS decision
FROM
(
    SELECT
        project,
        ts,
        arrayFirst(id -> id != '', [properties['previous_id'], properties['previousId'], properties['alias']]) AS former_id,
        if(user_id != '', visitor, reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(4)), 'user',
            reinterpretAsFixedString(toUInt64(length(former_id))), former_id)), 1, 8))) AS user,
        arrayJoin(arrayMap(id -> (reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(9)), 'anonymous',
            reinterpretAsFixedString(toUInt64(length(id))), id)), 1, 8)), user), [former_id, if(user_id != '', user_id, anonymous_id)])) AS claim
    FROM analytics.events
    WHERE event IN ('alias', '$merge_dangerously') AND (user_id != '' OR anonymous_id != '')
)
WHERE former_id != ''
GROUP BY project, visitor, person
SETTINGS max_bytes_before_external_group_by = 4000000000;

INSERT INTO analytics.aliases (project, visitor, person, first_at, last_at, is_claimed, decision)
SELECT
    project,
    claim.1 AS visitor,
    claim.2 AS person,
    min(ts) AS first_at,
    max(ts) AS last_at,
    toUInt8(1) AS is_claimed,
    toUInt64(0) AS decision
FROM
(
    SELECT
        project,
        ts,
        arrayFirst(id -> id != '', [properties['previous_id'], properties['previousId'], properties['alias']]) AS former_id,
        (reinterpretAsUInt64(substring(sipHash128ReferenceKeyed((toUInt64(7812726546248986470), toUInt64(8245937438995346990)), concat(
            reinterpretAsFixedString(toUInt64(length(project))), toString(project), reinterpretAsFixedString(toUInt64(4)), 'user',
            reinterpretAsFixedString(toUInt64(length(former_id))), former_id)), 1, 8)), visitor) AS claim
    FROM analytics.events
    WHERE event IN ('alias', '$merge_dangerously') AND user_id != ''
)
WHERE former_id != '' AND claim.1 != claim.2
GROUP BY project, visitor, person
SETTINGS max_bytes_before_external_group_by = 4000000000;

-- Where a user's aliases end: the first of each user that is not undone is followed, and a circle ends at its
-- smallest number.
CREATE OR REPLACE VIEW analytics.alias_ends AS
WITH RECURSIVE
    alias AS
    (
        SELECT project, visitor, toUInt64(min(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(first_at)), 64), person))) AS next
        FROM analytics.aliases FINAL
        WHERE is_claimed = 1 AND decision % 2 = 0
        GROUP BY project, visitor
    ),
    walk AS
    (
        SELECT project, visitor, [visitor] AS path, next
        FROM alias
        UNION ALL
        SELECT walk.project, walk.visitor, arrayPushBack(walk.path, walk.next), alias.next
        FROM walk INNER JOIN alias ON alias.project = walk.project AND alias.visitor = walk.next
        WHERE NOT has(walk.path, walk.next) AND length(walk.path) < 100
    )
SELECT
    project,
    visitor,
    argMax(if(has(path, next), arrayMin(arraySlice(path, indexOf(path, next))), next), length(path)) AS person
FROM walk
GROUP BY project, visitor;

-- For each visitor that is another person than itself, that person: by its first claim that is not undone, and
-- from there by that user's aliases.
CREATE OR REPLACE VIEW analytics.people AS
SELECT link.project AS project, link.visitor AS visitor, if(ends.person = 0, link.person, ends.person) AS person
FROM
(
    SELECT project, visitor, toUInt64(min(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(first_at)), 64), person))) AS person
    FROM analytics.links FINAL
    WHERE is_claimed = 1 AND decision % 2 = 0
    GROUP BY project, visitor
) AS link
LEFT JOIN analytics.alias_ends AS ends ON ends.project = link.project AND ends.visitor = link.person
UNION ALL
SELECT project, visitor, person FROM analytics.alias_ends WHERE visitor != person;
