package engine_test

import (
	"os"
	"testing"

	"ritorno/internal/redistest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }
