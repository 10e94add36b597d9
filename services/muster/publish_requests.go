package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/sheets"
	"github.com/schollz/progressbar/v3"
)

const (
	requestEvents = 1000    // largest number of events in a request
	requestBytes  = 4 << 20 // and of bytes
	// Each request of a dry run is decided without the events of the others, so that a
	// request is as large as the instance takes.
	dryRunEvents = 10_000
	dryRunBytes  = 15 << 20
	retryTimeout = 2 * time.Minute
)

// A publisher submits files and counts what became of their events.
type publisher struct {
	client   client
	imported bool
	recorded time.Time // recorded time of the rows of an import
	dry      bool
	sheet    sheets.Options
	receipts *bufio.Writer
	bar      *progressbar.ProgressBar

	body     bytes.Buffer
	events   int            // number of events in the body
	pending  []pendingEvent // in order: the events in the body, and rows that gave no event
	requests int            // number of requests sent

	count    map[events.Status]int
	codes    map[events.Code]int
	examples []string     // descriptions of the first few rejections
	last     log.Position // the largest position in a receipt
}

// A pendingEvent is an event that has no receipt yet. Its entry is nil for a line of
// NDJSON.
type pendingEvent struct {
	file  string
	entry *sheets.Result
}

// add puts one event into the body, and sends the body before that if it is full. raw
// is nil for rows that gave no event.
func (p *publisher) add(ctx context.Context, raw []byte, of pendingEvent) error {
	most, bytes := requestEvents, requestBytes
	if p.dry {
		most, bytes = dryRunEvents, dryRunBytes
	}
	if len(p.pending) >= most || p.body.Len()+len(raw) >= bytes {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	p.pending = append(p.pending, of)
	if raw != nil {
		p.body.Write(raw)
		p.body.WriteByte('\n')
		p.events++
	}
	return nil
}

// flush sends the body and records the receipts.
func (p *publisher) flush(ctx context.Context) error {
	var got []events.Receipt
	if p.events > 0 {
		var err error
		if got, err = p.send(ctx); err != nil {
			return err
		}
		p.requests++
	}
	for _, w := range p.pending {
		receipt := rowReceipt{}
		if w.entry == nil || w.entry.Event != nil {
			receipt.Receipt, got = got[0], got[1:]
		}
		if err := p.recordReceipt(w, receipt); err != nil {
			return err
		}
	}
	p.body.Reset()
	p.pending, p.events = p.pending[:0], 0
	return p.sheet.IDs.Flush()
}

// send submits the body. If the instance is busy or away, send submits it again: events
// that were taken the first time are answered as duplicates.
func (p *publisher) send(ctx context.Context) ([]events.Receipt, error) {
	header := http.Header{"Content-Type": {"application/x-ndjson"}}
	if p.imported {
		header.Set(gateway.ImportHeader, "true")
	}
	if p.dry {
		header.Set(gateway.DryRunHeader, "true")
	}
	start := time.Now()
	for {
		receipts, err := p.post(ctx, header)
		if err == nil && len(receipts) != p.events {
			return nil, fmt.Errorf("%d receipts came back for %d events", len(receipts), p.events)
		}
		if err == nil {
			return receipts, nil
		}
		var status *statusError
		wait := time.Second
		if errors.As(err, &status) {
			if status.code != http.StatusTooManyRequests && status.code != http.StatusServiceUnavailable {
				return nil, err
			}
			if s, bad := strconv.Atoi(status.retryAfter); bad == nil {
				wait = time.Duration(s) * time.Second
			}
		}
		if ctx.Err() != nil || time.Since(start) > retryTimeout {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// post submits the body once.
func (p *publisher) post(ctx context.Context, header http.Header) ([]events.Receipt, error) {
	resp, err := p.client.do(ctx, http.MethodPost, "/v1/events", nil, header, bytes.NewReader(p.body.Bytes()))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if p.dry && resp.Header.Get(gateway.DryRunHeader) != "true" {
		return nil, errors.New("the instance knows no dry runs, and may have taken the events")
	}
	var answer struct {
		Receipts []events.Receipt `json:"receipts"`
		Problem  *struct {
			Status int    `json:"status"`
			Detail string `json:"detail"`
		} `json:"problem"`
	}
	if err := json.UnmarshalRead(resp.Body, &answer); err != nil {
		return nil, fmt.Errorf("read the receipts: %w", err)
	}
	if answer.Problem != nil {
		return nil, &statusError{answer.Problem.Status, "1", answer.Problem.Detail}
	}
	return answer.Receipts, nil
}

// A rowReceipt is a receipt together with its place in a spreadsheet.
type rowReceipt struct {
	File  string `json:"file,omitzero"`
	Sheet string `json:"sheet,omitzero"`
	Rows  []int  `json:"rows,omitempty"`
	events.Receipt
	Problems []sheets.Problem `json:"reasons,omitempty"` // replaces the reasons of the receipt
}

// recordReceipt writes a receipt to the file of receipts, counts it, and remembers the
// id of an event that is in the log.
func (p *publisher) recordReceipt(of pendingEvent, r rowReceipt) error {
	if e := of.entry; e != nil {
		r.File, r.Sheet, r.Rows = filepath.Base(of.file), e.Sheet, e.Rows
		if e.Event == nil {
			r.Status, r.Source, r.Problems = events.Rejected, p.sheet.Source, e.Problems
		} else {
			r.Problems = e.Locate(r.Reasons)
		}
		if r.Status != events.Rejected && !p.dry {
			if err := p.sheet.IDs.Put(e.Record); err != nil {
				return fmt.Errorf("--ids: %w", err)
			}
		}
	} else {
		for _, reason := range r.Reasons {
			r.Problems = append(r.Problems, sheets.Problem{Reason: reason})
		}
	}
	for i := range r.Problems {
		r.Problems[i].Reason = r.Problems[i].In(events.Language(p.client.lang))
	}
	r.Reasons = nil
	p.tally(r)
	line, err := json.Marshal(&r)
	if err != nil {
		return err
	}
	_, err = p.receipts.Write(append(line, '\n'))
	return err
}

// tally counts a receipt for the summary.
func (p *publisher) tally(r rowReceipt) {
	if p.count == nil {
		p.count, p.codes = map[events.Status]int{}, map[events.Code]int{}
	}
	p.count[r.Status]++
	if r.Position.Compare(p.last) > 0 {
		p.last = r.Position
	}
	if r.Status != events.Rejected {
		return
	}
	for _, problem := range r.Problems {
		p.codes[problem.Code]++
	}
	if len(p.examples) < 5 && len(r.Problems) > 0 {
		reason := r.Problems[0].Reason
		if r.Problems[0].Column != "" {
			reason.Field = "" // the column names the place already
		}
		p.examples = append(p.examples, r.location().In(events.Language(p.client.lang))+": "+events.Reasons{reason}.Error())
	}
}

// location names the place of a refused event in its file.
func (r *rowReceipt) location() events.Sentence {
	if r.File == "" {
		id := orElse(r.ID, "")
		if id == "" {
			return events.Say("(no id)", "（无编号）")
		}
		return events.Say(id, id)
	}
	file := r.File
	if r.Sheet != "" {
		file += " " + r.Sheet
	}
	switch first := r.Problems[0]; {
	case first.Row > 0 && first.Column != "":
		return events.Say("%s row %d column %s", "%s 第%d行 “%s”列", file, first.Row, first.Column)
	case first.Row > 0:
		return events.Say("%s row %d", "%s 第%d行", file, first.Row)
	case len(r.Rows) > 0:
		return events.Say("%s rows %d to %d", "%s 第%d至%d行", file, r.Rows[0], r.Rows[len(r.Rows)-1])
	}
	return events.Say(file, file)
}

// summary prints the counts and the first few rejections. It returns errSilent if
// anything was rejected.
func (p *publisher) summary(w io.Writer, receipts string) error {
	if p.dry {
		fmt.Fprint(w, "dry run, nothing was written: ")
	}
	fmt.Fprintf(w, "accepted %d  duplicate %d  rejected %d\n", p.count[events.Accepted], p.count[events.Duplicate], p.count[events.Rejected])
	if p.dry && p.requests > 1 {
		fmt.Fprintf(w, "it was tried in %d parts, of which each saw its own events alone: what relies on an earlier part is refused\n", p.requests)
	}
	if !p.last.IsZero() && !p.dry {
		fmt.Fprintf(w, "last position %s: query --at-least %s waits for it\n", p.last, p.last)
	}
	if p.count[events.Rejected] == 0 {
		return nil
	}
	for _, code := range slices.Sorted(maps.Keys(p.codes)) {
		fmt.Fprintf(w, "  %-20s %d\n", code, p.codes[code])
	}
	for _, example := range p.examples {
		fmt.Fprintln(w, example)
	}
	if receipts == "" && p.count[events.Rejected] > len(p.examples) {
		fmt.Fprintln(w, "--receipts FILE keeps them all")
	}
	return errSilent
}

// orElse returns s, or otherwise if s is blank.
func orElse(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}

// requestLine returns a line of a file as it is submitted, empty if the line is blank.
func requestLine(line []byte, imported bool) []byte {
	line = bytes.TrimSpace(line)
	if len(line) > 0 && !imported {
		line = withoutRecordedTime(line)
	}
	return line
}

// withoutRecordedTime removes the attribute recordedtime, which only an import may
// bring. A line that is not a JSON object is returned as it is, for the instance to
// refuse.
func withoutRecordedTime(line []byte) []byte {
	if !bytes.Contains(line, []byte(`"recordedtime"`)) {
		return line
	}
	all, err := readMembers(jsontext.NewDecoder(bytes.NewReader(line)))
	if err != nil {
		return line
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, m := range all {
		if m.name == "recordedtime" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, err := jsontext.AppendQuote(nil, m.name)
		if err != nil {
			return line
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
