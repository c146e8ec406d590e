#include "cpp/base/utf.h"

#include <cstddef>
#include <cstdint>

namespace ashlar {

namespace {

constexpr char32_t kReplacement = 0xfffd;

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

// Reads one code point at *at and moves *at past it.
char32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto lead = static_cast<uint8_t>(text[(*at)++]);
  if (lead < 0x80) return lead;
  const size_t following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  if (following == 0 || lead > 0xf4) return kReplacement;
  char32_t code = lead & (0x3fu >> following);
  for (size_t i = 0; i < following; ++i) {
    if (*at == text.size() || !IsContinuation(text[*at])) return kReplacement;
    code = code << 6 | (static_cast<uint8_t>(text[(*at)++]) & 0x3f);
  }
  constexpr char32_t kLowest[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kLowest[following] || code > 0x10ffff || surrogate ? kReplacement : code;
}

void AppendUtf8(char32_t code, std::string* text) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (code < 0x80) {
    *text += byte(code);
  } else if (code < 0x800) {
    *text += byte(0xc0 | code >> 6);
    *text += byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *text += byte(0xe0 | code >> 12);
    *text += byte(0x80 | (code >> 6 & 0x3f));
    *text += byte(0x80 | (code & 0x3f));
  } else {
    *text += byte(0xf0 | code >> 18);
    *text += byte(0x80 | (code >> 12 & 0x3f));
    *text += byte(0x80 | (code >> 6 & 0x3f));
    *text += byte(0x80 | (code & 0x3f));
  }
}

}  // namespace

std::u16string Utf8ToUtf16(std::string_view text) {
  std::u16string units;
  units.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const char32_t code = NextCodePoint(text, &at);
    if (code < 0x10000) {
      units += static_cast<char16_t>(code);
    } else {
      units += static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10));
      units += static_cast<char16_t>(0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  return units;
}

std::string Utf16ToUtf8(std::u16string_view units) {
  std::string text;
  text.reserve(units.size());
  for (size_t at = 0; at < units.size(); ++at) {
    char32_t code = units[at];
    const bool high = code >= 0xd800 && code <= 0xdbff;
    if (high && at + 1 < units.size() && units[at + 1] >= 0xdc00 && units[at + 1] <= 0xdfff) {
      code = 0x10000 + ((code - 0xd800) << 10) + (units[++at] - 0xdc00);
    } else if (code >= 0xd800 && code <= 0xdfff) {
      code = kReplacement;
    }
    AppendUtf8(code, &text);
  }
  return text;
}

}  // namespace ashlar
