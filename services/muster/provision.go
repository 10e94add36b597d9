package main

import (
	"fmt"
	"io"

	"github.com/muster-works/muster/services/deployment"
	"github.com/spf13/cobra"
)

func provisionCommand() *cobra.Command {
	var c deployment.Config
	var replicas int
	var systemCreds string
	cmd := &cobra.Command{
		Use:   "provision",
		Short: "Create the log's stream on an external NATS server, or verify the one there",
		Long: `Create the log's stream on an external NATS server, or verify the one there.

Nothing else creates it: up and serve refuse a server without the stream, so
that a wrong address is an error and not an empty log. A stream that exists is
left as it is; settings that could lose a commit are named, with the command
that mends them.

With --system-creds the servers are asked whether they sync each commit to disk
before they acknowledge it. Exit code 1 if one does not.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
	f.IntVar(&replicas, "replicas", 1, "how many servers keep the log: 1, 3 or 5")
	return cmd
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
