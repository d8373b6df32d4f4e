/* Read by jemalloc when the process starts. Few arenas, since Waybill's threads wait more than they
 * allocate, and each arena keeps what was freed in it; what is not used again goes back to the
 * machine within a second; and each of a server's many threads keeps little for itself.
 * MALLOC_CONF in the environment says otherwise. */
const char* malloc_conf =
    "narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0,"
    "lg_tcache_max:12,tcache_nslots_small_min:4,tcache_nslots_small_max:20";
