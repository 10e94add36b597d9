package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// books are the offices of one deployment with what was last taken, so that questions see it.
type books struct {
	offices
	last string // position
}

// openBooks starts the program with agencies, each with the prefix of its divisions and its rights.
func openBooks(t *testing.T, agencies ...[3]string) *books {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "access.json")
	b := &books{offices: offices{tokens: map[string]string{}}}
	for _, a := range agencies {
		added := muster(t, append([]string{"agency", "add", a[0], "--division", a[1], "--auth", file}, strings.Fields(a[2])...)...)
		b.tokens[a[0]] = secret(t, added, "token")
	}
	b.instance = up(t, filepath.Join(dir, "data"), "--auth", file)
	return b
}

// send submits an event of a division, and fails unless it is accepted, or refused with the code
// want and a sentence that says the rest of want.
func (b *books) send(t *testing.T, agency, division, id, kind, data, want string) {
	t.Helper()
	id, replaces, corrects := strings.Cut(id, " for ")
	attributes := fmt.Sprintf(`"division":%q,`, division)
	if corrects {
		attributes += fmt.Sprintf(`"replaces":%q,`, replaces)
	}
	r := b.submit(t, agency, id, kind, attributes, data)
	code, says, _ := strings.Cut(want, ": ")
	got, said := string(r.Status), ""
	if r.Reasons != nil {
		got, said = string(r.Reasons[0].Code)+" "+r.Reasons[0].Field, r.Reasons[0].Detail
	} else {
		b.last = r.Position.String()
	}
	if got != code || !strings.Contains(said, says) {
		t.Errorf("%s of %s: %s, %q, want %s", id, agency, got, said, want)
	}
}

// says fails unless the answer to a question holds each of some texts.
func (b *books) says(t *testing.T, agency, question string, want ...string) {
	t.Helper()
	question += map[bool]string{true: "&", false: "?"}[strings.Contains(question, "?")] + "at_least=" + b.last
	status, text := ask(t, http.DefaultClient, http.MethodGet, b.HTTP+"/v1/"+question, b.tokens[agency], "")
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %s: %d %s", question, w, status, text)
		}
	}
}

const (
	oldVillage = "370211102231"
	newVillage = "370211102232"
	township   = "370211102000"
	county     = "370211000000"
	neighbour  = "370212001001" // a village of another county
)

// hireOnP1 is the data of a hire on P1 from May on, of the first person.
func hireOnP1() string {
	return `"post":"P1","from":"2022-05-01","until":"2024-05-01","group":"older","review":{"on":"2022-04-19"},"publicity":{"from":"2022-04-20","until":"2022-04-25"},` +
		`"agreement":{"number":"A","signed":"2022-04-28","until":"2024-05-01"},"identity":{"id_number":"` + person(1).number + `","name":"甲某"}`
}

func sheetOf(month, marks string) string {
	return fmt.Sprintf(`"post":"P1","month":%q,"lines":[{"id_number":%q,"marks":%q}]`, month, person(1).number, marks)
}

// Goal: a standard that rises on a day leaves the months before as they were paid.
// Method: case 02. The clerk says it with one event; correcting the development is another thing.
func TestStandardFromADayOn(t *testing.T) {
	b := openBooks(t, [3]string{"office", "370211", ""}, [3]string{"province", "", ""})
	send := func(id, kind, data, want string) { b.send(t, "office", oldVillage, id, kind, data, want) }
	send("p", "post.developed", `"post":"P1","category":"public_service","kind":"保洁护路","area":"rural","seats":1,"from":"2022-01-01","standard":60000,"required_days":20`, "accepted")
	send("h", "hire.placed", hireOnP1(), "accepted")
	send("a5", "attendance.reported", sheetOf("2022-05", ".PPPPP..PPPPP..PPPPP..PPPPP...."), "accepted")
	send("a6", "attendance.reported", sheetOf("2022-06", "PPP..PPPPP..PPPPP..PPPPP..PP.."), "accepted")
	send("a7", "attendance.reported", sheetOf("2022-07", "P..PPPPP..PPPPP..PPPPP..PPPP..."), "accepted")
	payroll := func(month, asOf, want string) {
		t.Helper()
		b.says(t, "office", "payroll?division=370211&month="+month+"&as_of="+asOf, want)
	}
	payroll("2022-07", "2022-09-01", `"entitled":60000`)

	send("c", "post.changed", `"post":"P1","on":"2022-07-01","standard":88000,"required_days":22`, "accepted")
	for _, asOf := range []string{"2022-06-15", "2022-09-01"} {
		payroll("2022-05", asOf, `"entitled":60000`)
		payroll("2022-06", asOf, `"entitled":60000`)
	}
	payroll("2022-07", "2022-09-01", `"entitled":80000`) // 20 of 22 days

	// What a second change of the same day would mean, nobody could say.
	send("c2", "post.changed", `"post":"P1","on":"2022-07-01","standard":90000`, "change_exists data.on: reported by /agency/office under id c")
	send("c0", "post.changed", `"post":"P1","on":"2021-12-31","standard":50000`, "post_not_open data.on: lies before 2022-01-01")
	send("cn", "post.changed", `"post":"P1","on":"2022-08-01"`, "missing data.category: give at least one")
	// It is corrected to the 16th: eleven days of July at the old standard, nine at the new one.
	send("c3 for c", "post.changed", `"post":"P1","on":"2022-07-16","standard":88000,"required_days":22`, "accepted")
	payroll("2022-07", "2022-09-01", `"entitled":69000`)
	b.says(t, "province", "trail/posts/P1", `"post.changed"`, `"standard":88000`, `"withdrawn"`)
	if status, text := ask(t, http.DefaultClient, http.MethodGet, b.HTTP+"/v1/payroll?division=370211&month=2022-07&as_of=2022-09-01&known_at=2022-01-01", b.tokens["office"], ""); !strings.Contains(text, `"total":0`) {
		t.Errorf("known before it was known: %d %s", status, text)
	}
}

// Goal: a post that moves to another village is counted there from the day on, and sheets and
// exits name the village of their day. Method: case 12, but for the new table.
func TestPostMovesToAnotherVillage(t *testing.T) {
	b := openBooks(t, [3]string{"office", "370211", ""}, [3]string{"village", oldVillage, ""}, [3]string{"next", newVillage, ""})
	b.send(t, "office", oldVillage, "p", "post.developed", `"post":"P1","category":"public_service","kind":"保洁护路","area":"rural","seats":2,"from":"2022-01-01"`, "accepted")
	b.send(t, "office", oldVillage, "h", "hire.placed", hireOnP1(), "accepted")

	move := `"post":"P1","on":"2022-07-01","division":"` + newVillage + `"`
	b.send(t, "village", oldVillage, "m", "post.changed", move, "not_entitled data.division: outside the divisions this agency")
	b.send(t, "next", newVillage, "m", "post.changed", move, "not_entitled data.division: from or to "+oldVillage)
	b.send(t, "office", oldVillage, "m", "post.changed", move, "accepted")

	b.send(t, "village", oldVillage, "a5", "attendance.reported", sheetOf("2022-05", ".PPPPP..PPPPP..PPPPP..PPPPP...."), "accepted")
	b.send(t, "next", newVillage, "a5n", "attendance.reported", sheetOf("2022-05", ".PPPPP"), "division_outside division: give the division in which it lies that day, "+oldVillage)
	b.send(t, "village", oldVillage, "a7", "attendance.reported", sheetOf("2022-07", "P..PPPPP"), "division_outside division: "+newVillage+", to which it moved from "+oldVillage+" on 2022-07-01")
	b.send(t, "next", newVillage, "a7", "attendance.reported", sheetOf("2022-07", "P..PPPPP..PPPPP..PPPPP..PPPP..."), "accepted")
	b.send(t, "office", township, "a6", "attendance.reported", sheetOf("2022-06", "PPP"), "accepted")
	b.send(t, "village", oldVillage, "a5c for a5", "attendance.reported", sheetOf("2022-05", ".PPPPP..PPPPP..PPPPP..PPPP....."), "accepted")
	gone := `"post":"P1","on":"2022-08-01","kind":"natural","code":"N1","identity":{"id_number":"` + person(1).number + `"}`
	b.send(t, "village", oldVillage, "x", "exit.recorded", gone, "division_outside division: "+newVillage)
	b.send(t, "next", newVillage, "x", "exit.recorded", gone, "accepted")

	for day, want := range map[string][2]int{"2022-06-30": {1, 0}, "2022-07-01": {0, 1}, "2022-07-31": {0, 1}, "2022-08-01": {0, 0}} {
		for i, where := range []string{oldVillage, newVillage} {
			b.says(t, "office", "headcount?division="+where+"&as_of="+day, fmt.Sprintf(`"total":%d`, want[i]))
		}
		b.says(t, "office", "headcount?division=370211102&as_of="+day, fmt.Sprintf(`"total":%d`, want[0]+want[1]))
	}
	// The seat that nobody has is vacant since the post began, wherever the post lies.
	b.says(t, "office", "vacancies?division="+oldVillage+"&as_of=2022-06-30", `"seat":2`, `"vacant_since":"2022-01-01"`, `"total":1`)
	b.says(t, "office", "vacancies?division="+oldVillage+"&as_of=2022-07-01", `"total":0`)
	b.says(t, "office", "vacancies?division="+newVillage+"&as_of=2022-07-01", `"seat":2`, `"vacant_since":"2022-01-01"`, `"age_days":181`, `"total":1`)
	b.says(t, "office", "plan?division="+newVillage+"&as_of=2022-07-01", `"developed":2`)
	b.says(t, "office", "plan?division="+oldVillage+"&as_of=2022-07-01", `"developed":0`)
	b.says(t, "office", "placements?division="+newVillage+"&as_of=2022-07-15", `"total":1`)
	b.says(t, "office", "placements?division="+oldVillage+"&as_of=2022-07-15", `"total":0`)
	b.says(t, "office", "payroll?division="+oldVillage+"&month=2022-05", `"entitled":57000`)
	b.says(t, "office", "payroll?division="+newVillage+"&month=2022-07", `"entitled":60000`, `"division":"`+newVillage+`"`)
}

// Goal: what was earned before a post moved to another county is paid by the old county, and what
// was earned after by the new one; only who answers for both moves the post.
func TestPostMovesToAnotherCounty(t *testing.T) {
	b := openBooks(t, [3]string{"old", "370211", ""}, [3]string{"new", "370212", ""}, [3]string{"prefecture", "3702", ""})
	b.send(t, "old", oldVillage, "p", "post.developed", `"post":"P1","category":"public_service","area":"rural","seats":1,"from":"2022-01-01"`, "accepted")
	b.send(t, "old", oldVillage, "h", "hire.placed", hireOnP1(), "accepted")
	move := `"post":"P1","on":"2022-07-01","division":"` + neighbour + `"`
	b.send(t, "old", oldVillage, "m", "post.changed", move, "not_entitled data.division: ")
	b.send(t, "new", neighbour, "m", "post.changed", move, "not_entitled data.division: "+oldVillage)
	b.send(t, "prefecture", "370200000000", "m", "post.changed", move, "accepted")
	for agency, where := range map[string]string{"old": county, "new": "370212000000"} {
		b.send(t, agency, where, "f", "fund.allocated", `"fund":"F-`+agency+`","year":2022,"amount":1000000`, "accepted")
	}
	pay := func(fund, month string) string {
		return fmt.Sprintf(`"run":"R-%s-%s","month":"2022-08","fund":"F-%s","lines":[{"line":"1","post":"P1","month":%q,"amount":60000,"id_number":%q}]`,
			fund, month, fund, month, person(1).number)
	}
	b.send(t, "new", "370212000000", "i5", "payment.instructed", pay("new", "2022-05"), "division_outside data.lines[0].post: did not lie in the event's division in 2022-05")
	b.send(t, "old", county, "i5", "payment.instructed", pay("old", "2022-05"), "accepted")
	b.send(t, "old", county, "i7", "payment.instructed", pay("old", "2022-07"), "division_outside data.lines[0].post: 2022-07")
	b.send(t, "new", "370212000000", "i7", "payment.instructed", pay("new", "2022-07"), "accepted")
	for month, want := range map[string][2]string{"2022-05": {`"total":1`, `"total":0`}, "2022-07": {`"total":0`, `"total":1`}} {
		for i, division := range []string{"370211", "370212"} {
			b.says(t, "prefecture", "payroll?division="+division+"&as_of=2022-10-01&month="+month, want[i])
		}
	}
	// The prefecture takes the move back: no county could.
	b.send(t, "new", neighbour, "w", "event.withdrawn", `"type":"post.changed","id":"m","reason":"x"`, "unknown_replaced data.id: ")
	b.send(t, "prefecture", "370200000000", "w", "event.withdrawn", `"type":"post.changed","id":"m","reason":"a mistake"`, "accepted")
	b.says(t, "prefecture", "headcount?division=370211&as_of=2022-07-01", `"total":1`)
}
