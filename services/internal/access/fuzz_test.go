package access

import (
	"bytes"
	"os"
	"reflect"
	"testing"
	"time"
)

// Whatever the file holds: it is refused, or it reads the same when it is
// written again, and is a list by which nobody gets in without a token.
func FuzzRead(f *testing.F) {
	before, err := os.ReadFile("testdata/before.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(before)
	f.Add([]byte(everything))
	for _, s := range []string{"", "{", "null", `{"version":2}`, `{"agencies":[{"name":"a","division":"","services":[]}]}`, `{"version":2,"agencies":[{"name":"a","division":"","quota":{"bodies":1}}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Read(bytes.NewReader(text))
		if err != nil {
			if err.Error() == "" || file != nil {
				t.Fatalf("%+v, %q", file, err)
			}
			return
		}
		written, err := file.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(written))
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		twice, err := again.Marshal()
		if err != nil || !reflect.DeepEqual(written, twice) {
			t.Fatalf("%s\n%s\n%v", written, twice, err)
		}
		l, err := NewList(again)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := l.Token("", time.Now()); err == nil {
			t.Fatalf("no token is %+v", h)
		}
	})
}
