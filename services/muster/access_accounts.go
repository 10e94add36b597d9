package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/services/internal/access"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// An accountKind describes agencies or readers to the commands that both have.
type accountKind struct {
	noun, plural string
	account      func(f *access.File, name string) (*access.Account, error)
	remove       func(f *access.File, name string) error
	rows         func(f *access.File, now time.Time) []any
}

// An accessFile is the access file that a command reads or changes.
type accessFile struct{ name string }

func (a *accessFile) flags(f *pflag.FlagSet) {
	f.StringVar(&a.name, "auth", "", "the access file; add makes it if there is none")
}

// edit applies change to the file. If change fails, the file stays as it is.
func (a *accessFile) edit(change func(*access.File) error) error {
	if a.name == "" {
		return errors.New("--auth: name the access file")
	}
	return access.Edit(a.name, change)
}

// inForceNotice says when a change of the access file takes effect.
const inForceNotice = "A deployment that runs with %s follows within seconds.\n"

// accountChangeCommand makes a command that changes an account by do and reports it.
// verb names the command; done is its past participle, for the report.
func accountChangeCommand(k accountKind, verb, done, short, long string, do func(f *access.File, name string) error) *cobra.Command {
	var file accessFile
	cmd := &cobra.Command{
		Use: verb + " NAME --auth FILE", Short: short, Long: short + ".\n\n" + long,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := file.edit(func(f *access.File) error { return do(f, args[0]) }); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s is %s. "+inForceNotice, k.noun, args[0], done, file.name)
			return err
		},
	}
	file.flags(cmd.Flags())
	return cmd
}

func disableAccountCommand(k accountKind) *cobra.Command {
	return accountChangeCommand(k, "disable", "disabled", "Let "+article(k.noun)+" in no more, and keep its entry",
		"Its tokens and keys count again when it is enabled.",
		func(f *access.File, name string) error { return setDisabled(k, f, name, true) })
}

func enableAccountCommand(k accountKind) *cobra.Command {
	return accountChangeCommand(k, "enable", "enabled", "Let "+article(k.noun)+" in again that was disabled",
		"It comes with the tokens and keys that it had.",
		func(f *access.File, name string) error { return setDisabled(k, f, name, false) })
}

func removeAccountCommand(k accountKind) *cobra.Command {
	return accountChangeCommand(k, "remove", "removed", "Take "+article(k.noun)+" out of the access file",
		"What it submitted or asked stays on record under its name. Give the name to\nnobody else: records name whoever it was by it.",
		k.remove)
}

// article returns noun with the indefinite article.
func article(noun string) string {
	if strings.HasPrefix(noun, "a") {
		return "an " + noun
	}
	return "a " + noun
}

func setDisabled(k accountKind, f *access.File, name string, disabled bool) error {
	a, err := k.account(f, name)
	if err != nil {
		return err
	}
	a.Disabled = disabled
	return nil
}

func listAccountsCommand(k accountKind) *cobra.Command {
	var file accessFile
	var output outputFlags
	cmd := &cobra.Command{
		Use: "list --auth FILE", Short: "List the " + k.plural + " of an access file",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if file.name == "" {
				return errors.New("--auth: name the access file")
			}
			f, err := access.Load(file.name)
			if err != nil {
				return fmt.Errorf("--auth %s: %w", file.name, err)
			}
			w, closed, err := output.open(cmd.OutOrStdout())
			if err != nil {
				return err
			}
			defer func() { err = closed(err) }()
			text, err := json.Marshal(map[string]any{"rows": append([]any{}, k.rows(f, time.Now())...)})
			if err != nil {
				return err
			}
			a, err := readAnswer(bytes.NewReader(text), "rows")
			switch {
			case err != nil:
				return err
			case output.format == "json":
				_, err = fmt.Fprintf(w, "%s\n", text)
				return err
			case output.format == "csv":
				return a.csv(w)
			case output.format == "xlsx":
				return a.workbook(w)
			}
			return a.table(w)
		},
	}
	file.flags(cmd.Flags())
	output.flags(cmd.Flags())
	return cmd
}

// listText joins words with spaces, for a cell or a sentence.
func listText[S ~string](words []S) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, " ")
}

// tokensText describes how many tokens there are and when they expire, the newest
// first.
func tokensText(tokens access.Tokens, now time.Time) string {
	if len(tokens) == 0 {
		return "none"
	}
	var parts []string
	for _, t := range slices.Backward(tokens) {
		switch at := t.Expires.Format(time.RFC3339); {
		case t.Expires.IsZero():
			parts = append(parts, "one")
		case now.Before(t.Expires):
			parts = append(parts, "one until "+at)
		default:
			parts = append(parts, "one ended "+at)
		}
	}
	return strings.Join(parts, ", ")
}

// stateText describes whether an account is let in at now.
func stateText(disabled bool, expires, now time.Time) string {
	switch {
	case disabled:
		return "disabled"
	case !expires.IsZero() && !now.Before(expires):
		return "ended"
	}
	return "enabled"
}
