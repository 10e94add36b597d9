package access

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Fault is something in an access file that cannot be.
type Fault struct {
	Entry  string // as `agencies[0] "370211-rsj"`; empty where it is in no entry
	Field  string // as "tokens[1].sha256"; empty where it is the whole file
	Detail string // what is wrong, and what would mend it
}

func (f *Fault) Error() string {
	var parts []string
	for _, s := range []string{f.Entry, f.Field, f.Detail} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// fault makes the fault of what is at a place in the text of a file.
func fault(text []byte, at jsontext.Pointer, detail string) *Fault {
	var path []string
	for token := range at.Tokens() {
		path = append(path, token)
	}
	if len(path) < 2 {
		return &Fault{"", strings.Join(path, ""), detail}
	}
	i, err := strconv.Atoi(path[1])
	if err != nil {
		return &Fault{"", strings.Join(path, "."), detail}
	}
	return &Fault{entry(path[0], i, nameAt(text, path[0], i)), field(path[2:]), detail}
}

// entry names an entry of a file.
func entry(kind string, i int, name string) string { return fmt.Sprintf("%s[%d] %q", kind, i, name) }

// field joins the path of a field within its entry.
func field(path []string) string {
	var b strings.Builder
	for _, p := range path {
		switch _, err := strconv.Atoi(p); {
		case err == nil:
			fmt.Fprintf(&b, "[%s]", p)
		case b.Len() > 0:
			b.WriteString("." + p)
		default:
			b.WriteString(p)
		}
	}
	return b.String()
}

// nameAt returns the name of an entry in a file that need not be right, or "".
func nameAt(text []byte, kind string, i int) string {
	var file map[string]jsontext.Value
	var entries []jsontext.Value
	var named struct {
		Name string `json:"name"`
	}
	loose := jsontext.AllowDuplicateNames(true)
	if json.Unmarshal(text, &file, loose) != nil || json.Unmarshal(file[kind], &entries, loose) != nil || i >= len(entries) {
		return ""
	}
	_ = json.Unmarshal(entries[i], &named, loose) // a name that is no text is none
	return named.Name
}
