#include "cpp/rocksdb/preload/device_uri.h"

#include <charconv>
#include <string>

namespace ashlar::rocks {

namespace {

constexpr std::string_view kMemory = "memory";
constexpr uint64_t kMaxBytes = uint64_t{1} << 50;

Result<uint64_t> ParseSize(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 0;
  if (unit.size() == 1 && kUnits.find(unit[0]) != std::string_view::npos) {
    shift = 10 * (static_cast<unsigned>(kUnits.find(unit[0])) + 1);
  } else if (!unit.empty()) {
    value = 0;
  }
  if (error != std::errc() || value == 0 || value > (kMaxBytes >> shift)) {
    return Status::InvalidArgument("\"" + std::string(text) + "\" is no size such as 4G");
  }
  return value << shift;
}

Status Apply(std::string_view name, std::string_view value, DeviceUri* uri) {
  DeviceSpec& device = uri->device.device;
  if (name == "readonly" && value.empty() && device.kind == DeviceKind::kFile) {
    device.read_only = true;
    uri->options.read_only = true;
    return Status::Ok();
  }
  const bool creates = device.kind == DeviceKind::kFile && name == "create";
  if (creates || (device.kind == DeviceKind::kMemory && name == "size")) {
    const Result<uint64_t> size = ParseSize(value);
    if (!size.ok()) return size.status();
    device.size_bytes = size.value();
    device.create = creates;
    uri->device.format = true;
    return Status::Ok();
  }
  return Status::InvalidArgument("unknown option \"" + std::string(name) + "\"");
}

}  // namespace

Result<DeviceUri> ParseDeviceUri(std::string_view uri) {
  const auto bad = [uri](const std::string& why) {
    return Status::InvalidArgument("device \"" + std::string(uri) + "\": " + why);
  };
  if (!uri.starts_with(kUriScheme)) return bad("must begin with " + std::string(kUriScheme));
  std::string_view rest = uri.substr(kUriScheme.size());
  const size_t question = rest.find('?');
  const std::string_view path = rest.substr(0, question);
  if (path.empty()) return bad("no path");

  DeviceUri parsed;
  parsed.device.device.kind = path == kMemory ? DeviceKind::kMemory : DeviceKind::kFile;
  parsed.device.device.path = path;
  rest = question == std::string_view::npos ? "" : rest.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view option = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(option.size() + 1, rest.size()));
    const size_t equals = option.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? "" : option.substr(equals + 1);
    const Status status = Apply(option.substr(0, equals), value, &parsed);
    if (!status.ok()) return bad(status.context());
  }
  if (path == kMemory && parsed.device.device.size_bytes == 0) return bad("no size=...");
  return parsed;
}

}  // namespace ashlar::rocks
