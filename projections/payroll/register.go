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
// commit. So a roll at any two clocks and under any packs is made without reading
// anything. A Register takes some 250 bytes a person and post of the month. It is safe
// for concurrent use.
type Register struct {
	month civil.Month

	mu     sync.RWMutex
	read   uint64          // ordinal of the last commit that was read
	posts  []*registerPost // by number; nil is none
	byName []*registerPost
	folios map[uint32]registerFolio
}

// A registerPost is a post with everyone on it.
type registerPost struct {
	no      timeline.Number
	name    string
	size    int // of the facts that were read
	terms   []knownTerms
	records []*record // by person
}

// knownTerms are what was known of the terms of a post since a commit.
type knownTerms struct {
	since     uint64
	developed bool // the terms are known
	terms     schedule
}

// A registerFolio is what was read of a folio.
type registerFolio struct {
	last    timeline.Ref // of the facts that were read
	records []record     // by person
}

// A record is one person on one post.
type record struct {
	person, post timeline.Number
	versions     []version
}

// A version is what was known of a record since a commit.
type version struct {
	since    uint64
	exists   bool // in place in the month, or paid for it
	days     days
	payments []payment
}

// NewRegister returns a Register of a month that has read nothing yet.
func NewRegister(month civil.Month) *Register {
	return &Register{month: month, folios: map[uint32]registerFolio{}}
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
	// Folios are read before posts, so that there is a post for each record.
	if err := g.readFolios(ctx, s); err != nil {
		return err
	}
	if err := g.readPosts(ctx, s); err != nil {
		return err
	}
	g.arrange()
	g.read = head
	return nil
}

// A folioEnd is a folio with the last event that it holds.
type folioEnd struct {
	no   uint32
	last timeline.Ref
}

// readFolios reads the folios that have grown, several at a time.
func (g *Register) readFolios(ctx context.Context, s Source) error {
	var grown []folioEnd
	err := s.FolioEnds(ctx, func(no uint32, last timeline.Ref) {
		if g.folios[no].last < last {
			grown = append(grown, folioEnd{no, last})
		}
	})
	if err != nil {
		return err
	}
	folios, errs := make([]registerFolio, len(grown)), make([]error, len(grown))
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

// parallel calls do with each number below n, in as many goroutines as there are
// processors.
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

// readPosts reads the posts that have grown.
func (g *Register) readPosts(ctx context.Context, s Source) error {
	var grown []timeline.Number
	err := s.PostSizes(ctx, func(no timeline.Number, size int) {
		if int(no) >= len(g.posts) || g.posts[no] == nil || g.posts[no].size < size {
			grown = append(grown, no)
		}
	})
	// One by one, unless many have grown: then all from the first to the last are read.
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

// readPost takes the terms of a post from its facts.
func (g *Register) readPost(no timeline.Number, name string, facts []byte) error {
	developments, err := timeline.Developments(facts)
	if err != nil {
		return err
	}
	if n := int(no) + 1; n > len(g.posts) {
		g.posts = append(g.posts, make([]*registerPost, n-len(g.posts))...)
	}
	p := g.posts[no]
	if p == nil {
		p = &registerPost{no: no, name: name}
		g.posts[no] = p
		g.byName = append(g.byName, p)
	}
	p.size, p.terms = len(facts), knownTermsOf(developments)
	return nil
}

// arrange gives the posts their records, and sorts the posts by name.
func (g *Register) arrange() {
	slices.SortFunc(g.byName, func(a, b *registerPost) int { return strings.Compare(a.name, b.name) })
	for _, p := range g.byName {
		p.records = p.records[:0]
	}
	for _, no := range slices.Sorted(maps.Keys(g.folios)) {
		records := g.folios[no].records
		for i := range records {
			if r := &records[i]; int(r.post) < len(g.posts) && g.posts[r.post] != nil {
				p := g.posts[r.post]
				p.records = append(p.records, r)
			}
		}
	}
}
