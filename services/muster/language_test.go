package main

import (
	"testing"

	"github.com/muster-works/muster/events"
)

// Goal: a user is spoken to in the language of the environment, as POSIX ranks its
// variables.
func TestLanguageOfEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		locales []string
		want    events.Language
	}{
		"nothing is set":       {[]string{"", "", ""}, events.English},
		"a Chinese desk":       {[]string{"", "", "zh_CN.UTF-8"}, events.Chinese},
		"an English desk":      {[]string{"", "", "en_US.UTF-8"}, events.English},
		"LC_ALL is above LANG": {[]string{"C", "", "zh_CN.UTF-8"}, events.English},
		"messages alone":       {[]string{"", "zh_CN", "en_US"}, events.Chinese},
		"another language":     {[]string{"", "", "de_DE"}, events.English},
	} {
		if got := events.Language(languageOf(c.locales...)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
