package modwsgi

// overlay lays a section's settings over its server's.
func overlay(base, add *Settings) Settings {
	out := *base
	out.ProcessGroup = add.ProcessGroup.Or(base.ProcessGroup)
	out.ApplicationGroup = add.ApplicationGroup.Or(base.ApplicationGroup)
	out.CallableObject = add.CallableObject.Or(base.CallableObject)
	out.RestrictProcess = add.RestrictProcess.Or(base.RestrictProcess)
	out.PassAuthorization = add.PassAuthorization.Or(base.PassAuthorization)
	out.ScriptReloading = add.ScriptReloading.Or(base.ScriptReloading)
	out.ErrorOverride = add.ErrorOverride.Or(base.ErrorOverride)
	out.ChunkedRequest = add.ChunkedRequest.Or(base.ChunkedRequest)
	out.EnableSendfile = add.EnableSendfile.Or(base.EnableSendfile)
	out.IgnoreActivity = add.IgnoreActivity.Or(base.IgnoreActivity)
	out.MapHEAD = add.MapHEAD.Or(base.MapHEAD)
	out.DispatchScript = add.DispatchScript.Or(base.DispatchScript)
	out.HandlerScripts = mergeHandlers(base.HandlerScripts, add.HandlerScripts)
	if add.ProxyHeaders != nil {
		out.ProxyHeaders = add.ProxyHeaders
	}
	if add.Proxies != nil {
		out.Proxies = add.Proxies
	}
	return out
}
