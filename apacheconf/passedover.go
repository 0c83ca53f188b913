package apacheconf

import "strings"

// Conditional is one <IfModule>, <IfDefine>, <IfVersion>, <IfFile>, <IfDirective> or <IfSection> that was met.
type Conditional struct {
	// Tag is the container's name in Apache's spelling, "<IfModule".
	Tag string
	// Name is what the condition asks for, Not that it begins with '!'. For <IfVersion> Name is all of it.
	Name string
	Not  bool
	// Pos is the line of the opening tag, End that of the closing one; zero for a container that is read.
	Pos, End Pos
	// Holds says that the contents are read.
	Holds bool
	// Lines are the directives and opening tags in a container that is passed over, one after another whatever
	// their nesting, ${VAR} replaced where it is known. Sections among them have no Items.
	Lines []*Item
}

// String is the opening tag as it would be written, "<IfModule !ssl_module>".
func (c *Conditional) String() string {
	name := c.Name
	if c.Not {
		name = "!" + name
	}
	return c.Tag + " " + name + ">"
}

// soaked makes an Item of a line that is passed over; nil for a comment, an empty line or a closing tag.
func (f *fileReading) soaked(line string) *Item {
	if line == "" || line[0] == '#' || strings.HasPrefix(line, "</") {
		return nil
	}
	name, args := GetWordConf(f.replace(line, func(string) {}))
	it := &Item{Name: name, Args: args, Pos: f.pos()}
	if name, ok := strings.CutPrefix(name, "<"); ok {
		it.Section = true
		it.Name = strings.TrimSuffix(name, ">")
		if i := strings.LastIndexByte(args, '>'); i >= 0 {
			it.Args = trimRight(args[:i])
		}
	}
	if it.Name == "" {
		return nil
	}
	return it
}
