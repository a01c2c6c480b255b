-- What a dropped event needs to be sent again after a fix (docs/operate.md, "Dead letters"): an id of its own, its
-- visitor, as its address is not stored, and what else was known of its arrival, as JSON. `bytes` is the event's size
-- as it came; `body` is empty if that was too large to be kept.
ALTER TABLE analytics.dead_letters
    ADD COLUMN IF NOT EXISTS letter_id UUID,
    ADD COLUMN IF NOT EXISTS visitor UInt64,
    ADD COLUMN IF NOT EXISTS bytes UInt64,
    ADD COLUMN IF NOT EXISTS context String CODEC(ZSTD(3));
