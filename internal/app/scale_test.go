package app

import (
	"bytes"
	"path/filepath"
	"runtime"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// What a virtual host of httpdtest.ManySites, of 20 lines in a file of its own, may cost: allocations and bytes allocated while it is
// read and compiled, bytes that stay. They are counts, the same on every machine; they have a fifth to spare.
const (
	maxAllocations = 175
	maxAllocated   = 20 << 10
	maxKept        = 16 << 10
	// of a child, which compiles what the master read and forgets the text's tree
	maxChildAllocations = 142
	maxChildAllocated   = 18 << 10
	maxChildKept        = 12 << 10
)

// TestCostOfSites counts what 1000 sites more cost, in the process that reads them and in a child.
func TestCostOfSites(t *testing.T) {
	var master, child [2][3]int64
	const few, more = 200, 1000
	for k, n := range []int{few, few + more} {
		site, err := httpdtest.NewSite(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := httpdtest.ManySites(site, n, 2, false); err != nil {
			t.Fatal(err)
		}
		o := &options{program: "httpd-wsgi", file: filepath.Join(site.Dir, "conf/httpd.conf")}
		var snap []byte
		master[k] = cost(func() any {
			c, err := read(o, layouts[0])
			if err != nil {
				t.Fatal(err)
			}
			return c
		})
		c, err := read(o, layouts[0])
		if err != nil {
			t.Fatal(err)
		}
		var tree bytes.Buffer
		if err := c.tree.Encode(&tree); err != nil {
			t.Fatal(err)
		}
		if snap, err = (&snapshot{Tree: tree.Bytes(), Modules: c.modules, Files: c.plan.Files.Contents, Names: *c.names}).encode(); err != nil {
			t.Fatal(err)
		}
		child[k] = cost(func() any {
			s, err := decodeSnapshot(snap)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.config(nil)
			if err != nil {
				t.Fatal(err)
			}
			c.tree, c.plan.Tree = nil, c.plan.Tree.WithoutItems()
			return c
		})
		runtime.KeepAlive(c)
	}
	for _, x := range []struct {
		what string
		got  [2][3]int64
		max  [3]int64
	}{
		{"read and compiled", master, [3]int64{maxAllocations, maxAllocated, maxKept}},
		{"compiled in a child", child, [3]int64{maxChildAllocations, maxChildAllocated, maxChildKept}},
	} {
		for i, of := range []string{"allocations", "bytes allocated", "bytes kept"} {
			each := (x.got[1][i] - x.got[0][i]) / more
			t.Logf("%s: %d %s for each site", x.what, each, of)
			if each > x.max[i] {
				t.Errorf("%s: %d %s for each site, more than %d", x.what, each, of, x.max[i])
			}
		}
	}
}

// cost counts allocations, bytes allocated, and bytes that what make gives holds.
func cost(make func() any) [3]int64 {
	var before, after, kept runtime.MemStats
	runtime.GC()
	runtime.GC() // the first may leave what has a cleanup
	runtime.ReadMemStats(&before)
	x := make()
	runtime.ReadMemStats(&after)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&kept)
	runtime.KeepAlive(x)
	return [3]int64{int64(after.Mallocs - before.Mallocs), int64(after.TotalAlloc - before.TotalAlloc), int64(kept.HeapAlloc) - int64(before.HeapAlloc)}
}
