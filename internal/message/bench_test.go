package message_test

import (
	"testing"

	"ritorno/internal/message"
)

func BenchmarkCompose(b *testing.B) {
	set := load(b)
	for _, channel := range []message.Channel{message.SMS, message.Email} {
		b.Run(channel, func(b *testing.B) {
			in := contacts()["full"]
			for b.Loop() {
				if _, err := set.Compose("survey", channel, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
