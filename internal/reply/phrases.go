package reply

import "strings"

// class is what a phrase does to the reply it stands in.
type class uint8

const (
	stray    class = iota // a word we do not know: this is a sentence
	out                   // opt-out, and worth a look inside a sentence
	bare                  // opt-out when alone, an everyday word inside a sentence
	in                    // opt-in
	help                  // help
	no                    // a plain no
	not                   // a no that may also turn the next word round
	yes                   // a plain yes
	mark                  // a complaint without a keyword: a person must read it
	whole                 // a request in other words (requests.go): opt-out as a whole message, a complaint inside another
	courtesy              // changes nothing
	classes
)

// maxPhrase is the longest phrase in words.
const maxPhrase = 4

// The lists are in lower case without diacritics, one phrase between commas.
// The English opt-out, opt-in and help words are those that the SMS provider
// acts on by itself; ours must not be narrower.
var lists = map[class]string{
	out: `stop, stopall, stop all, unsubscribe, cancel, quit, revoke, optout, opt out, remove me, unsubscribe me,
		stop sms, stop all sms, stop messages, stop texting, stop it, no more sms, no more messages,
		basta, basta sms, basta messaggi, basta pubblicita, stop messaggi, stop pubblicita, cancella, cancellami, cancellarmi, cancellare,
		cancellatemi, cancellazione, disiscrivi, disiscrivimi, disiscrivermi, disiscrivetemi, disiscrizione, rimuovi, rimuovimi,
		rimuovermi, rimuovetemi, rimuovere, annulla, annullare, revoca, disattiva, disattivare, disdici, eliminami, niente sms,
		stopp, abmelden, abmeldung, abbestellen, austragen, kundigen, kuendigen, keine sms, keine sms mehr,
		arret, arreter, arretez, desabonner, desinscrire, desinscription, desabonnement, me desabonner, stop pub, plus de sms,
		parar, cancelar, cancelarme, baja, darme de baja, dar de baja, date de baja, borrar, borrarme, eliminar, no mas sms, no mas mensajes`,
	bare: `end, alto, fermati, smettila, smettetela, genug, halt, assez, suffit, detener, suscripcion no, ende`,
	in: `start, unstop, subscribe, resubscribe, iscrivi, iscrivimi, iscrivetemi, riattiva, anmelden,
		abonner, reabonner, suscribir, suscribirme, alta`,
	help: `help, info, aiuto, informazioni, infos, hilfe, aide, ayuda, informacion, chi sei, chi siete, who is this`,
	no:   `no, nein, nee, nope`,
	not:  `non, not, nicht, ne, pas, dont, don t, do not`,
	yes:  `yes`,
	mark: `non stop, scrivetemi piu, scrivermi piu, contattatemi piu, contattarmi piu, mandatemi piu, inviatemi piu,
		voglio piu, chiamatemi piu, disturbatemi piu, 
		text me again, contact me again, message me again, texting me, schreiben sie mir nicht, m ecrivez plus, m envoyez plus,
		no me escriban, no me escriba, me manden mas, me envien mas, i miei dati, my data, meine daten, mes donnees, mis datos,
		spam, denuncia, denuncio, garante, privacy, gdpr, dsgvo, rgpd, avvocato, lawyer, anwalt, abogado, avocat`,
	courtesy: `grazie, grazie mille, mille, tante, molte, infinite, per favore, perfavore, favore, per cortesia, per piacere, cortesemente,
		gentilmente, gentile, gentili, prego, scusa, scusate, scusi, mi dispiace, dispiace, saluti, cordiali, distinti, cordialmente, buongiorno,
		buon giorno, buonasera, buona sera, buona giornata, buona serata, ciao, salve, ora, subito, adesso,
		please, pls, plz, kindly, thanks, thank you, thankyou, thx, ty, many, much, very, so, a lot, hi, hello, hey, sorry, regards, kind, best,
		dear, sir, madam, now, good morning, good evening, cheers,
		bitte, danke, dankeschon, danke schon, vielen, vielen dank, dank, hallo, guten tag, guten morgen, guten abend, gruss, grusse, mfg,
		entschuldigung, sofort, viele, liebe, freundliche, tschuss,
		merci, merci beaucoup, beaucoup, s il vous plait, s il te plait, svp, stp, bonjour, bonsoir, salut, cordialement, desole,
		maintenant, madame, monsieur, bonne journee,
		gracias, muchas, muchas gracias, por favor, porfavor, porfa, hola, buenos dias, buenas, buenas tardes, saludos, perdon, lo siento, ahora, ya`,
}

// phrases is looked up in by every reply and never changes.
var phrases = table(lists)

func table(lists map[class]string) map[string]class {
	t := map[string]class{}
	for c, list := range lists {
		for p := range strings.SplitSeq(list, ",") {
			t[join(strings.Fields(p))] = c
		}
	}
	return t
}
