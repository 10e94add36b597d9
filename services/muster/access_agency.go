package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/deployment"
	"github.com/muster-works/muster/services/internal/access"
	"github.com/spf13/cobra"
)

func agencyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agency",
		Short: "Say which agencies may submit, and what",
		Args:  cobra.NoArgs,
	}
	k := accountKind{
		noun: "agency", plural: "agencies", rows: agencyRows, remove: (*access.File).RemoveAgency,
		account: func(f *access.File, name string) (*access.Account, error) {
			a, err := f.Agency(name)
			if err != nil {
				return nil, err
			}
			return &a.Account, nil
		},
	}
	cmd.AddCommand(listAccountsCommand(k), addAgencyCommand(), rotateAgencyCommand(k), disableAccountCommand(k), enableAccountCommand(k), removeAccountCommand(k), natsConfigCommand())
	return cmd
}

func addAgencyCommand() *cobra.Command {
	var a access.Agency
	var o addFlags
	var services []string
	var password bool
	rights := map[access.Right]*bool{}
	cmd := &cobra.Command{
		Use:   "add NAME --division PREFIX --auth FILE",
		Short: "Give an agency a token and a NATS key, and add it to the access file",
		Long: `Give an agency a token and a NATS key, and add it to the access file.

Token and key are printed here and stored nowhere: the file holds a hash and the
public key. With --password there is a user of the agency's name with a password
in the place of the key, for clients that have no keys. Hand them over by a way that nobody else reads. A deployment that
runs with the file takes the agency in within seconds.

With the token the agency submits over HTTP (Authorization: Bearer TOKEN), with
the seed or the password it connects to NATS, where it may publish to muster.submit.NAME alone.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, &a.Account, args[0]); err != nil {
				return err
			}
			for _, s := range services {
				a.Services = append(a.Services, events.Family(s))
			}
			for _, r := range access.Rights {
				if *rights[r] {
					a.Rights = append(a.Rights, r)
				}
			}
			if password {
				a.User = a.Name
			}
			var s secrets
			if err := s.rotateNATS(&a, 0); err != nil {
				return err
			}
			return o.store(cmd, "agency", a.Name, &s, func(f *access.File) error {
				a.Tokens = access.Tokens{s.of}
				f.Agencies = append(f.Agencies, a)
				return nil
			})
		},
	}
	f := cmd.Flags()
	o.flags(f, &a.Account)
	f.StringVar(&o.token.expires, "expires", "", expiresUsage)
	f.StringSliceVar(&services, "services", nil, "services that it may submit to (default: all)")
	f.BoolVar(&password, "password", false, "on NATS, a user with a password in the place of a key")
	for r, usage := range map[access.Right]string{
		access.Record:  "may bring in history as it was (submode=record)",
		access.Import:  "an operator: may also bring in recorded times, erase people and rebuild views",
		access.Reveal:  "may learn who people are; each time is on record",
		access.Oversee: "may correct what agencies under its division submitted",
		access.Inspect: "may report attendance as an inspector",
	} {
		rights[r] = f.Bool(string(r), false, usage)
	}
	return cmd
}

func rotateAgencyCommand(k accountKind) *cobra.Command {
	var o rotateFlags
	var nats bool
	cmd := &cobra.Command{
		Use:   "rotate NAME --auth FILE",
		Short: "Give an agency its next token, or with --nats its next NATS key",
		Long: `Give an agency its next token, or with --nats its next NATS key.

Both tokens count while the agency changes from one to the other: the one before
for the time that --grace says, the next one from now on. Of NATS keys the one
before counts until --finish drops it; --grace 0 drops either at once. A NATS
password is replaced at once.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.finish:
				return o.dropReplaced(cmd, k, args[0])
			case nats:
				return o.rotateNATS(cmd, args[0])
			}
			return o.rotateToken(cmd, k, args[0])
		},
	}
	o.flags(cmd.Flags())
	cmd.Flags().BoolVar(&nats, "nats", false, "rotate the key or the password of its NATS user, not its token")
	return cmd
}

// agencyRows returns the rows that the command agency list prints.
func agencyRows(f *access.File, now time.Time) (rows []any) {
	for _, a := range f.Agencies {
		nats := ""
		switch {
		case a.User != "":
			nats = "password"
		case len(a.NKeys) == 1:
			nats = "key"
		case len(a.NKeys) > 1:
			nats = fmt.Sprintf("%d keys", len(a.NKeys))
		}
		rows = append(rows, struct {
			Name     string `json:"name"`
			Chinese  string `json:"zh,omitzero"`
			English  string `json:"en,omitzero"`
			Division string `json:"division"`
			Services string `json:"services"`
			Rights   string `json:"rights"`
			Tokens   string `json:"tokens"`
			NATS     string `json:"nats"`
			State    string `json:"state"`
		}{
			a.Name, a.Label.Chinese, a.Label.English, a.Division, cmp.Or(listText(a.Services), "all"), listText(a.Rights),
			tokensText(a.Tokens, now), nats, stateText(a.Disabled, time.Time{}, now),
		})
	}
	return rows
}

func natsConfigCommand() *cobra.Command {
	var c deployment.Config
	cmd := &cobra.Command{
		Use:   "nats-config --auth FILE",
		Short: "Print what confines the agencies on a NATS server that is not embedded",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Auth == "" {
				return errors.New("--auth: name the access file")
			}
			text, err := deployment.NATSConfig(c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().StringVar(&c.Auth, "auth", "", "the access file")
	return cmd
}
