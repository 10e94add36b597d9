package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/deployment"
	"github.com/muster-works/muster/services/internal/access"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const expiresUsage = "the last day of the token, or the instant of its end (default: none)"

// ending reads when something ends: an instant, or the last day in Shanghai.
// Empty is never, the zero time.
func parseExpiry(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := civil.ParseDate(text); err == nil {
		shanghai, err := time.LoadLocation("Asia/Shanghai")
		return (day + 1).Start(shanghai).UTC(), err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%s %q: want a day as 2027-01-31, or an instant as 2027-01-31T16:00:00Z", flag, text)
	}
	return t.UTC().Truncate(time.Second), nil
}

// A tokenMaker holds the flags of commands that make a token.
type tokenFlags struct{ file, expires string }

func (m *tokenFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&m.file, "token-file", "", "write the token to this file, which must be new, and do not print it")
}

// Secrets are what an account was given. They are stored nowhere but where they
// are handed over.
type secrets struct {
	token          string
	of             access.Token
	seed           string // of the NATS user's key
	user, password string // of the NATS user, where it has no key
}

// natsOf gives an agency its next NATS key, or its next password where it has a
// user with one. With a grace the key before counts as well.
func (s *secrets) rotateNATS(a *access.Agency, grace time.Duration) (err error) {
	if a.User != "" {
		s.user = a.User
		s.password, a.Password, err = access.NewPassword()
		return err
	}
	var public string
	if s.seed, public, err = access.NewKey(); err != nil {
		return err
	}
	if n := len(a.NKeys); n > 0 && grace > 0 {
		a.NKeys = []string{a.NKeys[n-1], public}
	} else {
		a.NKeys = []string{public}
	}
	return nil
}

// make makes the token, and writes it to the file where there is one. undo
// takes the file away again.
func (m *tokenFlags) create(s *secrets) (undo func() error, err error) {
	expires, err := parseExpiry("--expires", m.expires)
	if err != nil {
		return nil, err
	}
	s.token, s.of = access.NewToken(time.Now(), expires)
	if m.file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.OpenFile(m.file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--token-file: %w", err)
	}
	_, err = fmt.Fprintln(f, s.token)
	undo = func() error { return os.Remove(m.file) }
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}

// print hands over what there is.
func (s *secrets) print(w io.Writer, noun, name, tokenFile, accessFile string) error {
	fmt.Fprintf(w, "%-10s %s\n", noun, name)
	switch {
	case s.token != "" && tokenFile == "":
		fmt.Fprintf(w, "token      %s\n", s.token)
	case s.token != "":
		fmt.Fprintf(w, "token in   %s\n", tokenFile)
	}
	if s.seed != "" {
		fmt.Fprintf(w, "NATS seed  %s\n", s.seed)
	}
	if s.password != "" {
		fmt.Fprintf(w, "NATS user  %s\npassword   %s\n", s.user, s.password)
	}
	_, err := fmt.Fprintf(w, "They are not shown again. "+inForceNotice, accessFile)
	return err
}

// An adding is the part of the commands add that agencies and readers have in
// common.
type addFlags struct {
	access accessFile
	token  tokenFlags
	config deployment.Config
}

func (o *addFlags) flags(f *pflag.FlagSet, a *access.Account) {
	o.access.flags(f)
	o.token.flags(f)
	f.StringVar(&a.Division, "division", "", "prefix of the divisions that it answers for: 2, 4, 6, 9 or 12 digits, empty for everywhere")
	f.StringVar(&a.Label.Chinese, "zh", "", "its name in Chinese")
	f.StringVar(&a.Label.English, "en", "", "its name in English")
	f.StringVar(&o.config.Divisions, "divisions", "", "file of divisions, CSV code,level,name (default: Shandong, 2022/23 edition)")
}

// check names the account and holds its division against the table.
func (o *addFlags) check(cmd *cobra.Command, a *access.Account, name string) error {
	a.Name = name
	switch {
	case o.access.name == "":
		return errors.New("--auth: name the access file")
	case !cmd.Flags().Changed("division"):
		return errors.New("--division: name the prefix that " + name + " answers for; an empty one is everywhere")
	}
	return deployment.CheckDivision(o.config, a)
}

// hand makes the token, has add put the account into the file, and hands the
// secrets over.
func (o *addFlags) store(cmd *cobra.Command, noun, name string, s *secrets, add func(*access.File) error) error {
	undo, err := o.token.create(s)
	if err != nil {
		return err
	}
	if err := o.access.edit(add); err != nil {
		return errors.Join(err, undo())
	}
	return s.print(cmd.OutOrStdout(), noun, name, o.token.file, o.access.name)
}
