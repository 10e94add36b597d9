package question

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
)

// A Request is one request of a question. The Origin is that of the answer: position,
// state and generation are those of the commit that the answer is of.
type Request struct {
	Origin
	Model    *readmodel.Reader
	Head     readmodel.Meta // what the read model shows; later than Known, maybe
	Known    uint64         // ordinal of the last commit that is known
	Division string         // prefix of division codes
	Page     Page

	ctx    context.Context
	zone   *time.Location
	params url.Values
	path   func(string) string
}

// read reads the parameters that have the same meaning in all questions, and takes the
// commit that the answer is of.
func (s *Server) read(r *http.Request, q *Question) (*Request, error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, InvalidParameter("query", events.Say(
			"%s; write what is not a letter or digit as %% and two hexadecimal digits",
			"%s；字母和数字以外的字符请写成%%加两位十六进制数", err.Error()))
	}
	if err := q.check(params); err != nil {
		return nil, err
	}
	a := &Request{ctx: r.Context(), zone: s.Zone, params: params, path: r.PathValue}
	if a.Division, err = division.ParsePrefix(params.Get("division")); err != nil {
		return nil, InvalidParameter("division", events.Say("want a prefix of 2, 4, 6 or 9 digits, or all 12", "须为行政区划代码的前2、4、6或9位，或全部12位"))
	}
	if a.AsOf, err = a.Date("as_of"); err != nil {
		return nil, err
	}
	if _, dated := q.takes("as_of"); dated && a.AsOf == 0 {
		a.AsOf = civil.DateIn(s.Now(), s.Zone)
	}
	limit, _ := q.takes("limit")
	if a.Page, err = a.readPage(limit); err != nil {
		return nil, err
	}
	return a, s.takeCommit(a)
}

// check holds the names of parameters to those that the question takes.
func (q *Question) check(params url.Values) error {
	var names []string
	for _, p := range q.Parameters() {
		names = append(names, p.Name)
	}
	takes := strings.Join(names, ", ")
	for name, values := range params {
		_, taken := q.takes(name)
		switch {
		case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "":
			// The error does not repeat such a name: it may be no text, or name a person.
			return InvalidParameter("query", events.Say("holds the name of no parameter; this question takes %s", "含有不认识的参数名；此查询的参数有%s", takes))
		case !taken:
			return InvalidParameter(name, events.Say("is not a parameter of this question; it takes %s", "不是此查询的参数；参数有%s", takes))
		case len(values) > 1:
			return InvalidParameter(name, events.Say("stands twice", "出现了两次"))
		}
	}
	return nil
}

// takeCommit takes the commit that the answer is of: the head, or the last one known at
// known_at, or that of the first page.
func (s *Server) takeCommit(r *Request) error {
	least, err := r.atLeast()
	if err != nil {
		return err
	}
	if err := s.wait(r, least); err != nil {
		return err
	}
	r.Generation, r.Stopped = r.Head.Generation, r.Head.Stopped
	if r.Stopped == "" && s.Stopped != nil {
		r.Stopped = s.Stopped()
	}
	r.setCommit(r.Head.Commit)
	r.KnownAt = r.Head.Recorded
	if err := s.resolveKnownAt(r); err != nil {
		return err
	}
	return r.turnPage()
}

// DateOf returns the business date of an instant.
func (r *Request) DateOf(t time.Time) civil.Date { return civil.DateIn(t, r.zone) }

// atLeast reads the parameter at_least.
func (r *Request) atLeast() (log.Position, error) {
	s := r.params.Get("at_least")
	if s == "" {
		return log.Position{}, nil
	}
	p, err := log.ParsePosition(s)
	if err != nil {
		return p, InvalidParameter("at_least", events.Say("want a position as a receipt shows it, such as 17-0", "须为回执中的位置，如17-0"))
	}
	return p.Commit(), nil
}

// resolveKnownAt turns known_at into the last commit recorded by then.
func (s *Server) resolveKnownAt(r *Request) error {
	t, given, err := r.Instant("known_at")
	if !given || err != nil {
		return err
	}
	if t.After(r.Head.Recorded) {
		r.Clipped = true
		return nil
	}
	c, err := r.Model.ResolveKnown(r.ctx, t)
	if err != nil {
		return err
	}
	r.setCommit(c)
	r.KnownAt = t
	return nil
}

// Instant reads a parameter that is an instant, or a date, which is its end. given is false
// if the parameter is left out.
func (r *Request) Instant(name string) (t time.Time, given bool, err error) {
	text := r.params.Get(name)
	if text == "" {
		return t, false, nil
	}
	t, err = time.Parse(time.RFC3339, text)
	if d, notADate := civil.ParseDate(text); notADate == nil {
		t, err = (d + 1).Start(r.zone).Add(-time.Nanosecond), nil
	}
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return t, true, InvalidParameter(name, events.Say(
			"want an instant as 2022-06-20T10:00:00+08:00 (write + as %2B in a URL), or a date, which is its end, in the years 1900 to 2199",
			"须为时刻，如2022-06-20T10:00:00+08:00（网址中+写成%2B），或日期（指当天结束），在1900至2199年之间"))
	}
	return t, true, nil
}

// setCommit makes c the commit that the answer is of.
func (r *Request) setCommit(c readmodel.Commit) {
	r.Known, r.Position, r.Recorded, r.State = c.Ord, c.Position, c.Recorded, c.State.String()
	r.SetAside = nil
	for _, s := range r.Head.SetAside {
		if s.Event.Ord() <= c.Ord {
			r.SetAside = append(r.SetAside, s.Position)
		}
	}
}

// Context returns the context of the request.
func (r *Request) Context() context.Context { return r.ctx }

// Get returns a parameter as it was sent, empty if it was left out.
func (r *Request) Get(parameter string) string { return r.params.Get(parameter) }

// PathValue returns what stands in the path for a name, such as id for {id}.
func (r *Request) PathValue(name string) string { return r.path(name) }

// Date reads a parameter that is a date. A date that was left out is 0.
func (r *Request) Date(parameter string) (civil.Date, error) {
	s := r.params.Get(parameter)
	if s == "" {
		return 0, nil
	}
	d, err := civil.ParseDate(s)
	if err != nil {
		return 0, InvalidParameter(parameter, events.Say(
			"want a date that exists, as YYYY-MM-DD, in the years 1900 to 2199", "须为存在的日期，格式为YYYY-MM-DD，在1900至2199年之间"))
	}
	return d, nil
}

// AllSetAside returns the positions of all events that were set aside, later than the
// commit of the answer, too.
func (r *Request) AllSetAside() (all []log.Position) {
	for _, s := range r.Head.SetAside {
		all = append(all, s.Position)
	}
	return all
}

// UseView notes that the answer is made from a view of the read model. It fails with
// readmodel.ErrUnusable if the read model does not have it.
func (r *Request) UseView(view string) error {
	version, ok := r.Head.Views[view]
	if !ok {
		return fmt.Errorf("%w: it has no view %s", readmodel.ErrUnusable, view)
	}
	r.MadeFrom(view, version)
	return nil
}
