package pgtest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Each test has a database to itself, and the settings asked for.
func TestDatabasesAreSeparate(t *testing.T) {
	one, other := Database(t), Database(t)
	ask(t, one, "CREATE TABLE kept (n int)")
	if got := ask(t, other, "SELECT count(*)::text FROM pg_tables WHERE tablename='kept'"); got != "0" {
		t.Errorf("another database shows %s tables of the first", got)
	}
	if got := ask(t, one, "SHOW fsync"); got != "off" {
		t.Errorf("shared server has fsync=%s", got)
	}
	own := Start(t, "work_mem=7MB")
	if got := ask(t, own, "SHOW fsync") + " " + ask(t, own, "SHOW work_mem"); got != "on 7MB" {
		t.Errorf("own server has %q", got)
	}
}

// Nothing is left of a server that was stopped, and a server that cannot
// start says why.
func TestNothingIsLeft(t *testing.T) {
	s, err := start(nil)
	if err != nil {
		missing(t, err)
	}
	s.stop()
	if _, err := pgx.Connect(context.Background(), s.url("postgres")); err == nil {
		t.Error("the server still answers")
	}
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("its directory: %v", err)
	}
}

// The server goes when the process that started it does: here the end of its
// input stands for that.
func TestTheServerEndsWithItsProcess(t *testing.T) {
	s, err := start(nil)
	if err != nil {
		missing(t, err)
	}
	s.keep.Close()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if left, _ := filepath.Glob(s.dir); len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the directory is still there")
		}
	}
	s.keeper.Wait()
}

func ask(t *testing.T, url, query string) (answer string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if strings.HasPrefix(query, "S") {
		err = c.QueryRow(ctx, query).Scan(&answer)
	} else {
		_, err = c.Exec(ctx, query)
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
