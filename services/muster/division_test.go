package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// The editions of a county's table: the next one has no 车轮山村, and another name of 库山村.
const (
	firstEdition = "370211000000,county,黄岛区\n370211102000,township,琅琊镇\n370211102231,village,车轮山村\n370211102232,village,黄道山村\n370211102233,village,库山村\n"
	nextEdition  = "370211000000,county,黄岛区\n370211102000,township,琅琊镇\n370211102232,village,黄道山村\n370211102233,village,新库山村\n"
)

func writeEdition(t *testing.T, header, lines string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "divisions.csv")
	above := "370000000000,province,山东省\n370200000000,prefecture,青岛市\n"
	if strings.HasSuffix(header, "successor") {
		above = strings.ReplaceAll(above, "\n", ",,,\n")
	}
	if err := os.WriteFile(file, []byte(header+"\n"+above+lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// sendAs submits an event of the local agency, and fails unless it is accepted or refused with a code.
func (i *instance) sendAs(t *testing.T, division, id, kind, data, want string) {
	t.Helper()
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/agency/local","type":%q,"division":%q,"data":{%s}}`, id, kind, division, data)
	_, text := ask(t, http.DefaultClient, http.MethodPost, i.HTTP+"/v1/events", "", body)
	var answer struct{ Receipts []events.Receipt }
	if err := json.Unmarshal([]byte(text), &answer, json.MatchCaseInsensitiveNames(true)); err != nil || len(answer.Receipts) != 1 {
		t.Fatalf("%s: %s", id, text)
	}
	r := answer.Receipts[0]
	got := string(r.Status)
	if r.Reasons != nil {
		got = string(r.Reasons[0].Code)
	}
	if got != want {
		t.Errorf("%s: %s %v, want %s", id, got, r.Reasons, want)
	}
}

// Goal: an operator loads the next edition of the table, and moves the posts of a village that was
// merged. What was before the day keeps the old code.
func TestDivisionsOfTwoEditions(t *testing.T) {
	first := writeEdition(t, "code,level,name", firstEdition)
	next := writeEdition(t, "code,level,name,valid_from,valid_to,successor",
		strings.ReplaceAll(nextEdition, "\n", ",,,\n")+"370211102231,village,车轮山村,,2022-07-01,370211102232\n")
	diff := muster(t, "division", "diff", first, next, "--on", "2022-07-01")
	for _, want := range []string{"merged   370211102231 车轮山村 → 370211102232 黄道山村\n", "renamed  370211102233 库山村 → 新库山村\n", "1 renamed, 0 recoded, 1 merged, 0 split, 0 dropped, 0 added\n"} {
		if !strings.Contains(diff, want) {
			t.Errorf("the difference does not say %q:\n%s", want, diff)
		}
	}
	i := up(t, filepath.Join(t.TempDir(), "data"), "--divisions", first)
	i.sendAs(t, oldVillage, "p", "post.developed", `"post":"P1","category":"public_service","kind":"保洁护路","area":"rural","seats":1,"from":"2022-01-01"`, "accepted")
	i.sendAs(t, oldVillage, "h", "hire.placed", hireOnP1(), "accepted")

	if said := muster(t, "division", "load", next, "--from", "2022-07-01", "--to", i.HTTP); !strings.Contains(said, "2 codes say something else") {
		t.Errorf("load says %s", said)
	}
	if said := muster(t, "division", "load", next, "--from", "2022-07-01", "--to", i.HTTP); !strings.Contains(said, "0 codes say something else") {
		t.Errorf("load of the same says %s", said)
	}
	moves := filepath.Join(t.TempDir(), "moves.ndjson")
	if err := os.WriteFile(moves, []byte(muster(t, "division", "move", oldVillage, newVillage, "--on", "2022-07-01", "--agency", "local", "--to", i.HTTP)), 0o600); err != nil {
		t.Fatal(err)
	}
	muster(t, "publish", moves, "--to", i.HTTP)

	i.sendAs(t, oldVillage, "a5", "attendance.reported", sheetOf("2022-05", ".PPPPP..PPPPP..PPPPP..PPPPP...."), "accepted")
	i.sendAs(t, newVillage, "a7", "attendance.reported", sheetOf("2022-07", "P..PPPPP..PPPPP..PPPPP..PPPP..."), "accepted")
	exit := fmt.Sprintf(`"post":"P1","on":"2022-08-01","kind":"natural","code":"N1","identity":{"id_number":%q}`, person(1).number)
	i.sendAs(t, oldVillage, "x1", "exit.recorded", exit, "unknown_division")
	i.sendAs(t, newVillage, "x2", "exit.recorded", exit, "accepted")
	for question, want := range map[string]string{
		"headcount?as_of=2022-06-30&division=" + oldVillage: `"total":1`, "headcount?as_of=2022-07-01&division=" + newVillage: `"total":1`,
		"headcount?as_of=2022-07-01&division=" + oldVillage: `"total":0`, "posts?as_of=2022-07-01&division=" + newVillage: `"post":"P1"`,
		"divisions?division=" + oldVillage: `"valid_to":"2022-07-01","successor":"370211102232"`,
	} {
		if _, text := ask(t, http.DefaultClient, http.MethodGet, i.HTTP+"/v1/"+question, "", ""); !strings.Contains(text, want) {
			t.Errorf("%s does not say %s: %s", question, want, text)
		}
	}
}

// Goal: a deployment that is started again with the next edition knows the codes that this one does not
// have any more, for the days before.
func TestDeploymentWithTheNextEdition(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	i := up(t, data, "--divisions", writeEdition(t, "code,level,name", firstEdition))
	i.sendAs(t, oldVillage, "p", "post.developed", `"post":"P1","category":"public_service","kind":"保洁护路","area":"rural","seats":1,"from":"2022-01-01"`, "accepted")
	i.sendAs(t, oldVillage, "h", "hire.placed", hireOnP1(), "accepted")
	i.stop(t)
	i = up(t, data, "--divisions", writeEdition(t, "code,level,name", nextEdition))
	i.sendAs(t, oldVillage, "a5", "attendance.reported", sheetOf("2022-05", ".PPPPP..PPPPP..PPPPP..PPPPP...."), "accepted")
	i.sendAs(t, "370212000000", "p2", "post.developed", `"post":"P2","category":"public_service","kind":"保洁护路","area":"rural","seats":1,"from":"2022-01-01"`, "unknown_division")
	i.stop(t)
	i = up(t, data) // the log knows the table
	i.sendAs(t, oldVillage, "a6", "attendance.reported", sheetOf("2022-06", "PPP..PPPPP..PPPPP..PPPP.P....."), "accepted")
	if _, text := ask(t, http.DefaultClient, http.MethodGet, i.HTTP+"/v1/divisions?division=370211102233", "", ""); !strings.Contains(text, `"name":"新库山村"`) || !strings.Contains(text, `"name":"库山村"`) {
		t.Errorf("both names of a village: %s", text)
	}
}
