#include "kinds/archive/ipfs/add.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/fetch/url_reference.h"
#include "core/ipfs/cid.h"
#include "kinds/archive/ipfs/leases.h"
#include "kinds/archive/ipfs/node.h"

namespace waybill::ipfs {
namespace {

namespace bj = boost::json;

/// What the node said: the last line of its answer is the root.
struct Said {
  std::string cid;
  std::size_t lines = 0;
};

std::string flag(bool value) { return value ? "true" : "false"; }

Node::Query query_of(const AddOptions& options) {
  return {{"cid-version", "1"},
          {"raw-leaves", "true"},
          {"hash", "sha2-256"},
          {"chunker", options.chunker},
          {"trickle", flag(options.trickle)},
          {"pin", flag(options.pin)},
          {"wrap-with-directory", "false"},
          {"progress", "false"}};
}

Result<Cid> root_said(const Said& said) {
  if (said.lines == 0) {
    return fail(Code::unavailable, "the node of IPFS answered add without a CID");
  }
  auto cid = parse_cid(said.cid);
  if (!cid) {
    return fail(Code::failed_precondition, "the node of IPFS: " + cid.error().message);
  }
  return cid;
}

bj::object options_json(const AddOptions& options) {
  return {{"cid_version", 1},
          {"raw_leaves", true},
          {"hash", "sha2-256"},
          {"chunker", json::text(options.chunker)},
          {"layout", options.trickle ? "trickle" : "balanced"}};
}

}  // namespace

Result<AddOptions> read_add_options(const bj::object& object) {
  const Fields fields(object);
  AddOptions options{.chunker = fields.text("chunker", "size-262144"),
                     .trickle = fields.flag("trickle", false),
                     .pin = fields.flag("pin", true)};
  const std::string_view chunker = options.chunker;
  if (chunker.starts_with("rabin") || chunker == "buzhash") {
    options.chunk_bytes = 0;
    return options;
  }
  const std::string_view size = chunker.substr(std::min<std::size_t>(5, chunker.size()));
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), options.chunk_bytes);
  const bool fits = chunker.starts_with("size-") && error == std::errc() &&
                    end == size.data() + size.size() && options.chunk_bytes > 0 &&
                    options.chunk_bytes <= kChunkBytesMax;
  if (!fits) {
    return fail(Code::invalid_argument,
                "/chunker: is none of size-1 to size-1048576, rabin, rabin-MIN-AVERAGE-MAX and "
                "buzhash");
  }
  if (options.trickle) options.chunk_bytes = 0;
  return options;
}

Result<bj::object> add_to_node(ArchiveDesk& desk, AddTerms terms) {
  Node node(*desk.node, desk.clock, desk.ipfs_api);
  std::int64_t total = 0;
  for (const UploadFile& file : terms.files) total += file.size_bytes;
  const std::size_t count = terms.files.size();
  MultipartUpload upload(std::move(terms.files), terms.boundary, terms.options.chunk_bytes,
                         [&](std::int64_t done) {
                           if (terms.progress) terms.progress(done, total);
                         });
  Said said;
  const auto on_line = [&](const bj::object& line) {
    const auto* hash = line.if_contains("Hash");
    if (hash != nullptr && hash->is_string()) {
      said.cid = hash->get_string();
      ++said.lines;
    }
    return Status();
  };
  const Status added = node.call({.command = "add",
                                  .query = query_of(terms.options),
                                  .upload = &upload,
                                  .upload_bytes = upload.size_bytes(),
                                  .content_type = upload.content_type()},
                                 on_line, terms.deadline);
  if (!added) return fail(added.error());
  const auto cid = root_said(said);
  if (!cid) return fail(cid.error());
  if (!upload.is_over()) {
    return fail(Code::aborted, "the node of IPFS at " + shown_url(node.api()) +
                                   " answered before it had all that was to be added");
  }
  const auto computed = upload.root();
  if (computed && computed->cid != *cid) {
    // Others may hold what it says.
    const auto unpinned =
        terms.options.pin ? Leases(node).end({}, *cid, terms.deadline) : Result<bool>(false);
    return fail(Code::failed_precondition,
                "the node of IPFS at " + shown_url(node.api()) + " says " + to_string(*cid) +
                    " of what is " + to_string(computed->cid) +
                    ": it does not heed the options, or is broken" +
                    (unpinned ? "" : "; what it has could not be unpinned"));
  }
  return bj::object{{"cid", to_string(*cid)},
                    {"dest", "/content/" + to_string(*cid)},
                    {"size_bytes", total},
                    {"files", count},
                    {"pinned", terms.options.pin},
                    {"cid_checked", computed.has_value()},
                    {"options", options_json(terms.options)}};
}

}  // namespace waybill::ipfs
