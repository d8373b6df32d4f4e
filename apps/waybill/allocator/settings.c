/* Read by jemalloc when the process starts. Few arenas, since Waybill's threads wait more than they
 * allocate, and each arena keeps what was freed in it; what is not used again goes back to the
 * machine within a second. MALLOC_CONF in the environment says otherwise. */
const char* malloc_conf = "narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0";
