package payroll

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/timeline"
)

// A Source is where a Register reads from; readmodel.Reader is one. What it
// shows goes on while it is read, and facts are only ever added.
type Source interface {
	FolioEnds(ctx context.Context, yield func(folio uint32, last timeline.Ref)) error
	FolioLeaves(ctx context.Context, folio uint32, after timeline.Ref) ([][]byte, error)
	PostSizes(ctx context.Context, yield func(no timeline.Number, size int)) error
	PostFacts(ctx context.Context, first, last timeline.Number, yield func(no timeline.Number, name string, facts []byte) error) error
}

// A Register holds one month of everyone on every post, as it was known at each
// commit, so that a roll of all at any two clocks and under any packs is made
// without reading anything. It takes some 200 bytes a person and post of the
// month. It is safe for concurrent use.
type Register struct {
	month civil.Month

	mu     sync.RWMutex
	read   uint64  // ordinal of the last commit that was read
	posts  []*held // by number; nil is none
	byName []*held
	folios map[uint32]folio
}

// A held post is one of a register.
type held struct {
	no      timeline.Number
	name    string
	size    int // of the facts that were read
	said    []said
	records []*record // by person
}

// said is what was held of a post since a commit.
type said struct {
	since uint64
	known bool
	terms
}

type folio struct {
	last    timeline.Ref
	records []record // by person
}

// A record is one person on one post.
type record struct {
	no, on timeline.Number
	states []state
}

// A state is what was held of a record since a commit.
type state struct {
	since uint64
	there bool // in place in the month, or paid for it
	days  days
	paid  []payment
}

// NewRegister returns a Register of a month that has read nothing yet.
func NewRegister(month civil.Month) *Register {
	return &Register{month: month, folios: map[uint32]folio{}}
}

// Read brings the register up to a commit, if it is not there yet; head is the
// last commit that the source is known to show. It fails as the source does,
// and then keeps what it has read.
func (g *Register) Read(ctx context.Context, s Source, known, head uint64) error {
	g.mu.RLock()
	done := g.read >= known
	g.mu.RUnlock()
	if done {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.read >= known {
		return nil
	}
	// Folios first: no person in them is on a post that is not there yet.
	err := g.readFolios(ctx, s)
	if err == nil {
		err = g.readPosts(ctx, s)
	}
	if err != nil {
		return err
	}
	g.arrange()
	g.read = head
	return nil
}

// readFolios reads the folios that have grown, several at a time.
func (g *Register) readFolios(ctx context.Context, s Source) error {
	type end struct {
		no   uint32
		last timeline.Ref
	}
	var grown []end
	err := s.FolioEnds(ctx, func(no uint32, last timeline.Ref) {
		if g.folios[no].last < last {
			grown = append(grown, end{no, last})
		}
	})
	if err != nil {
		return err
	}
	folios, errs := make([]folio, len(grown)), make([]error, len(grown))
	parallel(len(grown), func(i int) {
		leaves, err := s.FolioLeaves(ctx, grown[i].no, 0)
		if err == nil {
			folios[i].last = grown[i].last
			folios[i].records, err = records(grown[i].no, leaves, g.month)
		}
		errs[i] = err
	})
	for i, err := range errs {
		if err != nil {
			return err
		}
		g.folios[grown[i].no] = folios[i]
	}
	return nil
}

// parallel calls do with each number below n.
func parallel(n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// records makes the records of a folio.
func records(no uint32, leaves [][]byte, month civil.Month) ([]record, error) {
	histories, err := timeline.ReadMonth(leaves, month, func(byte) bool { return true })
	if err != nil {
		return nil, err
	}
	var all []record
	for slot := range histories {
		k := keeper{no: timeline.Number(no*timeline.FolioSize + uint32(slot))}
		w := walker{span: span{first: month, last: month}, yield: k.stint}
		err := histories[slot].Each(func(ord uint64, p *timeline.Person) {
			k.ord = ord
			k.seen = k.seen[:0]
			w.person(k.no, p)
			for i := range k.records {
				if r := &k.records[i]; !slices.Contains(k.seen, r.on) {
					r.hold(state{since: ord})
				}
			}
		})
		if err != nil {
			return nil, err
		}
		all = append(all, k.records...)
	}
	return slices.Clip(all), nil
}

// A keeper makes the records of one person, commit by commit.
type keeper struct {
	no      timeline.Number
	ord     uint64
	seen    []timeline.Number // posts, at this commit
	records []record
}

func (k *keeper) stint(s *stint) {
	k.seen = append(k.seen, s.on)
	i := slices.IndexFunc(k.records, func(r record) bool { return r.on == s.on })
	if i < 0 {
		i = len(k.records)
		k.records = append(k.records, record{no: k.no, on: s.on})
	}
	k.records[i].hold(state{k.ord, true, s.days, s.paid})
}

// hold adds a state where it is another one than before.
func (r *record) hold(s state) {
	if n := len(r.states); n > 0 {
		if last := &r.states[n-1]; slices.Equal(last.paid, s.paid) {
			if last.there == s.there && last.days == s.days {
				return
			}
			s.paid = last.paid
		}
	}
	r.states = append(r.states, s)
}

// readPosts reads the posts that have grown.
func (g *Register) readPosts(ctx context.Context, s Source) error {
	var grown []timeline.Number
	err := s.PostSizes(ctx, func(no timeline.Number, size int) {
		if int(no) >= len(g.posts) || g.posts[no] == nil || g.posts[no].size < size {
			grown = append(grown, no)
		}
	})
	// Where many have, all are read.
	for len(grown) > 0 && err == nil {
		first, last := grown[0], grown[0]
		if len(grown) > len(g.posts)/16 {
			last = grown[len(grown)-1]
		}
		n, _ := slices.BinarySearch(grown, last+1)
		grown = grown[n:]
		err = s.PostFacts(ctx, first, last, g.readPost)
	}
	return err
}

func (g *Register) readPost(no timeline.Number, name string, facts []byte) error {
	developments, err := timeline.Developments(facts)
	if err != nil {
		return err
	}
	if n := int(no) + 1; n > len(g.posts) {
		g.posts = append(g.posts, make([]*held, n-len(g.posts))...)
	}
	p := g.posts[no]
	if p == nil {
		p = &held{no: no, name: name}
		g.posts[no] = p
		g.byName = append(g.byName, p)
	}
	p.size, p.said = len(facts), nil
	for _, d := range developments {
		p.said = append(p.said, said{d.Since, d.Known, termsOf(d.Attributes)})
	}
	return nil
}

// arrange puts the records to their posts, and the posts in order.
func (g *Register) arrange() {
	slices.SortFunc(g.byName, func(a, b *held) int { return strings.Compare(a.name, b.name) })
	for _, p := range g.byName {
		p.records = p.records[:0]
	}
	for _, no := range slices.Sorted(maps.Keys(g.folios)) {
		records := g.folios[no].records
		for i := range records {
			if r := &records[i]; int(r.on) < len(g.posts) && g.posts[r.on] != nil {
				p := g.posts[r.on]
				p.records = append(p.records, r)
			}
		}
	}
}

// at returns what was held of a post at an ordinal, false where it was not
// known to be developed.
func (p *held) at(known uint64) (t terms, ok bool) {
	for i := range p.said {
		if s := &p.said[i]; s.since <= known {
			t, ok = s.terms, s.known
		}
	}
	return t, ok
}

// at returns what was held of a record at an ordinal, nil where it was not
// there.
func (r *record) at(known uint64) *state {
	for i := len(r.states) - 1; i >= 0; i-- {
		if s := &r.states[i]; s.since <= known {
			if s.there {
				return s
			}
			return nil
		}
	}
	return nil
}

// An Extract is a part of the lines of a roll, and what all of them add up to.
type Extract struct {
	Lines  []Line // without the pseudonyms
	Total  int    // lines of the roll
	Totals Totals
}

// Extract returns the lines of a roll from the number skip on, limit at most,
// under the packs of a book. The register must have read up to what is known.
func (g *Register) Extract(q Question, book *policy.Book, skip, limit int) *Extract {
	g.mu.RLock()
	defer g.mu.RUnlock()
	const together = 256 // posts
	chunks := slices.Collect(slices.Chunk(g.byName, together))
	parts := make([]Extract, len(chunks))
	parallel(len(chunks), func(i int) {
		p := &parts[i]
		each(chunks[i], q, book, func(l *Line) {
			p.Total++
			p.Totals.add(l)
		})
	})
	whole := new(Extract)
	for i := range parts {
		p := &parts[i]
		if first := whole.Total; first < skip+limit && skip < first+p.Total {
			n := first
			each(chunks[i], q, book, func(l *Line) {
				if skip <= n && n < skip+limit {
					whole.Lines = append(whole.Lines, *l)
				}
				n++
			})
		}
		whole.Total += p.Total
		whole.Totals.join(&p.Totals)
	}
	return whole
}

// each yields the lines of a roll on some posts, in order. A line is good until
// yield returns.
func each(posts []*held, q Question, book *policy.Book, yield func(*Line)) {
	for _, p := range posts {
		if len(p.records) == 0 {
			continue
		}
		post, ok := p.at(q.Known)
		if !ok && q.Division != "" || !post.division.Under(q.Division) {
			continue
		}
		pack := post.inForce(book, q.Month)
		for _, r := range p.records {
			if s := r.at(q.Known); s != nil {
				l := Line{Post: p.name, Division: post.division, No: r.no}
				l.reckon(pack, post, q.Month, s.days, s.paid, q.AsOf)
				yield(&l)
			}
		}
	}
}
