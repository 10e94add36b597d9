package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/civil"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
	// maxFigures is the limit of figures, and what they are shown by where no
	// limit is given: a row is short, and few answers have more.
	maxFigures = 10_000
)

// A page says which part of a list to show. Its cursor holds what the first
// page was asked at, so that the pages are parts of one list whatever is
// written meanwhile.
type page struct {
	skip, limit int
	of          *anchor // nil on the first page
}

type anchor struct {
	known uint64
	asOf  civil.Date
}

// Paged is what the answer says of a list shown in pages.
type Paged struct {
	Total int    `json:"total"`         // of all pages
	Next  string `json:"next,omitzero"` // cursor of the next page
}

func (p *Paged) next() string { return p.Next }

// shows says whether the i-th item of the list is on the page.
func (p *page) shows(i int) bool { return p.skip <= i && i < p.skip+p.limit }

// cut returns what is on the page of a list of keys, in ascending order, and how
// long the list is. The list is put in another order.
func (p *page) cut(list []uint64) (shown []uint64, total int) {
	total = len(list)
	end := min(p.skip+p.limit, total)
	if end < total/8 { // most of it is not shown, and need not be sorted
		list = lowest(list, end)
	}
	slices.Sort(list)
	return list[min(p.skip, len(list)):min(end, len(list))], total
}

func (q *question) readPage(usual, most int) error {
	q.page.limit = usual
	if s := q.params.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > most {
			return bad("limit", fmt.Sprintf("want a number from 1 to %d", most))
		}
		q.page.limit = n
	}
	s := q.params.Get("cursor")
	if s == "" {
		return nil
	}
	var numbers [3]uint64
	parts := strings.Split(s, ".")
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 36, 40)
		if err != nil || len(parts) != len(numbers) {
			return badCursor
		}
		numbers[i] = n
	}
	q.page.of = &anchor{numbers[0], civil.Date(numbers[1])}
	q.page.skip = int(numbers[2])
	return nil
}

var badCursor = bad("cursor", "want the value of next in the answer before, with the other parameters as they were")

// turn goes back to what the first page was asked at.
func (q *question) turn() error {
	at := q.page.of
	if at == nil {
		return nil
	}
	if at.known > q.meta.Ord || q.params.Get("as_of") != "" && q.AsOf != at.asOf {
		return badCursor
	}
	q.AsOf = at.asOf
	if at.known == q.known {
		return nil
	}
	c, err := q.model.Commit(q.ctx, at.known)
	if err != nil {
		return badCursor
	}
	q.knows(c)
	if q.Clipped || q.params.Get("known_at") == "" {
		q.KnownAt = c.Recorded
	}
	return nil
}

// paged says which part of a list of total items was shown.
func (q *question) paged(shown, total int) Paged {
	p := Paged{Total: total}
	if end := q.page.skip + shown; end < total {
		s := func(n uint64) string { return strconv.FormatUint(n, 36) }
		p.Next = s(q.known) + "." + s(uint64(q.AsOf)) + "." + s(uint64(end))
	}
	return p
}
