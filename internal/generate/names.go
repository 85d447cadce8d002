package generate

var firstNames = []string{
	"Anna", "Giulia", "Chiara", "Francesca", "Sara", "Elena", "Martina", "Valentina", "Paola", "Laura", "Maria Grazia", "Silvia",
	"Federica", "Alessia", "Giorgia", "Ilaria", "Roberta", "Caterina", "Lucia", "Beatrice", "Marta", "Noemi", "Rosa", "Zoë",
	"Marco", "Luca", "Andrea", "Matteo", "Francesco", "Alessandro", "Davide", "Simone", "Stefano", "Giovanni", "Gian Luca", "Niccolò",
	"Paolo", "Roberto", "Antonio", "Giuseppe", "Enrico", "Riccardo", "Tommaso", "Pietro", "Emanuele", "Fabio", "Jean-Pierre", "Salvatore",
}

var lastNames = []string{
	"Rossi", "Russo", "Ferrari", "Esposito", "Bianchi", "Romano", "Colombo", "Ricci", "Marino", "Greco", "Bruno", "Gallo",
	"Conti", "De Luca", "Mancini", "Costa", "Giordano", "Rizzo", "Lombardi", "Moretti", "Barbieri", "Fontana", "Santoro", "Mariani",
	"Rinaldi", "Caruso", "Ferrara", "Galli", "Martini", "Leone", "Longo", "Gentile", "Martinelli", "Vitale", "D'Angelo", "Dell'Orto",
	"Serra", "Coppola", "De Santis", "Marchetti", "Parisi", "Villa", "Conte", "Ferraro", "Fabbri", "Lo Bianco", "Cantù", "Müller",
}

// mobile prefixes of Italy.
var mobile = []string{"320", "327", "328", "329", "331", "333", "334", "335", "338", "339", "340", "345", "346", "347", "348", "349"}

// Item is one line of an order.
type Item struct {
	Product, Title, Category string
	Quantity                 int
	Price                    int64 // of one, in cents
}

// goods are what Bottega Rossi sells; gifts are bought in December above all.
var goods = []Item{
	{"OL-100", "Olio extravergine 1 l", "olio", 1, 1450},
	{"OL-105", "Olio extravergine 5 l", "olio", 1, 5900},
	{"OL-120", "Olio al limone", "olio", 1, 990},
	{"PA-200", "Orecchiette artigianali", "pasta", 1, 420},
	{"PA-210", "Spaghetti di Gragnano", "pasta", 1, 380},
	{"PA-220", "Tagliatelle all'uovo", "pasta", 1, 560},
	{"VI-300", "Barbera d'Asti", "vino", 1, 1190},
	{"VI-310", "Vermentino di Sardegna", "vino", 1, 1290},
	{"VI-320", "Chianti Classico Riserva", "vino", 1, 2250},
	{"SU-400", "Passata di pomodoro", "dispensa", 1, 340},
	{"SU-410", "Pesto alla genovese", "dispensa", 1, 690},
	{"SU-420", "Capperi di Pantelleria", "dispensa", 1, 790},
	{"FO-500", "Parmigiano 30 mesi, 1 kg", "formaggi", 1, 2690},
	{"FO-510", "Pecorino sardo", "formaggi", 1, 1580},
	{"DO-600", "Cantucci alle mandorle", "dolci", 1, 650},
	{"CA-700", "Caffè in grani 1 kg", "caffè", 1, 2190},
}

var gifts = []Item{
	{"RE-800", "Cesto di Natale", "regali", 1, 6900},
	{"DO-610", "Panettone tradizionale", "dolci", 1, 2990},
	{"DO-620", "Torrone alle nocciole", "dolci", 1, 1250},
}

// box is the subscription.
var box = Item{"AB-900", "Cassetta del mese", "abbonamento", 1, 3490}
