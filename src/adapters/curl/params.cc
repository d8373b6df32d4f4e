#include "adapters/curl/http_client.h"

#include <algorithm>

namespace waybill {

CurlHttpClientParams curl_params(const std::map<std::string, std::string>& environment) {
  const auto variable = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  CurlHttpClientParams params;
  for (const char* name : {"SSL_CERT_FILE", "AWS_CA_BUNDLE"}) {
    if (std::string path = variable(name); !path.empty()) {
      params.ca_files.push_back(std::move(path));
    }
  }
  const std::string directories = variable("SSL_CERT_DIR");
  for (std::size_t begin = 0; begin < directories.size();) {
    const std::size_t end = std::min(directories.find(':', begin), directories.size());
    if (end > begin) params.ca_directories.push_back(directories.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool cgi = environment.contains("REQUEST_METHOD");
  if (!environment.contains("http_proxy") && !cgi) params.http_proxy = variable("HTTP_PROXY");
  const bool may_be_by_proxy = !params.http_proxy.empty() || environment.contains("http_proxy") ||
                               environment.contains("all_proxy") ||
                               environment.contains("ALL_PROXY");
  params.proxy_of_http = may_be_by_proxy ? HttpProxy::possible : HttpProxy::none;
  params.no_proxy = variable("no_proxy");
  if (params.no_proxy->empty()) params.no_proxy = variable("NO_PROXY");
  return params;
}

}  // namespace waybill
