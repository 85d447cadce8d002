package main

import (
	"strings"

	"ritorno/internal/lifecycle"
)

// lineWords are the texts of a time line in one language.
type lineWords struct {
	Lang, Title, Start, End, Day, From, Else, SMS, Email string
	When, StopIf, Wait, Offer, Share, Leaves, Quiet      string
	Enter, Leave                                         map[lifecycle.Trigger]string
	Events, Otherwise, States                            map[string]string
}

func lineWordsOf(locale string) *lineWords {
	if strings.HasPrefix(strings.ToLower(locale), "it") {
		return &lineItalian
	}
	return &lineEnglish
}

func (w *lineWords) channels(list []string) string {
	var out []string
	for _, ch := range list {
		out = append(out, map[string]string{"sms": w.SMS, "email": w.Email}[ch])
	}
	return strings.Join(out, w.Else)
}

// state says what becomes of who does not react.
func (w *lineWords) state(v journeyView) string {
	if v.Trigger.Beside() && v.Finish.Otherwise == "active" {
		return w.States["stays"]
	}
	return w.States[v.Finish.Otherwise]
}

var lineEnglish = lineWords{
	Lang: "en", Title: "Journey", Start: "Start", End: "End", Day: "after %s", From: "from %s (%s)", Else: ", else ", SMS: "SMS", Email: "e-mail",
	When: "only when ", StopIf: "ends here if ", Wait: "waits for %s, at most %s, then %s", Offer: "brings ", Share: "gets nothing, to measure by: ",
	Leaves: "Ends at once by: ", Quiet: "Without any of these: ",
	Enter: map[lifecycle.Trigger]string{
		lifecycle.OnInactivity: "the last order or interaction", lifecycle.OnReturn: "an order after a long silence",
		lifecycle.OnCancellation: "the cancellation of a subscription", lifecycle.OnPaymentFailed: "the first failed payment of a subscription",
		lifecycle.OnEarlyWarning: "one and a half times the usual gap between orders", lifecycle.OnImport: "the import of the first order",
		lifecycle.OnAPI: "the call of a program",
	},
	Leave: map[lifecycle.Trigger]string{
		lifecycle.OnInactivity: "an order, a renewal, a response, an opt-out on the last channel", lifecycle.OnReturn: "a second order, an opt-out on the last channel",
		lifecycle.OnCancellation: "an order, a renewal, a new subscription, an opt-out on the last channel", lifecycle.OnPaymentFailed: "a payment, the cancellation, an opt-out on the last channel",
		lifecycle.OnEarlyWarning: "an order, a response, going quiet for good, an opt-out on the last channel",
		lifecycle.OnImport:       "a later order, a response, going quiet, an opt-out on the last channel",
		lifecycle.OnAPI:          "a later order, a response, a cancellation, an opt-out on the last channel",
	},
	Events:    map[string]string{"open": "an opened link", "click": "a click", "answer": "an answer to the survey", "contest": "an entry to the contest", "reply": "a reply by SMS"},
	Otherwise: map[string]string{"skip": "is passed over", "go": "leaves all the same", "end": "the journey ends"},
	States: map[string]string{
		"unsubscribed": "the contact is let go (unsubscribed)", "active": "the contact is active", "dormant": "the contact is dormant", "stays": "the contact stays as it is",
	},
}

var lineItalian = lineWords{
	Lang: "it", Title: "Percorso", Start: "Inizio", End: "Fine", Day: "dopo %s", From: "da %s (%s)", Else: ", altrimenti ", SMS: "SMS", Email: "e-mail",
	When: "solo se ", StopIf: "finisce qui se ", Wait: "aspetta %s, al massimo %s, poi %s", Offer: "porta ", Share: "non riceve nulla, per misurare: ",
	Leaves: "Finisce subito con: ", Quiet: "Senza nulla di questo: ",
	Enter: map[lifecycle.Trigger]string{
		lifecycle.OnInactivity: "l'ultimo ordine o contatto", lifecycle.OnReturn: "un ordine dopo un lungo silenzio",
		lifecycle.OnCancellation: "la disdetta di un abbonamento", lifecycle.OnPaymentFailed: "il primo pagamento non riuscito di un abbonamento",
		lifecycle.OnEarlyWarning: "una volta e mezza il solito intervallo tra gli ordini", lifecycle.OnImport: "l'importazione del primo ordine",
		lifecycle.OnAPI: "la chiamata di un programma",
	},
	Leave: map[lifecycle.Trigger]string{
		lifecycle.OnInactivity: "un ordine, un rinnovo, una risposta, la rinuncia all'ultimo canale", lifecycle.OnReturn: "un secondo ordine, la rinuncia all'ultimo canale",
		lifecycle.OnCancellation: "un ordine, un rinnovo, un nuovo abbonamento, la rinuncia all'ultimo canale", lifecycle.OnPaymentFailed: "un pagamento, la disdetta, la rinuncia all'ultimo canale",
		lifecycle.OnEarlyWarning: "un ordine, una risposta, un silenzio più lungo, la rinuncia all'ultimo canale",
		lifecycle.OnImport:       "un altro ordine, una risposta, il silenzio, la rinuncia all'ultimo canale",
		lifecycle.OnAPI:          "un altro ordine, una risposta, una disdetta, la rinuncia all'ultimo canale",
	},
	Events:    map[string]string{"open": "un link aperto", "click": "un clic", "answer": "una risposta al sondaggio", "contest": "una partecipazione al concorso", "reply": "una risposta via SMS"},
	Otherwise: map[string]string{"skip": "salta il messaggio", "go": "lo manda lo stesso", "end": "il percorso finisce"},
	States: map[string]string{
		"unsubscribed": "il contatto viene lasciato andare (unsubscribed)", "active": "il contatto è attivo (active)",
		"dormant": "il contatto è dormiente (dormant)", "stays": "il contatto resta com'è",
	},
}
