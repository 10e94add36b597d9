package sheets

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/xuri/excelize/v2"
)

// Goal: a cell of any type that workbooks have is read as a person sees it, with both
// ways of counting days.
func TestCells(t *testing.T) {
	day := time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, from1904 := range []bool{false, true} {
		f := excelize.NewFile()
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetName("Sheet1", "岗位 5月"); err != nil {
			t.Fatal(err)
		}
		for i, row := range [][]any{
			{"岗位编号", "岗位类别", "城乡", "名额", "开始日期", "终止日期(含)", "补贴标准(元)", "应出勤天数", "区划"},
			{},
			{"P-1", "公共服务", "农村", 3, day, day.AddDate(1, 0, -1), 1900.5, 20.0, 370211102231},
			{17, "公共服务", "农村", 3.0, day.Add(9 * time.Hour), nil, 19.99 * 100, "20", "370211102231"},
		} {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow("岗位 5月", cell, &row); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		f.Close()
		list := read(t, "x.xlsx", b.Bytes(), options(t))
		if len(list) != 2 || list[0].Event == nil || list[1].Event == nil {
			t.Fatal(show(list))
		}
		first, second := list[0].Event.Data.(*events.PostDeveloped), list[1].Event.Data.(*events.PostDeveloped)
		date := civil.MustDate("2022-05-01")
		if first.Post != "P-1" || first.From != date || first.Until != civil.MustDate("2023-05-01") || first.Standard != 190050 || first.RequiredDays != 20 ||
			first.Seats != 3 || list[0].Event.Division != "370211102231" || list[0].Rows[0] != 3 {
			t.Errorf("1904 %v: %v %+v", from1904, list[0].Rows, first)
		}
		if second.Post != "17" || second.From != date || second.Standard != 199900 || second.Seats != 3 {
			t.Errorf("1904 %v: %+v", from1904, second)
		}
	}
}

// Goal: a workbook is read in the order in which its events depend on each other.
// Hidden and empty sheets are ignored, and a sheet that is refused does not prevent
// that the others are read.
func TestWorkbook(t *testing.T) {
	sheets := map[string][][]any{
		"考勤":   {{"post", "month", "id_number", "marks"}, {"P-1", "2022-05", citizen(1), "PP"}},
		"hire": {{"post", "id_number", "from", "until", "group"}, {"P-1", citizen(1), "2022-05-01", "2025-05-01", "大龄"}},
		"岗位":   {{"post", "category", "area", "seats", "from"}, {"P-1", "公共服务", "农村", 1, 44652}},
		"说明":   {{"how to fill this in"}, {"with care"}},
		"隐藏":   {{"secret"}},
		"空":    {},
	}
	f, err := excelize.OpenReader(bytes.NewReader(workbook(t, sheets, "考勤", "说明", "hire", "空", "隐藏", "岗位")))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.SetSheetVisible("隐藏", false); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	var got []string
	var part float64
	o := options(t)
	o.Progress = func(p float64) {
		if p < part {
			t.Errorf("progress goes from %f to %f", part, p)
		}
		part = p
	}
	for _, e := range read(t, "x.xlsx", b.Bytes(), o) {
		what := "refused"
		if e.Event != nil {
			what = string(e.Event.Type)
		}
		got = append(got, e.Sheet+" "+what)
	}
	if want := []string{"说明 refused", "岗位 post.developed", "hire hire.placed", "考勤 attendance.reported"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if part != 1 {
		t.Errorf("progress ends at %f", part)
	}
}

// Goal: --type and a column type take precedence over the name of a sheet.
func TestKindGiven(t *testing.T) {
	rows := map[string][][]any{"Sheet1": {{"post", "category", "area", "seats", "from"}, {"P-1", "public_service", "rural", 1, "2022-04-01"}}}
	book := workbook(t, rows, "Sheet1")
	if list := read(t, "x.xlsx", book, options(t)); len(list) != 1 || list[0].Event != nil {
		t.Error(show(list))
	}
	for _, kind := range []string{"post", "岗位", "post.developed", "POST"} {
		o := options(t)
		o.Kind = kind
		if list := read(t, "hire.xlsx", book, o); len(list) != 1 || list[0].Event == nil {
			t.Errorf("%s: %s", kind, show(list))
		}
	}
}

// Goal: Locate finds the row and the column of each reason of a receipt.
func TestLocate(t *testing.T) {
	o := options(t)
	sheet := "岗位编号,考勤月份,身份证号,考勤\nP-1,2022-05," + citizen(1) + ",PP\n\nP-2,2022-05," + citizen(2) + ",P\nP-1,2022-05," + citizen(3) + ",P\n"
	list := read(t, "attendance.csv", []byte(sheet), o)
	for _, test := range []struct {
		field  string
		row    int
		column string
	}{
		{"data.lines[0].id_number", 2, "身份证号"}, {"data.lines[1].id_number", 5, "身份证号"}, {"data.lines[1].marks", 5, "考勤"},
		{"data.post", 0, ""}, {"", 0, ""},
	} {
		got := list[0].Locate(events.Refusal("c", test.field, events.Say("d", "丁")))[0]
		if got.Row != test.row || got.Column != test.column || got.Field != test.field {
			t.Errorf("%s: %+v, want row %d column %q", test.field, got, test.row, test.column)
		}
	}
	hire := read(t, "hire.csv", hires(hireOf(1, "1")), o)[0]
	if got := hire.Locate(events.Refusal("c", "data.identity.id_number", events.Say("d", "丁")))[0]; got.Row != 2 || got.Column != "id_number" {
		t.Errorf("%+v", got)
	}
	if got := hire.Locate(events.Refusal("c", "data.from", events.Say("d", "丁")))[0]; got.Row != 2 || got.Column != "from" {
		t.Errorf("%+v", got)
	}
}
