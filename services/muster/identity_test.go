package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/idnumber"
	"github.com/nats-io/nats.go"
)

// A somebody is a person with all data that must not be seen.
type somebody struct{ number, name, phone, household, account string }

func person(i int) somebody {
	digits := fmt.Sprintf("370211196501%02d%03d", i%28+1, 100+i)
	return somebody{
		number: digits + string(idnumber.Check(digits)), name: fmt.Sprintf("欧阳秘%c", '一'+rune(i)), phone: fmt.Sprintf("1391731%04d", i),
		household: fmt.Sprintf("HH-秘-%04d", i), account: fmt.Sprintf("62220216020%08d", 77000000+i),
	}
}

func (p somebody) secrets() []string {
	return []string{p.number[:17], p.name, p.phone, p.household, p.account}
}

// identity is the JSON of an identity.
func (p somebody) identity() string {
	return fmt.Sprintf(`{"id_number":%q,"name":%q,"phone":%q,"household":%q}`, p.number, p.name, p.phone, p.household)
}

const aPost = "370211102231-001"

func said(id, kind, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/agency/370211-rsj","type":%q,"division":"370211102231","data":{%s}}`, id, kind, data)
}

func hired(id, who string) string {
	return said(id, "hire.placed", `"post":"`+aPost+`","from":"2022-05-01","until":"2025-05-01","group":"older","identity":`+who+
		`,"review":{"on":"2022-04-20"},"publicity":{"from":"2022-04-21","until":"2022-04-24"},"agreement":{"number":"A","signed":"2022-04-28","until":"2025-05-01"}`)
}

// body returns lines for one entry: a whole working life, and every way to put an
// identity where none belongs.
func (p somebody) body(entry string) []string {
	short := fmt.Sprintf(`"identity":{"id_number":%q}`, p.number)
	id := func(s string) string { return s + "-" + entry }
	hire := hired(id("h"), p.identity())
	wrong := p.number[:17] + string('0'+(p.number[16]-'0'+1)%10) // a number close to a valid one
	return []string{
		said(id("t"), "training.completed", `"identity":`+p.identity()+`,"course":"岗前培训","hours":8,"on":"2022-04-20","pre_service":true`),
		hire,
		said(id("a"), "attendance.reported", fmt.Sprintf(`"post":%q,"month":"2022-05","recorder":"clerk","lines":[{"id_number":%q,"marks":".PPPPP"}]`, aPost, p.number)),
		said(id("c"), "account.assigned", short+fmt.Sprintf(`,"bank":"102","from":"2022-05-01","number":%q`, p.account)),
		said(id("i"), "payment.instructed", fmt.Sprintf(`"run":%q,"month":"2022-05","fund":"370211-2022","lines":[{"line":"1","id_number":%q,"post":%q,"month":"2022-05","kind":"allowance","amount":60000}]`, id("R"), p.number, aPost)),
		said(id("s"), "payment.settled", fmt.Sprintf(`"run":%q,"paid_on":"2022-06-14","lines":[{"line":"1","number":%q}]`, id("R"), p.account)),
		said(id("r"), "registry.reported", fmt.Sprintf(`"registry":"insurance","lines":[{"id_number":%q,"from":"2022-06-01","detail":"养老保险"}]`, p.number)),
		// Refused by the services.
		hired(id("again"), p.identity()),
		strings.Replace(hired(id("nopost"), p.identity()), aPost, "no-such-post", 1),
		said(id("x"), "exit.recorded", short+`,"post":"`+aPost+`","on":"2022-06-15","kind":"natural","code":"Z9"`),
		// Refused by the gateway.
		said(p.number, "exit.recorded", short+`,"post":"`+aPost+`","on":"2022-06-15","kind":"natural","code":"N1"`),
		said(id("n"), "exit.recorded", short+`,"post":"`+aPost+`","on":"2022-06-15","kind":"natural","code":"N1","note":"see `+p.number+`"`),
		said(id("e"), "exit.recorded", short+`,"post":"`+aPost+`","on":"2022-06-15","kind":"natural","code":"N1","note":"\u0033`+p.number[1:]+`"`),
		said(id("p"), "post.developed", fmt.Sprintf(`"post":%q,"category":"public_service","area":"rural","seats":1,"from":"2022-04-01"`, p.number)),
		strings.Replace(hire, `"division"`, fmt.Sprintf(`"subject":%q,"division"`, p.number), 1),
		strings.Replace(hire, `/agency/370211-rsj`, `/agency/`+p.number, 1),
		strings.Replace(hire, `"2022-05-01"`, fmt.Sprintf("%q", p.number), 1),
		strings.Replace(hire, `hire.placed`, `hire.`+p.number, 1),
		strings.Replace(hire, `"older"`, fmt.Sprintf("%q", p.number), 1),
		strings.Replace(hire, `"specversion"`, fmt.Sprintf(`"x%s":%q,"specversion"`, p.number, p.phone), 1),
		strings.Replace(hire, `"post"`, fmt.Sprintf(`%q:%q,"post"`, p.number, p.name), 1),
		strings.Replace(hire, `"370211102231"`, fmt.Sprintf("%q", p.number), 1),
		strings.ReplaceAll(strings.Replace(hire, id("h"), id("wrong"), 1), p.number, wrong),
		strings.Replace(hire, fmt.Sprintf("%q", p.phone), p.phone+`x`, 1),
		hire[:strings.Index(hire, p.household)],
	}
}

// Goal: no identity stands in clear in the log, the vault, the read model, any other
// file, the output of the process, an answer, a receipt or an error. Method: people
// with names, numbers and phones of their own are submitted at every entry, validly and
// not. Then everything that can be read is searched.
func TestNoIdentityInClear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	i := up(t, data)
	found := map[string][]byte{} // answers, by the way they were asked for
	note := func(where string, text []byte) { found[where] = append(append(found[where], '\n'), text...) }
	accepted := 0
	count := func(text []byte) { accepted += bytes.Count(text, []byte(`"accepted"`)) }
	send := func(where, method, path, contentType, body string) []byte {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, i.HTTP+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		note(where, text)
		for name, values := range resp.Header {
			note(where, []byte(name+": "+strings.Join(values, " ")))
		}
		return text
	}
	send("post", http.MethodPost, "/v1/events", "application/x-ndjson", strings.Join([]string{
		said("p", "post.developed", `"post":"`+aPost+`","category":"public_service","area":"rural","seats":40,"from":"2022-04-01","standard":60000,"required_days":20,"fund":"370211-2022"`),
		said("f", "fund.allocated", `"fund":"370211-2022","division":"370211000000","year":2022,"amount":100000000`),
	}, "\n"))

	var people []somebody
	next := func() somebody { people = append(people, person(len(people))); return people[len(people)-1] }
	count(send("NDJSON", http.MethodPost, "/v1/events", "application/x-ndjson", strings.Join(next().body("ndjson"), "\n")))
	for _, line := range next().body("single") {
		count(send("single", http.MethodPost, "/v1/events", "application/cloudevents+json", line))
	}
	batch := next().body("batch")
	count(send("batch", http.MethodPost, "/v1/events", "application/cloudevents-batch+json", "["+strings.Join(batch[:len(batch)-2], ",")+"]"))
	send("broken batch", http.MethodPost, "/v1/events", "application/cloudevents-batch+json", "["+strings.Join(next().body("broken"), ","))
	send("text", http.MethodPost, "/v1/events", "text/plain", next().body("text")[1])
	send("too large", http.MethodPost, "/v1/events", "application/json", strings.Replace(next().body("large")[1], `"data"`, strings.Repeat(" ", 2<<20)+`"data"`, 1))

	nc, err := nats.Connect(i.NATS)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, body := range append(next().body("nats"), next().number, "["+strings.Join(next().body("natsbatch")[:20], ",")+"]") {
		m, err := nc.Request("muster.submit.local", []byte(body), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		count(m.Data)
		note("NATS", m.Data)
		note("NATS", fmt.Append(nil, m.Header))
	}
	for _, subject := range []string{"$SRV.INFO", "$SRV.PING"} {
		if m, err := nc.Request(subject, nil, time.Second); err == nil {
			note(subject, m.Data)
		}
	}

	file, receipts := filepath.Join(dir, "events.ndjson"), filepath.Join(dir, "receipts.ndjson")
	if err := os.WriteFile(file, []byte(strings.Join(next().body("file"), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := func(args ...string) string {
		t.Helper()
		var all bytes.Buffer
		c := command(context.Background(), args...)
		c.Stdout, c.Stderr = &all, &all
		_ = c.Run()
		note(strings.Join(args[:2], " "), all.Bytes())
		return all.String()
	}
	cmd("publish", file, "--to", i.HTTP, "--receipts", receipts)
	text, err := os.ReadFile(receipts)
	if err != nil {
		t.Fatal(err)
	}
	note("receipts", text)
	count(text)

	// The same person in a spreadsheet, with a wrong cell of every kind.
	q, r := next(), next()
	sheet := filepath.Join(dir, "hire.csv")
	if err := os.WriteFile(sheet, []byte(strings.Join([]string{
		"post,identity.id_number,name,phone,household,from,until,group,publicity.from,publicity.until,agreement.number,agreement.signed,agreement.until,review.on",
		aPost + "," + q.number + "," + q.name + "," + q.phone + "," + q.household + ",2022-05-01,2025-05-01,older,2022-04-21,2022-04-24,A-1,2022-04-28,2025-05-01,2022-04-20",
		q.number + "," + r.number + "," + q.name + ",,,2022-05-01,2025-05-01,older,,,,",
		aPost + "," + r.name + "," + r.phone + ",,,2022-05-01,2025-05-01,older,,,,",
		aPost + "," + r.number[:17] + "?," + r.phone + ",,," + r.number + ",2025-05-01," + r.name + ",,,,",
		aPost + "," + r.number + ",,,,2022-05-01,2025-05-01,older,,,,,,,," + r.number,
	}, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	ids := filepath.Join(dir, "ids")
	cmd("publish", sheet, "--to", i.HTTP, "--receipts", receipts, "--ids", ids, "--agency", "370211-rsj", "--division", "370211102231")
	for where, name := range map[string]string{"receipts of rows": receipts, "ids of rows": ids} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		note(where, text)
		count(text)
	}
	if want := 6*7 + 1; accepted < want {
		t.Errorf("%d events were accepted, want %d or more: there is not much to be found", accepted, want)
	}

	// Questions of somebody who takes an identity number for an id.
	p := next()
	for _, path := range []string{"/erase", "/reveal"} {
		for _, body := range []string{`{"reason":"` + p.number + `","fields":["name"],"purpose":"` + p.phone + `"}`, `{"` + p.name + `":1}`, p.number} {
			send("persons", http.MethodPost, "/v1/persons/"+p.number+path, "application/json", body)
		}
	}
	for _, q := range []string{"/v1/trail/persons/%s", "/v1/trail/posts/%s", "/v1/trail/agencies/%s", "/v1/headcount?division=%s", "/v1/headcount?as_of=%s",
		"/v1/headcount?by=%s", "/v1/payroll?month=%s", "/v1/plan?x=%s", "/v1/log/proof?id=%s&type=hire.placed&source=%[1]s", "/%s"} {
		for _, s := range []string{p.number, url.QueryEscape(p.name)} {
			send("questions", http.MethodGet, fmt.Sprintf(q, s), "", "")
		}
	}

	// Search everything that can be read.
	logged := cmd("log", "cat", "--data", data)
	for _, path := range []string{"/v1/headcount?by=division:village,group,sex", "/v1/vacancies", "/v1/plan", "/v1/payroll?month=2022-05", "/v1/funds", "/v1/findings",
		"/v1/trail/posts/" + aPost, "/v1/trail/agencies/local", "/v1/projections", "/metrics", "/openapi.json", "/asyncapi.json", "/healthz", "/readyz"} {
		send(path, http.MethodGet, path, "", "")
		for _, accept := range []string{"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"} {
			exported := export(t, i.HTTP+path, accept)
			note(path+" as "+accept, exported)
		}
	}
	for _, view := range []string{"headcount", "vacancies", "payroll", "findings", "funds"} {
		cmd("query", view, "--month", "2022-05", "--to", i.HTTP, "--format", "csv")
	}
	seen := 0
	for line := range strings.Lines(logged) {
		if _, rest, ok := strings.Cut(line, `"data":{"person":"`); ok {
			seen++
			send("trail", http.MethodGet, "/v1/trail/persons/"+rest[:36], "", "")
			send("refused", http.MethodPost, "/v1/persons/"+rest[:36]+"/reveal", "application/json", `{"fields":["name"],"purpose":"see `+people[0].number+`"}`)
		}
	}
	if seen < 10 || !bytes.Contains(found["trail"], []byte("hire.placed")) {
		t.Errorf("%d persons in the log:\n%s", seen, found["trail"])
	}
	i.stop(t)
	note("standard output", i.said.Bytes())
	note("standard error", i.problems.Bytes())
	for name, b := range under(t, data) {
		note(strings.TrimPrefix(name, data), b)
	}
	if len(found["/vault/vault.db"]) == 0 || len(found["/log/internal.password"]) == 0 || len(found) < 30 {
		t.Errorf("searched only %d places", len(found))
	}
	for where, text := range found {
		for n, p := range people {
			for _, s := range p.secrets() {
				for _, output := range [][]byte{[]byte(s), []byte(escaped(s))} {
					if at := bytes.Index(text, output); at >= 0 {
						t.Errorf("%s of person %d stands in %s: …%q", s, n, where, text[max(0, at-120):min(len(text), at+60)])
					}
				}
			}
		}
	}
}

// export asks for an answer in another format. It returns the text in a workbook.
func export(t *testing.T, url, accept string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	book, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return text // no workbook
	}
	text = nil
	for _, f := range book.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err := errors.Join(err, part.Close()); err != nil {
			t.Fatal(err)
		}
		text = append(text, b...)
	}
	return text
}

// escaped returns text as some programs escape it in JSON.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
