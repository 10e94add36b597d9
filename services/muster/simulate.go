package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/simulate"
	"github.com/spf13/cobra"
)

func simulateCommand() *cobra.Command {
	var config simulate.Config
	var out string
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Write a synthetic province as files",
		Long: `Write a synthetic province as files: events.ndjson, the submissions of a year in
delivery order, one CloudEvent a line with its delivery time as recordedtime,
and labels.ndjson, what is true of them, which nothing in the engine may read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if config.Divisions, err = division.Shandong(); err != nil {
				return err
			}
			if config.Policy, err = policy.Reference(); err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return err
			}
			events, err := create(out, "events.ndjson")
			if err != nil {
				return err
			}
			labels, err := create(out, "labels.ndjson")
			if err != nil {
				return errors.Join(err, events.close())
			}
			err = simulate.Write(config, events, labels)
			if err = errors.Join(err, events.close(), labels.close()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", events.file.Name(), labels.file.Name())
			return nil
		},
	}
	f := cmd.Flags()
	f.Float64Var(&config.Scale, "scale", 0.01, "0.001 to 1, the whole programme")
	f.Uint64Var(&config.Seed, "seed", 1, "another seed, other people")
	f.StringVar(&out, "out", ".", "directory of the files")
	return cmd
}

// An output is a file that is written through a buffer.
type output struct {
	*bufio.Writer
	file *os.File
}

func create(dir, name string) (*output, error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return &output{bufio.NewWriterSize(f, 1<<20), f}, nil
}

func (o *output) close() error { return errors.Join(o.Flush(), o.file.Close()) }
