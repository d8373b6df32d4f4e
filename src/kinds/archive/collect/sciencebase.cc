#include "kinds/archive/collect/sciencebase.h"

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "core/definition_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/archive_order.h"
#include "kinds/archive/collect/crowd.h"
#include "kinds/archive/collect/sciencebase_item.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

constexpr std::int64_t kTreeMax = 100'000;

struct TreeOrder {
  std::string url;  ///< empty: not said yet
  std::string title;
  std::int64_t depth_max = 0;  ///< -1: any
  std::int64_t items_max = kTreeMax;
  bool files = true;
  ArchiveTerms terms;
};
Result<TreeOrder> read_tree_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(catalog_sciencebase_spec_schema());
  const auto object = archive_fields(request, kSchema, catalog_sciencebase_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  auto terms = read_archive_terms(*object, request);
  if (!terms) return fail(terms.error());
  if (!fields.has("crawlDelay")) {
    terms->delay = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(fields.number("crawDelay", 0.0)));
  }
  TreeOrder order{.url = fields.text("url"),
                  .title = fields.text("collectionTitle"),
                  .depth_max = fields.integer("maxDepth", 0),
                  .items_max = fields.integer("itemsMax", kTreeMax),
                  .files = fields.flag("files", true),
                  .terms = std::move(*terms)};
  if (order.url.empty()) {
    if (has_no_params(request)) return order;
    return fail(Code::invalid_argument, "url is required");
  }
  if (!is_http_url(order.url)) {
    return fail(Code::invalid_argument, "/url: is no http:// or https:// URL, percent-encoded");
  }
  return order;
}

/// Scheme, host and port.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  return url.substr(0, url.find_first_of("/?#", host == url.npos ? 0 : host + 3));
}

struct TreeNode {
  std::string url;
  std::int64_t depth = 0;
};

/// The walk of one tree. Each node is a job; its children are further ones.
class TreeWalk {
 public:
  TreeWalk(const TreeOrder& order, Archiver& archiver, TaskContext& context)
      : order_(order), archiver_(archiver), context_(context), origin_(origin_of(order.url)) {}

  Status run(int threads, const std::stop_token& stop) {
    if (Status put = visit(as_json_url(order_.url), 0); !put) return put;
    return crowd_.run(threads, stop);
  }
  std::int64_t left_out() {
    const Lock lock(mutex_);
    return left_out_;
  }

 private:
  /// One that was not visited yet is walked, and only that.
  Status visit(const std::string& url, std::int64_t depth) {
    if (origin_of(url) != origin_) {
      leave_out(shown_url(url) + " is another server's");
      return {};
    }
    const auto is_new = take(url);
    if (!is_new) return fail(is_new.error());
    if (*is_new) crowd_.add({.url = url, .depth = depth});
    return {};
  }

  /// False: it was taken before.
  Result<bool> take(const std::string& url) {
    if (const Status fits = check_item({.url = url}); !fits) {
      leave_out(fits.error().message);
      return false;
    }
    {
      const Lock lock(mutex_);
      if (!taken_.insert(url).second) return false;
      if (static_cast<std::int64_t>(taken_.size()) > order_.items_max) {
        return fail(Code::out_of_range, "the tree has more than " +
                                            std::to_string(order_.items_max) +
                                            " URLs; raise itemsMax, or lower maxDepth");
      }
    }
    archiver_.expect(1);
    return true;
  }

  Status walk(const TreeNode& node, const std::stop_token& stop) {
    const auto document = archiver_.document({.url = node.url}, stop);
    if (!document) return fail(document.error());
    if (document->error) {
      // Of the root nothing else is known: that is how the task ends.
      return node.depth == 0 ? Status(fail(*document->error)) : Status();
    }
    auto item = read_sciencebase_item(mend_utf8(document->text));
    if (!item) {
      const Error error = with_context(item.error(), shown_url(node.url));
      if (node.depth == 0) return fail(error);
      leave_out(error.message);
      return {};
    }
    if (Status done = take_files(*item, stop); !done) return done;
    const bool goes_on = order_.depth_max < 0 || node.depth < order_.depth_max;
    return item->has_children && goes_on ? walk_children(node, item->id, stop) : Status();
  }

  Status take_files(const ScienceBaseItem& item, const std::stop_token& stop) {
    if (!order_.files) return {};
    for (const std::string& url : item.files) {
      const auto is_new = take(url);
      if (!is_new) return fail(is_new.error());
      if (!*is_new) continue;
      std::vector<std::string> metadata;
      if (item.json.size() <= kMetadataBytesMax) metadata.push_back(item.json);
      const CollectionItem file{.url = url, .title = item.title};
      if (Status done = archiver_.add_and_archive(file, std::move(metadata), stop); !done) {
        return done;
      }
    }
    return {};
  }

  Status walk_children(const TreeNode& node, const std::string& id, const std::stop_token& stop) {
    for (std::string url = children_url(node.url, id); !url.empty();) {
      if (origin_of(url) != origin_) {
        leave_out(shown_url(url) + " is another server's");
        return {};
      }
      const auto is_new = take(url);
      if (!is_new) return fail(is_new.error());
      if (!*is_new) return {};  // pages that lead in a circle
      const auto document = archiver_.document({.url = url}, stop);
      if (!document) return fail(document.error());
      if (document->error) return {};
      const auto list = read_sciencebase_list(mend_utf8(document->text), url);
      if (!list) {
        leave_out(shown_url(url) + ": " + list.error().message);
        return {};
      }
      for (const std::string& child : list->children) {
        if (Status put = visit(child, node.depth + 1); !put) return put;
      }
      url = list->next;
    }
    return {};
  }

  void leave_out(const std::string& why) {
    context_.log(LogStream::system, "[left out: " + why + "]\n");
    const Lock lock(mutex_);
    ++left_out_;
  }

  const TreeOrder& order_;
  Archiver& archiver_;
  TaskContext& context_;
  const std::string origin_;
  Mutex mutex_;
  std::set<std::string> taken_ GUARDED_BY(mutex_);
  std::int64_t left_out_ GUARDED_BY(mutex_) = 0;
  Crowd<TreeNode> crowd_{
      [this](const TreeNode& node, const std::stop_token& stop) { return walk(node, stop); }};
};

}  // namespace

Status ScienceBaseKind::check(const TaskRequest& request) const {
  const auto order = read_tree_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome ScienceBaseKind::run(const Task& task, TaskContext& context) {
  const auto order = read_tree_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->url.empty()) return outcome_of({Code::invalid_argument, "url is required"});
  if (Status can = can_archive(desk_); !can) return outcome_of(can.error());
  StepTeller steps(context, 4);
  steps.at(1, 0.0, "loading collection");
  const auto put = desk_->collections->put({.id = task.id(),
                                            .url = order->url,
                                            .title = order->title,
                                            .created_at = desk_->clock.now()});
  if (!put) return outcome_of(put.error(), "Error saving collection");
  ArchiveTerms terms = order->terms;
  terms.collection = put->collection.id;
  terms.status = [](std::int64_t number) { return "archiving item " + std::to_string(number); };
  steps.at(2, 0.0, "archiving items");
  Archiver archiver({.desk = *desk_, .task = task, .context = context, .steps = steps}, terms);
  if (Status known = archiver.remember_failures(); !known) return outcome_of(known.error());
  TreeWalk walk(*order, archiver, context);
  const Status walked = walk.run(terms.parallelism, context.stop());
  if (!walked) return outcome_of(walked.error());
  steps.at(3, 1.0, "writing index to IPFS");
  const auto index = archiver.write_index();
  if (!index) return outcome_of(index.error(), "writing the index");
  steps.at(4, 1.0, "saving collection results");
  steps.done("saving collection results");
  return archived_outcome(terms.collection, *index, archiver.tally(), walk.left_out());
}

}  // namespace waybill
