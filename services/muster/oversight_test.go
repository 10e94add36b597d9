package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// offices are agencies of one deployment, each with its token.
type offices struct {
	*instance
	tokens map[string]string
}

// submit sends an event as an agency would write it and returns its receipt.
func (o offices) submit(t *testing.T, agency, id, kind, attributes, data string) events.Receipt {
	t.Helper()
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/agency/%s","type":%q,%s"data":{%s}}`, id, agency, kind, attributes, data)
	status, text := ask(t, http.DefaultClient, http.MethodPost, o.HTTP+"/v1/events", o.tokens[agency], body)
	var answer struct{ Receipts []events.Receipt }
	if err := json.Unmarshal([]byte(text), &answer, json.MatchCaseInsensitiveNames(true)); err != nil || status != 200 || len(answer.Receipts) != 1 {
		t.Fatalf("%s %s: %d %s", agency, id, status, text)
	}
	return answer.Receipts[0]
}

// Goal: a county corrects what its township said, and nobody corrects what is not theirs.
// The township's next correction is told who corrected it. Method: the real program with
// agencies of a township, of the county with and without the right, of the prefecture, and
// of another county.
func TestOversight(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "access.json")
	o := offices{tokens: map[string]string{}}
	for _, a := range []struct{ name, division, rights string }{
		{"town", "370211102", "--record"}, {"plain", "370211", ""}, {"county", "370211", "--oversee --inspect --record"}, {"peer", "370211", "--oversee"},
		{"other", "370212", "--oversee"}, {"prefecture", "3702", "--oversee"}, {"province", "", "--oversee"},
	} {
		added := muster(t, append([]string{"agency", "add", a.name, "--division", a.division, "--auth", file}, strings.Fields(a.rights)...)...)
		o.tokens[a.name] = secret(t, added, "token")
	}
	o.instance = up(t, filepath.Join(dir, "data"), "--auth", file)
	const here = `"division":"370211102231",`
	exit := func(on string) string {
		return `"post":"P1","on":"` + on + `","kind":"natural","code":"N1","identity":{"id_number":"` + person(1).number + `"}`
	}
	over := func(id, source string) string {
		return here + fmt.Sprintf(`"replaces":%q,"replacessource":%q,`, id, source)
	}
	withdrawal := func(kind, id string) string {
		return fmt.Sprintf(`"type":%q,"id":%q,"reason":"seen on site"`, kind, id)
	}
	sheet := `"post":"P1","date":"2022-05-10","capacity":"inspection","lines":[{"id_number":"` + person(1).number + `","mark":"A"}]`
	last := "" // position of the last event that was taken
	for _, c := range []struct {
		agency, id, kind, attributes, data string
		want, field, says                  string
	}{
		{"town", "p", "post.developed", here, `"post":"P1","category":"public_service","area":"rural","seats":1,"from":"2022-01-01"`, "accepted", "", ""},
		{"town", "h", "hire.placed", here, `"post":"P1","from":"2022-05-01","until":"2024-05-01","group":"older","review":{"on":"2022-04-19"},"publicity":{"from":"2022-04-20","until":"2022-04-25"},` +
			`"agreement":{"number":"A","signed":"2022-04-28","until":"2024-05-01"},"identity":{"id_number":"` + person(1).number + `","name":"甲某"}`, "accepted", "", ""},
		{"town", "x1", "exit.recorded", here, exit("2022-06-10"), "accepted", "", ""},

		{"plain", "o0", "exit.recorded", over("x1", "/agency/town"), exit("2022-06-20"), "not_entitled", "replacessource", "takes the right oversee"},
		{"other", "w0", "event.withdrawn", `"replacessource":"/agency/town",`, withdrawal("exit.recorded", "x1"), "not_entitled", "replacessource", "370211102231, which lies outside"},
		{"county", "o0", "exit.recorded", over("x9", "/agency/town"), exit("2022-06-20"), "unknown_replaced", "replaces", "of that source"},
		{"county", "o0", "exit.recorded", over("x9", "/agency/town") + `"submode":"record",`, exit("2022-06-20"), "unknown_replaced", "replaces", "also in record mode"},
		{"county", "o1", "exit.recorded", over("x1", "/agency/town"), exit("2022-06-20"), "accepted", "", ""},
		{"town", "x2", "exit.recorded", here + `"replaces":"x1",`, exit("2022-06-11"), "already_voided", "replaces", "replaced by event o1 of /agency/county on 20"},
		{"town", "x1", "exit.recorded", here, exit("2022-06-10"), "already_voided", "id", "replaced by event o1 of /agency/county on 20"},
		{"town", "x2", "exit.recorded", over("o1", "/agency/county"), exit("2022-06-11"), "not_entitled", "replacessource", "right oversee"},
		{"peer", "e1", "exit.recorded", over("o1", "/agency/county"), exit("2022-06-12"), "not_entitled", "replacessource", "correction by an overseer"},
		{"county", "o2", "exit.recorded", here + `"replaces":"o1",`, exit("2022-06-21"), "accepted", "", ""},
		{"prefecture", "f1", "exit.recorded", over("o2", "/agency/county"), exit("2022-06-22"), "accepted", "", ""},
		{"county", "o3", "exit.recorded", over("f1", "/agency/prefecture"), exit("2022-06-23"), "not_entitled", "replacessource", "answers for more divisions"},
		{"province", "v1", "event.withdrawn", `"replacessource":"/agency/prefecture",`, withdrawal("exit.recorded", "f1"), "accepted", "", ""},

		{"county", "r1", "event.withdrawn", `"replacessource":"/agency/town",`, withdrawal("registry.reported", "r"), "not_entitled", "replacessource", "registry no other source"},
		{"plain", "i1", "attendance.reported", here, sheet, "not_entitled", "data.capacity", "inspection is a right"},
		{"county", "i1", "attendance.reported", here, sheet, "accepted", "", ""},
	} {
		r := o.submit(t, c.agency, c.id, c.kind, c.attributes, c.data)
		if r.Status != "rejected" {
			last = r.Position.String()
			if string(r.Status) != c.want {
				t.Errorf("%s %s: %+v, want %s", c.agency, c.id, r, c.want)
			}
			continue
		}
		if len(r.Reasons) != 1 || string(r.Reasons[0].Code) != c.want || r.Reasons[0].Field != c.field || !strings.Contains(r.Reasons[0].Detail, c.says) {
			t.Errorf("%s %s: %+v, want %s of %s: %s", c.agency, c.id, r, c.want, c.field, c.says)
		}
	}

	// The prefecture's exit was withdrawn by the province, so nobody has left.
	for _, day := range []string{"2022-06-15", "2022-07-01"} {
		if status, text := ask(t, http.DefaultClient, http.MethodGet, o.HTTP+"/v1/headcount?at_least="+last+"&as_of="+day, o.tokens["province"], ""); !strings.Contains(text, `"total":1`) {
			t.Errorf("headcount of %s: %d %s", day, status, text)
		}
	}
	status, text := ask(t, http.DefaultClient, http.MethodGet, o.HTTP+"/v1/trail/posts/P1?at_least="+last, o.tokens["province"], "")
	for _, want := range []string{`"authdivision":"370211102"`, `"authdivision":"00"`, `"replacessource":"/agency/town"`, `"replacessource":"/agency/prefecture"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the trail does not say %s: %d %s", want, status, text)
		}
	}
}
