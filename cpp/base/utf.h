// UTF-8 to UTF-16 and back. JNI's own conversions use a variant of UTF-8 that file names are not
// in.
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

// Malformed sequences and lone surrogates become U+FFFD.
std::u16string Utf8ToUtf16(std::string_view text);
std::string Utf16ToUtf8(std::u16string_view text);

}  // namespace ashlar
