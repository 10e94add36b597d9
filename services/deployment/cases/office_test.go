package cases

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/deployment"
)

// An agency is one of those that report in the scenarios. All may import, record and
// reveal; the rights say what they may do beyond that.
type agency struct {
	name     string // in the access file, and in the source of its events
	division string // the prefix of the divisions that it answers for
	rights   []string
}

// agencies lists the agencies by the names that the scenarios call them by.
var agencies = map[string]agency{
	"黄岛区":   {name: "370211-rsj", division: "370211"},
	"崂山区":   {name: "370212-rsj", division: "370212"},
	"青岛市":   {name: "3702-rsj", division: "3702", rights: []string{"oversee"}},
	"山东省":   {name: "37-rst", division: "37", rights: []string{"oversee"}},
	"区稽查队":  {name: "370211-inspect", division: "370211", rights: []string{"inspect"}},
	"市稽查队":  {name: "3702-inspect", division: "3702", rights: []string{"inspect"}},
	"泊里镇":   {name: "370211102-shsw", division: "370211102"},
	"区民政局":  {name: "370211-mzj", division: "370211"},
	"全省资金办": {name: "37-zjb", division: ""},
}

// persons lists the identity numbers of the people that the scenarios call by letters.
// The digits of birth say how old they are: 甲 is born on 1965-01-01, and so on.
var persons = map[string]string{
	"甲": "370211196501010014", "乙": "370212196602030029", "丙": "370211196703040035",
	"己": "370211195706100078", "丁": "370211195706150040", "戊": "370212196801010055",
	// 误 and 正 are one number with two digits in another order; 女 is that of a woman born when 正 was.
	"误": "37021119650110001X", "正": "370211196510010016", "女": "370211196510010024",
}

// reader is the account that asks the questions.
const reader = "case-reader"

// An office is what one scenario talks to: a deployment, and what came back from it.
type office struct {
	dir     string
	http    string
	stop    context.CancelFunc
	ended   chan error
	clock   time.Time // of the last report
	given   int       // number of events that were given an id
	last    []events.Receipt
	head    string            // position of the last event that was accepted
	letters map[string]string // what a scenario calls a person, by pseudonym
	dryRun  bool              // of the next report
	live    bool              // reports are submitted by the agencies themselves, now
}

// newOffice starts a deployment for one scenario.
func newOffice() (*office, error) {
	dir, err := os.MkdirTemp("", "muster-case-")
	if err != nil {
		return nil, err
	}
	o := &office{dir: dir, ended: make(chan error, 1), letters: map[string]string{}}
	access := filepath.Join(dir, "access.json")
	if err := os.WriteFile(access, accessFile(), 0o600); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	o.stop = stop
	ready := make(chan deployment.Addresses, 1)
	c := deployment.Config{Data: filepath.Join(dir, "data"), HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", Log: "mem:", Auth: access, Out: io.Discard}
	go func() { o.ended <- deployment.Up(ctx, c, func(a deployment.Addresses) { ready <- a }) }()
	select {
	case a := <-ready:
		o.http = a.HTTP
		return o, nil
	case err := <-o.ended:
		return nil, fmt.Errorf("the deployment does not start: %w", err)
	}
}

// close stops the deployment.
func (o *office) close() error {
	o.stop()
	err := <-o.ended
	return errors.Join(err, os.RemoveAll(o.dir))
}

// token is the secret of an account of the scenarios.
func token(account string) string { return "secret of " + account }

// accessFile lets the agencies submit, and the reader ask.
func accessFile() []byte {
	tokens := func(account string) []map[string]string {
		sum := sha256.Sum256([]byte(token(account)))
		return []map[string]string{{"sha256": hex.EncodeToString(sum[:])}}
	}
	var entries []map[string]any
	for _, a := range agencies {
		entries = append(entries, map[string]any{"name": a.name, "division": a.division, "tokens": tokens(a.name),
			"rights": append([]string{"record", "import", "reveal"}, a.rights...)})
	}
	raw, err := json.Marshal(map[string]any{"version": 2, "agencies": entries,
		"readers": []any{map[string]any{"name": reader, "division": "", "tokens": tokens(reader), "role": "auditor"}}})
	if err != nil {
		panic(err)
	}
	return raw
}

// submit reports events in one body, on a day. Later reports of a day come a second after
// each other.
func (o *office) submit(by agency, day string, list []map[string]any) error {
	at, err := time.Parse(time.RFC3339, day+"T09:00:00+08:00")
	if err != nil {
		return err
	}
	if next := o.clock.Add(time.Second); at.Before(next) {
		if next.Sub(at) > 12*time.Hour {
			return fmt.Errorf("the report of %s comes after one of %s", day, o.clock.Format(time.DateOnly))
		}
		at = next
	}
	o.clock = at
	for _, e := range list {
		if !o.live {
			e["recordedtime"] = at.Format(time.RFC3339)
		}
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	answer, err := o.send(http.MethodPost, "/v1/events", by.name, body)
	if err != nil {
		return err
	}
	var receipts struct{ Receipts []events.Receipt }
	if err := json.Unmarshal(answer, &receipts); err != nil {
		return err
	}
	o.last = receipts.Receipts
	for _, r := range o.last {
		if r.Status == events.Accepted && !o.dryRun {
			o.head = r.Position.String()
		}
	}
	o.dryRun = false
	return nil
}

// ask asks a question at the head of what was reported, and reads the answer.
func (o *office) ask(path string, parameters url.Values, answer any) error {
	if o.head != "" {
		parameters.Set("at_least", o.head)
	}
	raw, err := o.send(http.MethodGet, path+"?"+parameters.Encode(), reader, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, answer)
}

// send sends a request as an account, and returns the body of the answer.
func (o *office) send(method, path, account string, body []byte) ([]byte, error) {
	r, err := http.NewRequest(method, o.http+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token(account))
	r.Header.Set("Accept-Language", "zh")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if path == "/v1/events" {
		r.Header.Set("Content-Type", "application/cloudevents-batch+json")
		r.Header.Set("Muster-Import", fmt.Sprint(!o.live))
		r.Header.Set("Muster-Dry-Run", fmt.Sprint(o.dryRun))
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, raw)
	}
	return raw, err
}
