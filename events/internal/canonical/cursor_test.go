package canonical

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
)

// agreement reads a text with a Cursor and with the JSON library. If the Cursor
// accepts the text, its value must be that of the library. The result reports whether
// the Cursor accepted the text.
func agreement[T comparable](t *testing.T, text string, read func(*Cursor) T) bool {
	t.Helper()
	c := NewCursor([]byte(text))
	got := read(&c)
	if !c.Done() {
		return false
	}
	var want T
	if err := json.Unmarshal([]byte(text), &want); err != nil || got != want {
		t.Errorf("%s is %v, the library reads %v, %v", text, got, want, err)
	}
	return true
}

func TestCursorValues(t *testing.T) {
	const id = `"3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11"`
	text := func(t *testing.T, s string) bool { return agreement(t, s, (*Cursor).String) }
	number := func(t *testing.T, s string) bool { return agreement(t, s, (*Cursor).Int) }
	boolean := func(t *testing.T, s string) bool { return agreement(t, s, (*Cursor).Bool) }
	uuids := func(t *testing.T, s string) bool { return agreement(t, s, (*Cursor).UUID) }
	date := func(t *testing.T, s string) bool { return agreement(t, s, (*Cursor).Date) }
	month := func(t *testing.T, s string) bool { return agreement(t, s, (*Cursor).Month) }
	for name, test := range map[string]struct {
		read           func(*testing.T, string) bool
		accepts, fails []string
	}{
		"string": {text, []string{`""`, `"post"`, `"村并入社区, 1234567"`, "\"\x7f\""}, []string{`"a\n"`, "\"a\nb\"", "\"\xff\"", `"open`, `1`, ``}},
		"int":    {number, []string{`0`, `7`, `-12`, `999999999999999999`}, []string{`-0`, `01`, `1.5`, `1e3`, `1000000000000000000`, `-`, `"1"`, ``}},
		"bool":   {boolean, []string{`true`, `false`}, []string{`tru`, `null`, `1`, ``}},
		"uuid": {uuids, []string{id, strings.ToUpper(id)}, []string{
			strings.ReplaceAll(id, "-", ""), id[:37], `"{` + id[1:37] + `}"`, strings.Replace(id, "f", "g", 1), ``,
		}},
		"date":  {date, []string{`"2022-02-28"`, `"1900-01-01"`}, []string{`"2022-02-30"`, `""`, `"2022-2-3"`, `20220228`}},
		"month": {month, []string{`"2022-02"`}, []string{`"2022-13"`, `""`, `"2022"`}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range test.accepts {
				if !test.read(t, s) {
					t.Errorf("fails on %s", s)
				}
			}
			for _, s := range test.fails {
				if test.read(t, s) {
					t.Errorf("accepts %s", s)
				}
			}
		})
	}
}

// Goal: names and elements are read only with the commas that belong between them.
// Method: a table of texts.
func TestCursorStructure(t *testing.T) {
	read := func(c *Cursor) (list []string) {
		c.Expect(`{`)
		if c.Name(`"a":`) {
			c.Int()
		}
		c.Require(`"list":`)
		c.Expect(`[`)
		for c.Element(len(list) == 0) {
			list = append(list, c.String())
		}
		c.Expect(`}`)
		return list
	}
	for text, want := range map[string]int{
		`{"list":[]}`:              0,
		`{"list":["1"]}`:           1,
		`{"a":1,"list":["1","2"]}`: 2,
		`{,"list":[]}`:             -1,
		`{"a":1"list":[]}`:         -1,
		`{"a":1,,"list":[]}`:       -1,
		`{"list":["1",]}`:          -1,
		`{"list":["1""2"]}`:        -1,
		`{"list":["1"]} `:          -1,
		`{"list":["1"}`:            -1,
		`{"a":1}`:                  -1,
		``:                         -1,
	} {
		c := NewCursor([]byte(text))
		list := read(&c)
		if c.Done() != (want >= 0) || c.Done() && len(list) != want {
			t.Errorf("%s: done %v with %d elements, want %d", text, c.Done(), len(list), want)
		}
	}
}

// Goal: a cached member shares memory with the text it was read from, and a member
// that changed is read again.
func TestCachedString(t *testing.T) {
	var cache CachedMember
	for _, value := range []string{"a", "a", "b", strings.Repeat("long", 40), "b", "b"} {
		text := []byte(`{"id":1,"source":"` + value + `"}`)
		c := NewCursor(text)
		c.Expect(`{"id":1`)
		got := c.CachedString(`"source":`, &cache)
		c.Expect(`}`)
		if !c.Done() || got != value {
			t.Fatalf("read %q, done %v, want %q", got, c.Done(), value)
		}
		copy(text, strings.Repeat("x", len(text)))
		if got == value {
			t.Errorf("%q does not share memory with its text", value)
		}
	}
	c := NewCursor([]byte(`{"source":"a"}`))
	c.Expect(`{`)
	if got := c.CachedString(`"source":`, nil); got != "a" {
		t.Errorf("without a cache read %q", got)
	}
}

// Goal: Room is exact for a list of flat objects, and limited for a text with braces
// in a string.
func TestRoom(t *testing.T) {
	for _, test := range []struct {
		name, text string
		least      int
		most       int
	}{
		{"flat", `{"line":"1"},{"line":"2"},{"line":"3"}]}`, 3, 3},
		{"empty", `]}`, 0, 0},
		{"braces", `{"line":"` + strings.Repeat("{", 1200) + `"}]}`, 1, 103},
	} {
		c := NewCursor([]byte(test.text))
		if n := cap(Room[int](nil, &c)); n < test.least || n > test.most {
			t.Errorf("%s: room for %d, want %d to %d", test.name, n, test.least, test.most)
		}
	}
	c := NewCursor([]byte(`{},{},{}]`))
	if n := cap(Room(make([]int, 0, 1), &c)); n != 1 {
		t.Errorf("a list with capacity 1 was given room for %d", n)
	}
}

// A Writer appends what the JSON library writes.
func TestWriterValues(t *testing.T) {
	at := time.Date(2022, 5, 1, 9, 0, 0, 500, time.FixedZone("", 8*3600))
	id := uuid.MustParse("3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11")
	for _, test := range []struct {
		name  string
		value any
		write func(*Writer)
	}{
		{"plain", "370211102231-001", func(w *Writer) { w.String("370211102231-001") }},
		{"escapes", "say \"no\"\n\\<&>\u2028é", func(w *Writer) { w.String("say \"no\"\n\\<&>\u2028é") }},
		{"int", int64(-60000), func(w *Writer) { w.Int(-60000) }},
		{"bool", true, func(w *Writer) { w.Bool(true) }},
		{"uuid", id, func(w *Writer) { w.UUID(id) }},
		{"date", civil.MustDate("2022-05-01"), func(w *Writer) { w.Date(civil.MustDate("2022-05-01")) }},
		{"no date", civil.Date(0), func(w *Writer) { w.Date(0) }},
		{"month", civil.MustMonth("2022-05"), func(w *Writer) { w.Month(civil.MustMonth("2022-05")) }},
		{"time", at, func(w *Writer) { w.Time(at) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, err := json.Marshal(test.value)
			if err != nil {
				t.Fatal(err)
			}
			w := NewWriter([]byte("before"))
			test.write(&w)
			if got, err := w.Bytes(); err != nil || string(got) != "before"+string(want) {
				t.Errorf("written as %s, %v; the library writes %s", got, err, want)
			}
		})
	}
}

func TestWriterStructure(t *testing.T) {
	w := NewWriter(nil)
	w.Literal(`{`)
	w.Name(`"a":`)
	w.Int(1)
	w.Name(`"list":`)
	w.Literal(`[`)
	for range 2 {
		w.Element()
		w.Literal(`{}`)
	}
	w.Literal(`]}`)
	if got, err := w.Bytes(); err != nil || string(got) != `{"a":1,"list":[{},{}]}` {
		t.Errorf("written as %s, %v", got, err)
	}
	w.String("\xff")
	w.String("a later string does not hide the error")
	if got, err := w.Bytes(); err == nil {
		t.Errorf("a string that is not UTF-8 was written as %s", got)
	}
}
