"""The statements of the PostgreSQL store that do much at once.

**The order of messages.** A position is the transaction that stored a message, moved on by `shift`, and its number in
that transaction's batch. Transactions become visible in another order than they began, so a reader that took the
highest position it saw for its cursor would never see a lower one that was committed a moment later. Only positions of
transactions before `pg_snapshot_xmin` are served: of those every one has ended, and no lower one can come any more.
"""

from __future__ import annotations

# $1 sender, $2..$8 the batch, one array for each column, $9 now, $10 week.
# What a batch is judged by is read once for each contract and recipient. Inserted in the order of their ids: two
# batches with the same ids then wait for each other, and never deadlock. Only what was not inserted is looked up, each
# id by itself (LIMIT keeps it so): joined, all that this sender ever sent would be read for each batch.
PUT = """
WITH o AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
    WITH ORDINALITY AS o (mid, recipient, ctr, class, sha256, exp, jose, n)),
under AS MATERIALIZED (
  SELECT d.ctr, d.recipient, m.org IS NULL AS unknown, m.closed_at IS NOT NULL AS closed, EXISTS (
    SELECT FROM revocations r WHERE r.ctr = d.ctr AND r.org IN ($1, d.recipient)) AS ended
  FROM (SELECT DISTINCT ctr, recipient FROM o) d
  LEFT JOIN LATERAL (SELECT org, closed_at FROM orgs WHERE org = d.recipient LIMIT 1) m ON true),
judged AS MATERIALIZED (
  SELECT o.n, CASE
    WHEN o.class = 'data' AND under.ended THEN 'contract-revoked'
    WHEN under.unknown THEN 'unknown-recipient'
    WHEN under.closed THEN 'recipient-closed'
    WHEN o.exp <= $9 THEN 'expired'
    ELSE 'new' END AS verdict
  FROM o JOIN under USING (ctr, recipient)),
place AS MATERIALIZED (
  SELECT (pg_current_xact_id()::text::bigint + shift) << 10 AS first, epoch,
    EXISTS (SELECT FROM orgs WHERE org = $1) AS member FROM hub),
put AS (
  INSERT INTO ledger (pos, sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at, week)
  SELECT place.first | o.n, $1, o.mid, o.recipient, o.ctr, o.class,
    o.sha256, 'queued', o.exp, $9, $10
  FROM o JOIN judged USING (n) CROSS JOIN place WHERE judged.verdict = 'new' AND place.member ORDER BY o.mid
  ON CONFLICT (sender, mid) DO NOTHING RETURNING pos),
bodies AS (
  INSERT INTO body (week, pos, jose) SELECT $10, put.pos, o.jose FROM put JOIN o ON o.n = (put.pos & 1023))
SELECT o.n, CASE
    WHEN k.pos IS NULL THEN judged.verdict
    WHEN k.sha256 <> o.sha256 THEN 'other-bytes'
    WHEN judged.verdict = 'contract-revoked' AND k.state = 'cancelled' THEN 'contract-revoked'
    ELSE 'known' END AS verdict,
  coalesce(put.pos, k.pos) AS pos, place.epoch, place.member
FROM o JOIN judged USING (n) CROSS JOIN place LEFT JOIN put ON o.n = (put.pos & 1023)
LEFT JOIN LATERAL (
  SELECT pos, sha256, state FROM ledger WHERE sender = $1 AND mid = o.mid AND put.pos IS NULL LIMIT 1) k ON true
"""
# The same where nothing stands against any of it, as nearly always: it costs what plain INSERTs do. $1 sender, $2..$8
# the batch as in PUT, but short columns as one text with commas between (writing an array costs the hub three times as
# much), $9 now, $10 week, $11 and $12 each contract and recipient of it once. Nothing is stored where one of them
# is ended, closed or unknown, or the first id is known; where another one is, the statement fails as a whole. Whatever
# it looks up it looks up by a whole key, so a plan that is made once is right for tables of any size.
PUT_FRESH = """
WITH place AS MATERIALIZED (
  SELECT (pg_current_xact_id()::text::bigint + shift) << 10 AS first, epoch,
    EXISTS (SELECT FROM orgs WHERE org = $1)
    AND NOT EXISTS (
      SELECT FROM unnest($11::text[], $12::text[]) AS d (ctr, recipient)
      WHERE (SELECT closed_at IS NULL FROM orgs WHERE org = d.recipient) IS NOT TRUE
        OR EXISTS (SELECT FROM revocations r WHERE r.ctr = d.ctr AND r.org IN ($1, d.recipient)))
    AND NOT EXISTS (SELECT FROM ledger WHERE sender = $1 AND mid = split_part($2, ',', 1)::uuid) AS fresh FROM hub),
put AS (
  INSERT INTO ledger (pos, sender, mid, recipient, ctr, class, sha256, state, expires_at, stored_at, week)
  SELECT place.first | o.n, $1, o.mid, o.recipient, o.ctr, o.class, o.sha256, 'queued', o.exp, $9, $10
  FROM place CROSS JOIN unnest(
      string_to_array($2, ',')::uuid[], string_to_array($3, ','), string_to_array($4, ','),
      string_to_array($5, ','), string_to_array($6, ','), string_to_array($7, ',')::bigint[])
    WITH ORDINALITY AS o (mid, recipient, ctr, class, sha256, exp, n) WHERE place.fresh ORDER BY o.mid),
bodies AS (
  INSERT INTO body (week, pos, jose)
  SELECT $10, place.first | b.n, b.jose
  FROM place CROSS JOIN unnest($8::text[]) WITH ORDINALITY AS b (jose, n) WHERE place.fresh)
SELECT first, epoch, fresh FROM place
"""
AFTER_CONFLICT = "SELECT pos, sha256 FROM ledger WHERE sender = $1 AND mid = $2::uuid"

# A contract that ended while a message to it was being stored: the message is not served, and the sweep takes it away.
ENDED = """
  class = 'data' AND EXISTS (
    SELECT FROM revocations r WHERE r.ctr = ledger.ctr AND r.org IN (ledger.sender, ledger.recipient))
"""
EDGE = "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + shift) << 10 AS pos, epoch FROM hub LIMIT 1"
# $1 recipient, $2 after, $3 how many, $4 now, $5 bytes.
PAGE = f"""
WITH edge AS MATERIALIZED ({EDGE}),
held AS MATERIALIZED (
  SELECT EXISTS (SELECT FROM (
    SELECT pos FROM ledger WHERE recipient = $1 AND pos > $2 AND state = 'queued' ORDER BY pos DESC LIMIT 1) newest
  WHERE newest.pos >= edge.pos) AS back FROM edge)
SELECT edge.epoch, coalesce((SELECT through FROM acked WHERE org = $1), 0) AS through, held.back AS held_back,
  found.pos, found.state, found.jose
FROM edge CROSS JOIN held LEFT JOIN LATERAL (
  SELECT * FROM (
    SELECT ledger.pos, state, jose, row_number() OVER far AS number, sum(octet_length(jose) + 100) OVER far AS size
    FROM (
      SELECT * FROM ledger WHERE recipient = $1 AND pos > $2 AND pos < edge.pos AND state IN ('queued', 'collected')
        AND expires_at > $4 AND NOT (state = 'queued' AND {ENDED}) ORDER BY pos LIMIT $3) ledger
    JOIN body ON body.week = ledger.week AND body.pos = ledger.pos
    WINDOW far AS (ORDER BY ledger.pos ROWS UNBOUNDED PRECEDING)) sized
  WHERE number = 1 OR size <= $5) found ON true
ORDER BY found.pos
"""  # noqa: S608  (no value of a request is in it)
# $1 recipient, $2 positions. What another reader collected meanwhile is ours as well; what was cancelled is nobody's.
COLLECT = """
UPDATE ledger SET state = 'collected'
WHERE recipient = $1 AND pos = ANY($2::bigint[]) AND state IN ('queued', 'collected') RETURNING pos
"""
# $1 recipient, $2 positions.
ACK = """
WITH mine AS MATERIALIZED (SELECT pos, week FROM ledger WHERE pos = ANY($2::bigint[]) AND recipient = $1),
closed AS (
  UPDATE ledger SET state = 'closed' FROM mine WHERE ledger.pos = mine.pos AND state IN ('queued', 'collected')),
erased AS (
  DELETE FROM body WHERE week = ANY(ARRAY(SELECT DISTINCT week FROM mine)) AND pos = ANY(ARRAY(SELECT pos FROM mine))),
through AS (
  INSERT INTO acked SELECT $1, max(pos) FROM mine HAVING count(*) > 0
  ON CONFLICT (org) DO UPDATE SET through = greatest(acked.through, excluded.through) RETURNING through)
SELECT coalesce((SELECT through FROM through), (SELECT through FROM acked WHERE org = $1), 0)
"""
# $1 contract, $2 the organisation that ended it.
PURGE = """
WITH gone AS (
  UPDATE ledger SET state = 'cancelled'
  WHERE ctr = $1 AND state = 'queued' AND class = 'data' AND (sender = $2 OR recipient = $2) RETURNING pos, week),
erased AS (
  DELETE FROM body WHERE week = ANY(ARRAY(SELECT DISTINCT week FROM gone)) AND pos = ANY(ARRAY(SELECT pos FROM gone)))
SELECT count(*) FROM gone
"""
SWEEP_EXPIRED = """
WITH late AS (
  UPDATE ledger SET state = CASE state WHEN 'queued' THEN 'expired' ELSE 'closed' END
  WHERE state IN ('queued', 'collected') AND expires_at <= $1 RETURNING pos, week)
DELETE FROM body WHERE week = ANY(ARRAY(SELECT DISTINCT week FROM late)) AND pos = ANY(ARRAY(SELECT pos FROM late))
"""
SWEEP_ENDED = f"""
WITH gone AS (UPDATE ledger SET state = 'cancelled' WHERE state = 'queued' AND {ENDED} RETURNING pos, week)
DELETE FROM body WHERE week = ANY(ARRAY(SELECT DISTINCT week FROM gone)) AND pos = ANY(ARRAY(SELECT pos FROM gone))
"""  # noqa: S608  (no value of a request is in it)
