package kindtest

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/internal/canonical"
)

// payloads holds an empty payload of each type that the generator supports.
var payloads = []Data{&Scalars{}, &Optional{}, &Structs{}, &Lists{}, &Nothing{}}

// write returns data in the canonical form.
func write(t *testing.T, data Data) []byte {
	t.Helper()
	w := canonical.NewWriter(nil)
	if !writeData(&w, data) {
		t.Fatalf("%T is left to the library", data)
	}
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// agree checks that the generated reader gives the value that the JSON library gives,
// if it accepts the text. It reports whether it accepts the text.
func agree(t *testing.T, all *records, of Type, text []byte) bool {
	t.Helper()
	c := canonical.NewCursor(text)
	got := all.scan(&c, &Event{Type: of})
	if !c.Done() {
		return false
	}
	want := reflect.New(reflect.TypeOf(got.Data).Elem())
	if err := json.Unmarshal(text, want.Interface(), json.RejectUnknownMembers(true)); err != nil || !reflect.DeepEqual(got.Data, want.Interface()) {
		t.Fatalf("%s\nis %+v\nthe library reads %+v, %v", text, got.Data, want, err)
	}
	return true
}

// Goal: generated code writes what the library writes and reads it back into reused
// memory, and agrees with the library on every damaged text that it accepts.
// Method: random payloads of every kind, whole and damaged.
func TestKinds(t *testing.T) {
	for _, empty := range payloads {
		t.Run(string(empty.Type()), func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 1))
			var all records
			for range 2000 {
				v := reflect.New(reflect.TypeOf(empty).Elem())
				fill(r, v.Elem())
				data := v.Interface().(Data)
				text := write(t, data)
				if library, err := json.Marshal(data); err != nil || !bytes.Equal(text, library) {
					t.Fatalf("written as\n%s\nthe library writes\n%s, %v", text, library, err)
				}
				if !agree(t, &all, data.Type(), text) {
					t.Fatalf("not read by the generated code: %s", text)
				}
				for range 10 {
					agree(t, &all, data.Type(), damaged(r, text))
				}
			}
		})
	}
}

func TestLeftToLibrary(t *testing.T) {
	c, w := canonical.NewCursor([]byte(`{"map":{}}`)), canonical.NewWriter(nil)
	if new(records).scan(&c, &Event{Type: MapType}) != nil || writeData(&w, &Map{}) {
		t.Error("a map is read or written by the generated code")
	}
}

// damaged returns text with a byte changed or removed, or with a part repeated.
func damaged(r *rand.Rand, text []byte) []byte {
	b, i, j := slices.Clone(text), r.IntN(len(text)), r.IntN(len(text))
	switch r.IntN(3) {
	case 0:
		b[i] = text[j]
	case 1:
		b = slices.Delete(b, i, min(len(b), i+1+r.IntN(12)))
	case 2:
		b = slices.Insert(b, i, text[j:min(len(text), j+1+r.IntN(12))]...)
	}
	return b
}

// fill sets v to a random value that the canonical form can hold. A required date is
// never zero, since no reader accepts an empty date.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case civil.Date:
		v.SetInt(int64(civil.MustDate("2022-05-01")) + r.Int64N(2000))
		return
	case civil.Month:
		v.SetInt(int64(civil.MustMonth("2022-05")) + r.Int64N(24))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"", "a", "370211102231-001", "岗前培训", "{[,]}:"}[r.IntN(5)])
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{0, 1, -60000, 999_999_999_999_999_999}[r.IntN(4)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(r.Uint64N(256))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Struct:
		fillFields(r, v)
	}
}

// fillFields fills the fields that are written, and leaves some of the optional
// fields zero.
func fillFields(r *rand.Rand, v reflect.Value) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("json")
		if optional := bytes.HasSuffix([]byte(tag), []byte("omitzero")); tag != "-" && !(optional && r.IntN(3) == 0) {
			fill(r, v.Field(i))
		}
	}
}
