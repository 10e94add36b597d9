package question

import (
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Page says which part of a list to show: Limit items from number Skip on.
type Page struct {
	Skip, Limit int
	first       *anchor // nil on the first page
}

// An anchor is what the first page was asked at. Cursors hold it, so that all pages are
// parts of one list, whatever is written meanwhile.
type anchor struct {
	known uint64
	asOf  civil.Date
}

// Paged is what the answer says of a list shown in pages.
type Paged struct {
	Total int    `json:"total"`         // of all pages
	Next  string `json:"next,omitzero"` // cursor of the next page
}

// NextPage returns the cursor of the next page, empty on the last one.
func (p *Paged) NextPage() string { return p.Next }

// Shows reports whether item i of the list is on the page.
func (p *Page) Shows(i int) bool { return p.Skip <= i && i < p.Skip+p.Limit }

// Cut returns the items of a list that are on a page.
func Cut[T any](p Page, list []T) []T {
	list = list[min(p.Skip, len(list)):]
	return list[:min(p.Limit, len(list))]
}

// readPage reads the parameters limit and cursor.
func (r *Request) readPage(limit Parameter) (p Page, err error) {
	p.Limit = limit.Default
	if s := r.params.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > limit.Most {
			return p, InvalidParameter("limit", events.Say("want a number from 1 to %d", "须为1至%d的数", limit.Most))
		}
		p.Limit = n
	}
	if s := r.params.Get("cursor"); s != "" {
		p.first, p.Skip, err = parseCursor(s)
	}
	return p, err
}

// A cursor is three numbers in base 36: the ordinal and the business date of the
// anchor, and how many items the pages before have shown.
const cursorBase = 36

func parseCursor(s string) (*anchor, int, error) {
	var numbers [3]uint64
	parts := strings.Split(s, ".")
	for i, part := range parts {
		n, err := strconv.ParseUint(part, cursorBase, 40)
		if err != nil || len(parts) != len(numbers) {
			return nil, 0, errCursor
		}
		numbers[i] = n
	}
	return &anchor{numbers[0], civil.Date(numbers[1])}, int(numbers[2]), nil
}

var errCursor = InvalidParameter("cursor", events.Say(
	"want the value of next in the answer before, with the other parameters as they were",
	"须为上一页结果中next的值，其他参数保持不变"))

// turnPage goes back to what the first page was asked at.
func (r *Request) turnPage() error {
	first := r.Page.first
	if first == nil {
		return nil
	}
	if first.known > r.Head.Ord || r.params.Get("as_of") != "" && r.AsOf != first.asOf {
		return errCursor
	}
	r.AsOf = first.asOf
	if first.known == r.Known {
		return nil
	}
	c, err := r.Model.Commit(r.ctx, first.known)
	if err != nil {
		return errCursor
	}
	r.setCommit(c)
	if r.Clipped || r.params.Get("known_at") == "" {
		r.KnownAt = c.Recorded
	}
	return nil
}

// Paged says what part of a list of total items the page shows.
func (r *Request) Paged(shown, total int) Paged {
	return Paged{Total: total, Next: r.Next(shown, total)}
}

// Next returns the cursor of the page behind one that shows some items of a list of
// total items, empty if there is none.
func (r *Request) Next(shown, total int) string {
	end := r.Page.Skip + shown
	if end >= total {
		return ""
	}
	s := func(n uint64) string { return strconv.FormatUint(n, cursorBase) }
	return s(r.Known) + "." + s(uint64(r.AsOf)) + "." + s(uint64(end))
}
