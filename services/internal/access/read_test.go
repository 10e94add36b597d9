package access

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
)

var update = flag.Bool("update", false, "write the files of testdata that tests make")

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

const (
	someKey  = "UDFOWDXDDB7QGDIKH6P56QVZNHLRLCQGP75RLDSLL7OS2EMG6YYDX4RL"
	otherKey = "UD5CMGIQVQY7DAOFSC26IG4H7VRQINVX724IWCIXW5AMWAFLZGG6BLWY"
	bcrypted = "$2a$04$SxoxZwGLFo1yzbTJMmKkC.iyu5Yy1DOEqt9Eo9AJaHoQ3pDAVLb7y"
)

func mustRead(t testing.TB, text string) *File {
	t.Helper()
	f, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Goal: a file that any version wrote is read for ever, and means what it meant.
// Method: testdata/before.json is as the versions before wrote it, by their
// command; testdata/upgraded.json is that file after a change by this version.
// Neither may ever be changed, only joined by files of later formats.
func TestGolden(t *testing.T) {
	before, err := Load("testdata/before.json")
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewList(before)
	if err != nil {
		t.Fatal(err)
	}
	county, err := l.Token("county-token", time.Now())
	if err != nil || county.Prefix() != "370211" || len(county.Agency.Services) != 2 || county.Operator() || len(county.Agency.NKeys) != 1 {
		t.Errorf("county %+v, %v", county.Agency, err)
	}
	province, err := l.Token("province-token", time.Now())
	if err != nil || province.Prefix() != "37" || join(province.Agency.Rights) != "record, import, reveal" || !province.Operator() {
		t.Errorf("province %+v, %v", province.Agency, err)
	}
	if clerk, err := l.Agency("clerk"); err != nil || clerk.User != "clerk" || clerk.Password == "" {
		t.Errorf("clerk %+v, %v", clerk, err)
	}
	got, err := before.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/upgraded.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("upgraded to\n%s\nwant\n%s", got, want)
	}
}

// everything is a file that has each member of the format.
const everything = `{
  "version": 2,
  "agencies": [
    {
      "name": "370211-rsj",
      "label": {
        "zh": "黄岛区人社局",
        "en": "Huangdao office"
      },
      "division": "370211",
      "tokens": [
        {
          "sha256": "aaff86b598a6f9272deba55b498232d5841f670c5fc7c6056810923d33376507",
          "added": "2026-01-01T00:00:00Z",
          "expires": "2026-12-31T16:00:00Z"
        },
        {
          "sha256": "ef66ff74e8cdcf364adbe5f4cd7a89053cecca2eb29c5ced439f9e69ae78d13a",
          "added": "2026-12-01T00:00:00Z"
        }
      ],
      "disabled": true,
      "services": [
        "hire",
        "exit"
      ],
      "rights": [
        "record",
        "import",
        "reveal",
        "oversee",
        "inspect"
      ],
      "nkeys": [
        "` + someKey + `",
        "` + otherKey + `"
      ],
      "quota": {
        "events_per_minute": 6000,
        "bytes_per_minute": 10000000,
        "bodies": 4
      }
    },
    {
      "name": "clerk",
      "division": "",
      "nats_user": "clerk",
      "nats_password_bcrypt": "` + bcrypted + `"
    }
  ],
  "readers": [
    {
      "name": "li",
      "division": "3702",
      "tokens": [
        {
          "sha256": "6928eb94c15cb00c92def9c21d106cfae70f3ecc56d8e7ff4039cb619e39e5e5"
        }
      ],
      "role": "auditor",
      "expires": "2027-06-30T16:00:00Z"
    }
  ]
}
`

// A file is written as it was read, members in their order.
func TestRoundTrip(t *testing.T) {
	f := mustRead(t, everything)
	got, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != everything {
		t.Errorf("written as\n%s", got)
	}
	a, err := f.Agency("370211-rsj")
	if err != nil || a.Label.Chinese != "黄岛区人社局" || a.Quota.Bodies != 4 || a.Services[1] != events.Exit || !a.Disabled {
		t.Errorf("%+v, %v", a, err)
	}
	if r, err := f.Reader("li"); err != nil || r.Role != Auditor || r.Expires.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
}

// Whatever cannot be is refused, and the error says where it is.
func TestReadRefuses(t *testing.T) {
	agency := func(members string) string {
		return `{"version":2,"agencies":[{"name":"a","division":"",` + members + `}]}`
	}
	reader := func(members string) string { return `{"version":2,"agencies":[],"readers":[{` + members + `}]}` }
	before := func(members string) string { return `{"agencies":[{` + members + `}]}` }
	token := func(members string) string {
		return agency(`"tokens":[{"sha256":"` + hashOf("x") + `"` + members + `}]`)
	}
	for _, c := range []struct{ name, file, want string }{
		{"not JSON", `agencies`, "is not JSON: line 1"},
		{"broken off", "{\"version\":2,\n\"agencies\":[", "is not JSON"},
		{"more behind it", `{"version":2,"agencies":[{"name":"a","division":""}]} x`, "is not JSON"},
		{"a list", `[]`, "want an object of version"},
		{"nobody", `{"version":2,"agencies":[]}`, "agencies: the file lists nobody"},
		{"of a later version", `{"version":3,"agencies":[]}`, "version: is 3"},
		{"version in quotes", `{"version":"2","agencies":[]}`, `version: is "2"`},
		{"unknown in the file", `{"version":2,"agencies":[],"reader":[]}`, "reader: is no member that this Muster knows; want some of version, agencies, readers"},
		{"unknown in an agency", agency(`"token":"secret"`), `agencies[0] "a": token: is no member that this Muster knows; want some of name`},
		{"of another case", agency(`"Services":["hire"]`), `agencies[0] "a": Services: is no member`},
		{"unknown in a token", token(`,"until":"2027-01-01T00:00:00Z"`), `agencies[0] "a": tokens[0].until: is no member that this Muster knows; want some of sha256, added, expires`},
		{"unknown in a reader", reader(`"name":"li","division":"","role":"viewer","rights":["reveal"]`), `readers[0] "li": rights: is no member`},
		{"twice", agency(`"disabled":true,"disabled":false`), `agencies[0] "a": disabled: stands there twice`},
		{"null", `{"version":2,"agencies":[{"name":"a","division":null}]}`, `agencies[0] "a": division: null says nothing`},
		{"null of before", before(`"name":"a","division":null`), `agencies[0] "a": division: null says nothing`},
		{"another form", agency(`"disabled":"yes"`), `agencies[0] "a": disabled: want true or false`},
		{"number for a text", `{"version":2,"agencies":[{"name":"a","division":37}]}`, `agencies[0] "a": division: want a text in quotes`},
		{"day for an instant", token(`,"expires":"2027-01-01"`), `tokens[0].expires: want an instant as RFC 3339 has it`},
		{"name of a subject", `{"version":2,"agencies":[{"name":"a.b","division":""}]}`, `agencies[0] "a.b": name: want lower-case`},
		{"no name", `{"version":2,"agencies":[{"division":""}]}`, `agencies[0] "": name: want`},
		{"local", `{"version":2,"agencies":[{"name":"local","division":""}]}`, "name: is that of whoever is on the same machine"},
		{"a name twice", `{"version":2,"agencies":[{"name":"a","division":""},{"name":"a","division":""}]}`, `agencies[1] "a": name: is that of agencies[0] "a"`},
		{"a reader of an agency's name", `{"version":2,"agencies":[{"name":"a","division":""}],"readers":[{"name":"a","division":"","role":"viewer"}]}`, `readers[0] "a": name: is that of agencies[0]`},
		{"no division", `{"version":2,"agencies":[{"name":"a"}]}`, `agencies[0] "a": division: is missing`},
		{"no division of a reader", reader(`"name":"li","role":"viewer"`), `readers[0] "li": division: is missing`},
		{"no division before", before(`"name":"a"`), `agencies[0] "a": division: is missing`},
		{"division", `{"version":2,"agencies":[{"name":"a","division":"37021"}]}`, "division: want a prefix"},
		{"no service", agency(`"services":[]`), "services: names none"},
		{"service", agency(`"services":["hire","gateway"]`), `services[1]: there is no service "gateway"; want some of`},
		{"service twice", agency(`"services":["hire","hire"]`), `services[1]: stands there twice`},
		{"right", agency(`"rights":["erase"]`), `rights[0]: there is no right "erase"; want some of record, import, reveal, oversee, inspect`},
		{"right twice", agency(`"rights":["reveal","reveal"]`), `rights[1]: stands there twice`},
		{"role", reader(`"name":"li","division":"","role":"boss"`), `readers[0] "li": role: is "boss"; want one of viewer, analyst, auditor, operator`},
		{"no role", reader(`"name":"li","division":""`), `role: is ""`},
		{"short hash", agency(`"tokens":[{"sha256":"abcd"}]`), `tokens[0].sha256: want the 64`},
		{"short hash before", before(`"name":"a","division":"","token_sha256":"abcd"`), `agencies[0] "a": token_sha256: want the 64`},
		{"hash of nothing", agency(`"tokens":[{"sha256":"` + hashOf("") + `"}]`), `tokens[0].sha256: is the hash of an empty text`},
		{"capital hash", agency(`"tokens":[{"sha256":"` + strings.ToUpper(hashOf("x")) + `"}]`), `tokens[0].sha256: want the 64 lower-case`},
		{"three tokens", agency(`"tokens":[{"sha256":"` + hashOf("x") + `"},{"sha256":"` + hashOf("y") + `"},{"sha256":"` + hashOf("z") + `"}]`), "tokens: has 3; want at most two"},
		{"one token of two", `{"version":2,"agencies":[{"name":"a","division":"","tokens":[{"sha256":"` + hashOf("x") + `"}]}],"readers":[{"name":"b","division":"","role":"viewer","tokens":[{"sha256":"` + hashOf("x") + `"}]}]}`, `readers[0] "b": tokens[0].sha256: is that of agencies[0] "a"`},
		{"ends before it begins", token(`,"added":"2026-01-02T00:00:00Z","expires":"2026-01-01T00:00:00Z"`), "tokens[0].expires: lies before"},
		{"nkey", agency(`"nkeys":["UABC"]`), "nkeys[0]: is no public key"},
		{"nkey before", before(`"name":"a","division":"","nkey":"UABC"`), `agencies[0] "a": nkey: is no public key`},
		{"one nkey of two", agency(`"nkeys":["` + someKey + `","` + someKey + `"]`), `nkeys[1]: is that of agencies[0] "a"`},
		{"three nkeys", agency(`"nkeys":["` + someKey + `","` + otherKey + `","U"]`), "nkeys: has 3"},
		{"name with nkey", `{"version":2,"agencies":[{"name":"a_b","division":"","nkeys":["` + someKey + `"]}]}`, "name: an agency with a user of NATS"},
		{"key and user", agency(`"nkeys":["` + someKey + `"],"nats_user":"a","nats_password_bcrypt":"` + bcrypted + `"`), "nkeys: an agency has keys, or nats_user"},
		{"password in clear", agency(`"nats_user":"a","nats_password_bcrypt":"secret"`), "nats_password_bcrypt: want the bcrypt hash"},
		{"no user", agency(`"nats_password_bcrypt":"` + bcrypted + `"`), "nats_user: want"},
		{"user of the server", agency(`"nats_user":"internal","nats_password_bcrypt":"` + bcrypted + `"`), "nats_user: want"},
		{"quota of nothing", agency(`"quota":{"bodies":0}`), `quota.bodies: want a whole number from 1`},
		{"quota below", agency(`"quota":{"events_per_minute":-5}`), `quota.events_per_minute: want a whole number from 1`},
		{"quota of a half", agency(`"quota":{"bytes_per_minute":0.5}`), `quota.bytes_per_minute: want a whole number`},
		{"label", agency(`"label":{"zh":"一\n二"}`), "label.zh: want at most 200 bytes of one line"},
		{"members of now in a file of before", before(`"name":"a","division":"","rights":["reveal"]`), `rights: is no member that this Muster knows; want some of name, token_sha256`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Read(strings.NewReader(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) || f != nil {
				t.Errorf("%v, want %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells a secret: %v", err)
			}
			var fault *Fault
			if !errors.As(err, &fault) {
				t.Errorf("%T is no fault", err)
			}
		})
	}
}

// All that is wrong is said at once.
func TestCheckSaysAll(t *testing.T) {
	_, err := Read(strings.NewReader(`{"version":2,"agencies":[{"name":"A","division":"1","rights":["x"]},{"name":"b","division":"","services":["y"]}]}`))
	if n := strings.Count(err.Error(), "\n"); n != 3 {
		t.Errorf("%d lines:\n%v", n+1, err)
	}
}
