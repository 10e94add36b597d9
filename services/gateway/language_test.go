package gateway

import (
	"strings"
	"testing"
	"unicode"

	"github.com/muster-works/muster/events"
)

// speaks fails the test unless every sentence of an answer is in the language, and in
// that language alone.
func speaks(t *testing.T, name string, got reply, l events.Language) {
	t.Helper()
	sentences := []string{got.Detail}
	for _, r := range got.Receipts {
		for _, reason := range r.Reasons {
			sentences = append(sentences, reason.Detail)
			if reason.DetailZH != "" {
				t.Errorf("%s: the answer has a second sentence: %+v", name, reason)
			}
		}
	}
	for _, s := range sentences {
		isChinese := strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		if s != "" && isChinese != (l == events.Chinese) {
			t.Errorf("%s: wants %s, and says %q", name, l, s)
		}
	}
}

// faulty is a body whose events are refused by the contract, by the rights, and by the
// service.
func faulty(t *testing.T) string {
	t.Helper()
	return "[" + strings.Join([]string{
		strings.Replace(raw(t, hire(1)), `"hire.placed"`, `"hire.opened"`, 1),
		strings.Replace(raw(t, hire(2)), `370211102231`, `370299102231`, 1),
		`{"specversion":"1.0","type":"event.withdrawn","id":"w-1","source":"/agency/370211-rsj","division":"370211102231","data":{"type":"hire.placed","id":"h-never","reason":"x"}}`,
	}, ",") + "]"
}

// Goal: an answer speaks the language of the asker over HTTP: receipts of a batch and of
// a stream, and what is said of a whole body.
func TestLanguageOverHTTP(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	body := faulty(t)
	stream := strings.ReplaceAll(strings.Trim(body, "[]"), `},{"specversion`, "}\n"+`{"specversion`)
	for _, c := range []struct {
		name, contentType, body string
		receipts                int
	}{
		{"a batch", "application/json", body, 3},
		{"a stream", "application/x-ndjson", stream, 3},
		{"no JSON", "application/json", "{", 1},
		{"another type", "text/plain", body, 0},
	} {
		for header, l := range map[string]events.Language{"": events.English, "zh-CN,zh;q=0.9,en;q=0.8": events.Chinese, "en;q=0.9,zh;q=0.1": events.English} {
			got := post(t, url, c.contentType, strings.NewReader(c.body), "Accept-Language", header)
			if len(got.Receipts) != c.receipts || got.header.Get("Content-Language") != string(l) {
				t.Errorf("%s: %d receipts in %q: %s", c.name, len(got.Receipts), got.header.Get("Content-Language"), got.text)
			}
			for _, r := range got.Receipts {
				if len(r.Reasons) == 0 {
					t.Errorf("%s: %+v is not refused", c.name, r)
				}
			}
			speaks(t, c.name, got, l)
		}
	}
}

// Goal: a header of a NATS message means what it means over HTTP.
func TestLanguageOverNATS(t *testing.T) {
	b := newFixture(t)
	nc := natsServer(t)
	listen(t, b, nc)
	for _, body := range []string{faulty(t), "{"} {
		for header, l := range map[string]events.Language{"en": events.English, "zh": events.Chinese} {
			for _, name := range []string{"Accept-Language", "accept-language"} {
				got, _ := request(t, nc, "muster.submit.local", body, name, header)
				if len(got.Receipts) == 0 {
					t.Errorf("%s: no receipts: %s", body, got.Detail)
				}
				speaks(t, name, got, l)
			}
		}
		got, _ := request(t, nc, "muster.submit.local", body)
		speaks(t, "no header", got, events.English)
	}
}
