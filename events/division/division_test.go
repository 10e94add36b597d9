package division

import (
	"strings"
	"testing"
)

func TestShandong(t *testing.T) {
	table, err := Shandong()
	if err != nil {
		t.Fatal(err)
	}
	count := map[Level]int{}
	for c := range table.Under("") {
		count[c.Level()]++
	}
	for l, want := range map[Level]int{Province: 1, Prefecture: 16, County: 151, Township: 1853, Village: 62074} {
		if count[l] != want {
			t.Errorf("%d divisions of level %v, want %d", count[l], l, want)
		}
	}
	if got := table.Name("370211000000"); got != "黄岛区" {
		t.Errorf("370211000000 is %q", got)
	}
	if table.Has("370211999999") {
		t.Error("370211999999 exists")
	}
}

func TestCode(t *testing.T) {
	for _, c := range []struct {
		code   Code
		level  Level
		prefix string
		county Code
	}{
		{"370000000000", Province, "37", "370000000000"},
		{"370200000000", Prefecture, "3702", "370200000000"},
		{"370211000000", County, "370211", "370211000000"},
		{"370211102000", Township, "370211102", "370211000000"},
		{"370211102231", Village, "370211102231", "370211000000"},
	} {
		if !c.code.Valid() || c.code.Level() != c.level || c.code.Prefix() != c.prefix || c.code.At(County) != c.county {
			t.Errorf("%s: valid %v, level %v, prefix %s, county %s", c.code, c.code.Valid(), c.code.Level(), c.code.Prefix(), c.code.At(County))
		}
	}
	for _, s := range []Code{"", "37", "37021110223", "3702111022311", "37021110223x", "000000000000"} {
		if s.Valid() {
			t.Errorf("%q is valid", s)
		}
	}
	if c := Code("370211102231"); !c.Under("") || !c.Under("3702") || !c.Under("370200000000") || c.Under("3703") {
		t.Error("Under is wrong for 370211102231")
	}
	for _, s := range []string{"3", "370", "37021x", "37021"} {
		if _, err := ParsePrefix(s); err == nil {
			t.Errorf("prefix %q accepted", s)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"empty":         "",
		"other header":  "a,b,c\n",
		"short code":    "code,level,name\n37,province,x\n",
		"wrong level":   "code,level,name\n370000000000,county,x\n",
		"twice":         "code,level,name\n370000000000,province,x\n370000000000,province,x\n",
		"no parent":     "code,level,name\n370000000000,province,x\n370102000000,county,y\n",
		"no name":       "code,level,name\n370000000000,province,\n",
		"missing field": "code,level,name\n370000000000,province\n",
	} {
		if _, err := Load(strings.NewReader(body)); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}
