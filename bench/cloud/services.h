#pragma once

#include "bench/cloud/http_loop.h"
#include "bench/cloud/store.h"

namespace waybill::bench {

/// As much of each service as a scan uses; nobody's signature or token is looked at.
CloudResponse serve_s3(CloudState& state, const CloudRequest& request);
CloudResponse serve_sns(CloudState& state, const CloudRequest& request);
CloudResponse serve_gcs(CloudState& state, const CloudRequest& request);
CloudResponse serve_pubsub(CloudState& state, const CloudRequest& request);

}  // namespace waybill::bench
