package main

import (
	"strings"
	"testing"
)

// A real service with a mapping that is wrong: the body is kept, listed and
// shown; after a restart with the mended mapping a replay at the command line
// applies it once, whatever comes again. Nobody is named in the log.
func TestADeadLetterSurvivesAMendAndARestart(t *testing.T) {
	t.Parallel()
	const (
		token = "secret-token-of-the-sales-crm"
		body  = `{"kind":"sale","no":"S-1","sum":"49.90","placed":"2026-09-01T10:00:00Z","mail":"planted.person@example.com","name":"Plantedname"}`
		hook  = "/hooks/bottega/sales?token=" + token
	)
	w := newWorld(t, worldOptions{})
	w.edit(func(s string) string {
		return strings.Replace(s, "    sources:\n", `    sources:
      sales:
        kind: webhook
        secret: `+token+`
        auth: {scheme: token}
        mapping:
          events:
            - type: order.created
              fields:
                id: body.no
                total: body.amount
                currency: '"EUR"'
                created_at: body.placed
                customer: {email: body.mail, first_name: body.name}
`, 1)
	})
	w.serve("--dev-clock")
	w.clock(`{"now":"2026-09-02T10:00:00Z"}`)
	w.send("POST", hook, body, "Content-Type", "application/json").is(200)
	list, errs, code := w.run("deadletter", "list")
	if code != 0 || !strings.Contains(list, "mapping rule 1: /data/total: is missing") || strings.Contains(list, "planted") {
		t.Fatalf("deadletter list: exit %d\n%s%s", code, list, errs)
	}
	id := strings.Fields(strings.Split(list, "\n")[1])[0]
	if out, errs, code := w.run("deadletter", "show", id); code != 0 || !strings.Contains(out, "planted.person@example.com") {
		t.Errorf("deadletter show: exit %d\n%s%s", code, out, errs)
	}
	if out, errs, code := w.run("deadletter", "replay", "--all"); code != 1 || !strings.Contains(out, "stays") || strings.Contains(out+errs, "planted") {
		t.Errorf("replay before the mend: exit %d\n%s%s", code, out, errs)
	}

	w.stop()
	w.edit(func(s string) string { return strings.Replace(s, "total: body.amount", "total: body.sum", 1) })
	w.serve("--dev-clock")
	if out, errs, code := w.run("deadletter", "replay", "--source", "sales"); code != 0 || !strings.Contains(out, "1 applied, 0 ignored, 0 stay") {
		t.Errorf("replay: exit %d\n%s%s", code, out, errs)
	}
	w.send("POST", hook, body, "Content-Type", "application/json").is(200)
	if r := w.record("planted.person@example.com"); r.Orders != 1 || r.Spent != "49.90" {
		t.Errorf("orders %d, spent %s; want 1 and 49.90", r.Orders, r.Spent)
	}
	if out, _, _ := w.run("deadletter", "list"); strings.Count(out, "\n") != 1 {
		t.Errorf("letters are left:\n%s", out)
	}
	for _, secret := range []string{"planted", "Plantedname", token} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
