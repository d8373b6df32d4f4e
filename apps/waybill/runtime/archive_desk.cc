#include "apps/waybill/runtime/archive_desk.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/curl/http_streams.h"
#include "apps/waybill/environment.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "core/fetch/url_reference.h"
#include "core/ip_network.h"
#include "kinds/archive/identify/file_types.h"

namespace waybill::cli {
namespace {

Result<std::unique_ptr<HttpStreams>> open_web(Session& session) {
  std::vector<IpNetwork> networks;
  for (const std::string& text : session.config().fetch_networks) {
    auto network = parse_ip_network(text);
    if (!network) return fail(with_context(network.error(), "--fetch-networks"));
    networks.push_back(*network);
  }
  CurlHttpClientParams params = curl_params(process_environment());
  params.may_connect = [networks = std::move(networks)](std::string_view,
                                                        const IpAddress& address) {
    return is_public(address) || std::ranges::any_of(networks, [&](const IpNetwork& network) {
             return contains(network, address);
           });
  };
  auto web = CurlHttpStreams::create(session.clock(), std::move(params));
  if (!web) return fail(web.error());
  return std::unique_ptr<HttpStreams>(std::move(*web));
}

bool is_on_path(const std::string& program) {
  const Variables environment = process_environment();
  const auto found = environment.find("PATH");
  const std::string path = found == environment.end() ? "/usr/bin:/bin" : found->second;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    if (::access((std::string(rest.substr(0, end)) + "/" + program).c_str(), X_OK) == 0) {
      return true;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<ArchiveDesk>> open_archive_desk(Session& session,
                                                       const std::string& directory,
                                                       HostTurns& turns) {
  const std::string& ipfs_api = session.config().ipfs_api;
  if (!ipfs_api.empty() && !is_http_url(ipfs_api)) {
    return fail(Code::invalid_argument,
                "--ipfs-api: \"" + ipfs_api + "\" is no URL like http://127.0.0.1:5001");
  }
  auto web = open_web(session);
  if (!web) return fail(web.error());
  auto node = CurlHttpStreams::create(session.clock(), curl_params(process_environment()));
  if (!node) return fail(node.error());
  Rng rng = session.rng().fork();
  const Uuid holder = UuidMaker(rng).next(session.clock().now());
  return std::make_unique<ArchiveDesk>(
      ArchiveDesk{.clock = session.clock(),
                  .web = std::move(*web),
                  .node = std::move(*node),
                  .ipfs_api = ipfs_api,
                  .has_zim_tools = is_on_path("zimcheck") && is_on_path("zimdump"),
                  .has_file_types = FileTypes::open().has_value(),
                  .downloads = {.directory = directory + "/downloads"},
                  .captures = directory + "/captures",
                  .gate = std::make_unique<HostGate>(turns, session.clock(), holder),
                  .robots = std::make_unique<RobotsCache>(session.clock())});
}

}  // namespace waybill::cli
