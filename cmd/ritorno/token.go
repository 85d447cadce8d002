package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"ritorno/internal/auth"
	"ritorno/internal/store"
)

func newToken(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make, list and revoke API tokens", RunE: needSub}
	cmd.AddCommand(newTokenCreate(g), newTokenList(g), newTokenRevoke(g))
	return cmd
}

// needSub is a command that is nothing without one of its own commands.
func needSub(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s: unknown command %q: see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return usagef("%s: say what: see %s --help", cmd.CommandPath(), cmd.CommandPath())
}

func newTokenCreate(g *globals) *cobra.Command {
	var role, name, shop string
	cmd := &cobra.Command{
		Use: "create", Short: "Make a token; prints it alone on stdout, once", Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := auth.ParseRole(role)
			if err != nil {
				return usagef("ritorno token create: --role %q: use owner, support or ingest", role)
			}
			if name == "" {
				return usagef("ritorno token create: --name is needed, such as the person or program that uses it")
			}
			c, err := g.load()
			if err != nil {
				return err
			}
			if shop != "" {
				if shop, err = pickShop(c, shop); err != nil {
					return err
				}
			}
			return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error {
				return createToken(ctx, cmd, a, store.Token{ID: ulid.Make().String(), Name: name, Role: string(r), Shop: shop})
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "owner, support or ingest")
	cmd.Flags().StringVar(&name, "name", "", "who uses it")
	cmd.Flags().StringVar(&shop, "shop", "", "the only shop it opens; left out: all")
	return cmd
}

func createToken(ctx context.Context, cmd *cobra.Command, a *app, t store.Token) error {
	plain, hash, err := auth.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	real, _, err := a.Store.Now(ctx)
	if err != nil {
		return err
	}
	t.Hash, t.Made = hash, real
	if err := a.Store.PutToken(ctx, t); err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), plain)
	fmt.Fprintf(cmd.ErrOrStderr(), "Token %s for %s (%s). It is shown only now; use it as: Authorization: Bearer TOKEN\n", t.ID, t.Name, t.Role)
	return nil
}

func newTokenList(g *globals) *cobra.Command {
	return onStore(g, "list", "List tokens", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		tokens, err := a.Store.ListTokens(ctx)
		if err != nil {
			return err
		}
		rows := [][]any{{"ID", "NAME", "ROLE", "SHOP", "MADE", "LAST USED"}}
		out := []map[string]any{}
		for _, t := range tokens {
			used := "never"
			if !t.LastUsed.IsZero() {
				used = day(&t.LastUsed)
			}
			rows = append(rows, []any{t.ID, t.Name, t.Role, orDash(t.Shop), day(&t.Made), used})
			out = append(out, map[string]any{"id": t.ID, "name": t.Name, "role": t.Role, "shop": t.Shop, "made_at": t.Made, "last_used_at": known(t.LastUsed)})
		}
		if g.json {
			return printJSON(cmd, out)
		}
		return table(cmd.OutOrStdout(), rows...)
	})
}

func newTokenRevoke(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke a token at once", Args: exactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error {
				if err := a.Store.RevokeToken(ctx, args[0]); err != nil {
					return fmt.Errorf("revoke %s: %w: ids stand in ritorno token list", args[0], err)
				}
				return nil
			})
		},
	}
}

// onStore is a command without arguments that works on the store.
func onStore(g *globals, use, short string, f func(context.Context, *cobra.Command, *app) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error { return f(ctx, cmd, a) })
		},
	}
}
