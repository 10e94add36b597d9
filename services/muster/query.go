package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func queryCommand() *cobra.Command {
	var c client
	var output outputFlags
	var asOf, knownAt, division, by, month, only, atLeast string
	cmd := &cobra.Command{
		Use:       "query headcount|vacancies|placements|posts|divisions|plan|payroll|findings|funds|agencies",
		Short:     "Ask a running instance, for any date as known at any moment",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"headcount", "vacancies", "placements", "posts", "divisions", "plan", "payroll", "findings", "funds", "agencies"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "findings" {
				return errors.New("findings: no rule is evaluated yet, so there are none to ask for; payroll shows what was paid late, short, over or unearned")
			}
			query := url.Values{}
			for name, value := range map[string]string{
				"as_of": asOf, "known_at": knownAt, "division": division, "by": by, "month": month, "only": only, "at_least": atLeast,
			} {
				if value != "" {
					query.Set(name, value)
				}
			}
			return c.print(cmd, "/v1/"+args[0], query, "rows", output)
		},
	}
	f := cmd.Flags()
	c.flags(f)
	output.flags(f)
	f.StringVar(&asOf, "as-of", "", "business date, YYYY-MM-DD (default: the instance's today)")
	f.StringVar(&knownAt, "known-at", "", "as known at this instant (RFC 3339) or end of day (default: now)")
	f.StringVar(&division, "division", "", "division prefix or 12 digits")
	f.StringVar(&by, "by", "", "comma list of division:prefecture, division:county, division:township, category, kind, group, area, sex")
	f.StringVar(&month, "month", "", "month of a payroll or of agencies' reports, YYYY-MM")
	f.StringVar(&only, "only", "", "of placements: over_age, over_term or against_rules")
	f.StringVar(&atLeast, "at-least", "", "wait until this position of a receipt is visible")
	return cmd
}

// outputFlags say in which format an answer is printed, and where.
type outputFlags struct{ format, out string }

func (o *outputFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "table", "table, json, csv or xlsx")
	f.StringVar(&o.out, "out", "", "write to this file (default: standard output; xlsx wants a file)")
}

// open returns the writer for an answer. Call closed with the error of writing: it
// closes the file, and removes the file if there was an error.
func (o *outputFlags) open(stdout io.Writer) (w io.Writer, closed func(error) error, err error) {
	switch {
	case !slices.Contains([]string{"table", "json", "csv", "xlsx"}, o.format):
		return nil, nil, errors.New("--format: want table, json, csv or xlsx")
	case o.out == "" && o.format == "xlsx":
		return nil, nil, errors.New("--out: a workbook is written to a file; name it")
	case o.out == "":
		return stdout, func(err error) error { return err }, nil
	}
	f, err := os.OpenFile(o.out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--out: %w", err)
	}
	return f, func(err error) error {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(o.out))
		}
		return err
	}, nil
}

// print asks a question and prints its answer. Tables, CSV and workbooks hold the rows
// of all pages. JSON is one line for each page.
func (c *client) print(cmd *cobra.Command, path string, query url.Values, rows string, output outputFlags) (err error) {
	w, closed, err := output.open(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	defer func() { err = closed(err) }()
	var all answer
	for {
		next := ""
		err := c.get(cmd.Context(), path, query, "application/json", func(body io.Reader) error {
			text, err := io.ReadAll(body)
			if err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			page, err := readAnswer(bytes.NewReader(text), rows)
			if err != nil {
				return err
			}
			if output.format == "json" {
				if _, err := fmt.Fprintf(w, "%s\n", bytes.TrimSpace(text)); err != nil {
					return err
				}
			}
			next = page.take("next")
			all = answer{details: page.details, rows: append(all.rows, page.rows...)}
			return nil
		})
		if err != nil {
			return err
		}
		if next == "" {
			break
		}
		query.Set("cursor", next)
	}
	switch output.format {
	case "csv":
		return all.csv(w)
	case "xlsx":
		return all.workbook(w)
	case "table":
		return all.table(w)
	}
	return nil
}

func trailCommand() *cobra.Command {
	var c client
	var output outputFlags
	var knownAt string
	cmd := &cobra.Command{
		Use:   "trail person|post|agency|event ID",
		Short: "Print the audit trail of a person, post, agency or event, oldest first",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			kinds := map[string]string{"person": "persons", "post": "posts", "agency": "agencies", "event": "events"}
			kind, ok := kinds[args[0]]
			if !ok {
				return errors.New("trail of what? want person, post, agency, or event and its position")
			}
			query := url.Values{}
			if knownAt != "" {
				query.Set("known_at", knownAt)
			}
			return c.print(cmd, "/v1/trail/"+kind+"/"+url.PathEscape(args[1]), query, "events", output)
		},
	}
	c.flags(cmd.Flags())
	output.flags(cmd.Flags())
	cmd.Flags().StringVar(&knownAt, "known-at", "", "as known at this instant (RFC 3339) or end of day (default: now)")
	return cmd
}

// readiness prints what the instance says about its log. If the instance is not ready,
// that is printed, and is no error.
func (c *client) readiness(cmd *cobra.Command) error {
	resp, err := c.do(cmd.Context(), http.MethodGet, "/readyz", nil, nil, nil)
	var refused *statusError
	if errors.As(err, &refused) {
		fmt.Fprintln(cmd.OutOrStdout(), "not ready:", refused.text)
		return nil
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(cmd.OutOrStdout(), io.LimitReader(resp.Body, 64<<10))
	return err
}

func statusCommand() *cobra.Command {
	var c client
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the log, services, and each view's position, lag and age",
		Long: `Show the log, services, the log's head, and each view's position, lag and age.

A table begins with which log it is and whether it answers. Tables and JSON begin with the services that run; CSV and workbooks hold the
views alone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output.out == "" && output.format == "table" {
				if err := c.readiness(cmd); err != nil {
					return err
				}
			}
			if output.out == "" && (output.format == "table" || output.format == "json") {
				if err := c.print(cmd, "/v1/services", url.Values{}, "rows", output); err != nil {
					return err
				}
			}
			return c.print(cmd, "/v1/projections", url.Values{}, "rows", output)
		},
	}
	c.flags(cmd.Flags())
	output.flags(cmd.Flags())
	return cmd
}
