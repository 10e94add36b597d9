package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Goal: the generated files are fresh.
// Method: they are generated again for each package that has some, and compared.
func TestGeneratedFilesAreFresh(t *testing.T) {
	for _, folder := range []string{"../../..", "../kindtest"} {
		files, err := generate(folder)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is stale, run go generate in its folder (%v)", filepath.Join(folder, name), err)
			}
		}
	}
}

// packageOf returns the folder of a package that has a payload with one field and the
// given declarations.
func packageOf(t *testing.T, field, declarations string) string {
	t.Helper()
	return write(t, map[string]string{
		"go.mod": "module example.test/m\n", "other/other.go": "package other\n\ntype Code string\n\ntype Instant string\n\nfunc (Instant) MarshalText() ([]byte, error)\n",
		"event.go": "package m\n\ntype Type string\n\nconst OneType Type = \"one\"\n\ntype Data interface{ Type() Type }\n",
		"one.go": "package m\n\nimport (\n\t\"time\"\n\t\"example.test/m/other\"\n)\n\ntype One struct {\n\t" + field + "\n}\n\n" +
			"func (*One) Type() Type { return OneType }\n\n" + declarations,
		// The generator must not depend on its own old output or on tests, so these
		// do not compile.
		scanFile: "package m\n\nvar broken = ", "one_test.go": "package m\n\nvar broken = ",
	})
}

func write(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// A payload with a field of an unsupported kind is left to the JSON library, and
// the generated file says why. The supported kinds are those of package kindtest.
func TestFieldKinds(t *testing.T) {
	for _, test := range []struct {
		name, field, declarations string
		reason                    string // "" if the field is supported
	}{
		{"string", "A string `json:\"a\"`", "", ""},
		{"type of another package", "A other.Code `json:\"a\"`", "", ""},
		{"alias", "A Code", "type Code = other.Code", ""},
		{"two names", "A, B string", "", ""},
		{"instant", "A time.Time", "", "One.A: the type time.Time"},
		{"map", "A map[string]int", "", "One.A: the type map[string]int"},
		{"embedded struct of another package", "other.Pack", "", "One embeds other.Pack"},
		{"embedded pointer", "*Inner", "type Inner struct{}", "One embeds *Inner"},
		{"embedded under a name", "Inner `json:\"inner\"`", "type Inner struct{}", "One embeds Inner under a name"},
		{"JSON methods", "A Inner", "type Inner struct{}\n\nfunc (Inner) MarshalJSON() ([]byte, error)", "One.A: Inner has JSON methods of its own"},
		{"text methods", "A other.Instant", "", "One.A: the type Instant"},
		{"other options", "A string `json:\"a,omitempty\"`", "", "One has a field with tag a,omitempty"},
		{"pointer without omitzero", "A *Inner", "type Inner struct{}", "One.A: a pointer without omitzero"},
		{"pointer to a string", "A *string `json:\"a,omitzero\"`", "", "One.A: a pointer to string"},
		{"list of pointers", "A []*Inner", "type Inner struct{}", "One.A: a list of *Inner"},
		{"list of lists", "A [][]string", "", "One.A: a list of []string"},
		{"bytes", "A []byte", "", "One.A: the type byte"},
		{"small number", "A int32", "", "One.A: the type int32"},
		{"recursion", "A []Inner", "type Inner struct{ B []Inner }", "One.A: Inner.B: Inner contains itself"},
		{"optional struct with a list", "A Inner `json:\"a,omitzero\"`", "type Inner struct{ B []string }", "One.A: omitzero of a struct that holds a list"},
		{"member named twice", "A string `json:\"a\"`\n\tB string `json:\"a\"`", "", `One has two members "a"`},
		{"member name with other characters", "A string `json:\"a b\"`", "", "One.A: a member name with other characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files, err := generate(packageOf(t, test.field, test.declarations))
			if err != nil {
				t.Fatal(err)
			}
			scan := string(files[scanFile])
			if supported := strings.Contains(scan, "case OneType:"); supported != (test.reason == "") {
				t.Errorf("supported: %v\n%s", supported, scan)
			}
			if test.reason != "" && !strings.Contains(scan, "//   - One: "+test.reason) {
				t.Errorf("the reason is not %s\n%s", test.reason, scan)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name, source, want string
	}{
		{"no payload", "package m\n\ntype One struct{}\n", "no struct has a method Type"},
		{"no source", "", "no types in"},
		{"syntax", "package m\n\ntype One struct{\n", "expected"},
		{"no constant", "package m\n\ntype One struct{}\n\nfunc (*One) Type() Type { return \"one\" }\n", "method Type of One must have one statement"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"go.mod": "module example.test/m\n"}
			if test.source != "" {
				files["one.go"] = test.source
			}
			if _, err := generate(write(t, files)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
