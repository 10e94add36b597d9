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

// A mapIndex is the reference for the idempotency index: maps with whole keys.
type mapIndex struct {
	known map[events.Key]mapEntry
	ahead map[events.Key]uint32 // to the number of the event that superseded the key
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
		p.known[e.Key()] = mapEntry{IndexedEvent{p.n, e.Type, p.ahead[e.Key()] > 0, p.ahead[e.Key()]}, e.Digest, log.Position{}}
	}
	if k, ok := e.Supersedes(); ok {
		switch old, known := p.known[k]; {
		case !known && p.ahead[k] == 0:
			p.ahead[k] = p.n
		case known && !old.Superseded:
			old.Superseded, old.By = true, p.n
			p.known[k] = old
		}
	}
}

// place gives a position to every event that has none. They are in the commit at a
// position, whose first event comes after the event with number before.
func (p *mapIndex) place(at log.Position, before uint32) {
	for k, e := range p.known {
		if e.at.IsZero() {
			e.at = at.Event(int(e.Number - before - 1))
			p.known[k] = e
		}
	}
}

// Goal: the idempotency index knows what a map of all events knows: keys, types, contents,
// positions, and which events were superseded, even before they came. Method: rounds of
// events with few keys are kept and get positions, or are rolled back, as a handler does
// it. The positions are like those of both drivers of the log.
func TestIdempotencyIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b StateBase
		want := mapIndex{known: map[events.Key]mapEntry{}, ahead: map[events.Key]uint32{}}
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
				if is.Number != want.n || is.Ineffective != (taken || want.known[e.Key()].Superseded && want.ahead[e.Key()] > 0) {
					t.Fatalf("%s added as %+v, taken %v %+v", e.ID, is, taken, known)
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
			if ok != known || got != w.IndexedEvent || b.early[k.Hash()] != want.ahead[k] {
				t.Fatalf("%s: %v %+v ahead by %d, want %v %+v ahead by %d", k.ID, ok, got, b.early[k.Hash()], known, w.IndexedEvent, want.ahead[k])
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

// Goal: an event takes at most 32 bytes, whether commits hold one event or many, and
// whatever the positions of the driver look like. Method: the heap before and after an
// index of MUSTER_EVENTS events (1 million if not set); then lookups, half of them of keys
// that are in the index. The rates include making and hashing the keys. Compare them with
// BenchmarkGoMap.
func BenchmarkIdempotencyIndex(b *testing.B) {
	for _, c := range []struct {
		name      string
		perCommit int
		stride    uint64 // of major; minor is somewhat less
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
				added := time.Since(begin)
				b.ReportMetric(float64(heap()-before)/float64(n), "B/event")
				b.ReportMetric(float64(n)/added.Seconds()/1e6, "M-adds/s")
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

// BenchmarkGoMap is BenchmarkIdempotencyIndex with a Go map by the same hashes, which holds
// what an event needs beside its key.
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
				m[h] = mapEntry{IndexedEvent{uint32(i), e.Type, false, 0}, e.Digest, log.At(uint64(i/1000+1), 0).Event(i % 1000)}
			}
		}
		added := time.Since(begin)
		b.ReportMetric(float64(heap()-before)/float64(n), "B/event")
		b.ReportMetric(float64(n)/added.Seconds()/1e6, "M-adds/s")
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

// Goal: an event takes at most 32 bytes, as in BenchmarkIdempotencyIndex, in a test that
// always runs. Method: 200,000 events, each in a commit of its own.
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
