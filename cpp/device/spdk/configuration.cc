#include "cpp/device/spdk/configuration.h"

#include <utility>

#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/json.h"
#include "cpp/device/spdk/log.h"

namespace ashlar::spdk {

namespace {

Status WrongShape(const std::string& what) {
  return Status::InvalidArgument("SPDK's configuration: " + what);
}

// The elements of an array; null has none.
Result<std::vector<spdk_json_val*>> Elements(spdk_json_val* object, const char* key) {
  std::vector<spdk_json_val*> elements;
  if (JsonMember(object, key, SPDK_JSON_VAL_NULL) != nullptr) return elements;
  spdk_json_val* array = JsonMember(object, key, SPDK_JSON_VAL_ARRAY_BEGIN);
  if (array == nullptr) return WrongShape("there is no array \"" + std::string(key) + "\"");
  // Not by spdk_json_array_first, for which an array is empty that begins with an empty object.
  for (spdk_json_val* element = array + 1; element->type != SPDK_JSON_VAL_ARRAY_END;
       element += element->len + 2) {
    if (element->type != SPDK_JSON_VAL_OBJECT_BEGIN) {
      return WrongShape("\"" + std::string(key) + "\" holds something that is no object");
    }
    elements.push_back(element);
  }
  return elements;
}

}  // namespace

Result<Configuration> Configuration::Parse(const std::string& text) {
  Configuration configuration;
  if (text.empty()) return configuration;
  Result<Json> json = Json::Parse(text, "SPDK's configuration");
  if (!json.ok()) return json.status();
  if (json->root()->type != SPDK_JSON_VAL_OBJECT_BEGIN) return WrongShape("it is no object");
  Result<std::vector<spdk_json_val*>> subsystems = Elements(json->root(), "subsystems");
  if (!subsystems.ok()) return subsystems.status();
  for (spdk_json_val* subsystem : *subsystems) {
    Result<std::vector<spdk_json_val*>> methods = Elements(subsystem, "config");
    if (!methods.ok()) return methods.status();
    for (spdk_json_val* call : *methods) {
      const spdk_json_val* method = JsonMember(call, "method", SPDK_JSON_VAL_STRING);
      if (method == nullptr) return WrongShape("a \"config\" holds a call without \"method\"");
      const spdk_json_val* params = JsonMember(call, "params", SPDK_JSON_VAL_OBJECT_BEGIN);
      configuration.entries_.push_back(
          {std::string(JsonString(method)), params == nullptr ? "" : JsonText(params)});
    }
  }
  return configuration;
}

Status Configuration::Apply(Rpc& rpc, uint32_t state) const {
  for (const Entry& entry : entries_) {
    if (spdk_rpc_is_method_allowed(entry.method.c_str(), SPDK_RPC_STARTUP | SPDK_RPC_RUNTIME) ==
        -ENOENT) {
      return WrongShape("this SPDK has no method " + entry.method + "; remove it");
    }
    const bool early = spdk_rpc_is_method_allowed(entry.method.c_str(), SPDK_RPC_STARTUP) == 0;
    if (early != (state == SPDK_RPC_STARTUP)) continue;
    ClearErrors();
    const Result<SpdkReply> reply = rpc.Call(entry.method, entry.params);
    if (!reply.ok()) return reply.status();
    if (reply.value().error_code == 0) continue;
    const std::string details = Errors();
    return WrongShape(entry.method + " " + entry.params + " failed: " + reply.value().text + " (" +
                      std::to_string(reply.value().error_code) + ")" +
                      (details.empty() ? "" : ": " + details));
  }
  return Status::Ok();
}

}  // namespace ashlar::spdk
