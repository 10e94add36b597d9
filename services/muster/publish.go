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
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

const (
	bodyEvents = 1000    // lines a request
	bodyBytes  = 4 << 20 // and bytes
	patience   = 2 * time.Minute
)

func publishCommand() *cobra.Command {
	p := publisher{}
	var receipts string
	cmd := &cobra.Command{
		Use:   "publish FILE...",
		Short: "Submit events from NDJSON files, one CloudEvent a line (- is standard input)",
		Long: `Submit events from NDJSON files, one CloudEvent a line (- is standard input).

Exit code 1 if anything was rejected; the receipts say what and why. A file may
be published again at any time: what is in the log already is answered
duplicate. Without --import the attribute recordedtime is left out, and the log
takes its own time.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			out := io.Discard
			if receipts != "" {
				f, err := os.Create(receipts)
				if err != nil {
					return err
				}
				defer f.Close()
				out = f
			}
			p.receipts = bufio.NewWriter(out)
			p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(cmd.ErrOrStderr()),
				progressbar.OptionShowBytes(true), progressbar.OptionThrottle(200*time.Millisecond),
				progressbar.OptionSetDescription("publish"), progressbar.OptionClearOnFinish())
			for _, name := range files {
				if err := p.file(cmd.Context(), name); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			_ = p.bar.Finish()
			if err := p.receipts.Flush(); err != nil {
				return err
			}
			return p.summary(cmd.OutOrStdout(), receipts)
		},
	}
	p.client.flags(cmd.Flags())
	cmd.Flags().StringVar(&receipts, "receipts", "", "write each receipt to this file, a line each, in the order of the events")
	cmd.Flags().BoolVar(&p.imported, "import", false, "bring in history: recordedtime of each event becomes its recorded time (operator's right, before the first live event)")
	return cmd
}

// A publisher sends files and counts what became of them.
type publisher struct {
	client   client
	imported bool
	receipts *bufio.Writer
	bar      *progressbar.ProgressBar
	count    map[events.Status]int
	codes    map[events.Code]int
	examples []events.Receipt // the first few rejected
	last     log.Position     // the furthest that anything went
}

func (p *publisher) file(ctx context.Context, name string) error {
	in := os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	var body bytes.Buffer
	n := 0
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		end := err != nil
		_ = p.bar.Add(len(line))
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if !p.imported {
				line = withoutRecordedTime(line)
			}
			body.Write(line)
			body.WriteByte('\n')
			n++
		}
		if n == bodyEvents || body.Len() >= bodyBytes || end && n > 0 {
			if err := p.send(ctx, body.Bytes(), n); err != nil {
				return fmt.Errorf("lines up to %d: %w", number, err)
			}
			body.Reset()
			n = 0
		}
		if end {
			return nil
		}
	}
}

// withoutRecordedTime drops the attribute that only an import may bring. A
// line that is not a JSON object is left to the instance to refuse.
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

// send submits one body of n events. When the instance is busy or away it is
// sent again: what was taken the first time comes back as duplicate.
func (p *publisher) send(ctx context.Context, body []byte, n int) error {
	header := http.Header{"Content-Type": {"application/x-ndjson"}}
	if p.imported {
		header.Set("Muster-Import", "true")
	}
	start := time.Now()
	for {
		receipts, err := p.post(ctx, header, body)
		if err == nil && len(receipts) != n {
			return fmt.Errorf("%d receipts came back for %d events", len(receipts), n)
		}
		if err == nil {
			return p.note(receipts)
		}
		var status *statusError
		wait := time.Second
		if errors.As(err, &status) {
			if status.code != http.StatusTooManyRequests && status.code != http.StatusServiceUnavailable {
				return err
			}
			if s, bad := strconv.Atoi(status.retryAfter); bad == nil {
				wait = time.Duration(s) * time.Second
			}
		}
		if ctx.Err() != nil || time.Since(start) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (p *publisher) post(ctx context.Context, header http.Header, body []byte) ([]events.Receipt, error) {
	resp, err := p.client.do(ctx, http.MethodPost, "/v1/events", nil, header, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Receipts []events.Receipt `json:"receipts"`
	}
	if err := json.UnmarshalRead(resp.Body, &answer); err != nil {
		return nil, fmt.Errorf("read the receipts: %w", err)
	}
	return answer.Receipts, nil
}

func (p *publisher) note(receipts []events.Receipt) error {
	if p.count == nil {
		p.count, p.codes = map[events.Status]int{}, map[events.Code]int{}
	}
	for _, r := range receipts {
		p.count[r.Status]++
		if r.Position.Compare(p.last) > 0 {
			p.last = r.Position
		}
		if r.Status == events.Rejected {
			for _, reason := range r.Reasons {
				p.codes[reason.Code]++
			}
			if len(p.examples) < 5 {
				p.examples = append(p.examples, r)
			}
		}
		line, err := json.Marshal(&r)
		if err != nil {
			return err
		}
		if _, err := p.receipts.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (p *publisher) summary(w io.Writer, receipts string) error {
	fmt.Fprintf(w, "accepted %d  duplicate %d  rejected %d\n", p.count[events.Accepted], p.count[events.Duplicate], p.count[events.Rejected])
	if !p.last.IsZero() {
		fmt.Fprintf(w, "last position %s: query --at-least %s waits for it\n", p.last, p.last)
	}
	if p.count[events.Rejected] == 0 {
		return nil
	}
	for _, code := range slices.Sorted(maps.Keys(p.codes)) {
		fmt.Fprintf(w, "  %-20s %d\n", code, p.codes[code])
	}
	for _, r := range p.examples {
		fmt.Fprintf(w, "%s: %s\n", orElse(r.ID, "(no id)"), r.Reasons.Error())
	}
	if receipts == "" && p.count[events.Rejected] > len(p.examples) {
		fmt.Fprintln(w, "--receipts FILE keeps them all")
	}
	return errSilent
}

func orElse(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}
