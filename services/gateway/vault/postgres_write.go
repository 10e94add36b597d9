package vault

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A postgresTransaction is the one transaction of all gateways that is under way.
type postgresTransaction struct {
	pgx.Tx
	cancel  context.CancelFunc
	version int64
}

func (s *postgresStore) begin(ctx context.Context, since int64) (transaction, *indexUpdate, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*transactionTimeout)
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("vault: %w", err)
	}
	t := &postgresTransaction{Tx: tx, cancel: cancel}
	n, err := t.takeTurn(ctx, since)
	if err != nil {
		_ = t.rollback(context.WithoutCancel(ctx))
		return nil, nil, fmt.Errorf("vault: %w", err)
	}
	return t, n, nil
}

// takeTurn waits until the transactions before it have ended, and reads what the index
// must learn of them.
func (t *postgresTransaction) takeTurn(ctx context.Context, since int64) (*indexUpdate, error) {
	if err := t.QueryRow(ctx, "UPDATE vault.turn SET version = version + 1 RETURNING version").Scan(&t.version); err != nil {
		return nil, err
	}
	switch {
	case t.version <= since:
		return nil, errRestored
	case t.version == since+1:
		return nil, nil
	}
	return readIndexUpdate(ctx, t, since, t.version-1)
}

func (t *postgresTransaction) rollback(ctx context.Context) error {
	defer t.cancel()
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	if err := t.Rollback(ctx); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

func (t *postgresTransaction) rows(ctx context.Context, numbers []uint32) ([]*personRow, error) {
	list := make([]int64, len(numbers))
	for i, n := range numbers {
		list[i] = int64(n)
	}
	rows, err := t.Query(ctx, "SELECT n, person, number, birth, female, key, sealed, marks FROM vault.person WHERE n = ANY($1)", list)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	records, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*personRow, error) {
		r := &personRow{}
		var person, number []byte
		if err := row.Scan(&r.n, &person, &number, (*int32)(&r.birth), &r.female, &r.key, &r.sealed, &r.valueHashes); err != nil {
			return nil, err
		}
		k, err := newIndexedPerson(attributes{row: r.n}, person, number)
		r.person, r.number = k.person, k.number
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return records, nil
}

func (t *postgresTransaction) visitHashes(ctx context.Context, visit func(uint32, []byte)) error {
	rows, err := t.Query(ctx, "SELECT n, marks FROM vault.person")
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	var n uint32
	var marks []byte
	if _, err := pgx.ForEachRow(rows, []any{&n, &marks}, func() error {
		visit(n, marks)
		return nil
	}); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

// commit writes each table with one statement, and sends all statements at once.
func (t *postgresTransaction) commit(ctx context.Context, c *change) (int64, error) {
	defer t.cancel()
	b := &pgx.Batch{}
	t.queueMoved(b, c)
	t.queueCreated(b, c.created)
	t.queueUpdated(b, c.updated)
	t.queueMarks(b, c)
	if len(c.tokens) > 0 {
		hashes, tokens := tokenColumns(c.tokens)
		b.Queue("INSERT INTO vault.mark SELECT *, $3 FROM unnest($1::bigint[], $2::bigint[])", hashes, tokens, t.version)
	}
	if len(c.erased) > 0 {
		b.Queue("WITH deleted AS (DELETE FROM vault.person WHERE n = ANY($1) RETURNING person) "+
			"INSERT INTO vault.gone (person, version) SELECT person, $2 FROM deleted", rowNumbers(c.erased), t.version)
		for _, r := range c.erased {
			b.Queue("DELETE FROM vault.identified WHERE person = $1", r.person[:])
		}
	}
	if len(c.forgotten) > 0 {
		hashes, _ := tokenColumns(c.forgotten)
		b.Queue("WITH deleted AS (DELETE FROM vault.mark WHERE hash = ANY($1) RETURNING token) "+
			"INSERT INTO vault.gone (token, version) SELECT token, $2 FROM deleted", hashes, t.version)
	}
	for p, n := range c.standings {
		if n == nil {
			b.Queue("DELETE FROM vault.pending WHERE person = $1", p[:])
		} else {
			b.Queue("INSERT INTO vault.pending VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET needs = excluded.needs", p[:], n.encode())
		}
	}
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		_ = t.Rollback(ctx)
		return 0, fmt.Errorf("vault: %w", err)
	}
	if err := t.Commit(ctx); err != nil {
		return 0, fmt.Errorf("vault: %w", err)
	}
	return t.version, nil
}

// queueCreated adds the statement for new persons to a batch.
func (t *postgresTransaction) queueCreated(b *pgx.Batch, list []*personRow) {
	if len(list) == 0 {
		return
	}
	var persons, hashes, keys, sealed, marks [][]byte
	var births []int32
	var female []bool
	for _, r := range list {
		persons, hashes, keys = append(persons, r.person[:]), append(hashes, r.number[:]), append(keys, r.key)
		sealed, marks = append(sealed, r.sealed), append(marks, r.valueHashes)
		births, female = append(births, int32(r.birth)), append(female, r.female)
	}
	b.Queue("INSERT INTO vault.person SELECT *, $9 FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::integer[], $5::boolean[], $6::bytea[], $7::bytea[], $8::bytea[])",
		rowNumbers(list), persons, hashes, births, female, keys, sealed, marks, t.version)
}

// queueUpdated adds the statement for changed identities to a batch.
func (t *postgresTransaction) queueUpdated(b *pgx.Batch, list []*personRow) {
	if len(list) == 0 {
		return
	}
	var sealed, marks [][]byte
	for _, r := range list {
		sealed, marks = append(sealed, r.sealed), append(marks, r.valueHashes)
	}
	// The version of the row stays, because the index holds nothing of what changes.
	b.Queue("UPDATE vault.person p SET sealed = u.sealed, marks = u.marks "+
		"FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS u (n, sealed, marks) WHERE p.n = u.n", rowNumbers(list), sealed, marks)
}

// queueMoved adds the statements for rows with other numbers to a batch, and those that take the old
// numbers out of the indexes of other gateways. A number may move from one row to the next, so each
// row has a statement of its own.
func (t *postgresTransaction) queueMoved(b *pgx.Batch, c *change) {
	for _, h := range c.unlinked {
		b.Queue("INSERT INTO vault.gone (number, version) VALUES ($1, $2)", h[:], t.version)
	}
	for _, r := range c.moved {
		b.Queue("UPDATE vault.person SET number = $2, birth = $3, female = $4, version = $5 WHERE n = $1",
			int64(r.n), r.number[:], int32(r.birth), r.female, t.version)
	}
}

// queueMarks adds the statements for marks to a batch.
func (t *postgresTransaction) queueMarks(b *pgx.Batch, c *change) {
	for h, m := range c.marks {
		if m == nil {
			b.Queue("DELETE FROM vault.identified WHERE hash = $1", h[:])
			b.Queue("INSERT INTO vault.gone (mark, version) VALUES ($1, $2)", h[:], t.version)
			continue
		}
		b.Queue("INSERT INTO vault.identified VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO UPDATE SET person = excluded.person, "+
			"kind = excluded.kind, until = excluded.until, version = excluded.version", h[:], m.person[:], int32(m.kind), m.until, t.version)
	}
	if !c.identifiedUpTo.IsZero() {
		b.Queue("INSERT INTO vault.meta VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", upToName, encodePosition(c.identifiedUpTo))
	}
}

// rowNumbers returns the numbers of rows as a column.
func rowNumbers(list []*personRow) []int64 {
	ns := make([]int64, len(list))
	for i, r := range list {
		ns[i] = int64(r.n)
	}
	return ns
}

// tokenColumns returns the hashes and the tokens as columns.
func tokenColumns(list []valueToken) (hashes, tokens []int64) {
	for _, m := range list {
		hashes, tokens = append(hashes, int64(m.hash)), append(tokens, int64(m.token))
	}
	return hashes, tokens
}
