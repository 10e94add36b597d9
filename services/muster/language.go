package main

import (
	"cmp"
	"errors"
	"strings"

	"github.com/muster-works/muster/events"
)

// A language is the value of the flag --lang.
type language events.Language

// languageOf returns the language of the user, from the values of the environment
// variables LC_ALL, LC_MESSAGES and LANG. The first that is not empty decides, as POSIX
// says. Sentences are in Chinese for zh_CN.UTF-8 and its like, and in English otherwise.
func languageOf(locales ...string) language {
	if strings.HasPrefix(strings.ToLower(cmp.Or(locales...)), "zh") {
		return language(events.Chinese)
	}
	return language(events.English)
}

// String implements [pflag.Value].
func (l *language) String() string { return string(*l) }

// Type implements [pflag.Value].
func (l *language) Type() string { return "zh|en" }

// Set implements [pflag.Value].
func (l *language) Set(s string) error {
	switch events.Language(s) {
	case events.Chinese, events.English:
		*l = language(s)
		return nil
	}
	return errors.New("want zh or en")
}
