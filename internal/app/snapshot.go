package app

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/mpm"
	"httpd-wsgi/vhost"
)

// snapshot is what a child needs to have the configuration that the master
// has read, without a look at a file or a question to the resolver.
type snapshot struct {
	Program   string
	Tree      []byte // apacheconf.Tree.Encode
	Modules   []loadedModule
	All       bool
	NoDocRoot bool
	Files     map[string][]byte
	Names     vhost.Names
	Logs      []string // names of the open logs; their descriptors are logName(0), logName(1) ...
	ErrorLog  string   // the program's default
	// DocumentRoot is the program's default.
	DocumentRoot string
	Settings     mpm.Settings // clamped
	// Sockets are the paths of the daemon process groups' sockets.
	Sockets map[string]string
}

// logName is the name under which a child finds the i-th log.
func logName(i int) string { return fmt.Sprintf("log%d", i) }

// socketName is that of a daemon process group's listening socket.
const socketName = "socket"

func (s *snapshot) encode() ([]byte, error) {
	// The tree is most of it. It comes first and as it is: gob would copy it again and again.
	rest := *s
	rest.Tree = nil
	b := bytes.NewBuffer(binary.AppendUvarint(nil, uint64(len(s.Tree))))
	b.Write(s.Tree)
	if err := gob.NewEncoder(b).Encode(&rest); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func decodeSnapshot(data []byte) (*snapshot, error) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(len(data)-n) {
		return nil, errors.New("configuration from the parent: truncated")
	}
	tree := data[n : n+int(size)]
	s := new(snapshot)
	if err := gob.NewDecoder(bytes.NewReader(data[n+int(size):])).Decode(s); err != nil {
		return nil, fmt.Errorf("configuration from the parent: %w", err)
	}
	s.Tree = tree
	return s, nil
}

// config compiles the snapshot in a child.
func (s *snapshot) config(dial modwsgi.Dial) (*config, error) {
	tree, err := apacheconf.DecodeBytes(s.Tree)
	if err != nil {
		return nil, err
	}
	c := newConfig(dial)
	c.tree, c.modules, c.all = tree, s.Modules, s.All
	options := compileOptions(s.Program, s.NoDocRoot, directives.ReplayFiles(s.Files))
	if c.plan, err = c.linked.Registry.CompileWith(options, tree, c.loaded()); err != nil {
		return nil, err
	}
	return c, c.build(&s.Names, s.DocumentRoot)
}
