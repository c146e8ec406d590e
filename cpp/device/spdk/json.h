// JSON texts, by SPDK's own parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"
#include "cpp/device/spdk/compat.h"

namespace ashlar::spdk {

// A parsed text; its values point into it.
class Json {
 public:
  // InvalidArgument, with the line, when it is no JSON or not exactly one value. `what` names it.
  static Result<Json> Parse(std::string text, const std::string& what);

  spdk_json_val* root() { return values_.data(); }

 private:
  std::vector<char> text_;
  std::vector<spdk_json_val> values_;
};

// A value as text, without spaces.
std::string JsonText(const spdk_json_val* value);

// The value of a key, or null when the object has none or it is of another type.
spdk_json_val* JsonMember(spdk_json_val* object, const char* key, spdk_json_val_type type);

// Of a string.
std::string_view JsonString(const spdk_json_val* value);

}  // namespace ashlar::spdk
