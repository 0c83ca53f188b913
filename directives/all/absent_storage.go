package all

import "httpd-wsgi/directives"

// absentStorage are caches, stores and what writes files.
func absentStorage() []directives.AbsentModule {
	const (
		cache = "put a cache in front (Varnish, nginx), or cache in the application"
		store = "the modules that store with it are not here: the line may go"
		dav   = "serve WebDAV with an application, such as WsgiDAV"
	)
	return []directives.AbsentModule{
		{ID: "cache_module", File: "mod_cache.c", Advice: cache, Directives: list(
			in(either, `
				CacheEnable CacheDisable CacheMaxExpire CacheMinExpire CacheDefaultExpire CacheIgnoreNoLastMod CacheStoreExpired
				CacheStorePrivate CacheStoreNoStore CacheLastModifiedFactor CacheHeader CacheDetailHeader CacheStaleOnError`),
			in(rsrc, `
				CacheQuickHandler CacheIgnoreCacheControl CacheIgnoreHeaders CacheIgnoreQueryString CacheIgnoreURLSessionIdentifiers
				CacheLock CacheLockPath CacheLockMaxAge CacheKeyBaseURL`),
		)},
		{ID: "cache_disk_module", File: "mod_cache_disk.c", Advice: cache, Directives: list(
			in(rsrc, `CacheRoot CacheDirLevels CacheDirLength`),
			in(either, `CacheMinFileSize CacheMaxFileSize CacheReadSize CacheReadTime`),
		)},
		{ID: "cache_socache_module", File: "mod_cache_socache.c", Advice: cache, Directives: list(
			in(rsrc, `CacheSocache`),
			in(either, `CacheSocacheMaxTime CacheSocacheMinTime CacheSocacheMaxSize CacheSocacheReadSize CacheSocacheReadTime`),
		)},
		{ID: "file_cache_module", File: "mod_file_cache.c", Advice: "the kernel keeps files in memory without it: the lines may go", Directives: list(
			in(rsrc, `cachefile mmapfile`),
		)},
		{ID: "socache_dbm_module", File: "mod_socache_dbm.c", Advice: store},
		{ID: "socache_memcache_module", File: "mod_socache_memcache.c", Advice: store, Directives: list(
			in(rsrc, `MemcacheConnTTL`),
		)},
		{ID: "socache_redis_module", File: "mod_socache_redis.c", Advice: store, Directives: list(
			in(rsrc, `RedisConnPoolTTL RedisTimeout`),
		)},
		{ID: "socache_shmcb_module", File: "mod_socache_shmcb.c", Advice: store},
		{ID: "socache_dc_module", File: "mod_socache_dc.c", Advice: store},
		{ID: "dav_module", File: "mod_dav.c", Advice: dav, Directives: list(
			in(access, `DAV DAVBasePath`),
			in(either, `DAVMinTimeout DAVDepthInfinity DAVLockDiscovery`),
		)},
		{ID: "dav_fs_module", File: "mod_dav_fs.c", Advice: dav, Directives: list(
			in(rsrc, `DAVLockDB`),
		)},
		{ID: "dav_lock_module", File: "mod_dav_lock.c", Advice: dav, Directives: list(
			in(access, `DAVGenericLockDB`),
		)},
	}
}
