package lifecycle

// regions are the regions that are told apart, with their English names. The
// codes are those of ISO 3166-2 without the country, and those that shop
// systems write for Spain's islands.
var regions = map[string]map[string]string{
	"US": {
		"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado", "CT": "Connecticut",
		"DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
		"IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
		"MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana",
		"NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
		"NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
		"RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah",
		"VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
	},
	"CA": {
		"AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick", "NL": "Newfoundland and Labrador",
		"NS": "Nova Scotia", "NT": "Northwest Territories", "NU": "Nunavut", "ON": "Ontario", "PE": "Prince Edward Island",
		"QC": "Quebec", "SK": "Saskatchewan", "YT": "Yukon",
	},
	"AU": {
		"ACT": "Australian Capital Territory", "NSW": "New South Wales", "NT": "Northern Territory", "QLD": "Queensland",
		"SA": "South Australia", "TAS": "Tasmania", "VIC": "Victoria", "WA": "Western Australia",
	},
	"ES": {"GC": "Las Palmas", "TF": "Santa Cruz de Tenerife", "CN": "Canarias", "PENINSULA": "mainland, Balearic Islands, Ceuta and Melilla"},
	"PT": {"20": "Azores", "30": "Madeira", "CONTINENT": "mainland"},
	"GB": {"ENG": "England", "WLS": "Wales", "SCT": "Scotland", "NIR": "Northern Ireland"},
	"FR": {"57": "Moselle", "67": "Bas-Rhin", "68": "Haut-Rhin"},
	"DE": {
		"BW": "Baden-Württemberg", "BY": "Bayern", "BE": "Berlin", "BB": "Brandenburg", "HB": "Bremen", "HH": "Hamburg", "HE": "Hessen",
		"MV": "Mecklenburg-Vorpommern", "NI": "Niedersachsen", "NW": "Nordrhein-Westfalen", "RP": "Rheinland-Pfalz", "SL": "Saarland",
		"SN": "Sachsen", "ST": "Sachsen-Anhalt", "SH": "Schleswig-Holstein", "TH": "Thüringen",
	},
}

// regionZones are the zones of the regions of a country with several. Where a
// region itself has two, both are named. Sources: 49 CFR part 71 for the United
// States; the IANA time zone database, release 2025b, for the others.
var regionZones = map[string]map[string]string{
	"US": {
		"America/New_York":                   "CT DE DC GA ME MD MA NH NJ NY NC OH PA RI SC VT VA WV",
		"America/New_York America/Chicago":   "FL IN KY MI TN",
		"America/Chicago":                    "AL AR IL IA LA MN MS MO OK WI",
		"America/Chicago America/Denver":     "KS NE ND SD TX",
		"America/Denver":                     "CO MT NM UT WY",
		"America/Phoenix America/Denver":     "AZ",
		"America/Denver America/Los_Angeles": "ID",
		"America/Los_Angeles America/Denver": "NV OR",
		"America/Los_Angeles":                "CA WA",
		"America/Anchorage America/Adak":     "AK",
		"Pacific/Honolulu":                   "HI",
	},
	"CA": {
		"America/St_Johns America/Halifax":                     "NL",
		"America/Halifax":                                      "NB NS PE",
		"America/Toronto America/Blanc-Sablon America/Halifax": "QC",
		"America/Toronto America/Winnipeg America/Atikokan":    "ON",
		"America/Winnipeg":                                     "MB",
		"America/Regina America/Edmonton":                      "SK",
		"America/Edmonton":                                     "AB NT",
		"America/Vancouver America/Edmonton America/Creston":   "BC",
		"America/Creston":                                      "YT",
		"America/Toronto America/Winnipeg America/Edmonton America/Regina America/Atikokan": "NU",
	},
	"AU": {
		"Australia/Sydney": "ACT TAS VIC",
		"Australia/Sydney Australia/Adelaide Australia/Lord_Howe": "NSW",
		"Australia/Brisbane":              "QLD",
		"Australia/Adelaide":              "SA",
		"Australia/Darwin":                "NT",
		"Australia/Perth Australia/Eucla": "WA",
	},
	"ES": {"Atlantic/Canary": "GC TF CN", "Europe/Madrid": "PENINSULA"},
	"PT": {"Atlantic/Azores": "20", "Europe/Lisbon": "30 CONTINENT"},
}

// Provinces of Spain are the first two digits of its postcodes (Correos): 35
// and 38 are the Canary Islands.
const spainPostcodes = `
01-34 PENINSULA
35    GC
36-37 PENINSULA
38    TF
39-52 PENINSULA
`

// Postcodes of Portugal (CTT): 90-94 Madeira, 95-99 the Azores.
const portugalPostcodes = `
10-89 CONTINENT
90-94 30
95-99 20
`

// Departments of France are the first two digits of its postcodes (La Poste).
// Only those that have holidays of their own are told apart.
const francePostcodes = `
57 57
67 67
68 68
`

// britishAreas are the postcode areas of Scotland, Northern Ireland and Wales
// (Royal Mail). Areas that straddle a border count to the nation in which most
// of their addresses lie.
var britishAreas = map[string]string{
	"SCT": "AB DD DG EH FK G HS IV KA KW KY ML PA PH TD ZE",
	"NIR": "BT",
	"WLS": "CF LD LL NP SA",
}

// zipStates are the states of the first three digits of a ZIP code (USPS,
// publication 65). Military ones, and those of territories, tell none.
const zipStates = `
005     NY
010-027 MA
028-029 RI
030-038 NH
039-049 ME
055     MA
050-059 VT
060-069 CT
070-089 NJ
100-149 NY
150-196 PA
197-199 DE
201     VA
200-205 DC
206-219 MD
220-246 VA
247-268 WV
270-289 NC
290-299 SC
300-319 GA
320-339 FL
341-349 FL
350-369 AL
370-385 TN
386-397 MS
398-399 GA
400-427 KY
430-459 OH
460-479 IN
480-499 MI
500-528 IA
530-549 WI
550-567 MN
569     DC
570-577 SD
580-588 ND
590-599 MT
600-629 IL
630-658 MO
660-679 KS
680-693 NE
700-714 LA
716-729 AR
733     TX
730-749 OK
750-799 TX
800-816 CO
820-831 WY
832-838 ID
840-847 UT
850-865 AZ
870-884 NM
885     TX
889-898 NV
900-961 CA
967-968 HI
970-979 OR
980-994 WA
995-999 AK
`

// areaCodes are the telephone area codes of each state (North American
// Numbering Plan Administrator, 2025). One that is missing tells no state, and
// the strictest state's hours hold.
var areaCodes = map[string]string{
	"AL": "205 251 256 334 659 938",
	"AK": "907",
	"AZ": "480 520 602 623 928",
	"AR": "327 479 501 870",
	"CA": "209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951",
	"CO": "303 719 720 748 970 983",
	"CT": "203 475 860 959",
	"DE": "302",
	"DC": "202 771",
	"FL": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954",
	"GA": "229 404 470 478 678 706 762 770 912 943",
	"HI": "808",
	"ID": "208 986",
	"IL": "217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872",
	"IN": "219 260 317 463 574 765 812 930",
	"IA": "319 515 563 641 712",
	"KS": "316 620 785 913",
	"KY": "270 364 502 606 859",
	"LA": "225 318 337 457 504 985",
	"ME": "207",
	"MD": "227 240 301 410 443 667",
	"MA": "339 351 413 508 617 774 781 857 978",
	"MI": "231 248 269 313 517 586 616 679 734 810 906 947 989",
	"MN": "218 320 507 612 651 763 924 952",
	"MS": "228 471 601 662 769",
	"MO": "235 314 417 557 573 636 660 816 975",
	"MT": "406",
	"NE": "308 402 531",
	"NV": "702 725 775",
	"NH": "603",
	"NJ": "201 551 609 640 732 848 856 862 908 973",
	"NM": "505 575",
	"NY": "212 315 329 332 347 363 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934",
	"NC": "252 336 472 704 743 828 910 919 980 984",
	"ND": "701",
	"OH": "216 220 234 283 326 330 380 419 436 440 513 567 614 740 937",
	"OK": "405 539 572 580 918",
	"OR": "458 503 541 971",
	"PA": "215 223 267 272 412 445 484 570 582 610 717 724 814 835 878",
	"RI": "401",
	"SC": "803 821 839 843 854 864",
	"SD": "605",
	"TN": "423 615 629 731 865 901 931",
	"TX": "210 214 254 281 325 346 361 409 430 432 469 512 621 682 713 726 737 806 817 830 832 903 915 936 940 945 956 972 979",
	"UT": "385 435 801",
	"VT": "802",
	"VA": "276 434 540 571 686 703 757 804 826 948",
	"WA": "206 253 360 425 509 564",
	"WV": "304 681",
	"WI": "262 274 353 414 534 608 715 920",
	"WY": "307",
}
