package pseudonym

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/vault"
)

// These valid identity numbers stand for people: the vault knows the first alone.
const (
	knownNumber    = "370000195001010013"
	strangerNumber = "370000195001010021"
)

func newVault(t *testing.T) *vault.Vault {
	t.Helper()
	dir := t.TempDir()
	v, err := vault.Open(filepath.Join(dir, "vault"), filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	if _, err := v.Enter(t.Context(), []events.Identity{{IDNumber: knownNumber, Name: "王小1"}}); err != nil {
		t.Fatal(err)
	}
	return v
}

// payloads returns a payload of each type of the contract, with a number in every field
// that is meant for one of a person or an account. Flags are set as given. Those that make
// their person known to the vault come last, so that it is a stranger to the others.
func payloads(number string, flags bool) (list []events.Data) {
	for _, typ := range events.Types() {
		d := events.New(typ)
		fill(reflect.ValueOf(d), "", number, flags)
		list = append(list, d)
	}
	slices.SortStableFunc(list, func(a, b events.Data) int {
		return map[bool]int{true: 1}[events.Introduces(a)] - map[bool]int{true: 1}[events.Introduces(b)]
	})
	return list
}

func fill(v reflect.Value, name, number string, flags bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), name, number, flags)
	case reflect.Struct:
		for i := range v.NumField() {
			// The number of an agreement is not one of an account.
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Agreement" {
				member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				fill(v.Field(i), member, number, flags)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, number, flags)
	case reflect.Bool:
		v.SetBool(flags)
	case reflect.String:
		if strings.HasSuffix(name, "id_number") || name == "number" {
			v.SetString(number)
		}
	}
}

// Goal: a dry run refuses what the real run refuses, for every type of the contract, and
// neither leaves a number in a payload. Method: both resolve the same payloads, about
// somebody known, a stranger, and a number that is malformed.
func TestResolversAgree(t *testing.T) {
	for name, number := range map[string]string{"known": knownNumber, "stranger": strangerNumber, "malformed": knownNumber[:17] + "4"} {
		for _, flags := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", flags), func(t *testing.T) {
				v := newVault(t)
				for _, d := range payloads(number, flags) {
					// The dry run first: the real one makes strangers known.
					dry, actual := d.Clone(), d.Clone()
					before := v.Len()
					tried := resolve(t, NewThrowaway(v).Resolve, dry)
					if v.Len() != before {
						t.Errorf("%s: a dry run made a person known", d.Type())
					}
					refused := resolve(t, newResolver(v).Resolve, actual)
					if fmt.Sprint(tried) != fmt.Sprint(refused) {
						t.Errorf("%s: a dry run is refused %v, the real run %v", d.Type(), tried, refused)
					}
					if refused == nil {
						holdsNoNumber(t, dry)
						holdsNoNumber(t, actual)
					}
					if d.About() != nil && refused == nil && (dry.About().Person == events.Person{} || actual.About().Person == events.Person{}) {
						t.Errorf("%s: no pseudonym", d.Type())
					}
				}
			})
		}
	}
}

func resolve(t *testing.T, by func(ctx context.Context, list []*events.Event) ([]events.Reasons, error), d events.Data) events.Reasons {
	t.Helper()
	refused, err := by(t.Context(), []*events.Event{{ID: "1", Source: "/a", Type: d.Type(), Data: d}})
	if err != nil {
		t.Fatal(err)
	}
	return refused[0]
}

func holdsNoNumber(t *testing.T, d events.Data) {
	t.Helper()
	e := &events.Event{ID: "1", Source: "/a", Type: d.Type(), Data: d}
	raw, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if idnumber.In(string(raw)) {
		t.Errorf("%s holds a number: %s", d.Type(), raw)
	}
}

// newResolver returns a resolver of a log that is empty.
func newResolver(v *vault.Vault) *Resolver {
	return NewResolver(v, func(context.Context) (log.Position, error) { return log.Position{}, nil }, time.Now)
}
