// Package app assembles the program: it reads and compiles a configuration,
// opens listeners and logs as root, supervises processes, and is what runs in
// each of them.
//
// In the master, and for -t:
//
//	linked := all.Link(dial)                      // every module, once
//	loaded := linked.Registry.NewLoaded(false)    // static modules; a second pass with true if no LoadModule was met
//	tree   := apacheconf.Loader{HasModule: loaded.Has, LoadModule: loaded.Load ...}.Load(file)
//	plan   := linked.Registry.Compile(tree, loaded, directives.NewFiles())
//	hosts  := vhost.BuildWith(plan, linked.Core, names)
//	logs   := one errlog.Logger per vhost.Server, over a logfile.Set; hooks.OpenLogFiles(plan, set)
//	site   := server.NewSite(linked, plan, hosts, logs)
//
// A child gets the tree, the contents of plan.Files, the resolver's answers
// and the logs' descriptors from the master and does the same steps with
// directives.ReplayFiles and logfile.Inherit, so it opens nothing that its
// user may not; then the ChildInit hooks, Ready, and server's connection loop.
//
// A daemon process (modwsgi.Daemon, one mpm group for each) compiles the same
// site, starts a wsgi.Engine with the group's options, preloads
// modwsgi.Imports of its group and serves daemon.Server on the group's socket;
// its log records go to the log of the virtual host that daemon.Meta names,
// with Remote in their context. The socket is the master's: it is bound before
// privileges are dropped, at WSGISocketPrefix (default DefaultRuntimeDir/wsgi)
// + ".PID.GENERATION.N.sock", mode 0600, owned by User or socket-user.
package app
