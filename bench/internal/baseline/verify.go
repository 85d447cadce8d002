// Package baseline is what the service is compared with: the least that any
// webhook receiver must do, and a plain one as many a shop has it.
package baseline

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Path is where orders are posted, as with the service.
const Path = "/hooks/bottega/shopify"

// Answer is what a stored order is answered with, by all.
const Answer = `{"accepted":true}`

const maxBody = 1 << 20

type accepted struct {
	Accepted bool `json:"accepted"`
}

// Verify is Echo and HMAC alone: it checks the signature and stores nothing.
func Verify(secret string) http.Handler {
	return receiver(secret, func(echo.Context, []byte) error { return nil })
}

// receiver reads, verifies, hands on and answers.
func receiver(secret string, take func(echo.Context, []byte) error) http.Handler {
	e := echo.New()
	e.POST("/hooks/:shop/:source", func(c echo.Context) error {
		body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxBody))
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest)
		}
		given, err := base64.StdEncoding.DecodeString(c.Request().Header.Get("X-Shopify-Hmac-Sha256"))
		if err != nil || !hmac.Equal(given, sum(secret, body)) {
			return echo.NewHTTPError(http.StatusUnauthorized)
		}
		if err := take(c, body); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, accepted{true})
	})
	return e
}

func sum(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}
