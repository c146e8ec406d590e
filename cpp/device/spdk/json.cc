#include "cpp/device/spdk/json.h"

#include <algorithm>

namespace ashlar::spdk {

namespace {

Status Malformed(const std::string& text, const void* end, const std::string& what) {
  const auto* position = static_cast<const char*>(end);
  const auto line = 1 + std::count(text.data(), position, '\n');
  return Status::InvalidArgument(what + " is no JSON, from line " + std::to_string(line) + " on");
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

// Strings are decoded in place, so what is counted is a copy.
Result<Json> Json::Parse(std::string text, const std::string& what) {
  while (!text.empty() && IsSpace(text.back())) text.pop_back();
  void* end = text.data();
  const ssize_t count = spdk_json_parse(text.data(), text.size(), nullptr, 0, &end,
                                        SPDK_JSON_PARSE_FLAG_ALLOW_COMMENTS);
  if (count <= 0 || end != text.data() + text.size()) return Malformed(text, end, what);
  Json json;
  json.text_.assign(text.begin(), text.end());
  json.values_.resize(static_cast<size_t>(count));
  spdk_json_parse(json.text_.data(), json.text_.size(), json.values_.data(), json.values_.size(),
                  &end, SPDK_JSON_PARSE_FLAG_ALLOW_COMMENTS | SPDK_JSON_PARSE_FLAG_DECODE_IN_PLACE);
  return json;
}

std::string JsonText(const spdk_json_val* value) {
  std::string text;
  spdk_json_write_ctx* writer = spdk_json_write_begin(
      [](void* into, const void* data, size_t size) {
        static_cast<std::string*>(into)->append(static_cast<const char*>(data), size);
        return 0;
      },
      &text, 0);
  spdk_json_write_val(writer, value);
  spdk_json_write_end(writer);
  return text;
}

spdk_json_val* JsonMember(spdk_json_val* object, const char* key, spdk_json_val_type type) {
  spdk_json_val* value = nullptr;
  const int failure = spdk_json_find(object, key, nullptr, &value, type);
  return failure == 0 ? value : nullptr;
}

std::string_view JsonString(const spdk_json_val* value) {
  return {static_cast<const char*>(value->start), value->len};
}

}  // namespace ashlar::spdk
