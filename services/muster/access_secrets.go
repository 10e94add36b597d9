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

// parseExpiry parses an instant in RFC 3339, or the last day of validity in
// Asia/Shanghai, and returns the instant from which on something is invalid. The empty
// text is the zero time, which is never. flag is the name of the flag, for errors.
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

// tokenFlags are the flags of the commands that make a token.
type tokenFlags struct{ file, expires string }

func (m *tokenFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&m.file, "token-file", "", "write the token to this file, which must be new, and do not print it")
}

// secrets are the credentials that an account was given. They are stored only where
// they are handed over; the access file holds hashes and public keys.
type secrets struct {
	token          string
	of             access.Token
	seed           string // seed of the key of the NATS user
	user, password string // of a NATS user that has no key
}

// rotateNATS gives an agency its next NATS key, or its next password if it has a user
// with a password. The key before stays valid if grace is above 0.
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

// create makes a token, and writes it to the file of --token-file if there is one. undo
// removes that file.
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

// print prints the credentials, except for a token that was written to tokenFile.
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

// addFlags are the flags that the commands agency add and reader add have in common.
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

// check names the account and verifies that its division is in the table of divisions.
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

// store makes a token, adds the account to the access file by add, and prints the
// credentials. If add fails, the file of the token is removed.
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
