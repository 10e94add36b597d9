package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/muster-works/muster/services/deployment"
	"github.com/spf13/cobra"
)

func provisionCommand() *cobra.Command {
	var c deployment.Config
	var replicas int
	var systemCreds, user string
	var apply bool
	cmd := &cobra.Command{
		Use:   "provision",
		Short: "Create the log's stream on an external NATS server, or verify the one there; verify an EventStoreDB",
		Long: `Create the log's stream on an external NATS server, or verify the one there.

Nothing else creates it: up and serve refuse a server without the stream, so
that a wrong address is an error and not an empty log. A stream that exists is
left as it is; settings that could lose a commit are named, with the command
that mends them.

With --system-creds the servers are asked whether they sync each commit to disk
before they acknowledge it. Exit code 1 if one does not.

With --log esdb://… an EventStoreDB is looked at instead: its version, what the
user may do, whether it takes a whole commit, who else may write to the log's
streams, whether any of them gives up events, and when it was scavenged. Nothing
is created, for a stream begins with its first commit, and nothing is changed
without --apply: that takes retention off the log's streams and, with --user,
opens $all to that user for reading and the log's streams to that user alone for
writing. It takes an administrator in the URL. Exit code 1 if the log must not be
used as it is.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Log != "" {
				return provisionEventStore(cmd, c, user, apply)
			}
			if apply || user != "" {
				return errors.New("--apply and --user are for an EventStoreDB, which --log names; accounts of NATS come from muster agency nats-config")
			}
			p, err := deployment.Provision(cmd.Context(), c, replicas, systemCreds)
			if err != nil {
				return err
			}
			return printProvisioned(cmd.OutOrStdout(), p)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.NATS, "nats", "nats://127.0.0.1:4222", "the NATS server")
	f.StringVar(&c.Creds, "creds", "", "file of the internal user's password, or of NATS user credentials")
	f.StringVar(&systemCreds, "system-creds", "", "the same for the user system, or another of the system account, whom servers tell how they sync")
	f.StringVar(&c.Log, "log", "", "an EventStoreDB, as esdb://…, in place of a NATS server")
	f.BoolVar(&apply, "apply", false, "EventStoreDB: take retention off the log's streams, and with --user set their access lists")
	f.StringVar(&user, "user", "", "EventStoreDB, with --apply: who the deployment logs in as")
	f.IntVar(&replicas, "replicas", 1, "how many servers keep the log: 1, 3 or 5")
	return cmd
}

// provisionEventStore prints what is found, the bad last.
func provisionEventStore(cmd *cobra.Command, c deployment.Config, user string, apply bool) error {
	if scheme, _, _ := strings.Cut(c.Log, "://"); scheme != "esdb" && scheme != "esdb+discover" {
		return errors.New("--log: want esdb://… or esdb+discover://…; a NATS server is named by --nats")
	}
	if user != "" && !apply {
		return errors.New("--user: it changes access lists, so give --apply as well")
	}
	findings, err := deployment.ProvisionEventStore(cmd.Context(), c, user, apply)
	if err != nil {
		return err
	}
	bad := false
	for _, f := range findings {
		mark := " "
		if f.Bad {
			mark, bad = "!", true
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %-9s  %s\n", mark, f.What, f.Says)
	}
	if bad {
		return errSilent
	}
	fmt.Fprintln(cmd.OutOrStdout(), "the log can be used as it is")
	return nil
}

func printProvisioned(w io.Writer, p deployment.Provisioned) error {
	fmt.Fprintf(w, "stream %s is there and as it must be; the log's head is %s\n", p.Stream, p.Head)
	if p.Unknown != nil {
		fmt.Fprintf(w, "sync   unknown: %v\n", p.Unknown)
		fmt.Fprintln(w, `       make sure that each server has "sync_interval: always" in its jetstream block, or ask with --system-creds`)
		return nil
	}
	unsafe := false
	for _, s := range p.Servers {
		if s.Always {
			fmt.Fprintf(w, "sync   always, on %s\n", s.Server)
			continue
		}
		unsafe = true
		fmt.Fprintf(w, "sync   every %s, on %s\n", s.Interval, s.Server)
	}
	if unsafe {
		fmt.Fprintln(w, `       a power cut loses commits whose receipts are out: set "sync_interval: always" in the jetstream block of each such server`)
		return errSilent
	}
	return nil
}
