package division

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLoad checks that a table that Load accepts holds valid codes with names, in
// order and without repetition, and that each code is found under its own prefix.
func FuzzLoad(f *testing.F) {
	const head = "code,level,name\n"
	f.Add([]byte(head + "370000000000,province,山东省\n370200000000,prefecture,青岛市\n370211000000,county,黄岛区\n"))
	f.Add([]byte("\ufeff" + head + "370000000000,province,\"a,\"\"b\"\"\"\n"))
	f.Add([]byte(head + "370102000000,county,x\n"))
	f.Add([]byte(head + "370000000000,county,x\n"))
	f.Add([]byte(head))
	f.Add(shandong[:200])
	f.Add([]byte{0x1f})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := Load(bytes.NewReader(b))
		if err != nil {
			if table != nil || !strings.HasPrefix(err.Error(), "division table: ") {
				t.Errorf("%v, %v", table, err)
			}
			return
		}
		all := slices.Collect(table.Under(""))
		if len(all) != table.Len() || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Fatalf("%d divisions, under the whole %v", table.Len(), all)
		}
		for _, c := range all {
			if !c.Valid() || !table.Has(c) || table.Name(c) == "" || !c.Under(c.Prefix()) || c.At(c.Level()) != c {
				t.Errorf("%q: valid %v, in the table %v, name %q", c, c.Valid(), table.Has(c), table.Name(c))
			}
			if !slices.Contains(slices.Collect(table.Under(c.Prefix())), c) {
				t.Errorf("%s is not under %s", c, c.Prefix())
			}
			if utf8.Valid(b) && !utf8.ValidString(table.Name(c)) {
				t.Errorf("the name of %s is not UTF-8", c)
			}
		}
	})
}
