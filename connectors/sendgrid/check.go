package sendgrid

import (
	"context"
	"fmt"

	"ritorno/connectors/transport"
)

// Check asks SendGrid about the API key without sending anything. The error
// says what is wrong and where to mend it.
func (s *Sender) Check(ctx context.Context) error {
	c := transport.Reader(s.transport())
	if err := transport.Check(ctx, c, "https://api.sendgrid.com/v3/scopes"); err != nil {
		return fmt.Errorf("sendgrid.api_key: %w", err)
	}
	return nil
}
