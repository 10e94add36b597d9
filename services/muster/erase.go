package main

import (
	"errors"
	"fmt"

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
			certificate, err := c.personRequest(cmd.Context(), args[0], "erase", map[string]string{"reason": reason})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), certificate)
			return err
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().StringVar(&reason, "reason", "", "why, in one line that names nobody")
	return cmd
}

func revealCommand() *cobra.Command {
	var c client
	var purpose string
	var fields, texts []string
	cmd := &cobra.Command{
		Use:   "reveal PERSON --fields F,G --purpose TEXT",
		Short: "Learn who a person is, on record",
		Long: `Learn who a person is, on record.

PERSON is a pseudonym, as receipts and trails show it. Who asked, for which
fields and why stands in the log for ever, before anything is told: name nobody
in the purpose. It takes the right to reveal; an agency of a division learns of
people who are or were on its posts.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if purpose == "" || len(fields)+len(texts) == 0 {
				return errors.New("--fields or --text, and --purpose: say what you want to know, some of id_number,name,phone,household or the sealed text of an event, and why")
			}
			told, err := c.personRequest(cmd.Context(), args[0], "reveal", map[string]any{"fields": fields, "texts": texts, "purpose": purpose})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), told)
			return err
		},
	}
	c.flags(cmd.Flags())
	cmd.Flags().StringSliceVar(&fields, "fields", nil, "some of id_number,name,phone,household")
	cmd.Flags().StringArrayVar(&texts, "text", nil, "a sealed text of an event about the person, as the trail shows it")
	cmd.Flags().StringVar(&purpose, "purpose", "", "why, in one line that names nobody")
	return cmd
}
