#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "core/json_schema.h"
#include "http/api_query.h"
#include "http/api_schemas.h"
#include "http/message.h"

namespace waybill::http {

/// What the query of an operation may have.
class QueryRules {
 public:
  /// From an operation of the document. `invalid_argument`: a parameter is no text, integer or list
  /// of texts, or its schema is wrong.
  static Result<QueryRules> create(const boost::json::value& operation, const ApiSchemas& schemas);

  /// `invalid_argument` names everything that is wrong.
  Result<Query> read(const Pairs& pairs) const;

 private:
  enum class Shape { text, integer, list };
  struct Parameter {
    Shape shape = Shape::text;
    Query::Value unsent;  ///< the default
  };

  static std::optional<Shape> shape_of(const boost::json::value& schema, const ApiSchemas& schemas);
  static Query::Value value_of(Shape shape, const boost::json::value& json);
  Status add(const boost::json::value& parameter, const ApiSchemas& schemas,
             boost::json::object& properties);
  std::string unknown(const std::string& name) const;
  boost::json::object gather(const Pairs& pairs, std::vector<std::string>& problems) const;

  std::map<std::string, Parameter, std::less<>> parameters_;
  bool is_open_ = false;              // parameters that it does not name are passed over
  std::optional<JsonSchema> schema_;  ///< of the object that they make; set by create
};

/// What the body of an operation may be.
class BodyRules {
 public:
  /// From an operation of the document. `invalid_argument`: the body has no JSON schema, or a wrong
  /// one.
  static Result<BodyRules> create(const boost::json::value& operation, const ApiSchemas& schemas);

  bool has_body() const { return !forms_.empty(); }
  bool body_required() const { return required_; }
  /// It is bytes (application/octet-stream), not JSON.
  bool takes_bytes() const { return takes_bytes_; }
  std::vector<SchemaViolation> check(const boost::json::value& body) const;

 private:
  /// Of several forms the first whose required fields are there is meant, else the last: what is
  /// wrong is told of that one alone.
  struct Form {
    std::vector<std::string> required;
    JsonSchema schema;
  };

  std::vector<Form> forms_;
  bool required_ = false;
  bool takes_bytes_ = false;
};

}  // namespace waybill::http
