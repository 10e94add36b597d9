package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
)

func eraseCommand() *cobra.Command {
	var c client
	var reason string
	cmd := &cobra.Command{
		Use:   "erase PERSON --reason TEXT",
		Short: "Destroy who a person is, for good, and print the certificate",
		Long: `Destroy who a person is, for good, and print the certificate.

PERSON is a pseudonym, as receipts and trails show it. The person's key, and
name, identity number, phone and household under it, are deleted from the vault.
The events stay, and every figure with them: what is left speaks of nobody. Who
comes back is a new person. Nothing undoes this.

It is refused while the person is in place, and takes an operator's token (the
right to import). The reason stands in the log for ever: name nobody in it.

Copies of the vault that were made before still open. Restored into this
deployment they are brought up to the log's erasures before the door opens;
delete the others when their time is over.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return errors.New("--reason: say why; it stands in the log for ever, so name nobody")
			}
			wish, err := json.Marshal(map[string]string{"reason": reason})
			if err != nil {
				return err
			}
			resp, err := c.do(cmd.Context(), http.MethodPost, "/v1/persons/"+url.PathEscape(args[0])+"/erase", nil,
				http.Header{"Content-Type": {"application/json"}}, bytes.NewReader(wish))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				return fmt.Errorf("read the certificate: %w; ask again, it is the same one", err)
			}
			certificate := jsontext.Value(text)
			if err := certificate.Indent(jsontext.WithIndent("  ")); err != nil {
				return fmt.Errorf("read the certificate: %w; ask again, it is the same one", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", certificate)
			return err
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().StringVar(&reason, "reason", "", "why, in one line that names nobody")
	return cmd
}
