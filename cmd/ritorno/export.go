package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// newExport prints everything that is kept of one person. With a CONTACT it is
// for that person: JSON, with or without --json. Without one it is the shop's
// contacts as CSV.
func newExport(g *globals) *cobra.Command {
	one := forContact(g, "export", "Print everything that is kept of one person, as JSON", func(ctx context.Context, cmd *cobra.Command, a *app, shop, who string) error {
		x, err := a.Engine.Export(ctx, shop, who)
		if err != nil {
			return err
		}
		return printJSON(cmd, x)
	})
	one.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{errAllContacts}
		}
		return exactArgs("CONTACT")(cmd, args)
	}
	return one
}

// errAllContacts: a list of all contacts is asked for.
var errAllContacts = errors.New("ritorno export: the contacts of a whole shop as CSV cannot be exported yet: name one CONTACT (e-mail, phone, id or a source's customer id)")
