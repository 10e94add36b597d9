package events_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// refusedName returns how a submission is refused that names a post, and nil if it is accepted.
func refusedName(t testing.TB, post string) events.Reasons {
	t.Helper()
	e := closing(post)
	raw, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = events.Submission(raw)
	var reasons events.Reasons
	if err != nil && !errors.As(err, &reasons) {
		t.Fatal(err)
	}
	return reasons
}

// closing returns a submission that closes a post.
func closing(post string) *events.Event {
	return &events.Event{ID: "c-1", Source: "/agency/370211-rsj", Type: events.PostClosedType, Division: "370211102231",
		Data: &events.PostClosed{Post: post, On: civil.MustDate("2023-01-01")}}
}

// Goal: names that look alike are one name. Method: the name of a post in the one form that
// is accepted, and in the forms in which spreadsheets, browsers and chats hand it on.
func TestNamesThatLookAlike(t *testing.T) {
	for name, c := range map[string]struct{ post, says, zh string }{
		"plain":                        {"X-001", "", ""},
		"with a blank inside":          {"X 001", "", ""},
		"Chinese":                      {"胡家村保洁-01", "", ""},
		"with a mark of its own":       {"Caf\u00e9", "", ""},
		"a trailing blank":             {"X-001 ", "U+0020 at place 6: a name neither begins nor ends", "第6个字符是U+0020"},
		"a leading blank":              {" X-001", "U+0020 at place 1", "首尾不得有空格"},
		"a zero width space":           {"X-0\u200b01", "U+200B at place 4: it cannot be seen", "看不见的字符"},
		"a byte order mark":            {"\ufeffX-001", "U+FEFF at place 1: it cannot be seen", "U+FEFF"},
		"text from right to left":      {"X-001\u202e", "U+202E at place 6: it cannot be seen", "U+202E"},
		"a soft hyphen":                {"X\u00ad001", "U+00AD", "U+00AD"},
		"a variation selector":         {"X-001\ufe0f", "U+FE0F at place 6: it cannot be seen", "U+FE0F"},
		"a hyphen that does not break": {"X\u2011001", "U+2011 at place 2: it looks like -", "半角的-"},
		"a dash of Chinese text":       {"X\u2014001", "U+2014", "U+2014"},
		"a minus sign":                 {"X\u2212001", "U+2212", "U+2212"},
		"a blank that does not break":  {"X\u00a0001", "U+00A0 at place 2: it looks like a blank", "看起来像空格"},
		"a blank of Chinese text":      {"X\u3000001", "U+3000", "U+3000"},
		"a filler of Hangul":           {"X\u3164001", "U+3164", "U+3164"},
		"a full-width letter":          {"\uff38-001", "U+FF38 at place 1: it is the full-width form", "全角字符"},
		"a full-width digit":           {"X-00\uff11", "U+FF11 at place 5", "U+FF11"},
		"another form than NFC":        {"Cafe\u0301", "U+0301 at place 5 in another form than NFC", "不是NFC"},
		"a letter of another form":     {"\u212b-1", "U+212B at place 1 in another form than NFC", "U+212B"},
		"a tab":                        {"X\t001", "U+0009 at place 2: it is a control character", "控制字符"},
		"too long":                     {strings.Repeat("岗", 67), "has 201 bytes", "有201字节"},
	} {
		reasons := refusedName(t, c.post)
		if c.says == "" {
			if reasons != nil {
				t.Errorf("%s: %v", name, reasons)
			}
			continue
		}
		if len(reasons) != 1 || reasons[0].Code != events.Invalid || reasons[0].Field != "data.post" ||
			!strings.Contains(reasons[0].Detail, c.says) || !strings.Contains(reasons[0].DetailZH, c.zh) {
			t.Errorf("%s: %+v, want %s", name, reasons, c.says)
		}
	}
}

// Goal: a record that was written before the rule of names is read as it is.
func TestOldNamesStayReadable(t *testing.T) {
	for _, post := range []string{"X-001 ", "X\u2011001", "Cafe\u0301", "\uff38"} {
		raw, err := closing(post).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(raw)
		if err != nil || e.Data.(*events.PostClosed).Post != post {
			t.Errorf("%q: %v", post, err)
		}
		var s events.Scanner
		if e, err := s.Scan(raw); err != nil || e.Data.(*events.PostClosed).Post != post {
			t.Errorf("%q: the scanner: %v", post, err)
		}
	}
}

// Goal: what is accepted as a name is in NFC and holds nothing invisible, whatever it is
// made of; and a sentence for people stays free in all that.
func TestAcceptedNames(t *testing.T) {
	pieces := []string{"X", "0", "-", " ", "岗", "\u00e9", "e\u0301", "\u200d", "\u2010", "\u3000", "\uff08", "\u2800", "\u034f", "\U000e0041", "가", "\u1100\u1161"}
	rapid.Check(t, func(rt *rapid.T) {
		post := "n" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(rt, "pieces"), "")
		reasons := refusedName(t, post)
		bad := post != norm.NFC.String(post) || strings.HasSuffix(post, " ") ||
			strings.ContainsFunc(post, func(r rune) bool {
				return unicode.Is(unicode.Cf, r) || strings.ContainsRune("\u2010\u3000\uff08\u2800\u034f", r)
			})
		if (reasons != nil) != bad {
			rt.Fatalf("%q is refused: %v", post, reasons)
		}
		e := closing("X")
		e.Data.(*events.PostClosed).Reason = post
		raw, err := e.Append(nil)
		if _, refused := events.Submission(raw); err != nil || refused != nil {
			rt.Fatal(fmt.Errorf("a reason %q: %w, %w", post, err, refused))
		}
	})
}
