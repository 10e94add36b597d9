package events_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
)

// Goal: no reason repeats a submitted value. Reasons appear in logs, on screens and
// in receipt files, and a submitted value may be an identity in the wrong field.
// Method: identity numbers, a phone number and a word are planted in every member of
// every golden as texts, numbers, names and structures, in valid and invalid form.
// All output is searched for them.
func TestReasonsQuoteNothing(t *testing.T) {
	const word = "Zhangsanfeng"
	plants := []struct{ secret, value string }{
		{"370211196501010014", `"370211196501010014"`},
		{"370211196501010015", `"370211196501010015"`},
		{"11010519491231002X", `"no. 11010519491231002X"`},
		{"370211196501010014", `370211196501010014`},
		{"370211196501010014", `-370211196501010014`},
		{"370211196501010014", `["370211196501010014"]`},
		{"370211196501010014", `{"370211196501010014":1}`},
		{"370211196501010015", `{"370211196501010015":"x"}`},
		{"1949123100", `{"110105 19491231 002X":"x"}`},
		{"13800138000", `{"13800138000":{}}`},
		{"13800138000", `"13800138000"`},
		{word, `"` + word + `"`},
		{word, `["` + word + `"]`},
		{word, `{"id":"` + word + `"}`},
		{word, `"` + word + `\n"`},
		{word, `"` + strings.Repeat(word, 400) + `"`},
	}
	refused := 0
	for _, folder := range []string{"record", "submission"} {
		for name, raw := range read(t, folder) {
			if folder == "record" && name == "policy.adopted" {
				continue // the submission has the same structure and is a fifth as long
			}
			edit(t, raw, func(path string, parent map[string]any, member string, whole func() []byte) {
				if name == "policy.adopted" && strings.Contains(path, "[1]") {
					return // handled like the first element of the list
				}
				before := parent[member]
				defer func() { parent[member] = before }()
				for _, p := range plants {
					parent[member] = jsontext.Value(p.value)
					_, err := events.Submission(whole())
					var reasons events.Reasons
					if err != nil && !errors.As(err, &reasons) {
						t.Fatalf("%s %s: %v is no reason", name, path, err)
					}
					if len(reasons) > 0 {
						refused++
					}
					readable(t, name+" "+path, reasons)
					for _, r := range reasons {
						if said := string(r.Code) + r.Field + r.Detail + r.DetailZH; strings.Contains(strings.ReplaceAll(said, " ", ""), p.secret) {
							t.Errorf("%s %s = %.40s: the reason repeats it: %s", name, path, p.value, r.Detail)
						}
					}
					if err != nil && strings.Contains(strings.ReplaceAll(err.Error(), " ", ""), p.secret) {
						t.Errorf("%s %s: the error repeats it", name, path)
					}
					if _, err := events.Decode(whole()); err != nil && strings.Contains(err.Error(), p.secret) {
						t.Errorf("%s %s: Decode repeats it", name, path)
					}
				}
				parent[member] = before
				for _, secret := range []string{"370211196501010014", "370211196501010015", "13800138000"} {
					parent[secret] = before
					_, err := events.Submission(whole())
					if delete(parent, secret); err == nil {
						t.Errorf("%s: accepted with a member of another name beside %s", name, path)
					} else if refused++; strings.Contains(err.Error(), secret) {
						t.Errorf("%s: an unknown name beside %s comes back", name, path)
					}
				}
			})
		}
	}
	if refused < 5000 {
		t.Errorf("only %d refusals were searched", refused)
	}
	t.Logf("searched %d refusals", refused)
}
