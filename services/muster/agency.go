package main

import (
	"errors"
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/deployment"
	"github.com/muster-works/muster/services/gateway"
	"github.com/spf13/cobra"
)

func agencyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agency",
		Short: "Say which agencies may submit, and what",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(addAgencyCommand(), natsConfigCommand())
	return cmd
}

func addAgencyCommand() *cobra.Command {
	var a gateway.Agency
	var file string
	var services []string
	var password bool
	cmd := &cobra.Command{
		Use:   "add NAME --division PREFIX --auth FILE",
		Short: "Give an agency a token and a NATS key, and add it to the file of agencies",
		Long: `Give an agency a token and a NATS key, and add it to the file of agencies.

Token and key are printed here and stored nowhere: the file holds a hash and the
public key. With --password there is a user of the agency's name with a password
in the place of the key, for clients that have no keys. Hand them over by a way that nobody else reads. A deployment takes
the agency in when it starts again.

With the token the agency submits over HTTP (Authorization: Bearer TOKEN), with
the seed or the password it connects to NATS, where it may publish to muster.submit.NAME alone.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("--auth: name the file of agencies")
			}
			if !cmd.Flags().Changed("division") {
				return errors.New("--division: name the prefix that the agency answers for; an empty one is everywhere")
			}
			a.Name = args[0]
			for _, s := range services {
				a.Services = append(a.Services, events.Family(s))
			}
			if password {
				a.User = a.Name
			}
			secrets, err := gateway.AddAgency(file, a)
			if err != nil {
				return err
			}
			nats := "NATS seed  " + secrets.Seed
			if password {
				nats = "NATS user  " + a.User + "\npassword   " + secrets.Password
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "agency     %s\ntoken      %s\n%s\nThey are not shown again. %s takes effect when the deployment starts again.\n",
				a.Name, secrets.Token, nats, file)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "auth", "", "file of the agencies; made if there is none")
	f.StringVar(&a.Division, "division", "", "prefix of the divisions that it answers for: 2, 4, 6, 9 or 12 digits, empty for everywhere")
	f.StringSliceVar(&services, "services", nil, "services that it may submit to (default: all)")
	f.BoolVar(&password, "password", false, "on NATS, a user with a password in the place of a key")
	f.BoolVar(&a.Record, "record", false, "may bring in history as it was (submode=record)")
	f.BoolVar(&a.Import, "import", false, "an operator: may also bring in recorded times, erase people and rebuild views")
	f.BoolVar(&a.Reveal, "reveal", false, "may learn who people are; each time is on record")
	return cmd
}

func natsConfigCommand() *cobra.Command {
	var c deployment.Config
	cmd := &cobra.Command{
		Use:   "nats-config --auth FILE",
		Short: "Print what confines the agencies on a NATS server that is not embedded",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Auth == "" {
				return errors.New("--auth: name the file of agencies")
			}
			text, err := deployment.NATSConfig(c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().StringVar(&c.Auth, "auth", "", "file of the agencies")
	return cmd
}
