package main

import (
	"fmt"
	"time"

	"github.com/muster-works/muster/services/internal/access"
	"github.com/spf13/cobra"
)

func readerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reader",
		Short: "Say who may ask questions without submitting anything",
		Args:  cobra.NoArgs,
	}
	k := accountKind{
		noun: "reader", plural: "readers", rows: readerRows, remove: (*access.File).RemoveReader,
		account: func(f *access.File, name string) (*access.Account, error) {
			r, err := f.Reader(name)
			if err != nil {
				return nil, err
			}
			return &r.Account, nil
		},
	}
	cmd.AddCommand(listAccountsCommand(k), addReaderCommand(), rotateReaderCommand(k), disableAccountCommand(k), enableAccountCommand(k), removeAccountCommand(k))
	return cmd
}

func addReaderCommand() *cobra.Command {
	var r access.Reader
	var o addFlags
	var role, expires string
	cmd := &cobra.Command{
		Use:   "add NAME --role ROLE --division PREFIX --auth FILE",
		Short: "Give a reader a token, and add it to the access file",
		Long: `Give a reader a token, and add it to the access file.

The token is printed here and stored nowhere: the file holds a hash. Hand it over
by a way that nobody else reads. A deployment that runs with the file takes the
reader in within seconds.

With the token the reader asks over HTTP (Authorization: Bearer TOKEN): with a
division every question that names a division under it, without one all of them.
An operator may also rebuild the views.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := o.check(cmd, &r.Account, args[0]); err != nil {
				return err
			}
			r.Role = access.Role(role)
			if r.Expires, err = parseExpiry("--expires", expires); err != nil {
				return err
			}
			var s secrets
			return o.store(cmd, "reader", r.Name, &s, func(f *access.File) error {
				r.Tokens = access.Tokens{s.of}
				f.Readers = append(f.Readers, r)
				return nil
			})
		},
	}
	f := cmd.Flags()
	o.flags(f, &r.Account)
	f.StringVar(&role, "role", "", fmt.Sprintf("one of %s", listText(access.Roles)))
	f.StringVar(&expires, "expires", "", "the last day of its access, or the instant of its end (default: none)")
	return cmd
}

func rotateReaderCommand(k accountKind) *cobra.Command {
	var o rotateFlags
	cmd := &cobra.Command{
		Use:   "rotate NAME --auth FILE",
		Short: "Give a reader its next token",
		Long: `Give a reader its next token.

Both tokens count while the reader changes from one to the other: the one before
for the time that --grace says, the next one from now on.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.finish {
				return o.dropReplaced(cmd, k, args[0])
			}
			return o.rotateToken(cmd, k, args[0])
		},
	}
	o.flags(cmd.Flags())
	return cmd
}

// readerRows returns the rows that the command reader list prints.
func readerRows(f *access.File, now time.Time) (rows []any) {
	for _, r := range f.Readers {
		rows = append(rows, struct {
			Name     string      `json:"name"`
			Chinese  string      `json:"zh,omitzero"`
			English  string      `json:"en,omitzero"`
			Role     access.Role `json:"role"`
			Division string      `json:"division"`
			Tokens   string      `json:"tokens"`
			Expires  time.Time   `json:"expires,omitzero"`
			State    string      `json:"state"`
		}{r.Name, r.Label.Chinese, r.Label.English, r.Role, r.Division, tokensText(r.Tokens, now), r.Expires, stateText(r.Disabled, r.Expires, now)})
	}
	return rows
}
