package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// begin returns the store itself, because it has one connection and so one transaction.
func (s *sqliteStore) begin(ctx context.Context, _ int64) (transaction, *indexUpdate, error) {
	if err := s.execPrepared(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, nil, err
	}
	return s, nil, nil
}

func (s *sqliteStore) rollback(ctx context.Context) error { return s.execPrepared(ctx, "ROLLBACK") }

func (s *sqliteStore) commit(ctx context.Context, c *change) (int64, error) {
	if err := s.writeChange(ctx, c); err != nil {
		return 0, errors.Join(err, s.rollback(ctx))
	}
	if err := s.execPrepared(ctx, "COMMIT"); err != nil {
		return 0, errors.Join(err, s.rollback(ctx))
	}
	s.version++
	return s.version, nil
}

func (s *sqliteStore) writeChange(ctx context.Context, c *change) error {
	for _, r := range c.moved {
		if err := s.execPrepared(ctx, "UPDATE person SET number=?, birth=?, female=? WHERE n=?", r.number[:], int64(r.birth), r.female, int64(r.n)); err != nil {
			return err
		}
	}
	for _, r := range c.created {
		if err := s.execPrepared(ctx, "INSERT INTO person VALUES (?,?,?,?,?,?,?,?)",
			int64(r.n), r.person[:], r.number[:], int64(r.birth), r.female, r.key, r.sealed, r.valueHashes); err != nil {
			return err
		}
	}
	for _, r := range c.updated {
		if err := s.execPrepared(ctx, "UPDATE person SET sealed=?, marks=? WHERE n=?", r.sealed, r.valueHashes, int64(r.n)); err != nil {
			return err
		}
	}
	for _, r := range c.erased {
		if err := s.execPrepared(ctx, "DELETE FROM person WHERE n=?", int64(r.n)); err != nil {
			return err
		}
		if err := s.execPrepared(ctx, "DELETE FROM identified WHERE person=?", r.person[:]); err != nil {
			return err
		}
	}
	for _, m := range c.tokens {
		if err := s.execPrepared(ctx, "INSERT INTO mark (hash, token) VALUES (?,?)", int64(m.hash), int64(m.token)); err != nil {
			return err
		}
	}
	for _, m := range c.forgotten {
		if err := s.execPrepared(ctx, "DELETE FROM mark WHERE hash=?", int64(m.hash)); err != nil {
			return err
		}
	}
	for p, n := range c.standings {
		query, args := "DELETE FROM pending WHERE person=?", []any{p[:]}
		if n != nil {
			query, args = "INSERT INTO pending VALUES (?,?) ON CONFLICT DO UPDATE SET needs=excluded.needs", []any{p[:], n.encode()}
		}
		if err := s.execPrepared(ctx, query, args...); err != nil {
			return err
		}
	}
	return s.writeMarks(ctx, c)
}

func (s *sqliteStore) writeMarks(ctx context.Context, c *change) error {
	for h, m := range c.marks {
		query, args := "DELETE FROM identified WHERE hash=?", []any{h[:]}
		if m != nil {
			query = "INSERT INTO identified VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET person=excluded.person, kind=excluded.kind, until=excluded.until"
			args = append(args, m.person[:], int64(m.kind), m.until)
		}
		if err := s.execPrepared(ctx, query, args...); err != nil {
			return err
		}
	}
	if c.identifiedUpTo.IsZero() {
		return nil
	}
	return s.execPrepared(ctx, "INSERT INTO meta VALUES (?,?) ON CONFLICT DO UPDATE SET value=excluded.value", upToName, encodePosition(c.identifiedUpTo))
}

func (s *sqliteStore) rows(ctx context.Context, numbers []uint32) ([]*personRow, error) {
	p, err := s.prepared("SELECT person, number, birth, female, key, sealed, marks FROM person WHERE n=?")
	if err != nil {
		return nil, err
	}
	list := make([]*personRow, 0, len(numbers))
	for _, n := range numbers {
		r := &personRow{n: n}
		var person, number []byte
		err := p.QueryRowContext(ctx, int64(n)).Scan(&person, &number, &r.birth, &r.female, &r.key, &r.sealed, &r.valueHashes)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return nil, fmt.Errorf("vault: row %d of person: %w", n, err)
		case len(person) != len(r.person) || len(number) != len(r.number):
			return nil, damagedRow(n)
		}
		copy(r.person[:], person)
		copy(r.number[:], number)
		list = append(list, r)
	}
	return list, nil
}

func (s *sqliteStore) visitHashes(ctx context.Context, visit func(uint32, []byte)) error {
	p, err := s.prepared("SELECT n, marks FROM person")
	if err != nil {
		return err
	}
	rows, err := p.QueryContext(ctx)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer rows.Close()
	var n uint32
	var marks sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&n, &marks); err != nil {
			return fmt.Errorf("vault: %w", err)
		}
		visit(n, marks)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

// execPrepared runs a statement that changes something.
func (s *sqliteStore) execPrepared(ctx context.Context, query string, args ...any) error {
	p, err := s.prepared(query)
	if err != nil {
		return err
	}
	if _, err := p.ExecContext(ctx, args...); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

// prepared returns a statement, which is prepared once and kept.
func (s *sqliteStore) prepared(query string) (*sql.Stmt, error) {
	if p, ok := s.statements[query]; ok {
		return p, nil
	}
	p, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	s.statements[query] = p
	return p, nil
}
