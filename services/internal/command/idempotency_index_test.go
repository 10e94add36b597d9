package command

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"pgregory.net/rapid"
)

// A plain ledger is the other way to see it: maps by whole keys.
type mapIndex struct {
	known map[events.Key]mapEntry
	ahead map[events.Key]bool
	n     uint32
}

type mapEntry struct {
	IndexedEvent
	digest string
	at     log.Position
}

func (p mapIndex) clone() mapIndex { return mapIndex{maps.Clone(p.known), maps.Clone(p.ahead), p.n} }

func (p *mapIndex) add(e *events.Event) {
	p.n++
	if _, taken := p.known[e.Key()]; !taken {
		p.known[e.Key()] = mapEntry{IndexedEvent{p.n, e.Type, p.ahead[e.Key()]}, e.Digest, log.Position{}}
	}
	if k, ok := e.Supersedes(); ok {
		if old, known := p.known[k]; known {
			old.Superseded = true
			p.known[k] = old
		} else {
			p.ahead[k] = true
		}
	}
}

// place gives every event without a position one in the commit at it, which
// holds the events after the one numbered before.
func (p *mapIndex) place(at log.Position, before uint32) {
	for k, e := range p.known {
		if e.at.IsZero() {
			e.at = at.Event(int(e.Number - before - 1))
			p.known[k] = e
		}
	}
}

// Goal: a ledger knows what a map of all events knows: keys, types, contents,
// positions, what was voided, before it came included. Method: rounds of events
// of few keys, kept and placed or taken back, as a desk does it, over positions
// of both drivers' kinds.
func TestIdempotencyIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b StateBase
		want := mapIndex{known: map[events.Key]mapEntry{}, ahead: map[events.Key]bool{}}
		id := rapid.Custom(func(t *rapid.T) string { return strconv.Itoa(rapid.IntRange(0, 300).Draw(t, "id")) })
		major, minor := uint64(0), uint64(0)
		for range rapid.IntRange(1, 150).Draw(t, "rounds") {
			before := want.clone()
			b.Begin()
			for range rapid.IntRange(1, 6).Draw(t, "events") {
				e := take(id.Draw(t, "key"), "c", rapid.IntRange(0, 3).Draw(t, "content"))
				switch rapid.IntRange(0, 5).Draw(t, "kind") {
				case 0:
					e = withdraw(e.ID, id.Draw(t, "of"))
				case 1:
					e.Replaces = id.Draw(t, "of")
				}
				known, taken := want.known[e.Key()]
				is := b.add(e, &b.Journal)
				want.add(e)
				if is.Number != want.n || is.Ineffective != (taken || want.known[e.Key()].Superseded && want.ahead[e.Key()]) {
					t.Fatalf("%s entered as %+v, taken %v %+v", e.ID, is, taken, known)
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				b.Rollback()
				want = before
				continue
			}
			b.Keep()
			if major += rapid.Uint64Range(1, 1<<rapid.IntRange(0, 40).Draw(t, "bits")).Draw(t, "major"); rapid.Bool().Draw(t, "both") {
				minor = major - rapid.Uint64Range(0, min(major, 1<<20)).Draw(t, "minor")
			}
			b.addCommit(log.At(major, minor), b.end())
			want.place(log.At(major, minor), before.n)
		}
		for n := range 301 {
			k := take(strconv.Itoa(n), "", 0).Key()
			got, ok := b.Find(k)
			w, known := want.known[k]
			if ok != known || got != w.IndexedEvent || b.SupersededEarly(k) != want.ahead[k] {
				t.Fatalf("%s: %v %+v ahead %v, want %v %+v ahead %v", k.ID, ok, got, b.SupersededEarly(k), known, w.IndexedEvent, want.ahead[k])
			}
			if known && b.position(got.Number) != w.at {
				t.Fatalf("%s at %s, want %s", k.ID, b.position(got.Number), w.at)
			}
			for content := range 4 {
				if e := take(k.ID, "", content); known && b.sameContent(got.Number, e) != (e.Digest == w.digest) {
					t.Fatalf("%s with content %d is not told from %s", k.ID, content, w.digest)
				}
			}
		}
	})
}

func benchmarkEvents() int {
	if n, err := strconv.Atoi(os.Getenv("MUSTER_EVENTS")); err == nil {
		return n
	}
	return 1_000_000
}

// Goal: an event takes at most 32 bytes, whether commits hold one event or many,
// whatever the driver's positions. Method: a ledger of MUSTER_EVENTS (1 M)
// events beside the heap; and lookups, half of keys that are there. The rates
// hold the making and hashing of the keys; a Go map by the same hashes, with
// what an event needs beside the key, is what they are to be compared with.
func BenchmarkIdempotencyIndex(b *testing.B) {
	for _, c := range []struct {
		name      string
		perCommit int
		stride    uint64 // of major; minor lies somewhere below
	}{
		{"nats-1000-a-commit", 1000, 1},
		{"nats-1-a-commit", 1, 3},
		{"esdb-1-a-commit", 1, 2500},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := benchmarkEvents()
			for b.Loop() {
				before := heap()
				var l StateBase
				e := take("", "c", 0)
				begin := time.Now()
				for i := range n {
					e.ID = key(i)
					l.add(e, &l.Journal)
					if i%c.perCommit == c.perCommit-1 || i == n-1 {
						at := uint64(i) * c.stride
						if c.stride > 1000 {
							l.addCommit(log.At(at+1, at-at%700+1), l.end())
						} else {
							l.addCommit(log.At(at+1, 0), l.end())
						}
					}
				}
				entered := time.Since(begin)
				b.ReportMetric(float64(heap()-before)/float64(n), "B/event")
				b.ReportMetric(float64(n)/entered.Seconds()/1e6, "M-enters/s")
				found := 0
				begin = time.Now()
				for i := range n {
					if _, ok := l.Find(events.Key{Family: events.Training, Source: e.Source, ID: key(i * 7 % (2 * n))}); ok {
						found++
					}
				}
				b.ReportMetric(float64(n)/time.Since(begin).Seconds()/1e6, "M-lookups/s")
				if found < n/3 || found > 2*n/3 {
					b.Fatalf("%d of %d found", found, n)
				}
				if each := float64(heap()-before) / float64(n); each > 32 {
					b.Errorf("%.1f B an event", each)
				}
				runtime.KeepAlive(&l)
			}
		})
	}
}

func BenchmarkGoMap(b *testing.B) {
	n := benchmarkEvents()
	for b.Loop() {
		before := heap()
		m := map[[16]byte]mapEntry{}
		e := take("", "c", 0)
		begin := time.Now()
		for i := range n {
			e.ID = key(i)
			h := e.Key().Hash()
			if _, taken := m[h]; !taken {
				m[h] = mapEntry{IndexedEvent{uint32(i), e.Type, false}, e.Digest, log.At(uint64(i/1000+1), 0).Event(i % 1000)}
			}
		}
		entered := time.Since(begin)
		b.ReportMetric(float64(heap()-before)/float64(n), "B/event")
		b.ReportMetric(float64(n)/entered.Seconds()/1e6, "M-enters/s")
		found := 0
		begin = time.Now()
		for i := range n {
			if _, ok := m[events.Key{Family: events.Training, Source: e.Source, ID: key(i * 7 % (2 * n))}.Hash()]; ok {
				found++
			}
		}
		b.ReportMetric(float64(n)/time.Since(begin).Seconds()/1e6, "M-lookups/s")
		runtime.KeepAlive(m)
	}
}

func key(i int) string { return fmt.Sprintf("h-%09d", i) }

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Goal: the same in a test that always runs: 200,000 events, a commit each.
func TestIdempotencyIndexMemory(t *testing.T) {
	const n = 200_000
	before := heap()
	var l StateBase
	e := take("", "c", 0)
	for i := range n {
		e.ID = key(i)
		l.add(e, &l.Journal)
		l.addCommit(log.At(uint64(3*i+1), 0), l.end())
	}
	each := float64(heap()-before) / n
	runtime.KeepAlive(&l)
	t.Logf("%.1f B an event", each)
	if each > 32 {
		t.Errorf("%.1f B an event", each)
	}
}
