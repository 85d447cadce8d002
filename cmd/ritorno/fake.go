package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"ritorno/connectors/fake"
	"ritorno/handlers"
)

// newFake runs pretend providers, so that an installation can be tried without
// an account: base_url of twilio and sendgrid point at it.
func newFake() *cobra.Command {
	var listen, token string
	cmd := &cobra.Command{
		Use: "fake", Short: "Run pretend Twilio and SendGrid with an outbox page, for trying things out", Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !onLoopback(listen) {
				return usagef("ritorno fake: --listen %q: pretend providers listen on 127.0.0.1 only", listen)
			}
			ln, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("listen on %s: %w: choose another --listen", listen, err)
			}
			p := fake.New(fake.Options{AuthToken: token, CallbackClient: &http.Client{Timeout: 10 * time.Second}, Auto: true})
			defer p.Close()
			srv := handlers.NewHTTPServer("", p.Handler())
			fmt.Fprintf(cmd.OutOrStdout(), "Pretend Twilio and SendGrid on http://%s/ - nothing leaves this machine\n", ln.Addr())
			context.AfterFunc(cmd.Context(), func() { _ = srv.Close() })
			if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "address")
	cmd.Flags().StringVar(&token, "twilio-token", "developmenttoken0000000000000000", "auth token that signs Twilio's callbacks")
	return cmd
}
