#include "core/provenance/envelope.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/base64.h"
#include "base/json.h"

namespace waybill::provenance {
namespace {

namespace bj = boost::json;

struct Signature {
  std::string key_id;
  std::string bytes;
};

struct Envelope {
  std::string payload;
  std::vector<Signature> signatures;
};

std::string text_in(const bj::object& object, std::string_view name) {
  const bj::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// Either alphabet is allowed (envelope.md).
std::optional<std::string> bytes_in(const bj::object& object, std::string_view name) {
  const std::string text = text_in(object, name);
  auto bytes = from_base64(text);
  return bytes ? bytes : from_base64url(text);
}

tl::unexpected<Error> no_envelope(std::string_view why) {
  return fail(Code::invalid_argument,
              "it is no signed statement of provenance (an envelope of "
              "DSSE with payloadType " +
                  std::string(kPayloadType) + "): " + std::string(why));
}

Result<Envelope> read_envelope(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return no_envelope(value.error().message);
  if (!value->is_object()) return no_envelope("it is no JSON object");
  const bj::object& object = value->get_object();
  const std::string type = text_in(object, "payloadType");
  if (type != kPayloadType) {
    return no_envelope(type.empty() ? "it has no payloadType" : "its payloadType is another one");
  }
  auto payload = bytes_in(object, "payload");
  const bj::value* list = object.if_contains("signatures");
  if (!payload || list == nullptr || !list->is_array() || list->get_array().empty()) {
    return no_envelope("its payload is not base64, or it has no signatures");
  }
  Envelope envelope{.payload = std::move(*payload), .signatures = {}};
  for (const bj::value& each : list->get_array()) {
    if (!each.is_object()) return no_envelope("a signature is no object");
    auto bytes = bytes_in(each.get_object(), "sig");
    if (!bytes) return no_envelope("a signature is not base64");
    envelope.signatures.push_back(
        {.key_id = text_in(each.get_object(), "keyid"), .bytes = std::move(*bytes)});
  }
  return envelope;
}

/// For messages: an id of ours is told as it is, anything else is not repeated.
std::string shown_id(const std::string& id) {
  const bool is_plain = !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  return is_plain ? "key " + id : "a key that it does not name";
}

}  // namespace

std::string signed_bytes(std::string_view payload_type, std::string_view payload) {
  std::string bytes = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  bytes += payload_type;
  bytes += " " + std::to_string(payload.size()) + " ";
  bytes += payload;
  return bytes;
}

std::string seal_statement(std::string_view statement, const SigningKey& key) {
  const bj::object signature{{"keyid", key.public_key().id()},
                             {"sig", to_base64(key.sign(signed_bytes(kPayloadType, statement)))}};
  return json::serialize(bj::object{{"payloadType", json::text(kPayloadType)},
                                    {"payload", to_base64(statement)},
                                    {"signatures", bj::array{signature}}});
}

Result<Opened> open_envelope(std::string_view envelope, std::span<const PublicKey> keys) {
  auto read = read_envelope(envelope);
  if (!read) return fail(read.error());
  const std::string bytes = signed_bytes(kPayloadType, read->payload);
  for (const Signature& signature : read->signatures) {
    const auto fits = std::ranges::find_if(
        keys, [&](const auto& key) { return key.verifies(bytes, signature.bytes); });
    if (fits != keys.end()) return Opened{.statement = std::move(read->payload), .key = *fits};
  }
  for (const Signature& signature : read->signatures) {
    const auto named =
        std::ranges::find_if(keys, [&](const auto& key) { return key.id() == signature.key_id; });
    if (named == keys.end()) continue;
    return fail(Code::data_loss, "the signature of " + shown_id(signature.key_id) +
                                     " does not fit: the statement, or the signature, was changed "
                                     "after it was signed");
  }
  std::string given;
  for (const PublicKey& key : keys) given += (given.empty() ? "" : ", ") + key.id();
  return fail(Code::permission_denied, "it is signed with " +
                                           shown_id(read->signatures.front().key_id) +
                                           ", and not with the key that was given, " + given);
}

}  // namespace waybill::provenance
