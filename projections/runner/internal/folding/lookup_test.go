package folding

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/timeline"
	"pgregory.net/rapid"
)

// Keys with equal halves are told apart, and of equal keys the first event
// counts, alone and of a commit together.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var alone, together keyIndex
		stored := map[timeline.Ref][16]byte{}
		first := map[[16]byte]timeline.Ref{}
		read := func(_ context.Context, ref timeline.Ref) ([16]byte, error) { return stored[ref], nil }
		alone.stored, together.stored = read, read
		var met []timeline.Ref
		for c, values := range rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 200), 0, 20), 0, 30).Draw(t, "commits") {
			var events []decoding.Event
			var want []timeline.Ref
			for i, v := range values {
				x := decoding.Event{Key: [16]byte{byte(v % 3), 15: byte(v)}}
				if v == 0 {
					x.Unreadable = "unreadable"
				}
				ref := timeline.MakeRef(uint64(c+1), i)
				events, stored[ref] = append(events, x), x.Key
				switch {
				case x.Unreadable != "":
					want = append(want, 0)
					continue
				case first[x.Key] == 0:
					want = append(want, 0)
					first[x.Key] = ref
				default:
					want = append(want, first[x.Key])
				}
				alone.add(x.Key, ref)
			}
			var err error
			if met, err = together.meet(context.Background(), met[:0], uint64(c+1), events); err != nil || !slices.Equal(met, want) {
				t.Fatalf("commit %d: %v, %v, want %v", c+1, met, err, want)
			}
		}
		for v := range 201 {
			key := [16]byte{byte(v % 3), 15: byte(v)}
			for _, k := range []*keyIndex{&alone, &together} {
				if got, err := k.find(context.Background(), key); err != nil || got != first[key] {
					t.Fatalf("key %d: %v, %v, want %v", v, got, err, first[key])
				}
			}
		}
	})
}

// Persons have the numbers that they were given, alone and looked up together, and
// whoever reads the leaves finds them so.
func TestPersons(t *testing.T) {
	p := newPersons()
	var b readmodel.Batch
	var lines []decoding.Line
	var want []timeline.Number
	for i := range 3000 {
		id := uuid.NewSHA1(uuid.Nil, []byte{byte(i), byte(i >> 8)})
		lines = append(lines, decoding.Line{Person: id})
		want = append(want, p.add(id, []string{"a", "b", ""}[i%3], timeline.MakeRef(uint64(i+1), 0), &b))
	}
	lines = append(lines, decoding.Line{Person: uuid.NewSHA1(uuid.Nil, []byte("nobody"))})
	want = append(want, 0)
	named := slices.Clone(lines)
	number := map[uuid.UUID]timeline.Number{}
	for i := range lines {
		number[lines[i].Person] = want[i]
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 { // in an order that is nearly the one before
		for i, got := range p.findAll(nil, named, &p.sheetOrder) {
			if alone, want := p.find(&named[i].Person), number[named[i].Person]; got != want || alone != want {
				t.Fatalf("person %d has number %d, alone %d, want %d", i, got, alone, want)
			}
		}
		for range 40 {
			i, j := random.IntN(len(named)), random.IntN(len(named))
			named[i], named[j] = named[j], named[i]
		}
	}
	if len(p.added) != 3000 || len(b.Folios) != 12 {
		t.Errorf("%d persons in %d folios, want 3000 in 12", len(p.added), len(b.Folios))
	}
	again := newPersons()
	again.folios = make([][]uuid.UUID, len(p.folios))
	n := 0
	for _, row := range taken(t, &p.pseudonyms) {
		err := timeline.ReadPseudonyms(row.Bytes, func(_ timeline.Ref, id [16]byte) {
			if n++; !again.restore(id, int(row.Owner)) {
				t.Errorf("no room for %x in folio %d", id, row.Owner)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if again.numberAll(n); n != 3000 {
		t.Errorf("%d persons in leaves", n)
	}
	for i := range lines {
		if got := again.find(&lines[i].Person); got != want[i] {
			t.Fatalf("person %d has number %d when read, want %d", i, got, want[i])
		}
	}
	for _, full := range []int{-1, 0, 1, 99} {
		if again.restore(uuid.UUID{}, full) {
			t.Errorf("room in folio %d", full)
		}
	}
	for _, row := range taken(t, &p.bearers) {
		err := timeline.ReadBearers(row.Bytes, func(b timeline.Bearer) {
			hash := timeline.PersonHash(*p.id(uint32(b.No)))
			if n--; timeline.Bucket(hash) != int(row.Owner) || uint32(hash) != b.Half || want[b.Ref.Ord()-1] != b.No {
				t.Errorf("%+v in bucket %d", b, row.Owner)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != 0 {
		t.Errorf("%d persons are in no bucket", n)
	}
}

func taken(t *testing.T, b *leaves.Buffer) []readmodel.LeafRow {
	rows, err := b.Take("", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
