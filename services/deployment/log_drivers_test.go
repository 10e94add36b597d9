package deployment

import (
	"io"
	"strings"
	"testing"
)

// Goal: an address that no driver takes is refused. The message names all schemes and
// does not quote the password in the address.
func TestLogDriverOfUnknownScheme(t *testing.T) {
	c := Config{Log: "kafka://user:secret@host", Out: io.Discard}
	for _, open := range []struct {
		name string
		run  func() error
	}{
		{"a service", func() error { _, err := c.openLog(t.Context(), nil); return err }},
		{"a tool", func() error { _, err := OpenLog(t.Context(), c); return err }},
	} {
		t.Run(open.name, func(t *testing.T) {
			err := open.run()
			if err == nil {
				t.Fatal("the address was taken")
			}
			for _, scheme := range []string{"esdb:", "esdb+discover:", "mem:", "nats:", "tls:"} {
				if !strings.Contains(err.Error(), scheme) {
					t.Errorf("%q does not name %s", err, scheme)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%q holds the password", err)
			}
		})
	}
}
