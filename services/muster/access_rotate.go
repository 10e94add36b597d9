package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/services/internal/access"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rotateFlags are the flags of the commands agency rotate and reader rotate.
type rotateFlags struct {
	access accessFile
	token  tokenFlags
	grace  time.Duration
	finish bool
}

func (o *rotateFlags) flags(f *pflag.FlagSet) {
	o.access.flags(f)
	o.token.flags(f)
	f.StringVar(&o.token.expires, "expires", "", expiresUsage)
	f.DurationVar(&o.grace, "grace", 7*24*time.Hour, "how long what was before counts as well; 0 ends it at once")
	f.BoolVar(&o.finish, "finish", false, "make nothing new, and end at once what the newest token or key replaces")
}

// rotateToken gives an account its next token. The token before stays valid for the
// grace period.
func (o *rotateFlags) rotateToken(cmd *cobra.Command, k accountKind, name string) error {
	var s secrets
	undo, err := o.token.create(&s)
	if err != nil {
		return err
	}
	err = o.access.edit(func(f *access.File) error {
		a, err := k.account(f, name)
		if err == nil {
			a.Tokens = a.Tokens.Rotate(s.of, s.of.Added.Add(o.grace))
		}
		return err
	})
	if err != nil {
		return errors.Join(err, undo())
	}
	return s.print(cmd.OutOrStdout(), k.noun, name, o.token.file, o.access.name)
}

// rotateNATS gives an agency its next NATS key or password.
func (o *rotateFlags) rotateNATS(cmd *cobra.Command, name string) error {
	if o.token.file != "" || o.token.expires != "" {
		return errors.New("--token-file, --expires: belong to a token; leave out --nats, or them")
	}
	var s secrets
	err := o.access.edit(func(f *access.File) error {
		a, err := f.Agency(name)
		if err != nil {
			return err
		}
		return s.rotateNATS(a, o.grace)
	})
	if err != nil {
		return err
	}
	return s.print(cmd.OutOrStdout(), "agency", name, "", o.access.name)
}

// dropReplaced ends the tokens and keys that the newest token and the newest key
// replace.
func (o *rotateFlags) dropReplaced(cmd *cobra.Command, k accountKind, name string) error {
	err := o.access.edit(func(f *access.File) error {
		a, err := k.account(f, name)
		if err != nil {
			return err
		}
		a.Tokens = newest(a.Tokens)
		if agency, err := f.Agency(name); err == nil {
			agency.NKeys = newest(agency.NKeys)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s has its newest token and key alone. "+inForceNotice, k.noun, name, o.access.name)
	return err
}

// newest returns a list of the last element of list, or an empty list.
func newest[S ~[]E, E any](list S) S { return list[max(0, len(list)-1):] }
