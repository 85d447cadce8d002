package baseline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hibiken/asynq"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
)

// Queue is the asynq queue of the journey steps.
const Queue = "journey"

// steps are the days of the messages, as in the service's own journey.
var steps = [...]struct {
	name string
	days int
}{{"survey", 30}, {"contest", 60}, {"coupon", 90}}

// Steps is how many tasks an order makes.
const Steps = len(steps)

// Plain keeps a hash for each contact and queues a task for each step of the
// journey. It does not know of duplicates, merges, consents or answers, and an
// order does not take back the tasks of the one before: whoever works them off
// would have to look.
type Plain struct {
	rdb   *redis.Client
	tasks *asynq.Client
}

// NewPlain uses the Redis behind a Unix socket.
func NewPlain(socket string) *Plain {
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, PoolSize: 64})
	return &Plain{rdb: rdb, tasks: asynq.NewClientFromRedisClient(rdb)}
}

// Close ends the connections.
func (p *Plain) Close() error { return p.rdb.Close() }

// Handler is the plain receiver over HTTP.
func (p *Plain) Handler(secret string) http.Handler {
	return receiver(secret, func(c echo.Context, body []byte) error { return p.Take(c.Request().Context(), body) })
}

// order is what the plain receiver reads of one.
type order struct {
	ID        int64     `json:"id"`
	Email     string    `json:"email"`
	Total     string    `json:"total_price"`
	Currency  string    `json:"currency"`
	Locale    string    `json:"customer_locale"`
	CreatedAt time.Time `json:"created_at"`
	Customer  struct {
		ID        int64  `json:"id"`
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Phone     string `json:"phone"`
	} `json:"customer"`
	Lines []struct {
		Title    string `json:"title"`
		Quantity int    `json:"quantity"`
		Price    string `json:"price"`
	} `json:"line_items"`
}

// step is the payload of a task.
type step struct {
	Contact string `json:"contact"`
	Order   int64  `json:"order"`
	Step    string `json:"step"`
}

var errUnusable = errors.New("order without address or lines")

// Take stores the order of a verified body.
func (p *Plain) Take(ctx context.Context, body []byte) error {
	var o order
	if err := json.Unmarshal(body, &o); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	if o.Email == "" || len(o.Lines) == 0 {
		return errUnusable
	}
	if err := p.rdb.HSet(ctx, "contact:"+o.Email, map[string]any{
		"status": "active", "email": o.Email, "phone": o.Customer.Phone, "customer": o.Customer.ID,
		"first_name": o.Customer.FirstName, "last_name": o.Customer.LastName, "locale": o.Locale,
		"last_order": o.ID, "last_order_at": o.CreatedAt.Unix(), "last_total": o.Total, "currency": o.Currency,
		"last_product": o.Lines[0].Title,
	}).Err(); err != nil {
		return fmt.Errorf("store contact: %w", err)
	}
	for _, s := range steps {
		payload, err := json.Marshal(step{o.Email, o.ID, s.name})
		if err != nil {
			return err
		}
		if _, err := p.tasks.EnqueueContext(ctx, asynq.NewTask("step", payload),
			asynq.Queue(Queue), asynq.ProcessAt(o.CreatedAt.AddDate(0, 0, s.days))); err != nil {
			return fmt.Errorf("queue step: %w", err)
		}
	}
	return nil
}
