// Command muster runs a Muster deployment and asks it: everything in one process (up),
// one service alone (serve), or a client of a running deployment.
//
// Each flag can be set by an environment variable: MUSTER_ and the name of the flag in
// capitals, with _ for -. A flag on the command line takes precedence.
//
// The exit code is 0 on success and 1 otherwise. Files are named by command; those of
// one subject share a prefix: access_ for agencies and readers, log_ for the event log,
// publish for submissions.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // minimal container images have no time zone database

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root().ExecuteContext(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(os.Stderr, "muster:", err)
	}
	os.Exit(1)
}

// errSilent makes the process end with exit code 1 without a message, since the output
// has said why.
var errSilent = errors.New("")

// root returns the command muster with all its subcommands.
func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "muster",
		Short:         "An event-sourced workforce lifecycle engine",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd.Flags(), os.LookupEnv)
		},
	}
	cmd.AddCommand(upCommand(), serveCommand(), simulateCommand(), publishCommand(),
		queryCommand(), trailCommand(), replayCommand(), statusCommand(),
		logCommand(), provisionCommand(), eraseCommand(), revealCommand(), agencyCommand(), readerCommand(), policyCommand(), divisionCommand())
	return cmd
}

// fromEnvironment sets the flags that are not on the command line from environment
// variables, which lookup returns.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "MUSTER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if s, ok := lookup(name); ok && !f.Changed && err == nil {
			if bad := flags.Set(f.Name, s); bad != nil {
				err = fmt.Errorf("%s: %w", name, bad)
			}
		}
	})
	return err
}
