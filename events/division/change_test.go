package division

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/civil"
)

// edition loads a table from lines such as 370211102231 王庄村, or with days and a successor,
// 370211102231 王庄村 2020-01-01 2022-07-01 370211102232, where - is nothing.
func edition(t *testing.T, lines ...string) *Table {
	t.Helper()
	text := longHeader + "\n"
	for _, l := range append([]string{"370000000000 山东省", "370200000000 青岛市", "370211000000 黄岛区", "370211102000 泊里镇"}, lines...) {
		f := append(strings.Fields(l), "-", "-", "-")
		for i := range f {
			f[i] = strings.ReplaceAll(f[i], "-", map[bool]string{true: "", false: "-"}[f[i] == "-"])
		}
		text += strings.Join([]string{f[0], Code(f[0]).Level().String(), f[1], f[2], f[3], f[4]}, ",") + "\n"
	}
	table, err := Load(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

var july = civil.MustDate("2022-07-01")

// Goal: what became of divisions between two editions is said in the words of the office.
func TestChanges(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new []string
		want     []string
	}{
		{"nothing", []string{"370211102231 王庄村"}, []string{"370211102231 王庄村"}, nil},
		{"another name", []string{"370211102231 王庄村"}, []string{"370211102231 王新村"}, []string{"renamed 370211102231 王庄村 王新村 []"}},
		{
			"another code, and the villages with it", []string{"370211103000 大场镇", "370211103201 李村"}, []string{"370211104000 大场镇", "370211104201 李村"},
			[]string{"recoded 370211103000 大场镇  [370211104000]", "recoded 370211103201 李村  [370211104201]"},
		},
		{
			"merged into a neighbour", []string{"370211102231 王庄村", "370211102232 李庄村"},
			[]string{"370211102231 王庄村 - 2022-07-01 370211102232", "370211102232 李庄村"}, []string{"merged 370211102231 王庄村  [370211102232]"},
		},
		{
			"two become a third", []string{"370211102231 王庄村", "370211102232 李庄村"},
			[]string{"370211102231 王庄村 - 2022-07-01 370211102240", "370211102232 李庄村 - 2022-07-01 370211102240", "370211102240 和庄村 2022-07-01 - -"},
			[]string{"merged 370211102231 王庄村  [370211102240]", "merged 370211102232 李庄村  [370211102240]"},
		},
		{
			"split in two", []string{"370211102231 王庄村村民委员会"}, []string{"370211102241 王庄东村村民委员会", "370211102242 王庄西村村民委员会"},
			[]string{"split 370211102231 王庄村村民委员会  [370211102241 370211102242]"},
		},
		{
			"a part split off", []string{"370211102231 王庄村"}, []string{"370211102231 王庄村", "370211102241 王庄新村"},
			[]string{"split 370211102231 王庄村  [370211102241]"},
		},
		{"dropped, and another added", []string{"370211102231 王庄村"}, []string{"370211102241 赵村"}, []string{"dropped 370211102231 王庄村  []", "added 370211102241 赵村  []"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, edition := edition(t, test.old...), edition(t, test.new...)
			var got []string
			for _, c := range Changes(old, edition, july) {
				got = append(got, fmt.Sprint(c.Kind, " ", c.Code, " ", c.Name, " ", c.NewName, " ", c.To))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q\nwant %q", got, test.want)
			}
			now := old.With(Difference(old, edition, july)...)
			for c := range edition.Under("") {
				if said, holds := now.On(c, july); holds != holdsIn(edition, c) || holds && said.Name != edition.Name(c) {
					t.Errorf("%s after the difference: %+v, %v", c, said, holds)
				}
			}
			for c := range old.Under("") {
				if _, holds := now.On(c, july-1); !holds {
					t.Errorf("%s does not hold on the day before", c)
				}
				if _, holds := now.On(c, july); holds != holdsIn(edition, c) {
					t.Errorf("%s holds from July on: %v", c, holds)
				}
			}
			if again := Difference(now, edition, july); len(again) > 0 {
				t.Errorf("the difference is not complete: %+v", again)
			}
		})
	}
}

func holdsIn(edition *Table, c Code) bool { _, holds := edition.On(c, july); return holds }

// Goal: an edition of one county leaves the others alone.
func TestDifferenceOfACounty(t *testing.T) {
	old := edition(t, "370211102231 王庄村", "370212000000 崂山区", "370212001000 中韩街道")
	county, err := Load(strings.NewReader(shortHeader + "\n370211000000,county,黄岛区\n370211102000,township,泊里镇\n"))
	if err != nil {
		t.Fatal(err)
	}
	list := Difference(old, county, july)
	if len(list) != 1 || list[0].Code != "370211102231" || list[0].ValidTo != july {
		t.Errorf("%+v", list)
	}
}

// Goal: a code is looked up in what was said of the day, and what took its place is found from
// successor to successor, in a circle, too.
func TestOn(t *testing.T) {
	table := edition(t,
		"370211102231 王庄村 - 2022-07-01 370211102232", "370211102232 李庄村 - 2023-07-01 370211102233", "370211102233 赵庄村 - - -",
		"370211102234 旧村 - 2021-01-01 -", "370211102234 新村 2022-01-01 - -", "370211102235 甲村 - 2022-01-01 370211102236", "370211102236 乙村 - 2022-01-01 370211102235")
	for _, test := range []struct {
		code, day string
		name      string
		holds     bool
		successor string
	}{
		{"370211102231", "2022-06-30", "王庄村", true, ""},
		{"370211102231", "2022-07-01", "王庄村", false, "370211102232"},
		{"370211102231", "2023-07-01", "王庄村", false, "370211102233"},
		{"370211102234", "2020-12-31", "旧村", true, ""},
		{"370211102234", "2021-06-01", "旧村", false, ""},
		{"370211102234", "2022-01-01", "新村", true, ""},
		{"370211102235", "2022-01-01", "甲村", false, ""},
		{"370211102299", "2022-01-01", "", false, ""},
	} {
		day := civil.MustDate(test.day)
		s, holds := table.On(Code(test.code), day)
		to, _ := table.Successor(Code(test.code), day)
		if s.Name != test.name || holds != test.holds || string(to) != test.successor || table.HoldsIn(Code(test.code), day, day+1) != test.holds {
			t.Errorf("%s on %s: %+v, %v, successor %q", test.code, test.day, s, holds, to)
		}
	}
	if !table.HoldsIn("370211102234", civil.MustDate("2020-12-01"), civil.MustDate("2021-02-01")) || table.HoldsIn("370211102234", civil.MustDate("2021-01-01"), civil.MustDate("2022-01-01")) {
		t.Error("a code that was away for a year holds in the wrong months")
	}
	if got := table.Name("370211102234"); got != "新村" {
		t.Errorf("the last name is %s", got)
	}
}
