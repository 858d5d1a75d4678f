package text

import (
	"strconv"
	"strings"
)

// thing is a noun with both its numbers.
type thing struct{ one, many string }

// regular makes nouns whose plural takes an s.
func regular(words string) []thing {
	var list []thing
	for _, w := range strings.Fields(words) {
		list = append(list, thing{w, w + "s"})
	}
	return list
}

// Lists are ordered from frequent to rare: see common.
var (
	tools = regular("lantern rope key hammer basket drum map bell ladder mirror kettle needle candle bucket" +
		" spoon whistle blanket compass saddle chisel helmet pillow violin anchor telescope")
	goods = append(regular("apple egg coin pear stone button nail feather shell onion carrot cake acorn"+
		" plum ribbon marble turnip biscuit pebble walnut"),
		thing{"loaf", "loaves"}, thing{"berry", "berries"}, thing{"fish", "fish"}, thing{"cherry", "cherries"}, thing{"leaf", "leaves"})
	animals = append(regular("dog cat horse goat crow duck owl frog hen bear otter badger rabbit donkey"),
		thing{"mouse", "mice"}, thing{"goose", "geese"}, thing{"fox", "foxes"}, thing{"sheep", "sheep"}, thing{"wolf", "wolves"})
	places = strings.Fields("mill market river bridge forest tower garden harbour kitchen barn chapel cellar" +
		" meadow workshop library quarry orchard stable tavern lighthouse cave well")
	trades = strings.Fields("miller baker smith sailor weaver farmer potter hunter teacher carpenter doctor" +
		" shepherd singer tailor gardener mason fisher painter")
	traits = strings.Fields("brave old clever quiet kind young proud patient gentle lazy honest stubborn" +
		" cheerful careful hungry curious lonely angry")
	colours = strings.Fields("red blue green white black yellow grey brown golden purple silver orange")
	sizes   = strings.Fields("small big heavy light broken shiny old new round narrow dusty wooden")
	weather = strings.Fields("rain snow wind fog sun frost thunder hail")
	days    = strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
	moves   = strings.Fields("went walked ran hurried wandered marched rode crept climbed")
	takes   = []string{"took", "found", "picked up", "borrowed", "grabbed"}
	drops   = []string{"left", "put down", "dropped", "hid", "forgot"}
	begins  = []string{"Once", "One day", "Long ago", "One morning", "Last winter", "In the spring", "Many years ago"}
	reasons = []string{"because it was late", "because it was cold", "to look for a friend", "as fast as a bird",
		"before the sun rose", "without a word", "although it was far", "when the bell rang", "singing all the way"}
	feels = []string{"was glad", "smiled", "was not sure", "laughed", "said nothing", "nodded", "was surprised", "sighed",
		"was tired", "began to sing", "shook hands with everyone"}
	numbers = strings.Fields("no one two three four five six seven eight nine ten eleven twelve thirteen fourteen" +
		" fifteen sixteen seventeen eighteen nineteen twenty")
	women = strings.Fields("Mara Nell Ada Ivy Rosa Tilda Greta Hanna Cora Edith Wilma Olga")
	men   = strings.Fields("Tobin Jack Otto Bram Felix Hugo Emil Arlo Simon Oscar Victor Ruben")
	heads = strings.Fields("Ba Da Fe Ga Ha Ji Ka Lo Mi Na Pe Ro Sa Ti Vu Wi Za Bre Cla Dro Fli Gru Plo Sta Tre")
	mids  = strings.Fields("la mi ro ne du vi sa ki bo re ta lu")
	tails = strings.Fields("n ra th ma lo x r da s ne lin mor bert wick")
)

// person is somebody in a document.
type person struct {
	name, trait, trade string
	he, him, his       string
}

// newName returns a name: a known one, or one from syllables that a reader
// must remember letter by letter.
func newName(d *dice, known []string) string {
	if d.chance(55) {
		return common(d, known)
	}
	name := pick(d, heads)
	if d.chance(60) {
		name += pick(d, mids)
	}
	return name + pick(d, tails)
}

// people returns n persons with different names.
func people(d *dice, n int) []person {
	var list []person
	for len(list) < n {
		p := person{trait: common(d, traits), trade: common(d, trades), he: "he", him: "him", his: "his"}
		known := men
		if d.chance(50) {
			p.he, p.him, p.his, known = "she", "her", "her", women
		}
		p.name = newName(d, known)
		taken := false
		for _, q := range list {
			taken = taken || q.name == p.name || q.trade == p.trade
		}
		if !taken {
			list = append(list, p)
		}
	}
	return list
}

// a puts the indefinite article before a word.
func a(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) || word == "honest" {
		return "an " + word
	}
	return "a " + word
}

// spell returns a count as a word up to twenty, as digits beyond.
func spell(n int) string {
	if n < len(numbers) {
		return numbers[n]
	}
	return strconv.Itoa(n)
}

// count returns a number and its noun in agreement: one egg, two eggs.
func count(n int, t thing) string { return spell(n) + " " + noun(n, t) }

// noun returns the noun in the number that n asks for.
func noun(n int, t thing) string {
	if n == 1 {
		return t.one
	}
	return t.many
}

// upper makes the first letter of a sentence a capital.
func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// join lists words: a, b and c.
func join(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
