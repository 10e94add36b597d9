package schema_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
)

// Goal: the free texts of a type are those that its checks declare, whatever type is added.
func TestFreeTexts(t *testing.T) {
	for _, typ := range events.Types() {
		sample := events.New(typ)
		fill(reflect.ValueOf(sample).Elem())
		declared := 0
		for _, r := range events.Rules(sample) {
			if r.Free {
				declared++
			}
		}
		texts := events.FreeTexts(sample)
		if len(texts) != declared {
			t.Errorf("%s: %d free texts are found, %d are declared", typ, len(texts), declared)
		}
		for _, f := range texts {
			f.Seal("AAAA")
		}
		if again := events.FreeTexts(sample); slices.ContainsFunc(again, func(f events.FreeText) bool { return *f.Text != "sealed:AAAA" || f.IsOpen() }) {
			t.Errorf("%s: not all texts were sealed", typ)
		}
	}
}

// Goal: a code is left as it is, and nothing else that somebody could read.
func TestOpenTexts(t *testing.T) {
	for text, open := range map[string]bool{
		"": false, "account_closed": false, "illness": false, "e21": false, "sealed:AAAA": false,
		"张三住院": true, "Zhang San": true, "account closed": true, "Illness": true, "_x": true, "a-b": true,
		"a_code_that_is_longer_than_any_code_should_ever_be": true,
	} {
		if got := (events.FreeText{Text: &text}).IsOpen(); got != open {
			t.Errorf("%q is open: %v", text, got)
		}
	}
}
