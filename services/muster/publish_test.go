package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// A rowAnswer is a line of the receipts of a spreadsheet.
type rowAnswer struct {
	File, Sheet, ID, Status string
	Rows                    []int
	Reasons                 []struct {
		Row                         int
		Column, Code, Field, Detail string
	}
}

func rowAnswers(t *testing.T, file string) (list []rowAnswer) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var r rowAnswer
		if err := json.Unmarshal([]byte(line), &r, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, r)
	}
	return list
}

// An office is the folder of an agency with its files, and the instance that it submits
// to.
type office struct {
	*instance
	dir string
}

// file writes a CSV file in GB18030, as spreadsheet programs do in China.
func (o office) file(t *testing.T, name string, rows ...string) string {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(strings.Join(rows, "\r\n") + "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// publish runs muster publish. It returns the output, the receipts, and the error.
func (o office) publish(t *testing.T, args ...string) (string, []rowAnswer, error) {
	t.Helper()
	receipts := filepath.Join(o.dir, "receipts.ndjson")
	out, err := try(t, append([]string{"publish", "--to", o.HTTP, "--receipts", receipts, "--ids", filepath.Join(o.dir, "ids"),
		"--agency", "370211-rsj", "--division", "370211102231"}, args...)...)
	return out, rowAnswers(t, receipts), err
}

// Goal: an office submits its spreadsheets of every kind as they are, and is answered
// by row and column. A file that is submitted again changes nothing; a row that changed
// replaces the event sent before. Method: CSV in GB18030 with Chinese headers, a
// workbook with the names of the fields, the real program.
func TestSpreadsheets(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	o := office{up(t, data), t.TempDir()}
	post := o.file(t, "岗位.csv", "岗位编号,岗位类别,城乡,名额,开始日期,补贴标准(元),应出勤天数,资金编号",
		"P-1,公共服务,农村,3,2022年4月1日,600.00,20,F-1")
	hireRow := func(i int, phone string) string {
		return fmt.Sprintf("%s,%s,%s,P-1,大龄,2022/5/1,2025-04-30,2022-04-20,2022-04-21,2022-04-23,A-%d,20220428,2025-04-30", person(i).name, person(i).number, phone, i)
	}
	const hireHeader = "姓名,身份证号,手机号,岗位编号,人员类别,上岗日期,聘期截止日期(含),审核日期,公示开始日期,公示截止日期(含),协议编号,协议签订日期,协议截止日期(含)"
	hire := o.file(t, "上岗2022.csv", hireHeader, hireRow(1, "13900000001"), hireRow(2, "13900000002"))
	training := o.file(t, "培训.csv", "身份证号,课程,学时,培训日期,岗前培训", person(1).number+",安全,8,2022-04-25,是", person(2).number+",安全,8,2022-04-25,是")
	attendance := o.file(t, "考勤5月.csv", "岗位编号,月份,身份证号,考勤,记录人", "P-1,2022-05,"+person(1).number+",.PPPPP..PPPPP,李", "P-1,2022-05,"+person(2).number+",.PPPPP,李")
	fund := filepath.Join(o.dir, "fund.ndjson")
	if err := os.WriteFile(fund, []byte(said("f-1", "fund.allocated", `"fund":"F-1","division":"370211000000","year":2022,"amount":100000000`)), 0o600); err != nil {
		t.Fatal(err)
	}
	payment := o.file(t, "发放.csv", "批次,月份,资金编号,岗位编号,身份证号,金额(元)", "R-1,2022-05,F-1,P-1,"+person(1).number+",600.00", "R-1,2022-05,F-1,P-1,"+person(2).number+",150")
	exit := o.file(t, "退出.csv", "岗位编号,身份证号,最后在岗日期,退出类型,退出代码", "P-1,"+person(2).number+",2022-06-14,自然退出,N1")
	all := []string{post, hire, training, attendance, fund, payment, exit}

	// The dry run comes first: nothing is written, and each event sees those before it.
	before, head := under(t, filepath.Join(data, "vault")), get[headcount](t, o.instance, "/v1/headcount").Position
	out, tried, err := o.publish(t, append([]string{"--dry-run"}, all...)...)
	if err != nil || !strings.Contains(out, "accepted 9  duplicate 0  rejected 0") || !strings.HasPrefix(out, "dry run") || len(tried) != 9 {
		t.Errorf("dry run: %v\n%s", err, out)
	}
	if after := under(t, filepath.Join(data, "vault")); !maps.EqualFunc(before, after, slices.Equal) {
		t.Error("a dry run wrote to the vault")
	}
	if got := get[headcount](t, o.instance, "/v1/headcount").Position; got != head {
		t.Errorf("a dry run moved the log from %s to %s", head, got)
	}
	if _, err := os.Stat(filepath.Join(o.dir, "ids")); err == nil {
		t.Error("a dry run made a file of ids")
	}

	out, first, err := o.publish(t, all...)
	if err != nil || !strings.Contains(out, "accepted 9  duplicate 0  rejected 0") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, again, err := o.publish(t, all...); err != nil || !strings.Contains(out, "accepted 0  duplicate 9  rejected 0") || len(again) != 9 || again[1].ID != first[1].ID {
		t.Errorf("again: %v\n%s", err, out)
	}
	if r := first[1]; r.File != "上岗2022.csv" || !slices.Equal(r.Rows, []int{2}) || r.ID == "" || strings.Contains(r.ID, person(1).number) {
		t.Errorf("receipt %+v", r)
	}

	// A changed row, a new one, and three that are wrong.
	hire = o.file(t, "上岗2022.csv", hireHeader, hireRow(1, "13955555555"), hireRow(2, "13900000002"), hireRow(3, "1"),
		strings.Replace(hireRow(4, "1"), "2022/5/1", "2022/2/30", 1), strings.Replace(hireRow(5, "1"), person(5).number, person(5).number[:17]+"?", 1),
		strings.Replace(hireRow(6, "1"), "P-1,", "P-9,", 1))
	out, list, err := o.publish(t, hire)
	if err == nil || !strings.Contains(out, "accepted 2  duplicate 1  rejected 3") {
		t.Errorf("%v\n%s", err, out)
	}
	if want := first[1].ID + ".2"; len(list) != 6 || list[0].ID != want || list[0].Status != "accepted" {
		t.Fatalf("%+v, want the changed row as %s", list, want)
	}
	var places []string
	for _, r := range list[3:] {
		if len(r.Reasons) == 0 || r.Status != "rejected" {
			t.Fatalf("%+v", r)
		}
		places = append(places, fmt.Sprint(r.Reasons[0].Row, " ", r.Reasons[0].Column, " ", r.Reasons[0].Code))
	}
	if want := []string{"5 上岗日期 invalid_date", "6 身份证号 invalid_id_number", "7 岗位编号 unknown_post"}; !slices.Equal(places, want) {
		t.Errorf("%q, want %q", places, want)
	}
	if !strings.Contains(out, "上岗2022.csv row 5 column 上岗日期") || strings.Contains(out, person(5).number[:17]) {
		t.Errorf("summary:\n%s", out)
	}

	// The same refusals in Chinese: one of the file itself, one of the contract, one of a service.
	out, list, _ = o.publish(t, "--lang", "zh", "--dry-run", hire)
	for i, want := range []string{"须为存在的日期", "公民身份号码", ""} {
		said := list[3+i].Reasons[0].Detail
		if !strings.Contains(said, want) || i < 2 && !strings.Contains(out, said) {
			t.Errorf("row %d: %q, want %q\n%s", i, said, want, out)
		}
	}
	if !strings.Contains(out, "上岗2022.csv 第5行 “上岗日期”列") {
		t.Errorf("summary in Chinese:\n%s", out)
	}

	// A workbook with the names of the fields, sheets in no useful order.
	book := excelize.NewFile()
	for sheet, rows := range map[string][][]any{
		"attendance": {{"post", "month", "id_number", "days"}, {"P-2", "2022-05", person(7).number, "2-6,9-13"}},
		"hire": {{"post", "id_number", "name", "from", "until", "group", "review.on", "publicity.from", "publicity.until", "agreement.number", "agreement.signed", "agreement.until"},
			{"P-2", person(7).number, person(7).name, "2022-05-01", "2025-05-01", "older", "2022-04-20", "2022-04-21", "2022-04-24", "A-7", "2022-04-28", "2025-05-01"}},
		"post": {{"post", "category", "area", "seats", "from"}, {"P-2", "public_service", "rural", 2, "2022-04-01"}},
	} {
		if _, err := book.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := book.SetSheetRow(sheet, fmt.Sprint("A", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	workbook := filepath.Join(o.dir, "may.xlsx")
	if err := errors.Join(book.DeleteSheet("Sheet1"), book.SaveAs(workbook)); err != nil {
		t.Fatal(err)
	}
	out, list, err = o.publish(t, workbook)
	if err != nil || len(list) != 3 || list[2].Sheet != "attendance" || list[2].Status != "accepted" {
		t.Errorf("workbook: %v %+v\n%s", err, list, out)
	}
	if got := get[headcount](t, o.instance, "/v1/headcount?as_of=2022-06-15&division=370211102231&at_least="+lastPosition(t, out)).Total; got != 3 {
		t.Errorf("headcount %d, want 3", got)
	}
	for _, bad := range [][]string{{"--type", "holiday", hire}, {filepath.Join(o.dir, "no such file.csv")}} {
		if out, _, err := o.publish(t, bad...); err == nil {
			t.Errorf("publish %v succeeds:\n%s", bad, out)
		}
	}
	if out := muster(t, "publish", "--columns"); !strings.Contains(out, "身份证号") || !strings.Contains(out, "publicity.until.last") {
		t.Errorf("--columns:\n%s", out)
	}
}

// Goal: history is imported with the times at which it was recorded. A second import
// has no effect, and an import after the first live event is refused. Method: a
// synthetic province, published as an import.
func TestImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	muster(t, "simulate", "--scale", "0.001", "--out", dir)
	i := up(t, filepath.Join(dir, "data"))
	publish := func() string {
		out, _ := try(t, "publish", filepath.Join(dir, "events.ndjson"), "--to", i.HTTP, "--import") // some are invalid, on purpose
		return out
	}
	first := publish()
	if strings.Contains(first, "accepted 0 ") {
		t.Fatal(first)
	}
	placed := func(known string) int {
		return get[headcount](t, i, "/v1/headcount?as_of=2022-05-10&at_least="+lastPosition(t, first)+known).Total
	}
	if head, then := placed(""), placed("&known_at=2022-04-01"); head != 351 || then == 0 || then >= head {
		t.Errorf("placed on 2022-05-10: %d, as known in April %d", head, then)
	}
	if again := publish(); !strings.Contains(again, "accepted 0 ") {
		t.Errorf("again: %s", again)
	}
	// A spreadsheet has no recorded time of its own.
	o := office{i, dir}
	sheet := o.file(t, "岗位.csv", "岗位编号,岗位类别,城乡,名额,开始日期", "S-1,公共服务,农村,3,2022-04-01")
	for _, flags := range [][]string{{"--import"}, {"--import", "--recorded", "2023-05-32"}, {"--recorded", "2023-05-31"}} {
		if out, err := try(t, append([]string{"publish", sheet, "--to", i.HTTP}, flags...)...); err == nil || !strings.Contains(out, "--recorded") {
			t.Errorf("%v: %v %s", flags, err, out)
		}
	}
	if out, _, err := o.publish(t, sheet, "--import", "--recorded", "2022-01-31"); err == nil || !strings.Contains(out, "import_closed") {
		t.Errorf("before what was imported: %v %s", err, out)
	}
	out, _, err := o.publish(t, sheet, "--import", "--recorded", "2023-12-31")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	developed := func(known string) int {
		return get[plan](t, i, "/v1/plan?as_of=2022-05-10&at_least="+lastPosition(t, out)+"&known_at="+known).Developed
	}
	if before, after := developed("2023-12-30"), developed("2023-12-31"); after != before+3 {
		t.Errorf("%d seats developed as known on that day, %d on the day before", after, before)
	}
	post(t, i, "application/json", tour(t)[0])
	late := filepath.Join(dir, "late.ndjson")
	line := strings.Replace(said("p-late", "post.developed", `"post":"L","category":"public_service","area":"rural","seats":1,"from":"2022-04-01"`), `"data"`, `"recordedtime":"2023-01-01T00:00:00Z","data"`, 1)
	if err := os.WriteFile(late, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := try(t, "publish", late, "--to", i.HTTP, "--import"); err == nil || !strings.Contains(out, "import_closed") {
		t.Errorf("once live: %v %s", err, out)
	}
	if out, err := try(t, "publish", late, "--to", i.HTTP); err != nil {
		t.Errorf("without --import: %v %s", err, out)
	}
}

// lastPosition returns the position of the last event in a summary.
func lastPosition(t *testing.T, out string) string {
	t.Helper()
	_, rest, ok := strings.Cut(out, "last position ")
	position, _, _ := strings.Cut(rest, ":")
	if !ok {
		t.Fatalf("no position in %s", out)
	}
	return position
}

// Goal: an exit that was withdrawn by mistake, and is sent again as it was, does not pass
// for one that stands. Method: the file of an agency that withdraws an exit, sends the very
// same exit again, and then the exit under a new id.
func TestVoidedEventSentAgain(t *testing.T) {
	i := up(t, filepath.Join(t.TempDir(), "data"))
	exit := `"post":"P1","on":"2022-06-10","kind":"natural","code":"N1","identity":{"id_number":"` + person(1).number + `"}`
	file := filepath.Join(t.TempDir(), "exits.ndjson")
	lines := []string{
		said("p", "post.developed", `"post":"P1","category":"public_service","area":"rural","seats":1,"from":"2022-01-01"`),
		said("h", "hire.placed", `"post":"P1","from":"2022-05-01","until":"2024-05-01","group":"older","review":{"on":"2022-04-19"},"publicity":{"from":"2022-04-20","until":"2022-04-25"},`+
			`"agreement":{"number":"A","signed":"2022-04-28","until":"2024-05-01"},"identity":{"id_number":"`+person(1).number+`","name":"甲某"}`),
		said("x1", "exit.recorded", exit), said("w-x1", "event.withdrawn", `"type":"exit.recorded","id":"x1","reason":"a mistake"`),
		said("x1", "exit.recorded", exit), said("x2", "exit.recorded", exit),
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := try(t, "publish", "--to", i.HTTP, "--lang", "zh", file)
	if err == nil || !strings.Contains(out, "accepted 5  duplicate 0  rejected 1") || !strings.Contains(out, "already_voided") || !strings.Contains(out, "被/agency/370211-rsj的事件w-x1撤销") {
		t.Errorf("first: %v\n%s", err, out)
	}
	out, err = try(t, "publish", "--to", i.HTTP, file)
	if err == nil || !strings.Contains(out, "accepted 0  duplicate 4  rejected 2") || !strings.Contains(out, "withdrawn by event w-x1 of /agency/370211-rsj on 20") {
		t.Errorf("again: %v\n%s", err, out)
	}
}
