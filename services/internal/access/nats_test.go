package access

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: whatever this package takes as a user of NATS, the embedded server and
// the configuration of one elsewhere take as well, so that a file that was
// accepted never keeps a deployment from starting. Method: names, users, keys
// and passwords at the edges of the rules of both.
func TestNATSUsersAreTaken(t *testing.T) {
	names := []string{"a", "370211-rsj", "a_b", "-a", "a-", strings.Repeat("a", 63), strings.Repeat("a", 64), "internal", "system", "local"}
	users := []string{"", "a", "internal", "system", "local", "a b", "ä", strings.Repeat("u", 64), strings.Repeat("u", 65), `q"uote`}
	passwords := []string{"", "secret", bcrypted}
	keys := [][]string{nil, {someKey}, {someKey, otherKey}, {"U"}}
	taken := 0
	for _, name := range names {
		for _, user := range users {
			for _, password := range passwords {
				for _, key := range keys {
					a := Agency{Account: Account{Name: name}, User: user, Password: password, NKeys: key}
					f := File{Agencies: []Agency{a}}
					if f.Check() != nil || user == "" && key == nil {
						continue
					}
					taken++
					if _, err := embedded.External([]embedded.Agency{{Name: name, User: user, PasswordBcrypt: password, NKeys: key}}); err != nil {
						t.Errorf("%+v: %v", a, err)
					}
				}
			}
		}
	}
	if taken < 20 {
		t.Errorf("only %d were taken", taken)
	}
}
