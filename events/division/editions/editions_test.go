package editions

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

const (
	village  division.Code = "370211102231"
	neighbor division.Code = "370211102232"
)

func given(t *testing.T) *division.Table {
	t.Helper()
	table, err := division.Load(strings.NewReader("code,level,name\n370211102231,village,王庄村\n370211102232,village,李庄村\n"))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func adopted(id, replaces string, lines ...events.DivisionLine) *events.Event {
	return &events.Event{ID: id, Source: "/agency/a", Replaces: replaces, Type: events.DivisionsAdoptedType, Data: &events.DivisionsAdopted{Lines: lines}}
}

func add(t *testing.T, l log.Log, e *events.Event) {
	t.Helper()
	raw, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, revision, err := l.Head(t.Context(), boundary)
	if err == nil {
		_, _, err = l.Append(t.Context(), log.Commit{ID: e.ID, Boundary: boundary.Boundary, Events: [][]byte{raw}, Recorded: time.Now()}, revision)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var (
	july = civil.MustDate("2022-07-01")
	ends = events.DivisionLine{Code: village, Name: "王庄村", ValidTo: july, Successor: neighbor}
)

// Goal: the table is what all events say that stand, whenever the log is read.
func TestRegister(t *testing.T) {
	l := memlog.New()
	r := NewRegister(l, given(t))
	holds := func(when string, want bool) {
		t.Helper()
		if err := r.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		late := NewRegister(l, given(t))
		if err := late.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]*Register{"a register from the start": r, "a late one": late} {
			if _, got := r.Table().On(village, july); got != want {
				t.Errorf("%s, %s: the village holds: %v", when, name, got)
			}
			if _, got := r.Table().On(village, july-1); !got {
				t.Errorf("%s, %s: the village does not hold before July", when, name)
			}
		}
	}
	holds("empty", true)
	add(t, l, adopted("d1", "", ends))
	holds("ended", false)
	add(t, l, adopted("d2", "d1", events.DivisionLine{Code: village, Name: "王庄新村", ValidFrom: july}))
	holds("corrected: it has another name", true)
	if name := r.Table().Name(village); name != "王庄新村" {
		t.Errorf("it is called %s", name)
	}
	add(t, l, &events.Event{ID: "w", Source: "/agency/a", Type: events.EventWithdrawnType, Data: &events.EventWithdrawn{Of: events.DivisionsAdoptedType, ID: "d2", Reason: "error"}})
	holds("withdrawn", true)
	if name := r.Table().Name(village); name != "王庄村" {
		t.Errorf("it is called %s", name)
	}
}

// Goal: a log that holds a province holds the whole table.
func TestWholeTable(t *testing.T) {
	l := memlog.New()
	r := NewRegister(l, given(t))
	add(t, l, adopted("d1", "", events.DivisionLine{Code: "330000000000", Name: "浙江省"}, events.DivisionLine{Code: "330100000000", Name: "杭州市"}))
	if r.IsWhole() {
		t.Error("whole before it was read")
	}
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !r.IsWhole() || r.Table().Has(village) || !r.Table().Has("330100000000") || r.Table().Len() != 2 {
		t.Errorf("whole %v, %d divisions", r.IsWhole(), r.Table().Len())
	}
}

// Goal: a register that follows the log has what is new, and ends with the context.
func TestKeep(t *testing.T) {
	l := memlog.New()
	r := NewRegister(l, given(t))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Keep(ctx)
	}()
	add(t, l, adopted("d1", "", ends))
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		if _, holds := r.Table().On(village, july); !holds {
			break
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the village still holds")
		}
	}
	cancel()
	<-ended
}

// Goal: the order in which events come does not matter, except for the last word on a code and day.
func TestOrderDoesNotMatter(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var list []*events.Event
	for i := range 12 {
		from := july.AddMonths(i)
		list = append(list, adopted(fmt.Sprint("d", i), "", events.DivisionLine{Code: village, Name: fmt.Sprint("村", i), ValidFrom: from, ValidTo: from + 20}))
	}
	var want *division.Table
	for range 20 {
		random.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		l := memlog.New()
		for _, e := range list {
			add(t, l, e)
		}
		r := NewRegister(l, given(t))
		if err := r.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = r.Table()
		}
		for day := july - 40; day < july.AddMonths(13); day++ {
			is, holds := r.Table().On(village, day)
			was, held := want.On(village, day)
			if is != was || holds != held {
				t.Fatalf("%v: %+v, %v, in another order %+v, %v", day, is, holds, was, held)
			}
		}
	}
}
