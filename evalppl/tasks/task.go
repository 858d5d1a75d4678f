package tasks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Task says how an item is made of the fields of a record. Texts are templates: {field} stands for a field (with dots for fields inside
// objects), {field|filter} for what a filter makes of it, {{ and }} for braces.
type Task struct {
	Name string `json:"name"`
	// Context is the template of what the model reads before the choices.
	Context string `json:"context"`
	// Choices are the templates of the choices. One that is a single field may hold an array: each element is a choice then.
	Choices []string `json:"choices,omitempty"`
	// Delimiter stands between context and choice.
	Delimiter string `json:"delimiter,omitempty"`
	// Gold is the field with the number of the right choice, from 0, or with its label where Labels is set.
	Gold string `json:"gold,omitempty"`
	// Labels is the field with the labels of the choices, in their order.
	Labels string `json:"labels,omitempty"`
	// Completion is the template of what must follow the context, in place of choices.
	Completion string `json:"completion,omitempty"`
	// Clean is a filter for the context and each choice as a whole.
	Clean string `json:"clean,omitempty"`
}

// known are the tasks of lm-evaluation-harness by their names there, and two plain forms for data of one's own.
var known = []Task{
	{Name: "lambada_openai", Context: "{text|but_last_word}", Completion: " {text|last_word}"},
	{
		Name: "hellaswag", Context: "{activity_label}: {ctx_a} {ctx_b|capitalize}", Choices: []string{"{endings}"}, Delimiter: " ",
		Gold: "label", Clean: "wikihow",
	},
	arc("arc_easy"),
	arc("arc_challenge"),
	{
		Name: "piqa", Context: "Question: {goal}\nAnswer:", Choices: []string{"{sol1}", "{sol2}"}, Delimiter: " ",
		Gold: "label",
	},
	{Name: "choices", Context: "{prompt}", Choices: []string{"{choices}"}, Delimiter: " ", Gold: "gold"},
	{Name: "completion", Context: "{prompt}", Completion: "{completion}"},
}

func arc(name string) Task {
	return Task{
		Name: name, Context: "Question: {question}\nAnswer:", Choices: []string{"{choices.text}"}, Delimiter: " ",
		Gold: "answerKey", Labels: "choices.label",
	}
}

// Known returns the tasks that are built in.
func Known() []Task {
	list := slices.Clone(known)
	for i := range list {
		list[i].Choices = slices.Clone(list[i].Choices)
	}
	return list
}

// Names returns the names of the tasks that are built in.
func Names() []string {
	var names []string
	for _, t := range known {
		names = append(names, t.Name)
	}
	return names
}

// Lookup returns the task of a name.
func Lookup(name string) (Task, error) {
	for _, t := range Known() {
		if t.Name == name {
			return t, nil
		}
	}
	return Task{}, fmt.Errorf("task %q is not known: want one of %s, or a task's JSON file", name, strings.Join(Names(), ", "))
}

// Parse reads a task's JSON. The delimiter of choices is one space where it is not given.
func Parse(b []byte) (Task, error) {
	var t Task
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return Task{}, fmt.Errorf("not a task's JSON: %w", err)
	}
	if d.More() {
		return Task{}, fmt.Errorf("not a task's JSON: something follows the object")
	}
	var given struct{ Delimiter *string }
	if err := json.Unmarshal(b, &given); err != nil {
		return Task{}, fmt.Errorf("not a task's JSON: %w", err)
	}
	if given.Delimiter == nil && t.Completion == "" {
		t.Delimiter = " "
	}
	_, err := t.compile()
	return t, err
}

// compiled is a task ready to make items.
type compiled struct {
	Task
	context, completion template
	choices             []template
	clean               filter // nil: none
}

var taskName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$`)

// compile checks the task.
func (t Task) compile() (*compiled, error) {
	c := &compiled{Task: t}
	wrong := func(field, format string, args ...any) error {
		return fmt.Errorf("task %q: field %q: %w", t.Name, field, fmt.Errorf(format, args...))
	}
	var err error
	if !taskName.MatchString(t.Name) {
		return nil, wrong("name", "found %.120q, want letters, digits and _ . : - (at most 100)", t.Name)
	}
	if c.context, err = parseTemplate(t.Context); err != nil {
		return nil, wrong("context", "%w", err)
	}
	if t.Clean != "" {
		if c.clean, err = findFilter(t.Clean); err != nil {
			return nil, wrong("clean", "%w", err)
		}
	}
	if (len(t.Choices) > 0) == (t.Completion != "") {
		return nil, wrong("choices", "found %d of them and the completion %q, want either choices or a completion", len(t.Choices), t.Completion)
	}
	if t.Completion != "" {
		for _, f := range []struct{ name, value string }{{"gold", t.Gold}, {"labels", t.Labels}, {"delimiter", t.Delimiter}} {
			if f.value != "" {
				return nil, wrong(f.name, "found %q, want none: it belongs to choices, and this task has a completion", f.value)
			}
		}
		if c.completion, err = parseTemplate(t.Completion); err != nil {
			return nil, wrong("completion", "%w", err)
		}
		return c, nil
	}
	if t.Gold == "" {
		return nil, wrong("gold", "is missing: want the field with the number, or the label, of the right choice")
	}
	for i, text := range t.Choices {
		x, err := parseTemplate(text)
		if err != nil {
			return nil, wrong("choices", "number %d: %w", i, err)
		}
		c.choices = append(c.choices, x)
	}
	if len(c.choices) == 1 && c.choices[0].single() == "" {
		return nil, wrong("choices", "found one, %q, want several, or one field that holds an array", t.Choices[0])
	}
	return c, nil
}

// fields lists the fields that the task reads, each once.
func (c *compiled) fields() []string {
	var list []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	add(c.context.fields()...)
	add(c.completion.fields()...)
	for _, t := range c.choices {
		add(t.fields()...)
	}
	add(c.Gold, c.Labels)
	return list
}
