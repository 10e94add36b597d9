package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Goal: a clerk, an inspector and a county office see what the days of a month are worth: an
// inspection goes before the sheet and the day is shown as disputed, a rise of the standard
// counts from its day on, and days that have not come are refused.
// Method: the real program with an agency of the village and two of the county. Each step is
// what somebody sends, or what payroll then says.
func TestWhatDaysAreWorth(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "access.json")
	o := offices{tokens: map[string]string{}}
	for _, a := range []struct{ name, division, rights string }{
		{"village", "370211102231", ""}, {"county", "370211", ""}, {"inspector", "370211", "--inspect"},
	} {
		added := muster(t, append([]string{"agency", "add", a.name, "--division", a.division, "--auth", file}, strings.Fields(a.rights)...)...)
		o.tokens[a.name] = secret(t, added, "token")
	}
	o.instance = up(t, filepath.Join(dir, "data"), "--auth", file)
	const here = `"division":"370211102231",`
	who := `"id_number":"` + person(1).number + `"`
	last := "" // position of the last event that was taken
	send := func(agency, id, kind, attributes, data, want string) {
		t.Helper()
		r := o.submit(t, agency, id, kind, attributes, data)
		got := string(r.Status)
		if r.Reasons != nil {
			got = string(r.Reasons[0].Code)
		} else {
			last = r.Position.String()
		}
		if got != want {
			t.Errorf("%s of %s: %+v, want %s", id, agency, r, want)
		}
	}
	payroll := func(month string, want ...string) {
		t.Helper()
		status, text := ask(t, http.DefaultClient, http.MethodGet, o.HTTP+"/v1/payroll?division=370211&as_of=2022-09-01&at_least="+last+"&month="+month, o.tokens["county"], "")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("payroll of %s does not say %s: %d %s", month, w, status, text)
			}
		}
	}
	sheet := func(month, marks string) string {
		return fmt.Sprintf(`"post":"P1","month":%q,"lines":[{%s,"marks":%q}]`, month, who, marks)
	}
	found := func(day, mark string) string {
		return fmt.Sprintf(`"post":"P1","date":%q,"capacity":"inspection","lines":[{%s,"mark":%q}]`, day, who, mark)
	}

	send("village", "p", "post.developed", here, `"post":"P1","category":"public_service","area":"rural","seats":1,"from":"2022-01-01"`, "accepted")
	send("village", "h", "hire.placed", here, `"post":"P1","from":"2022-05-01","until":"2024-05-01","group":"older","review":{"on":"2022-04-19"},"publicity":{"from":"2022-04-20","until":"2022-04-25"},`+
		`"agreement":{"number":"A","signed":"2022-04-28","until":"2024-05-01"},"identity":{`+who+`,"name":"甲某"}`, "accepted")

	// The clerk says that the person was there on twenty days.
	send("village", "may", "attendance.reported", here, sheet("2022-05", ".PPPPP..PPPPP..PPPPP..PPPPP...."), "accepted")
	payroll("2022-05", `"entitled":60000`, `"disputed":0`, `"disputed_days":0`)
	// The inspector found somebody else on the 10th and nobody on the 11th.
	send("inspector", "d1", "attendance.reported", here, found("2022-05-10", "S"), "accepted")
	send("inspector", "d2", "attendance.reported", here, found("2022-05-11", "A"), "accepted")
	payroll("2022-05", `"entitled":54000`, `"disputed":6000`, `"disputed_days":2`)
	// The clerk gives in on the 11th; the 10th stays disputed.
	send("village", "may-2", "attendance.reported", here+`"replaces":"may",`, sheet("2022-05", ".PPPPP..PPAPP..PPPPP..PPPPP...."), "accepted")
	payroll("2022-05", `"entitled":54000`, `"disputed":3000`, `"disputed_days":1`)

	// The county raises the standard on the 16th of June.
	pack, err := os.ReadFile("../../events/policy/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	for old, with := range map[string]string{
		`"shandong-2022.1"`: `"c-2022.2"`, `"jurisdiction": "37"`: `"jurisdiction": "370211"`, `"2021-01-01"`: `"2022-06-16"`, `"rural": 60000`: `"rural": 80000`,
	} {
		pack = bytes.Replace(pack, []byte(old), []byte(with), 1)
	}
	send("county", "pack", "policy.adopted", `"division":"370211000000",`, strings.Trim(string(bytes.TrimSpace(pack)), "{}"), "accepted")
	send("village", "june", "attendance.reported", here, sheet("2022-06", "PPP..PPPPP..PPPPP..PPPPP..PP.."), "accepted")
	send("village", "july", "attendance.reported", here, sheet("2022-07", "P..PPPPP..PPPPP..PPPPP..PPPP..."), "accepted")
	payroll("2022-05", `"entitled":54000`)
	payroll("2022-06", `"entitled":69000`, `"policyversion":"shandong-2022.1, c-2022.2"`)
	payroll("2022-07", `"entitled":80000`, `"policyversion":"c-2022.2"`)

	// Nobody was there on days that have not come, and nobody leaves in the next century.
	ahead := time.Now().AddDate(0, 4, 0).Format("2006-01")
	send("village", "ahead", "attendance.reported", here, sheet(ahead, "..PP"), "in_future")
	send("inspector", "ahead", "attendance.reported", here, found(ahead+"-02", "A"), "in_future")
	send("village", "typo", "exit.recorded", here, `"post":"P1","on":"2196-10-05","kind":"natural","code":"N1","identity":{`+who+`}`, "in_future")
	send("village", "right", "exit.recorded", here, `"post":"P1","on":"2022-10-05","kind":"natural","code":"N1","identity":{`+who+`}`, "accepted")
}
