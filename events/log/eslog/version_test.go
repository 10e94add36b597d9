package eslog

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// Goal: a server whose version the client cannot read is reported as such, with its
// version, for every kind of connection.
func TestVersions(t *testing.T) {
	for version, readable := range map[string]bool{
		"24.10.0":            true,
		"24.10.4.1810":       true,
		"24.10.0-prerelease": false,
		"24.10.0.prerelease": true,
		"24.6-alpha.3":       false,
		"dev":                false,
	} {
		t.Run(version, func(t *testing.T) {
			for name, options := range map[string]estest.Options{"plain": {Version: version}, "secured": {Version: version, User: "muster", Password: "changeit"}} {
				l, err := Open(t.Context(), start(t, options).URL())
				if err == nil {
					l.Close()
				}
				if readable {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				if !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), `"`+version+`"`) || !strings.Contains(err.Error(), "release version") {
					t.Errorf("%s: %v; want that it reads release versions alone, and not %q", name, err, version)
				}
			}
		})
	}
}
