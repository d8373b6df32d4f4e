#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "core/json_schema.h"
#include "http/api_query.h"
#include "http/message.h"

namespace waybill {

/// The text of schemas/openapi.json.
std::string_view openapi_document();

}  // namespace waybill

namespace waybill::http {

/// What the OpenAPI document says of one method of one path.
struct Operation {
  std::string id;              ///< operationId: "createTasks"
  std::string method;          ///< "POST"
  std::string path;            ///< as OpenAPI writes it: "/v1/tasks/{id}"
  std::string right;           ///< read, submit, work or operate; none: it is open to everybody
  bool has_body = false;       ///< it may have one
  bool body_required = false;  ///< else no body is as good as {}
  bool takes_bytes = false;    ///< its body is bytes, not JSON
  bool takes_rest = false;     ///< its path's last name may have slashes: x-waybill-slashes
};

/// The OpenAPI document as the rule that requests are held to. Its schemas keep to the keywords of
/// docs/reference/json-schema.md; a duration has the format `waybill-duration`. An Operation must
/// come from the same document. Immutable, thread-safe; copies share what was compiled.
class ApiDocument {
 public:
  /// Reads an OpenAPI 3.1 document and compiles the schemas of its bodies and queries.
  /// `invalid_argument` says what is wrong with it, and where.
  static Result<ApiDocument> create(std::string_view json);

  /// In the document's order.
  const std::vector<Operation>& operations() const;
  /// Null: there is none with this id.
  const Operation* find(std::string_view operation_id) const;

  /// Everything that is wrong with the body of a request, with pointers into it.
  std::vector<SchemaViolation> check_body(const Operation& operation,
                                          const boost::json::value& body) const;
  /// `invalid_argument` names everything that is wrong: parameters that the operation does not
  /// have, those that are repeated and are no lists, and values that do not fit.
  Result<Query> read_query(const Operation& operation, const Pairs& pairs) const;

  /// The schema of a component, compiled on the spot: for tests of what is answered. `not_found` if
  /// there is none of this name.
  Result<JsonSchema> schema(std::string_view component) const;
  /// The same for the JSON that an operation answers with a status.
  Result<JsonSchema> answer_schema(const Operation& operation, int status) const;

 private:
  struct Compiled;
  explicit ApiDocument(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace waybill::http
