package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An answer is a JSON object of the read API.
type answer = map[string]any

// at returns the parameters that most questions take. 所知 is the moment as known at
// which the question is asked.
func at(cells map[string]string) url.Values {
	v := url.Values{}
	for heading, parameter := range map[string]string{"截至": "as_of", "所知": "known_at", "区划": "division", "月份": "month", "变动自": "changed_since"} {
		if cell := cells[heading]; cell != "" {
			v.Set(parameter, cell)
		}
	}
	return v
}

// rowsOf returns the rows of an answer.
func rowsOf(a answer) (list []answer) {
	all, _ := a["rows"].([]any)
	for _, r := range all {
		list = append(list, r.(answer))
	}
	return list
}

// compare compares the members of a row with the cells of those headings.
func compare(cells map[string]string, members map[string]string, row answer) error {
	for heading, member := range members {
		want, asked := cells[heading]
		if !asked {
			continue
		}
		got := row[member]
		if fen, ok := got.(float64); ok && money[member] {
			got = strings.TrimSuffix(fmt.Sprintf("%.2f", fen/100), ".00")
		}
		if got == nil {
			got = "无"
		}
		if b, ok := got.(bool); ok {
			got = map[bool]string{true: "是", false: "否"}[b]
		}
		if fmt.Sprint(got) != want {
			return fmt.Errorf("%s is %v", heading, got)
		}
	}
	return nil
}

// money names the members that are amounts in fen.
var money = map[string]bool{"entitled": true, "instructed": true, "settled": true, "returned": true, "difference": true, "disputed": true, "late_amount": true,
	"allocated": true, "left": true, "rejected": true, "surrendered": true, "other": true}

// headcount asks how many people are in place. The columns 在岗状态, 性别 and 人员类别 ask for
// a part of them.
func (o *office) headcount(cells map[string]string) error {
	v := at(cells)
	axes := map[string]string{"在岗状态": "standing", "性别": "sex", "人员类别": "group"}
	var by []string
	for heading, axis := range axes {
		if cells[heading] != "" {
			by = append(by, axis)
		}
	}
	v.Set("by", strings.Join(by, ","))
	var a answer
	if err := o.ask("/v1/headcount", v, &a); err != nil {
		return err
	}
	total := 0
	for _, row := range rowsOf(a) {
		if compare(cells, axes, row) == nil {
			total += int(row["headcount"].(float64))
		}
	}
	if strconv.Itoa(total) != cells["人数"] {
		return fmt.Errorf("%d are in place", total)
	}
	if cells["估计"] != "" {
		return compare(cells, map[string]string{"估计": "estimated"}, a)
	}
	return nil
}

var payrollMembers = map[string]string{"应发": "entitled", "已下令": "instructed", "已到账": "settled", "已退回": "returned", "差额": "difference", "存疑": "disputed",
	"存疑天数": "disputed_days", "迟发天数": "late_days", "迟发金额": "late_amount", "政策": "policyversion", "不计": "other"}

// payroll asks what a month was worth to a person. 无 as what was earned says that the
// person has no row.
func (o *office) payroll(cells map[string]string) error {
	var a answer
	if err := o.ask("/v1/payroll", at(cells), &a); err != nil {
		return err
	}
	if cells["人员"] == "合计" {
		return compare(cells, payrollMembers, a["totals"].(answer))
	}
	var found []answer
	for _, row := range rowsOf(a) {
		if o.letters[fmt.Sprint(row["person"])] == cells["人员"] && (cells["岗位"] == "" || cells["岗位"] == row["post"]) {
			found = append(found, row)
		}
	}
	switch {
	case cells["应发"] == "无" && len(found) == 0:
		return nil
	case len(found) != 1:
		return fmt.Errorf("has %d rows", len(found))
	}
	return compare(cells, payrollMembers, found[0])
}

func (o *office) fund(cells map[string]string) error {
	var a answer
	if err := o.ask("/v1/funds", at(cells), &a); err != nil {
		return err
	}
	for _, row := range rowsOf(a) {
		if row["fund"] == cells["资金"] {
			return compare(cells, map[string]string{"下达": "allocated", "已下令": "instructed", "已到账": "settled", "已退回": "returned", "结余": "left",
				"拒付": "rejected", "上缴": "surrendered"}, row)
		}
	}
	return fmt.Errorf("there is no such fund")
}

// vacant asks for the vacant seats, as post/seat, or 无.
func (o *office) vacant(cells map[string]string) error {
	var a answer
	if err := o.ask("/v1/vacancies", at(cells), &a); err != nil {
		return err
	}
	var seats []string
	for _, row := range rowsOf(a) {
		seats = append(seats, fmt.Sprintf("%v/%v", row["post"], row["seat"]))
	}
	slices.Sort(seats)
	got := strings.Join(seats, "、")
	if got == "" {
		got = "无"
	}
	if got != cells["空岗"] {
		return fmt.Errorf("vacant is %s", got)
	}
	if len(seats) == 1 {
		return compare(cells, map[string]string{"空缺自": "vacant_since", "原因": "reason"}, rowsOf(a)[0])
	}
	return nil
}

func (o *office) plan(cells map[string]string) error {
	var a answer
	if err := o.ask("/v1/plan", at(cells), &a); err != nil {
		return err
	}
	return compare(cells, map[string]string{"计划": "planned", "开发": "developed", "在岗": "placed"}, a)
}

// placement asks for the row of a person in the roster of who is in place.
func (o *office) placement(cells map[string]string) error {
	var a answer
	if err := o.ask("/v1/placements", at(cells), &a); err != nil {
		return err
	}
	for _, row := range rowsOf(a) {
		if o.letters[fmt.Sprint(row["person"])] == cells["人员"] {
			return compare(cells, map[string]string{"岗位": "post", "席位": "seat", "超龄": "over_age", "超期": "over_term", "在岗状态": "standing", "人员类别": "group",
				"至": "until", "自": "from", "性别": "sex"}, row)
		}
	}
	if cells["岗位"] == "无" {
		return nil
	}
	return fmt.Errorf("is not in place")
}

func (o *office) trailOfPerson(letter, want string) error {
	id, err := o.person(letter)
	if err != nil {
		return err
	}
	return o.trail("/v1/trail/persons/"+id, want)
}

func (o *office) trailOfPost(post, want string) error {
	return o.trail("/v1/trail/posts/"+url.PathEscape(post), want)
}

// trail compares a trail with kinds of reports in order of the log, such as 录用、离岗（作废）.
func (o *office) trail(path, want string) error {
	var a struct {
		Events []struct {
			Type      string
			Withdrawn bool
		}
	}
	if err := o.ask(path, url.Values{}, &a); err != nil {
		return err
	}
	var got []string
	for _, e := range a.Events {
		said := kindOf(e.Type)
		if e.Withdrawn {
			said += "（作废）"
		}
		got = append(got, said)
	}
	if all := strings.Join(got, "、"); all != want {
		return fmt.Errorf("the trail is %s", all)
	}
	return nil
}

func kindOf(event string) string {
	for name, k := range kinds {
		if k.event == event {
			return name
		}
	}
	return event
}

// reveal asks the vault for the identity of a person.
func (o *office) reveal(letter, name, phone string) error {
	id, err := o.person(letter)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"fields": []string{"name", "phone"}, "purpose": "audit"})
	if err != nil {
		return err
	}
	raw, err := o.send(http.MethodPost, "/v1/persons/"+id+"/reveal", agencies["黄岛区"].name, body)
	if err != nil {
		return err
	}
	if !bytes.Contains(raw, []byte(`"`+name+`"`)) || !bytes.Contains(raw, []byte(`"`+phone+`"`)) {
		return fmt.Errorf("the vault says %s", raw)
	}
	return nil
}
